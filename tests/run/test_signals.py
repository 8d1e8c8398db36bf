"""A signal stops a run once, and never inside a held block."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import weakref

import pytest

from finops_nb.run.signals import SIGNALS, Interruption


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_raises_once(number):
    """`stop` is called for each signal, the first one raises, and the old handlers are restored."""
    former = {each: signal.getsignal(each) for each in SIGNALS}
    stopped = []
    with Interruption() as interruption:
        interruption.stop = lambda: stopped.append(number)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert interruption.arrived
        assert stopped == [number, number]
    assert {each: signal.getsignal(each) for each in SIGNALS} == former


def test_a_held_block_is_finished_first():
    """The interruption is raised after the block."""
    steps = []
    with Interruption() as interruption, pytest.raises(KeyboardInterrupt):
        with interruption.held():
            os.kill(os.getpid(), signal.SIGTERM)
            steps.append("the rest of the block")
        steps.append("what follows")
    assert steps == ["the rest of the block"]


def test_a_swallowed_interruption_is_remembered():
    """No publication starts after a library has swallowed the exception."""
    with Interruption() as interruption:
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), interruption.held():
            raise AssertionError("the block was entered")


class Referent:
    """Something that a weak reference can point at."""


def unraisable_in(error):
    """Call `error` where no exception can be passed on: in the callback of a weak reference."""
    referent = Referent()
    kept = weakref.ref(referent, lambda _: error())
    del referent
    assert kept() is None


def test_an_interruption_that_cannot_be_passed_on_prints_nothing(monkeypatch):
    """A signal in a finalizer prints no traceback and still stops; other errors stay visible."""
    shown = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: shown.append(unraisable.exc_type))
    former = sys.unraisablehook
    with Interruption() as interruption:
        unraisable_in(lambda: os.kill(os.getpid(), signal.SIGTERM))
        assert shown == []
        with pytest.raises(KeyboardInterrupt):
            interruption.check()
        unraisable_in(lambda: 1 / 0)
        assert shown == [ZeroDivisionError]
    assert sys.unraisablehook is former


def test_an_error_in_a_held_block_is_not_covered_up():
    """The block's own error is raised, although a signal came too."""
    with Interruption() as interruption, pytest.raises(OSError, match="disk"), interruption.held():
        os.kill(os.getpid(), signal.SIGINT)
        raise OSError("disk")


def test_clearing_up_is_not_broken():
    """A shielded block runs to its end after a signal, and one that comes in it is remembered."""
    steps = []
    with Interruption() as interruption:
        with interruption.shielded():
            os.kill(os.getpid(), signal.SIGTERM)
            steps.append("first")
        with interruption.shielded():
            steps.append("second")
        assert steps == ["first", "second"]
        with pytest.raises(KeyboardInterrupt):
            interruption.check()


def test_an_ignored_signal_stays_ignored():
    """SIGHUP stays ignored under nohup."""
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not interruption.arrived
    finally:
        signal.signal(signal.SIGHUP, former)


def test_it_can_be_entered_outside_of_the_main_thread():
    """No signal is caught there, since Python handles signals in the main thread only."""
    entered = []

    def enter():
        with Interruption() as interruption:
            entered.append(interruption)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert len(entered) == 1
