"""Wording: text of the data as it stands in a mail, on one line, cut, and turning nothing around but itself."""

from __future__ import annotations

import re
from typing import Final

from finops_nb.report.format import visible

NAME_LENGTH: Final = 80
SENTENCE_LENGTH: Final = 600
"""Characters of a name and of a sentence in a mail; the report has them whole."""

RIGHT_TO_LEFT: Final = r"\S*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]\S*"
RIGHT_TO_LEFT_WORDS: Final = re.compile(rf"{RIGHT_TO_LEFT}(?:\s+{RIGHT_TO_LEFT})*")
"""Hebrew, Arabic and their kin."""


def brief(text: str, length: int = SENTENCE_LENGTH) -> str:
    """`text` on one line, cut at `length` characters, without what would turn the rest of the line around."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= length else line[: length - 1] + "…"


def isolated(text: str) -> str:
    """`text`, in which right-to-left words turn nothing around but themselves; a figure after a name would else stand before it."""
    return RIGHT_TO_LEFT_WORDS.sub("\N{FIRST STRONG ISOLATE}\\g<0>\N{POP DIRECTIONAL ISOLATE}", text)
