"""When a key was first run: what "Generated" says on the page, so that a forced re-run prints the same."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from finops_nb.errors import Failure, Problem, Refusal
from finops_nb.publish import sync_folder, write_file

CLOCK: Final = "SOURCE_DATE_EPOCH"
"""The variable of reproducible-builds.org: seconds since 1970 that stand for the clock."""

LAST_SECOND: Final = 253_402_300_799


def generated(runs: Path, name: str, key: str) -> str | None:
    """When a report of this key was first published under `name`, as ISO 8601 text in UTC; None if never.

    Raises:
        Failure: the record is there and cannot be read.
    """
    file = _file(runs, name, key)
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["generated"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        shown = file.relative_to(runs.parent.parent).as_posix()
        raise Failure(f'{shown} does not hold {{"generated": time}}. Remove it; the report will then say when it is made now.') from error


def now() -> str:
    """The clock, or what stands for it, in whole seconds.

    Raises:
        Refusal: `$SOURCE_DATE_EPOCH` is no number of seconds.
    """
    epoch = os.environ.get(CLOCK)
    if epoch is None:
        return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if not epoch.isascii() or not epoch.isdigit() or int(epoch) > LAST_SECOND:
        fix = f"Unset ${CLOCK}, or set it to digits only"
        raise Refusal(Problem("not a number of seconds since 1970", fix, column=f"${CLOCK}", value=epoch))
    return f"{datetime.fromtimestamp(int(epoch), UTC):%Y-%m-%dT%H:%M:%SZ}"


def record(runs: Path, name: str, key: str, time: str) -> None:
    """Write down when the key was first run; whole or not at all."""
    file = _file(runs, name, key)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    write_file(draft, json.dumps({"generated": time}).encode() + b"\n")
    draft.replace(file)
    sync_folder(file.parent)


def forget(runs: Path, name: str, key: str) -> None:
    """Take the record back: its report was not published."""
    _file(runs, name, key).unlink(missing_ok=True)


def _file(runs: Path, name: str, key: str) -> Path:
    return runs / name / f"{key}.json"
