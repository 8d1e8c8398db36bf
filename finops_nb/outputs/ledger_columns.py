"""Ledger columns: the heads of chargeback.csv, whose lines are made in `figures/chargeback.py`."""

from __future__ import annotations

from typing import Final

LEDGER_COLUMNS: Final = (
    *("period_start", "period_end", "organization", "product"),
    *("amount", "currency"),
)

DRAFT: Final = "DRAFT"
"""The head and the value of the last column of a draft, so that no line of it passes for final."""
