"""A budget line: one line of a budgets.csv, a budget for a month or a year in one version."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from finops_nb.period import MONTH

STATUSES: Final = ("approved", "proposed", "rejected")
"""The first counts."""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One line of the file.

    Args:
        line: physical line where it starts, the header being line 1; 0 where it is not in a file yet.
        dimension: "organization" or "product".
        name: of the organization or product, as it stands.
        period: a month such as 2025-12, or a year such as 2025.
        amount: of that period, in currency, 0 or more; None takes the budget away.
        owner: who answers for it; like `approver`, `reason` and `date` empty where nothing is said.
        version: 0 is the original, 1 is revised 1.
        status: "approved", "proposed" or "rejected"; only approved lines count.
        approver: who approved it.
        reason: why.
        date: ISO day of the approval.
        file: what messages call the file.
    """

    line: int
    dimension: str
    name: str
    period: str
    amount: Decimal | None
    owner: str
    version: int
    status: str
    approver: str
    reason: str
    date: str
    file: str | None = field(default=None, compare=False)

    @property
    def months(self) -> tuple[str, ...]:
        """The months it covers."""
        return (self.period,) if MONTH.fullmatch(self.period) else tuple(f"{self.period}-{month:02}" for month in range(1, 13))
