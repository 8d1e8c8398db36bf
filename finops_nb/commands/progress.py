"""What a person, or a log, sees of runs: a live table on a terminal, else a line for each event; a table at the end."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from finops_nb.clock import now
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


class Display:
    """Tells of runs on stderr, as long as its block lasts.

    Args:
        names: that are run.
        as_json: an object a line for each event, and nothing else: `{time, name, event, milliseconds}`, and what the event
            has of `text, cell, cells, exit_code`.
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

            # No thread of its own: workers are forked while it is shown.
            self._live = Live(
                self._table(), console=Console(stderr=True), auto_refresh=False, transient=True
            )
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
        if len(self._names) > 1 and not self._as_json:
            self._say(self._summary)

    def tell(self, event: Event) -> None:
        """Show an event; where nobody can be told, the runs go on."""
        self._say(lambda: self._tell(event))

    def _say(self, words: Callable[[], None]) -> None:
        with suppress(OSError, ValueError):
            words()

    def _tell(self, event: Event) -> None:
        at = time.monotonic()
        self._started.setdefault(event.name, at)
        if event.state.ends:
            self._ended[event.name] = at
        if event.state is not RunState.NOTICE:
            self._last[event.name] = event
        if self._as_json:
            print(self._object(event), file=sys.stderr, flush=True)
            return
        if text := self._line(event):
            self._print(text)
        if self._live is not None:
            self._live.update(self._table(), refresh=True)

    def _print(self, text: str) -> None:
        if self._live is None:
            print(text, file=sys.stderr, flush=True)
        else:
            self._live.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _seconds(self, name: str) -> float:
        at = time.monotonic()
        return self._ended.get(name, at) - self._started.get(name, at)

    def _object(self, event: Event) -> str:
        about = {
            "time": now(),
            "name": event.name,
            "event": str(event.state),
            "milliseconds": int(1000 * self._seconds(event.name)),
        }
        detail = {"text": event.text, "cell": event.cell, "cells": event.cells} | (
            {"exit_code": event.exit_code} if event.state.ends else {}
        )
        return json.dumps(
            about
            | {
                key: value
                for key, value in detail.items()
                if value not in ("", 0) or key == "exit_code"
            },
            ensure_ascii=False,
        )

    def _line(self, event: Event) -> str:
        """An event in a line, or in as many as the reasons of a failure take; nothing for one that only moves the table."""
        several = f"{event.name}: " if len(self._names) > 1 else ""
        match event.state:
            case RunState.NOTICE:
                return f"{several}{event.text}"
            case RunState.FAILED | RunState.INTERRUPTED | RunState.HELD:
                return f"{several}{event.text}"
            case RunState.PUBLISHED | RunState.UNCHANGED if several and self._live is None:
                return f"{several}{event.state} ({elapsed(self._seconds(event.name))})"
        return ""

    def _summary(self) -> None:
        """The table at the end: on a terminal with the causes once more, in a log only how each ended."""
        from rich.console import Console

        if self._live is not None:
            Console(stderr=True, highlight=False).print(self._table(final=True))
            return
        with io.StringIO() as text:
            Console(file=text, width=160, no_color=True).print(self._table(final=True))
            print(
                "\n".join(line.rstrip() for line in text.getvalue().splitlines()),
                file=sys.stderr,
                flush=True,
            )

    def _table(self, final: bool = False) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=final)
        # The first three are whole on the narrowest terminal; the rest has what room is left.
        widths = {
            "name": max(map(len, (*self._names, "name"))),
            "time": 6,
            "result": max(map(len, (*RunState, "not started"))),
        }
        for head in ("name", "time", "result", ""):
            justify: Literal["left", "right"] = "right" if head == "time" else "left"
            table.add_column(
                head, justify=justify, no_wrap=not (final and not head), min_width=widths.get(head)
            )
        for name in self._names:
            event = self._last.get(name)
            result, detail = self._state(event, final)
            time_taken = elapsed(self._seconds(name)) if event else ""
            table.add_row(
                Text(name),
                time_taken,
                Text(result, style=STYLES.get(event.state, "") if event else "dim"),
                Text(detail, overflow="fold" if final else "ellipsis"),
            )
        return table

    def _state(self, event: Event | None, final: bool) -> tuple[str, str]:
        if event is None:
            return ("not started", "") if final else ("waits", "")
        if event.state is RunState.CELL:
            return "runs", f"cell {event.cell} of {event.cells}"
        if event.state is RunState.READY:
            return "waits", "for the months before it"
        return str(event.state), event.text.partition("\n")[
            0
        ] if event.state in UNDONE and final and self._live is not None else ""
