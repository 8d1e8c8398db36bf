"""How many cases of a property are tried: a few in `make test`, all in `make slow`."""

from __future__ import annotations

import os
from typing import Final

THOROUGH: Final = os.environ.get("FINOPS_NB_PROPERTIES") == "all"
"""What `make slow` sets; it runs every property."""

A_FEW: Final = 10
"""`make test` tries one case in so many."""


def cases(number: int) -> int:
    """How many cases to try of a property that has `number`; 10 is the least."""
    return number if THOROUGH else max(min(number, 10), number // A_FEW)
