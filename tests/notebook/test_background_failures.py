"""A future that fails, and of which nobody asks how it ended."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from finops_nb.notebook.background_failures import tell_lost_futures, watch_futures


@pytest.fixture(autouse=True)
def watched(monkeypatch):
    """Futures of this process are watched for the time of a test."""
    for method in ("result", "exception", "set_exception"):
        monkeypatch.setattr(Future, method, getattr(Future, method))
    monkeypatch.setattr(
        asyncio.BaseEventLoop,
        "call_exception_handler",
        asyncio.BaseEventLoop.call_exception_handler,
    )
    watch_futures()
    yield
    tell_lost_futures()


def fails() -> None:
    raise KeyError("org-a")


def test_a_failure_that_nobody_asks_for_is_told(capsys):
    """It prints its kind and its words on stderr, once."""
    with ThreadPoolExecutor() as pool:
        pool.submit(fails)
        pool.submit(len, "fine")
    for said in ("The exception of a future was never retrieved\nKeyError: 'org-a'\n", ""):
        tell_lost_futures()
        assert capsys.readouterr() == ("", said)


def test_a_failure_that_was_asked_for_is_not(capsys):
    """It is with who asked, by its result or its exception."""
    with ThreadPoolExecutor() as pool:
        one, other = pool.submit(fails), pool.submit(fails)
    assert isinstance(one.exception(), KeyError)
    with pytest.raises(KeyError):
        other.result()
    tell_lost_futures()
    assert capsys.readouterr() == ("", "")


def test_a_failure_of_a_map_that_nobody_reads_is_told(capsys):
    """It is lost likewise: 1/2 and 1/1 are there, 1/0 is not."""
    with ThreadPoolExecutor() as pool:
        pool.map(lambda number: 1 / number, (2, 1, 0))
    tell_lost_futures()
    assert capsys.readouterr().err.endswith("ZeroDivisionError: division by zero\n")


def test_a_failure_of_a_task_is_told_again(capsys):
    """asyncio has told of it when the task was gone, perhaps between two cells; what runs on its loop is told of likewise."""

    async def never_asks() -> None:
        asyncio.get_running_loop().call_soon(fails)
        task = asyncio.create_task(asyncio.to_thread(fails))
        await asyncio.wait({task})

    asyncio.run(never_asks())
    capsys.readouterr()
    tell_lost_futures()
    assert capsys.readouterr() == (
        "",
        2 * "The exception of a future was never retrieved\nKeyError: 'org-a'\n",
    )


def test_a_failure_of_a_task_that_was_awaited_is_not(capsys):
    """It is with who awaited it."""

    async def asks() -> None:
        with pytest.raises(KeyError):
            await asyncio.create_task(asyncio.to_thread(fails))

    asyncio.run(asks())
    tell_lost_futures()
    assert capsys.readouterr() == ("", "")
