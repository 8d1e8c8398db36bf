"""What one run is of, and where it puts things."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from finops_nb.budgets import Budgets
from finops_nb.edition import Kind
from finops_nb.handover import LEDGER, RESULTS
from finops_nb.home import Home
from finops_nb.params import Params
from finops_nb.published_months import PublishedMonth

STEM: Final = "organizational_alignment"
HTML: Final = f"{STEM}.html"
NOTEBOOK: Final = f"{STEM}.ipynb"


@dataclass(frozen=True, slots=True)
class Job:
    """What a run is of, and where it puts things.

    Args:
        home: the home.
        name: a checked NAME.
        params: as read at the start; the file does not matter after that.
        budgets: likewise.
        months: the months before, as they were published.
        kind: of the report.
    """

    home: Home
    name: str
    params: Params
    budgets: Budgets
    months: tuple[PublishedMonth, ...]
    kind: Kind

    @property
    def target(self) -> Path:
        return self.home.outputs / self.name

    @property
    def staging(self) -> Path:
        return self.home.outputs / ".staging" / self.name

    @property
    def runs(self) -> Path:
        return self.home.outputs / ".runs"

    @property
    def files(self) -> tuple[str, ...]:
        """The names of what is published."""
        return (NOTEBOOK, HTML, RESULTS, LEDGER) if self.kind is Kind.OFFICIAL else (NOTEBOOK, HTML, RESULTS)
