"""Confusable names: names that a reader takes for one another. They are listed, never merged.

They are the same but for case, blanks or how their letters are written.

Source: Unicode Technical Standard 39, "Unicode Security Mechanisms", section 4, "Confusable
Detection" (https://www.unicode.org/reports/tr39/): names are confusable if their skeletons are
equal. The skeleton here also ignores case and blanks, and replaces few letters: those that people
type by mistake, not all that an attacker could.
"""

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

FILLERS: Final = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
VARIATION_SELECTORS: Final = "".join(map(chr, range(0xFE00, 0xFE10)))
INVISIBLE: Final = frozenset(FILLERS + VARIATION_SELECTORS)
"""Characters that show nothing but are not format characters (category Cf), which are the rest."""

CYRILLIC: Final = dict(zip("авекмнорстухѕіјԁһԛԝ", "abekmhopctyxsijdhqw", strict=True))
GREEK: Final = dict(zip("αβεζηικμνορτυχ", "abezhikmnoptyx", strict=True))
HYPHENS: Final = dict.fromkeys("‐‑‒–—―−", "-")
APOSTROPHES: Final = dict.fromkeys("‘’ʼ", "'")
LOOKS_LIKE: Final = str.maketrans(CYRILLIC | GREEK | HYPHENS | APOSTROPHES | {"ı": "i"})
"""Letters that look like Latin ones, small or capital, and what text programs put for - and '."""

COMBINING_DOT: Final = "\u0307"
"""What is left of the Turkish İ once it is in small letters."""


@dataclass(frozen=True, slots=True)
class ConfusableNames:
    """At least two names that look the same, with their cost, highest first."""

    costs: tuple[tuple[str, Decimal], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.costs)

    @property
    def quoted(self) -> str:
        """The names in quotes, which show a blank at a name's end."""
        return ", ".join(f'"{name}"' for name in self.names)

    @property
    def cost(self) -> Decimal:
        """Of all of them together."""
        return total(cost for _, cost in self.costs)


def confusable_names(costs: Mapping[str, Decimal]) -> tuple[ConfusableNames, ...]:
    """The groups of names that look the same, the group with the highest cost first.

    Args:
        costs: cost by name.

    Returns:
        A name is in one group at most; a name that looks like no other is in none.

    Example:
        "org-a", "Org-A" and "org-а" (with a Cyrillic а) are one group; "org_a" is not in it.
    """
    groups: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for name, cost in sorted(costs.items(), key=lambda pair: (-pair[1], pair[0])):
        groups[_skeleton(name)].append((name, cost))
    several = [ConfusableNames(tuple(group)) for group in groups.values() if len(group) > 1]
    return tuple(sorted(several, key=lambda group: (-group.cost, group.names)))


def confusable_sentences(usage: Usage, by: Dimension) -> tuple[tuple[str, Decimal], ...]:
    """A sentence about each group of names that look the same, with the group's cost.

    Args:
        usage: from `read_usage`.
        by: organization or product.
    """
    frame = usage.groups[by,]
    groups = confusable_names(dict(zip(frame[by], frame["cost"], strict=True)))
    text = f"{by.title()}s that look the same but are counted separately"
    return tuple((f"{text}: {group.quoted}", group.cost) for group in groups)


def _skeleton(name: str) -> str:
    """What a reader sees of a name; equal for names that look the same."""
    visible = "".join(character for character in name if _is_visible(character))
    # Folding case once may leave letters that fold again.
    letters = _folded(_folded(visible)).translate(LOOKS_LIKE).replace(f"i{COMBINING_DOT}", "i")
    return " ".join(letters.split())


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) != "Cf" and character not in INVISIBLE


def _folded(text: str) -> str:
    """Without case, and each letter in its plain parts."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold())
