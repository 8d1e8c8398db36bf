"""Changed value: one figure before and after, printed as the report prints it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from finops_nb.money import minor_units, rounded
from finops_nb.report.format import MISSING, Format, count, visible
from finops_nb.schema import Column

MONEY: Final = ("money", "change", "variance")
NUMBERS: Final = (
    *MONEY,
    *("share", "signed share", "percent", "unit cost", "calls per money", "gap", "count", "rank"),
    *("quantity", "estimate"),
)

UNSEEN: Final = "changed by less than is printed"


class Printer:
    """Prints figures of two results.

    Args:
        before: the currency of the first.
        after: that of the second.
    """

    def __init__(self, before: str, after: str):
        self.formats = Format(before), Format(after)

    def change(
        self, column: Column, was: Any, now: Any, ratio_was: Any = None, ratio_now: Any = None
    ) -> str:
        """A figure before and after, and by how much its printed value changed.

        Args:
            column: of the figure.
            was: as JSON holds it; None for n/a.
            now: likewise.
            ratio_was: of a variance, as a fraction of the budget.
            ratio_now: likewise.

        Returns:
            Empty where both are the same number; `UNSEEN` where they are printed alike.

        Example:
            "$200.00 → $212.40 (+$12.40)"
        """
        before, after = (_number(column, value) for value in (was, now))
        if before == after:
            return ""
        pairs = zip(self.formats, (before, after), (ratio_was, ratio_now), strict=True)
        texts = [_printed(column, value, ratio, fmt) for fmt, value, ratio in pairs]
        if texts[0] == texts[1]:
            return UNSEEN
        change = ""
        if isinstance(before, Decimal) and isinstance(after, Decimal):
            change = self._difference(column, before, after)
        return f"{texts[0]} → {texts[1]}{change}"

    def value(self, column: Column, record: Mapping[str, Any], *, is_after: bool) -> str:
        """The figure of a row that is new, or gone.

        Args:
            column: of the figure.
            record: the row.
            is_after: the row is new.
        """
        value = _number(column, record[column.name])
        return _printed(column, value, record.get("variance_ratio"), self.formats[is_after])

    def _difference(self, column: Column, before: Decimal, after: Decimal) -> str:
        """The difference of two printed amounts or counts, so that a reader can add it up."""
        fmt = self.formats[1]
        if column.unit in MONEY and fmt == self.formats[0]:
            decimals = minor_units(fmt.currency)
            change = rounded(after, decimals) - rounded(before, decimals)
            return f" ({fmt.change(change)})" if change else ""
        if column.unit == "count":
            change = rounded(after, 0) - rounded(before, 0)
            return f" ({'+' if change > 0 else ''}{count(change)})"
        return ""


def _number(column: Column, value: Any) -> Any:
    """A figure as a number; other values as they are."""
    is_number = isinstance(value, (str, int)) and not isinstance(value, bool)
    if column.unit not in NUMBERS or not is_number:
        return value
    try:
        return Decimal(value)
    except InvalidOperation:
        return value


def _printed(column: Column, value: Any, ratio: Any, fmt: Format) -> str:
    if value is None:
        return MISSING
    if not isinstance(value, Decimal):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return visible(" ".join(text.split())) or '""'
    if column.unit == "variance":
        return fmt.variance(value, Decimal(ratio) if isinstance(ratio, str) else None)
    return count(value) if column.unit == "rank" else fmt.of(column.unit, value)
