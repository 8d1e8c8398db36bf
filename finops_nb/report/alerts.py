"""Budget alerts in words: "80% crossed on December 27".

Which threshold was crossed on which day is in `figures/crossings.py`; the table of all of them is
in `report/budget_tables.py`, and `report/table_heads.py` (`CROSSED`) makes the heads of its columns
again for `what-changed`. The words are printed by `report/beneath.py`, and the workbook's two
columns are in `report/sheet_texts.py`. The notebook's text above the table says what "crossed"
means, too; `params/model.py`, the notebook's parameters, README.md and the README of the folder
`params` say "reached".
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from finops_nb.period import spelled_day
from finops_nb.report.format import Format

CAPTION: Final = "Day each share of a budget was reached; n/a means not reached in the period"
CROSSED_MEANING: Final = "the first day on which cost to date reached this share of the budget"
NO_BUDGETS: Final = "No budgets are set."
NO_THRESHOLDS: Final = "No alert thresholds are set."


def crossed_text(threshold: Decimal, day: date, fmt: Format) -> str:
    """A threshold that was crossed, and when.

    >>> crossed_text(Decimal("0.8"), date(2025, 12, 27), Format("USD"))
    '80% crossed on December 27'
    """
    return f"{fmt.percent(threshold)} crossed on {spelled_day(day)}"
