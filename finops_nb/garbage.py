"""Garbage: how often Python looks for objects that only refer to each other."""

from __future__ import annotations

import gc
from typing import Final

THRESHOLDS: Final = (100_000, 50, 10)
"""New objects before the young ones are looked through, and how often before the older ones are.

Python's own are 700, 10 and 10. A report makes millions of objects and keeps them to its end, so
looking through them again and again takes a fifth of the time of a large one and finds nothing.
"""


def collect_rarely() -> None:
    """Look for garbage only after many new objects, in this process."""
    gc.set_threshold(*THRESHOLDS)
