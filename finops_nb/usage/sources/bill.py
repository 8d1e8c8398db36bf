"""A bill: on which day its charges stand where it goes by billing period, and of which kind they are, as expressions for the engine."""

from __future__ import annotations

from typing import Final

BILLED: Final = "BilledCost"
"""The cost that goes by billing period; every other goes by charge period."""

EARLIER: Final = "charged < date_trunc('month', invoiced)"
LATER: Final = "charged > last_day(invoiced)"
DAY_OF_BILL: Final = "CAST(greatest(date_trunc('month', invoiced), least(charged, last_day(invoiced))) AS DATE)"
"""A charge of a bill stands on its own day where that is in the month in which it was billed, else on the first or last of that."""


def charge_sql(classed: bool, by_billing_period: bool) -> str:
    """What kind of charge a row is, in words.

    Args:
        classed: the bill has a column of charge classes.
        by_billing_period: charges of earlier periods may be in it.
    """
    words = ["coalesce(charge_category, 'No category')"]
    if classed:
        words.append("CASE WHEN charge_class = 'Correction' THEN ' (correction)' ELSE '' END")
    if by_billing_period:
        words.append(f"CASE WHEN {EARLIER} THEN ', of earlier periods' ELSE '' END")
    return " || ".join(words)
