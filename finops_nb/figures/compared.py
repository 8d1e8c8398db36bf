"""Compared with: the published figures of the period that a report is compared with."""

from __future__ import annotations

from functools import lru_cache

from finops_nb.figures.report_data import ReportData
from finops_nb.money import added, total
from finops_nb.outputs.cells import merged
from finops_nb.outputs.looked_back import compared_period
from finops_nb.outputs.months import PublishedMonth
from finops_nb.schema import BUDGETED


@lru_cache(maxsize=8)  # most tables and sentences ask for it
def published_before(data: ReportData) -> PublishedMonth | None:
    """What a report is compared with: a month, or the months of a longer period added up.

    A longer period counts as one: a name that came and went within it is neither new nor gone.

    Args:
        data: for its published months.

    Returns:
        Its name is that of the period, such as 2025-Q3. A name's budget is the sum of the months
        that have one for it; the period's is None where a month has none, and so are its cells.
        None where a month of the period is not published, or can't be compared.
    """
    period = compared_period(data.params)
    if period is None or months_not_published(data):
        return None
    published = {month.name: month for month in data.months}
    months = [published[name] for name in period.months]
    return months[0] if len(months) == 1 else _added_up(period.text, months)


def months_not_published(data: ReportData) -> tuple[str, ...]:
    """The months of the compared period that are not published, or can't be compared."""
    period = compared_period(data.params)
    published = {month.name for month in data.months}
    return tuple(name for name in (period.months if period else ()) if name not in published)


def before_words(data: ReportData) -> str:
    """What the compared period is called after "than".

    Returns:
        "the month before", "the quarter before", "the year before", "the 2 months before"; where
        `compare` names another, "in" and its label.
    """
    period, compared = data.params.window, compared_period(data.params)
    if compared is None:
        return "the period before"
    if compared != period.preceding():
        return f"in {compared.label}"
    words = {1: "month", 3: "quarter", 12: "year"}
    count = len(period.months)
    return f"the {words.get(count, f'{count} months')} before"


def _added_up(name: str, months: list[PublishedMonth]) -> PublishedMonth:
    budgets = [month.budget for month in months]
    cells = [month.cells for month in months]
    return PublishedMonth(
        name,
        total(month.cost for month in months),
        sum(month.rows for month in months),
        {day: cost for month in months for day, cost in month.days.items()},
        None if None in budgets else total(each for each in budgets if each is not None),
        added(month.organizations for month in months),
        added(month.products for month in months),
        None if None in cells else merged(each for each in cells if each is not None),
        budgets={by: added(month.budgets.get(by, {}) for month in months) for by in BUDGETED},
        pairs=added(month.pairs for month in months),
    )
