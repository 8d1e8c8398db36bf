"""What is remembered of a file of usage: its hash, and the notices that its rows give rise to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of usage as it was read; `name` is relative to the home, `rows` all it holds."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something done to the data that a reader should know: a sentence, and the rows and money it touches."""

    text: str
    rows: int
    money: Decimal
