"""Failures of futures and tasks that no code asks about are printed."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from finops_nb.notebook.background_failures import print_lost_futures, watch_futures


@pytest.fixture(autouse=True)
def watched(monkeypatch):
    """Watches the futures of this process during a test."""
    for method in ("result", "exception", "set_exception"):
        monkeypatch.setattr(Future, method, getattr(Future, method))
    monkeypatch.setattr(
        asyncio.BaseEventLoop,
        "call_exception_handler",
        asyncio.BaseEventLoop.call_exception_handler,
    )
    watch_futures()
    yield
    print_lost_futures()


def fails() -> None:
    raise KeyError("org-a")


@pytest.mark.slow
def test_a_failure_that_nobody_asks_about_is_printed(capsys):
    """Its type and its text are printed to stderr, once."""
    with ThreadPoolExecutor() as pool:
        pool.submit(fails)
        pool.submit(len, "fine")
    for text in ("The exception of a future was never retrieved\nKeyError: 'org-a'\n", ""):
        print_lost_futures()
        assert capsys.readouterr() == ("", text)


@pytest.mark.slow
def test_a_failure_that_was_asked_about_is_not_printed(capsys):
    """Asking for the result or for the exception counts."""
    with ThreadPoolExecutor() as pool:
        one, other = pool.submit(fails), pool.submit(fails)
    assert isinstance(one.exception(), KeyError)
    with pytest.raises(KeyError):
        other.result()
    print_lost_futures()
    assert capsys.readouterr() == ("", "")


def test_a_failure_in_a_map_that_nobody_reads_is_printed(capsys):
    """1/2 and 1/1 succeed, 1/0 fails."""
    with ThreadPoolExecutor() as pool:
        pool.map(lambda number: 1 / number, (2, 1, 0))
    print_lost_futures()
    assert capsys.readouterr().err.endswith("ZeroDivisionError: division by zero\n")


def test_a_failure_of_a_task_is_printed_again(capsys):
    """asyncio printed it when the task was deleted, which may be between two cells.

    The failure of a callback on its loop is printed again too.
    """

    async def never_asks() -> None:
        asyncio.get_running_loop().call_soon(fails)
        task = asyncio.create_task(asyncio.to_thread(fails))
        await asyncio.wait({task})

    asyncio.run(never_asks())
    capsys.readouterr()
    print_lost_futures()
    assert capsys.readouterr() == (
        "",
        2 * "The exception of a future was never retrieved\nKeyError: 'org-a'\n",
    )


def test_a_failure_of_a_task_that_was_awaited_is_not_printed(capsys):
    """The code that awaited it knows of it."""

    async def asks() -> None:
        with pytest.raises(KeyError):
            await asyncio.create_task(asyncio.to_thread(fails))

    asyncio.run(asks())
    print_lost_futures()
    assert capsys.readouterr() == ("", "")
