"""Names that a reader takes for one: the same but for case, blanks or how their letters are written. Listed, never merged."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from finops_nb.money import total
from finops_nb.schema import Dimension
from finops_nb.usage.model import Usage

INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    map(chr, range(0xFE00, 0xFE10))
)
"""What shows nothing and is of no category that says so; format characters (Cf) are the rest."""

CONFUSABLE: Final = str.maketrans(
    dict(zip("авекмнорстухѕіјԁһԛԝ", "abekmhopctyxsijdhqw", strict=True))
    | dict(zip("αβεζηικμνορτυχ", "abezhikmnoptyx", strict=True))
    | dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys("‘’ʼ", "'")
    | {"ı": "i"}
)
"""Letters of Cyrillic and Greek that look like Latin ones in small or in capitals, and what text programs put for - and '."""


@dataclass(frozen=True, slots=True)
class ConfusableNames:
    """Names that look the same, at least two, with their cost: highest first."""

    costs: tuple[tuple[str, Decimal], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.costs)

    @property
    def quoted(self) -> str:
        """The names one beside the other, each in quotes: a blank at its end is seen."""
        return ", ".join(f'"{name}"' for name in self.names)

    @property
    def cost(self) -> Decimal:
        """Of all of them together."""
        return total(cost for _, cost in self.costs)


def confusable_names(costs: Mapping[str, Decimal]) -> tuple[ConfusableNames, ...]:
    """The groups of names that look the same, the one with the highest cost first.

    Args:
        costs: cost by name.

    Returns:
        A name is in one group at most; a name that looks like no other is in none.
    """
    groups: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for name, cost in sorted(costs.items(), key=lambda each: (-each[1], each[0])):
        groups[_seen(name)].append((name, cost))
    found = [ConfusableNames(tuple(group)) for group in groups.values() if len(group) > 1]
    return tuple(sorted(found, key=lambda group: (-group.cost, group.names)))


def _seen(name: str) -> str:
    """What a reader sees of a name; equal for names that look the same."""
    visible = "".join(
        char for char in name if unicodedata.category(char) != "Cf" and char not in INVISIBLE
    )
    return " ".join(_folded(_folded(visible)).translate(CONFUSABLE).replace("i\u0307", "i").split())


def _folded(text: str) -> str:
    """Without case, and each letter in its plain parts; what folding makes may be folded once more."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold())


def apart(usage: Usage, by: Dimension) -> tuple[tuple[str, Decimal], ...]:
    """A sentence on each group of organizations, or of products, that look the same; with their cost."""
    frame = usage.groups[by,]
    found = confusable_names(dict(zip(frame[by], frame["cost"], strict=True)))
    return tuple(
        (f"{by.title()}s that look the same, and are counted apart: {each.quoted}", each.cost)
        for each in found
    )
