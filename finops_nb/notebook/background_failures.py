"""Background failures: a future that fails is remembered until some code asks for its result.

Python prints the exception of a thread by itself. It keeps that of a `concurrent.futures.Future`
for whoever asks for the result. asyncio prints the exception of a task when the task is deleted,
which may be between two cells, where no cell's output holds it. If the notebook never asks, its
figures may be incomplete without anyone noticing.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from concurrent.futures import Future
from functools import wraps
from typing import Any, Final

_failed: Final[dict[int, tuple[object, BaseException]]] = {}
"""By the id of the future or, for asyncio, of the exception. The value holds a reference to that
object, so that Python cannot give the same id to another one."""


def watch_futures() -> None:
    """From now on, remember the futures of this process that fail and what asyncio loops report."""
    _watch_thread_futures()
    _watch_event_loops()


def print_lost_futures() -> None:
    """Print to stderr each exception that no code asked for, in the words asyncio uses."""
    gc.collect()  # asyncio reports a failed task only when the task is collected
    for _, exception in _failed.values():
        description = f"{type(exception).__name__}: {exception}"
        print(f"The exception of a future was never retrieved\n{description}", file=sys.stderr)
    _failed.clear()


def _watch_thread_futures() -> None:
    for method in ("result", "exception"):
        setattr(Future, method, _forgetting(getattr(Future, method)))
    original = Future.set_exception

    @wraps(original)
    def set_exception(self: Future[Any], exception: BaseException | None) -> None:
        if exception is not None:
            _failed[id(self)] = self, exception
        original(self, exception)

    # Python has no hook for a future that fails.
    Future.set_exception = set_exception  # type: ignore[method-assign]


def _watch_event_loops() -> None:
    from asyncio import BaseEventLoop

    original = BaseEventLoop.call_exception_handler

    @wraps(original)
    def call_exception_handler(self: BaseEventLoop, context: dict[str, Any]) -> None:
        exception = context.get("exception")
        if exception:
            _failed[id(exception)] = exception, exception
        original(self, context)

    # asyncio has a hook for one loop, but none for all loops at once.
    BaseEventLoop.call_exception_handler = call_exception_handler  # type: ignore[method-assign]


def _forgetting(method: Callable[..., Any]) -> Callable[..., Any]:
    """`Future.result` or `.exception`, which also forgets the failure: now somebody knows of it."""

    @wraps(method)
    def asked(self: Future[Any], timeout: float | None = None) -> Any:
        try:
            return method(self, timeout)
        finally:
            if self.done():
                _failed.pop(id(self), None)

    return asked
