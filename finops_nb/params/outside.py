"""Files outside of the home: others may read and write them too, so they are named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from finops_nb.errors import listed
from finops_nb.home import Home
from finops_nb.params.budgets import MONTHS
from finops_nb.params.model import Params
from finops_nb.params.sources import SAMPLE

NOT_LITERAL: Final = re.compile(r"[*?\[{]")
"""What a path has that names more than one file, or the period."""

LISTED: Final = 5


def is_outside(path: Path, home: Home) -> bool:
    """Whether a path, with its links followed, leads out of the home."""
    return not path.resolve().is_relative_to(home.root.resolve())


def read_outside(params: Params, home: Home) -> str:
    """A sentence that names what these params read outside of the home; empty if nothing.

    Example:
        "Reads outside the home: budgets: /shared/budgets.csv, usage: /exports/*.csv."
    """
    places = [f"{key}: {path}" for key, path in _paths(params) if _leads_out(path, home)]
    return f"Reads outside the home: {listed(places, LISTED)}." if places else ""


def _paths(params: Params) -> Iterator[tuple[str, str]]:
    """Each path in the params, with its key."""
    for key in ("mapping", "budgets", "drivers"):
        path = getattr(params, key)
        if path and path != MONTHS:
            yield key, path
    for path in params.usage:
        if not path.startswith(SAMPLE):
            yield "usage", path


def _leads_out(path: str, home: Home) -> bool:
    """Whether the folder that a path starts in, or the file, is outside of the home."""
    literal = NOT_LITERAL.split(path, maxsplit=1)[0]
    if literal != path:
        literal = literal.rpartition("/")[0] or ("/" if path.startswith("/") else "")
    return is_outside(home.root / literal, home)
