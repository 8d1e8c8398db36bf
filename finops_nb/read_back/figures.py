"""Figures of results.json as they must be printed, and printed figures as numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, localcontext
from typing import Any, Final, cast

from finops_nb.money import SIGNS
from finops_nb.read_back.page import Head, words
from finops_nb.report.format import Format, visible, visible_name
from finops_nb.schema import Unit

Record = Mapping[str, Any]
"""A row of a table of results.json."""

DIGITS: Final = 60
"""Digits of a sum: more than any table needs, whatever the decimal context is."""

FIGURE: Final = re.compile(r"([+-]?)\s*(\d[\d,]*(?:\.\d+)?)")

SIGN: Final = "|".join(map(re.escape, SIGNS.values()))
IN_TEXT: Final = re.compile(
    rf"(?:(?<![\w.])[-+])?(?:{SIGN})?(?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)(?:\.\d+)?"
)
"""A figure in running text, with its sign; the hyphen of a name or a date is none."""

ADDED: Final = ("money", "change", "variance", "count")
"""Units whose printed figures add up to the printed total."""


NAMES: Final = ("organization", "product", "feature", "model", "driver", "name")
"""Columns of names; the page marks the blanks in them that nobody would see."""


def value_of(unit: str, value: Any) -> Any:
    """A value of results.json, with the type that its unit has."""
    if value is None or unit in ("text", "status"):
        return value
    if unit in ("day", "date"):
        return date.fromisoformat(value)
    return int(value) if unit == "rank" else Decimal(value)


def printed(head: Head, record: Record, fmt: Format) -> str:
    """The text that the cell of a record must have."""
    if head.unit == "variance":
        ratio = value_of("money", record.get("variance_ratio"))
        return words(fmt.variance(value_of("money", record["variance"]), ratio))
    value = value_of(head.unit, record[head.name])
    shown = visible_name if head.name in NAMES else visible
    return words(shown(fmt.of(cast(Unit, head.unit), value)))


def figure(text: str, fmt: Format) -> Decimal | None:
    """The first figure of a printed cell; None where there is none.

    >>> figure("-$1,495.06 (-29.9%)", Format("USD"))
    Decimal('-1495.06')
    """
    match = FIGURE.search(text.replace(fmt.sign, "", 1))
    return Decimal(match[1] + match[2].replace(",", "")) if match else None


def exact_sum(values: Iterable[Any]) -> Decimal:
    """The sum of numbers and of decimal text, without loss; None counts as nothing."""
    with localcontext(prec=DIGITS):
        return sum((Decimal(value) for value in values if value is not None), Decimal(0))


def figures_in(text: str) -> Counter[str]:
    """How often each figure stands in a text.

    >>> figures_in("-$1.50 (-2.0%) of 1,000 on 2025-12-01")
    Counter({'-$1.50': 1, '-2.0': 1, '1,000': 1, '2025': 1, '12': 1, '01': 1})
    """
    return Counter(IN_TEXT.findall(text))
