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
    """While it is entered, the first signal to stop raises `KeyboardInterrupt`; later ones find the run stopping.

    A signal that the process was told to ignore (`nohup`, a job in the background) stays ignored. Outside of the main
    thread nothing is caught, since Python allows it there only.

    Args (attributes):
        arrived: a signal came.
        stop: called in the handler first, since a library may swallow the exception: kills the kernel.
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
        """Raise `KeyboardInterrupt` if a signal came, even where the first raise was swallowed."""
        if self.arrived:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """A block that a signal does not break: it takes effect before or after."""
        self.check()
        with self.shielded():
            yield
        self.check()

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """A block that is run, and not broken, though a signal came or comes: for clearing up."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def _arrive(self, number: int, frame: FrameType | None) -> None:
        first, self.arrived = not self.arrived, True
        self.stop()
        if first and not self._held:
            raise KeyboardInterrupt

    def _pass_over(self, unraisable: sys.UnraisableHookArgs) -> None:
        if not (self.arrived and isinstance(unraisable.exc_value, KeyboardInterrupt)):
            self._unraisable(unraisable)
