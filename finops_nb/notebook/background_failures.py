"""Futures of the kernel: one that fails is remembered until somebody asks how it ended.

An exception in a thread is printed by Python itself. That of a `concurrent.futures.Future` is kept for whoever asks for
the result, and that of a task of asyncio is printed when the task is gone, which may be between two cells, where no cell's
output holds it. Where a notebook never asks, its figures may be incomplete, and nobody knows.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from concurrent.futures import Future
from functools import wraps
from typing import Any, Final

_failed: Final[dict[int, tuple[object, BaseException]]] = {}
"""By the identity of the future or, of asyncio, of the exception; it is held, so that no other can get it."""


def watch_futures() -> None:
    """From now on, remember the futures of this process that fail, and what a loop of asyncio tells of its own."""
    from asyncio import BaseEventLoop

    for method in ("result", "exception"):
        setattr(Future, method, _asking(getattr(Future, method)))
    end = Future.set_exception

    @wraps(end)
    def set_exception(self: Future[Any], exception: BaseException | None) -> None:
        if exception is not None:
            _failed[id(self)] = self, exception
        end(self, exception)

    Future.set_exception = set_exception  # type: ignore[method-assign]  # Python has no hook for it
    tell = BaseEventLoop.call_exception_handler

    @wraps(tell)
    def call_exception_handler(self: BaseEventLoop, context: dict[str, Any]) -> None:
        if exception := context.get("exception"):
            _failed[id(exception)] = exception, exception
        tell(self, context)

    BaseEventLoop.call_exception_handler = call_exception_handler  # type: ignore[method-assign]  # nor for all loops at once


def tell_lost_futures() -> None:
    """Print the exceptions that nobody has asked for to stderr, as asyncio prints those of its tasks."""
    gc.collect()  # asyncio tells of a task when it is collected, which it is here at the latest
    for _, exception in _failed.values():
        print(
            f"The exception of a future was never retrieved\n{type(exception).__name__}: {exception}",
            file=sys.stderr,
        )
    _failed.clear()


def _asking(ask: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(ask)
    def asked(self: Future[Any], timeout: float | None = None) -> Any:
        try:
            return ask(self, timeout)
        finally:
            if self.done():
                _failed.pop(id(self), None)

    return asked
