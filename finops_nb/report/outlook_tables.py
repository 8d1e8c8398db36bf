"""The tables of the outlook: the next month by name, the months ahead, and the fiscal year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from finops_nb.figures.forecast import TOTAL, Expected, Forecast, outlook
from finops_nb.figures.forecast_methods import Method
from finops_nb.figures.full_year import FullYear, full_year
from finops_nb.figures.named import names_of
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import run_rates
from finops_nb.findings.outlook import year_label
from finops_nb.findings.sentence import Sentence, first_few, sentence
from finops_nb.money import ZERO
from finops_nb.period import parse_period, spelled_months
from finops_nb.report.format import Format
from finops_nb.report.table import Block, Table
from finops_nb.report.top_n import sums_of
from finops_nb.schema import BUDGETED, MONTH, NAME, ROUNDED, Column, Dimension

LOW: Final = Column("low", "Low", "estimate", "one month in ten is expected to cost less")
HIGH: Final = Column("high", "High", "estimate", "one month in ten is expected to cost more")
EXPECTED: Final = Column(
    "expected",
    "Expected",
    "estimate",
    "the forecast, rounded",
    additive=True,
)
THIS_MONTH: Final = Column(
    "cost", "This Month", "money", "its cost, or its run rate", additive=True
)
BUDGET: Final = Column("budget", "Budget", "money", "the budget of that month", additive=True)
RISK: Final = Column("risk", "Over Budget?", "text", "likely, possible or unlikely")

TO_DATE: Final = Column("cost", "To Date", "money", "the cost of the year so far", additive=True)
BUDGET_TO_DATE: Final = Column(
    "budget", "Budget to Date", "money", "the budgets of the same months", additive=True
)
VARIANCE: Final = Column(
    "variance",
    "Variance",
    "change",
    f"to date − budget to date; a missing budget counts as 0{ROUNDED}",
    additive=True,
    difference=("cost", "budget"),
)
REST: Final = Column("rest", "Rest of Year", "money", "the forecast", additive=True)
OUTLOOK: Final = Column("outlook", "Full Year", "money", "to date + rest of year", additive=True)
YEAR_BUDGET: Final = Column(
    "year_budget", "Year's Budget", "money", "the budgets of all these months", additive=True
)
OUTLOOK_VARIANCE: Final = Column(
    "outlook_variance",
    "Full Year − Budget",
    "change",
    f"a missing budget counts as 0{ROUNDED}",
    additive=True,
    difference=("outlook", "year_budget"),
)

LOW_AND_HIGH: Final = (
    "; one month in ten is expected to end below Low, and one above High. Each range is for its "
    "row alone, so Low and High have no totals"
)
"""What a caption says of a range."""
LEAST_LOW: Final = "; a Low that would be below zero is {zero}"
"""What a caption says where that happened."""

NEXT_MONTH_COLUMNS: Final = (NAME, THIS_MONTH, LOW, EXPECTED, HIGH, BUDGET, RISK)
MONTH_COLUMNS: Final = (MONTH, LOW, EXPECTED, HIGH, BUDGET, RISK)
EXPECTED_OF_YEAR: Final = ("rest", "outlook", "year_budget", "outlook_variance")
"""Columns of a year that goes on."""

YEAR_COLUMNS: Final = (
    *(NAME, TO_DATE, BUDGET_TO_DATE, VARIANCE, REST, OUTLOOK, YEAR_BUDGET, OUTLOOK_VARIANCE),
)


def next_month(data: ReportData) -> Table:
    """What each organization and product is expected to cost in the next month.

    Args:
        data: of the report.

    Returns:
        A table of one block by organization and one by product; nothing if there is no forecast,
        since `prose.forecast_summary` says why.
    """
    forecast = outlook(data)
    blocks = tuple(_next_block(data, forecast, by) for by in BUDGETED) if forecast else ()
    has_range = any(line["low"] is not None for block in blocks for line in block.lines)
    has_budget = any(line["budget"] is not None for block in blocks for line in block.lines)
    at_zero = _at_zero(data, (line for block in blocks for line in block.lines))
    month = parse_period(forecast.months[0]).label if forecast else "the next month"
    is_rate = "; this month is its run rate" if run_rates(data.usage, "product") else ""
    return Table(
        "next_month",
        f"Expected cost of {month}{LOW_AND_HIGH if has_range else ''}{at_zero}{is_rate}",
        _columns(NEXT_MONTH_COLUMNS, has_range, has_budget),
        blocks,
        data.params.currency,
        title="Next Month",
    )


def months_ahead(data: ReportData) -> Table:
    """The total cost that is expected in each month ahead; nothing if there is one only.

    Args:
        data: of the report.
    """
    forecast = outlook(data)
    months = forecast.months if forecast and len(forecast.months) > 1 else ()
    lines = [
        _line(forecast.of(TOTAL, month)[TOTAL], parse_period(month).label, data.params.currency)
        for month in months
        if forecast
    ]
    has_range = any(line["low"] is not None for line in lines)
    has_budget = any(line["budget"] is not None for line in lines)
    return Table(
        "months_ahead",
        f"Expected cost of each month ahead{_at_zero(data, lines)}",
        _columns(MONTH_COLUMNS, has_range, has_budget),
        (Block(lines, sums_of(lines, MONTH_COLUMNS)),),
        data.params.currency,
        title="Months Ahead",
    )


def year(data: ReportData) -> Table:
    """The fiscal year by organization and product: to date, and as it is expected to end.

    Args:
        data: of the report.

    Returns:
        Without what is expected where nothing is; nothing for a period that is no month.
    """
    years = {by: full_year(data, by) for by in BUDGETED}
    known = {by: each for by, each in years.items() if each is not None}
    blocks = tuple(_year_block(data, by, each) for by, each in known.items())
    first, columns = next(iter(known.values()), None), _year_columns(blocks)
    return Table(
        "full_year",
        _year_caption(data, first) + _not_compared(known, YEAR_BUDGET in columns),
        columns,
        blocks,
        data.params.currency,
        title="The Fiscal Year",
        intro=tuple(_names_without_budget(each) for each in known.values() if _is_partly(each)),
    )


def forecast_rows(data: ReportData) -> list[dict[str, Any]]:
    """Every line of the forecast for results.json, in months, dimensions and names.

    Args:
        data: of the report.

    Returns:
        `dimension`, `name`, `month`, `low`, `expected`, `high`, `budget`, `risk`,
        `probability_over`, `method`, `backtest_error`, `naive_error`; None where there is none.
    """
    forecast = outlook(data)
    if forecast is None:
        return []
    naive = forecast.errors.get(Method.LAST_MONTH)
    about = {
        "method": str(forecast.method),
        "backtest_error": forecast.errors.get(forecast.method),
        "naive_error": naive,
    }
    rows = []
    for line in forecast.lines:
        row = line._asdict()
        row["probability_over"] = row.pop("probability")
        rows.append(row | about)
    return rows


def _next_block(data: ReportData, forecast: Forecast, by: Dimension) -> Block:
    frame = data.usage.groups[by,]
    costs = run_rates(data.usage, by) or dict(zip(frame[by], frame["cost"], strict=True))
    expected = forecast.of(by, forecast.months[0])
    lines = [
        _line(line, name, data.params.currency)
        | {"dimension": by, "name": name, "cost": costs.get(name)}
        for name, line in expected.items()
    ]
    lines.sort(key=lambda line: (-line["expected"], line["name"]))
    sums = sums_of(lines, NEXT_MONTH_COLUMNS)
    return Block(lines, sums, f"By {by.title()}", names=names_of(data)[by])


def _line(line: Expected, label: str, currency: str) -> dict[str, Any]:
    """A printed line; of the risk, its word and its probability."""
    risk = line.risk
    if risk and line.probability is not None:
        risk = f"{risk} ({Format(currency).percent(line.probability)})"
    amounts = {key: getattr(line, key) for key in ("low", "expected", "high", "budget")}
    return {"month": label, **amounts, "risk": risk}


def _at_zero(data: ReportData, lines: Iterable[Mapping[str, Any]]) -> str:
    """That Low is not below zero, where a range would go below it; its expected cost is above."""
    if not any(line["low"] == 0 < line["expected"] for line in lines):
        return ""
    return LEAST_LOW.format(zero=Format(data.params.currency).estimate(ZERO))


def _columns(columns: Iterable[Column], has_range: bool, has_budget: bool) -> tuple[Column, ...]:
    """The columns, without those on a range or a budget where there is none."""
    unknown = (*(() if has_range else (LOW, HIGH)), *(() if has_budget else (BUDGET, RISK)))
    return tuple(column for column in columns if column not in unknown)


def _year_block(data: ReportData, by: Dimension, year: FullYear) -> Block:
    nothing = {} if _has_rest(year) else dict.fromkeys(EXPECTED_OF_YEAR)
    lines = [{"dimension": by} | line._asdict() | nothing for line in year.lines]
    return Block(lines, sums_of(lines, YEAR_COLUMNS), f"By {by.title()}", names=names_of(data)[by])


def _has_rest(year: FullYear) -> bool:
    """Whether anything of the year is still to come."""
    return any(line.rest for line in year.lines)


def _year_columns(blocks: Iterable[Block]) -> tuple[Column, ...]:
    """The columns that some line has a figure for."""
    lines = [line for block in blocks for line in block.lines]
    return tuple(
        column for column in YEAR_COLUMNS if any(line[column.name] is not None for line in lines)
    )


def _not_compared(years: Mapping[Dimension, FullYear], has_year_budget: bool) -> str:
    """Which months have no budgets of a dimension that has some: its year is then without."""
    texts = []
    for by, each in years.items():
        without, months = each.without_budget, each.months
        if has_year_budget:
            without, months = (*without, *each.ahead_without_budget), (*months, *each.ahead)
        if without and len(without) < len(months):
            none = "has no" if len(without) == 1 else "have no"
            left_out = "so sums of budgets that include {} are left out"
            left_out = left_out.format("it" if len(without) == 1 else "them")
            texts.append(f"; {spelled_months(without)} {none} {by} budgets, {left_out}")
    return "".join(texts)


def _is_partly(year: FullYear) -> bool:
    """Whether a name has a budget in some of the compared months only."""
    return bool(year.names_without_budget)


def _names_without_budget(year: FullYear) -> Sentence:
    """Which budgets are missing in which months, as they count as 0 there."""
    missing = first_few(
        sentence("{name} in {months}", name=name, months=spelled_months(months))
        for name, months in year.names_without_budget.items()
    )
    return sentence("No budget is set for {missing}; it counts as 0.", missing=missing)


def _year_caption(data: ReportData, year: FullYear | None) -> str:
    if year is None:
        return "The fiscal year"
    months = spelled_months(year.months)
    count = f"{len(year.months)} of {len(year.months) + len(year.missing)} months"
    ahead = f"; the rest of the year is {spelled_months(year.ahead)}" if year.ahead else ""
    by = "by organization and product"
    return f"{year_label(data)} {by}; to date is {months} ({count}){ahead}"
