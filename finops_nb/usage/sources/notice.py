"""What a report keeps of a usage file: its hash, and notices about its rows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of usage as it was read.

    Args:
        name: relative to the home, or the bare name of a file outside of it.
        sha256: of its bytes, in hexadecimal digits.
        rows: all rows it holds, inside the period and outside.
    """

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the data that a reader should know.

    Args:
        text: a sentence.
        rows: how many rows it concerns.
        money: the money in those rows, unrounded.
    """

    text: str
    rows: int
    money: Decimal
