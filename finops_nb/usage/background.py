"""Work in a background thread, while the engine scans."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def in_background(work: Callable[P, T], *args: P.args, **named: P.kwargs) -> Future[T]:
    """Start some work and return at once.

    Returns:
        Its future result: `result()` waits for it, and raises what the work raised.

    Example:
        hashes = in_background(fingerprint, sources)
        ...  # scan the files meanwhile
        hashes.result()
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work(*args, **named))
        except BaseException as error:
            future.set_exception(error)

    # A daemon thread does not keep the process alive. Ctrl-C would wait for an executor's thread.
    Thread(target=run, daemon=True).start()
    return future
