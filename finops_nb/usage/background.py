"""Beside: work that goes on in a thread of its own while the engine scans."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def beside(work: Callable[P, T], *args: P.args, **named: P.kwargs) -> Future[T]:
    """Begin some work, and go on.

    The thread does not keep the process alive: Ctrl-C does not wait for it, as it would for one of an executor.

    Returns:
        Its result to come; `result()` waits for it, and raises what the work raised.
    """
    coming: Future[T] = Future()

    def run() -> None:
        try:
            coming.set_result(work(*args, **named))
        except BaseException as error:
            coming.set_exception(error)

    Thread(target=run, daemon=True).start()
    return coming
