"""Progress: what a person, or a log, sees of runs while they go on, and a table at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self

from finops_nb.clock import now
from finops_nb.commands.printable_output import json_line
from finops_nb.commands.text_table import as_text, empty_table
from finops_nb.report.format import elapsed
from finops_nb.run.worker import UNDONE, Event, RunState

if TYPE_CHECKING:
    from rich.table import Table

STYLES: Final = {
    RunState.PUBLISHED: "green",
    RunState.UNCHANGED: "dim",
    RunState.FAILED: "bold red",
    RunState.INTERRUPTED: "yellow",
    RunState.HELD: "yellow",
}

NOT_STARTED: Final = "not started"
TIME_WIDTH: Final = 6
NAME_WIDTH: Final = 40
"""Characters of a NAME on one line of a narrow terminal."""


class Display:
    """Shows runs on stderr inside a `with` block: a moving table on a terminal, lines in a log.

    Args:
        names: that are run.
        as_json: print one object per event and nothing else: `{time, name, event, milliseconds}`,
            and whichever of `text, cell, cells, exit_code` the event has.

    Example:
        With `as_json`, an event is printed as
        `{"time": "2026-01-01T00:00:00Z", "name": "2025-12", "event": "started",
        "milliseconds": 0}` on one line.
    """

    def __init__(self, names: Sequence[str], as_json: bool = False):
        self._names = names
        self._as_json = as_json
        self._started: dict[str, float] = {}
        self._last: dict[str, Event] = {}
        self._ended: dict[str, float] = {}
        self._live: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty() and not self._as_json:
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True)
            # Without a refresh thread: workers are forked while the table is shown.
            self._live = Live(self._table(), console=console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
        if len(self._names) > 1 and not self._as_json:
            self._attempt(self._print_summary)

    def tell(self, event: Event) -> None:
        """Show an event; where stderr can't be written, the runs go on."""
        self._attempt(lambda: self._show(event))

    def _attempt(self, printing: Callable[[], None]) -> None:
        with suppress(OSError, ValueError):
            printing()

    def _show(self, event: Event) -> None:
        self._record(event)
        if self._as_json:
            self._print_plain(self._json(event))
            return
        if text := self._line(event):
            self._print(text)
        if self._live is not None:
            self._live.update(self._table(), refresh=True)

    def _record(self, event: Event) -> None:
        moment = time.monotonic()
        self._started.setdefault(event.name, moment)
        if event.state.ends:
            self._ended[event.name] = moment
        if event.state is not RunState.NOTICE:
            self._last[event.name] = event

    def _print(self, text: str) -> None:
        if self._live is None:
            self._print_plain(text)
        else:
            self._live.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _print_plain(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def _print_summary(self) -> None:
        """The table at the end: with causes on a terminal; a log has them in lines above it."""
        if self._live is None:
            self._print_plain(as_text(self._table(final=True)))
            return
        from rich.console import Console

        Console(stderr=True, highlight=False).print(self._table(final=True))

    def _seconds(self, name: str) -> float:
        moment = time.monotonic()
        return self._ended.get(name, moment) - self._started.get(name, moment)

    def _json(self, event: Event) -> str:
        record = {
            "time": now(),
            "name": event.name,
            "event": str(event.state),
            "milliseconds": int(1000 * self._seconds(event.name)),
        }
        details = {"text": event.text, "cell": event.cell, "cells": event.cells}
        record |= {key: value for key, value in details.items() if value}
        if event.state.ends:
            record["exit_code"] = event.exit_code
        return json_line(record, sys.stderr)

    def _line(self, event: Event) -> str:
        """An event as text, with every reason of a failure; empty where only the table moves."""
        several = len(self._names) > 1
        prefix = f"{event.name}: " if several else ""
        if event.state in (RunState.NOTICE, *UNDONE):
            return f"{prefix}{event.text}"
        if event.state.ends and several and self._live is None:
            return f"{prefix}{event.state} ({elapsed(self._seconds(event.name))})"
        return ""

    def _table(self, final: bool = False) -> Table:
        from rich.text import Text

        table = self._empty_table(final)
        for name in self._names:
            event = self._last.get(name)
            result, detail = self._result(event, final)
            table.add_row(
                Text(name),
                elapsed(self._seconds(name)) if event else "",
                Text(result, style=STYLES.get(event.state, "") if event else "dim"),
                Text(detail, overflow="fold" if final else "ellipsis"),
            )
        return table

    def _empty_table(self, final: bool) -> Table:
        """Time and result are whole on the narrowest terminal; the detail gets the rest.

        Names are whole too, the longest on several lines.
        """
        table = empty_table(("name", "time", "result", ""), right=("time",))
        table.show_header = final
        name, duration, result, detail = table.columns
        name.min_width = min(max(map(len, (*self._names, "name"))), NAME_WIDTH)
        name.no_wrap, name.overflow = False, "fold"
        duration.min_width = TIME_WIDTH
        result.min_width = max(map(len, (*RunState, NOT_STARTED)))
        detail.no_wrap = not final
        return table

    def _result(self, event: Event | None, final: bool) -> tuple[str, str]:
        """How a NAME stands, and a detail of it."""
        if event is None:
            return (NOT_STARTED if final else "waiting"), ""
        if event.state is RunState.CELL:
            return "running", f"cell {event.cell} of {event.cells}"
        if event.state is RunState.READY:
            return "waiting", "for earlier months"
        if event.state in UNDONE and final and self._live is not None:
            return str(event.state), event.text.partition("\n")[0]
        return str(event.state), ""
