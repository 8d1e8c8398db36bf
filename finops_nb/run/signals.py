"""Ctrl-C and a polite kill: they stop a run at once, but never in the middle of a publication."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Self

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """In its block, the first signal to stop raises `KeyboardInterrupt`; later ones do not.

    A signal that the process ignores (`nohup`, a background job) stays ignored. Outside the main
    thread no signal is caught, since Python allows handlers there only.

    Args (attributes):
        arrived: a signal came.
        stop: called first in the handler, since a library may swallow the exception: it kills the
            kernel.

    Example:
        with Interruption() as interruption:
            interruption.stop = kernel.kill
            with interruption.held():
                publish(folder, target)
    """

    def __init__(self) -> None:
        self.arrived = False
        self.stop: Callable[[], None] = lambda: None
        self._held = False
        self._former: dict[int, Callable[[int, FrameType | None], object] | int] = {}
        self._unraisable = sys.unraisablehook

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                former = signal.getsignal(number)
                if former not in (signal.SIG_IGN, None):
                    self._former[number] = former
                    signal.signal(number, self._arrive)
            self._unraisable, sys.unraisablehook = sys.unraisablehook, self._pass_over
        return self

    def __exit__(self, *_: object) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)
        if sys.unraisablehook == self._pass_over:
            sys.unraisablehook = self._unraisable

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if a signal came, even if the first raise was swallowed."""
        if self.arrived:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """A block that no signal breaks: the signal takes effect before or after it."""
        self.check()
        with self.shielded():
            yield
        self.check()

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """A block that runs to its end even if a signal came before it: for cleaning up."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def _arrive(self, number: int, frame: FrameType | None) -> None:
        is_first = not self.arrived
        self.arrived = True
        self.stop()
        if is_first and not self._held:
            raise KeyboardInterrupt

    def _pass_over(self, unraisable: sys.UnraisableHookArgs) -> None:
        """Print no traceback of an interruption that came in a finalizer."""
        if not (self.arrived and isinstance(unraisable.exc_value, KeyboardInterrupt)):
            self._unraisable(unraisable)
