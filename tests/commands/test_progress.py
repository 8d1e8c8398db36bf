"""What a person, or a log, sees of runs while they go on."""

from __future__ import annotations

import io
import json
import re

import pytest

from finops_nb.commands import progress as displays
from finops_nb.commands.progress import Display
from finops_nb.run.worker import Event, RunState

PAGE = "/home/outputs/2025-11/organizational_alignment.html"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Half a second passes between any two looks at the clock."""
    ticks = iter(range(1000))
    monkeypatch.setattr(displays.time, "monotonic", lambda: next(ticks) / 2)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")


def tell(
    *events: Event, names: tuple[str, ...] = ("2025-11", "2025-12"), as_json: bool = False
) -> None:
    with Display(names, as_json) as shown:
        for event in events:
            shown.tell(event)


class Full(io.StringIO):
    """A stream whose disk is full."""

    def write(self, _):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_run_goes_on_where_stderr_is_full(monkeypatch, as_json):
    """Nothing is printed, and nothing is raised."""
    monkeypatch.setattr("sys.stderr", Full())
    with Display(["2025-11", "2025-12"], as_json) as display:
        display.tell(
            Event("2025-11", RunState.FAILED, "usage/a.csv, line 3: no number.", exit_code=1)
        )


@pytest.mark.parametrize("columns", ["40", "80"])
def test_names_and_results_are_whole_on_a_narrow_terminal(monkeypatch, columns):
    """Causes get the space that is left."""
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", columns)
    with Display(["2025-11", "2025-12"]) as display:
        display.tell(
            Event(
                "2025-11",
                RunState.FAILED,
                "params/2025-11.yaml, line 2: not valid YAML: expected <block end>.",
                exit_code=1,
            )
        )
        display.tell(Event("2025-12", RunState.INTERRUPTED, "Not started.", exit_code=130))
    lines = [
        line.split()
        for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()).splitlines()
    ]
    assert any(line[:1] == ["2025-11"] and line[3:4] == ["failed"] for line in lines)
    assert any(line[:1] == ["2025-12"] and line[3:4] == ["interrupted"] for line in lines)


def test_a_log_has_a_line_for_what_counts(capsys):
    """Lines say what ended and what to know, but not each cell; a table of results follows."""
    tell(
        Event("2025-11", RunState.STARTED),
        Event("2025-11", RunState.CELL, cell=1, cells=47),
        Event("2025-11", RunState.NOTICE, "An earlier run was cut off."),
        Event("2025-11", RunState.PUBLISHED, PAGE),
        Event(
            "2025-12",
            RunState.FAILED,
            "usage/a.csv, line 3: no number.\noutputs/2025-12 is unchanged.",
            exit_code=1,
        ),
    )
    out, err = capsys.readouterr()
    assert out == ""
    *lines, heads, first, second = [line.rstrip() for line in err.splitlines()]
    assert lines[0] == "2025-11: An earlier run was cut off."
    assert lines[1].startswith("2025-11: published (")
    assert lines[2:] == [
        "2025-12: usage/a.csv, line 3: no number.",
        "outputs/2025-12 is unchanged.",
    ]
    assert heads.split() == ["name", "time", "result"]
    assert first.split()[::3] == ["2025-11", "published"]
    assert second.startswith("2025-12") and second.endswith("failed")


def test_one_alone_says_only_what_is_wrong(capsys):
    """A single run has no table and no NAME before its messages; a success prints nothing."""
    tell(
        Event("2025-11", RunState.STARTED),
        Event("2025-11", RunState.PUBLISHED, PAGE),
        names=("2025-11",),
    )
    assert capsys.readouterr().err == ""
    tell(Event("2025-11", RunState.FAILED, "No.", exit_code=1), names=("2025-11",))
    assert capsys.readouterr().err == "No.\n"


def test_json_has_an_object_for_each_event(capsys):
    """All events are printed with time and name, and nothing else is."""
    tell(
        Event("2025-11", RunState.STARTED),
        Event("2025-11", RunState.CELL, cell=1, cells=47),
        Event("2025-11", RunState.PUBLISHED, PAGE),
        Event("2025-12", RunState.FAILED, "Nein: ü", exit_code=1),
        as_json=True,
    )
    objects = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [each.pop("milliseconds") >= 0 for each in objects] == [True] * 4
    time = {"time": "2026-01-01T00:00:00Z"}
    assert objects == [
        time | {"name": "2025-11", "event": "started"},
        time | {"name": "2025-11", "event": "cell", "cell": 1, "cells": 47},
        time | {"name": "2025-11", "event": "published", "text": PAGE, "exit_code": 0},
        time | {"name": "2025-12", "event": "failed", "text": "Nein: ü", "exit_code": 1},
    ]


def test_a_terminal_has_a_table_that_moves(capsys, monkeypatch):
    """It shows each NAME with its cell; what looks like markup is printed as it is."""
    monkeypatch.setattr(displays.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    tell(
        Event("2025-11", RunState.CELL, cell=3, cells=47),
        Event("2025-12", RunState.READY),
        Event("2025-11", RunState.NOTICE, "[bold]x[/bold]"),
        Event("2025-11", RunState.PUBLISHED, PAGE),
    )
    err = capsys.readouterr().err
    for text in ("cell 3 of 47", "for earlier months", "[bold]x[/bold]", "published"):
        assert text in err
