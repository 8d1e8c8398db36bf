"""Check: what the report of a NAME would hold, without making it.

What makes frames of the usage is imported once it was read: pandas itself is so meanwhile.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from finops_nb.errors import Refusal
from finops_nb.figures.report_data import ReportData
from finops_nb.home import Home
from finops_nb.money import ratio, total
from finops_nb.outputs.manifest import Manifest, kind_of
from finops_nb.outputs.months import months_before
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import Params, load_params
from finops_nb.report.format import Format, count, noun, visible
from finops_nb.schema import BUDGETED, UNALLOCATED
from finops_nb.usage.background import beside
from finops_nb.usage.model import Usage
from finops_nb.usage.reader import read_usage

if TYPE_CHECKING:
    import pandas as pd


READ_BY: Final = ("usage", "dialect", "columns", "timezone", "currency")
"""The keys of params by which two months of one file are read alike; to whom a cost belongs moves none of it to another month."""


MEANWHILE: Final = (
    *(
        "pandas",
        "finops_nb.findings.overview",
        "finops_nb.figures.projection",
        "finops_nb.figures.scenario_effect",
        "finops_nb.figures.variance",
    ),
    *("finops_nb.commands.suggestion", "rich.console", "rich.table"),
)
"""What is imported while the usage is read."""


LISTED: Final = 25
"""Names without a budget, of which the cost is listed."""


class Before(NamedTuple):
    """The month before: what it cost, in how many rows."""

    cost: Decimal
    rows: int


@dataclass(frozen=True, slots=True)
class Check:
    """What was found: the overview of the contract, and what it was made of."""

    overview: dict[str, Any]
    data: ReportData
    before: Before | None


class NotRead(Refusal):
    """Usage that is refused, with lines of YAML to start from where its columns are not known."""

    def __init__(self, refusal: Refusal, suggestion: str | None):
        self.suggestion = suggestion
        super().__init__(refusal.problems, refusal.count)

    def __str__(self) -> str:
        return super().__str__() + (f"\n\n{self.suggestion}" if self.suggestion else "")


def check_name(name: str, home: Home) -> Check:
    """Read the params and the usage of a NAME.

    Raises:
        Refusal: all that `run` would refuse; where columns are missing, with a `columns:` block to start from.
    """
    name = home.check_name(name)
    params = load_params(home, name)
    beside(_import, *MEANWHILE)
    budgets = read_budgets(params, home)
    try:
        measured = read_usage(params, home)
    except Refusal as refusal:
        from finops_nb.commands.suggestion import suggest

        raise NotRead(refusal, suggest(params, home)) from None
    from finops_nb.figures.projection import project
    from finops_nb.figures.scenario_effect import check_names
    from finops_nb.findings.overview import overview

    check_names(measured, budgets, params)
    usage = project(measured, params.growth, params.model_prices)
    manifest = Manifest(kind_of(name, params.period), name)
    data = ReportData(params, usage, measured, budgets, manifest)
    return Check(overview(data), data, _month_before(measured, params, home))


def _import(*modules: str) -> None:
    for module in modules:
        import_module(module)


def _month_before(measured: Usage, params: Params, home: Home) -> Before | None:
    """The month before: as it was published, so that history never disagrees with what was sent; else as its files tell."""
    if not params.window.is_month:
        return None
    name = params.window.preceding().text
    published = next((month for month in months_before(params, home) if month.name == name), None)
    if published:
        return Before(published.cost, published.rows)
    try:
        earlier = load_params(home, home.check_name(name))
        if name in measured.outside and _read_alike(earlier, params):
            rows, cost = measured.outside[name]
            return Before(cost, rows)  # of files that were read as they would be for that month
        usage = read_usage(earlier, home)
    except Refusal:
        return None
    return Before(usage.cost, usage.rows_used)


def _read_alike(earlier: Params, params: Params) -> bool:
    """The same files, by the same columns and the same clock."""
    same = all(getattr(earlier, key) == getattr(params, key) for key in READ_BY)
    return same and not any("{period}" in place for place in params.usage)


def describe(checked: Check) -> str:
    """What was found, for a person."""
    from finops_nb.commands.suggestion import budget_skeleton
    from finops_nb.figures.variance import variance_by

    usage, params, found = checked.data.usage, checked.data.params, checked.overview
    fmt = Format(params.currency)
    days = f"{usage.period.start} to {usage.period.last_day}, {params.timezone} days"
    lines = [
        f"{found['name']}: {found['kind']}, {params.window.label} ({days}){'' if usage.complete else ', PARTIAL'}",
        f"  {noun(usage.rows_used, 'row')} used, {count(usage.rows_outside)} outside the period, {count(usage.rows_read)} read",
        f"  {fmt.money(usage.cost)} in all; {_against(checked.before, usage, fmt)}",
    ]
    for by in BUDGETED:
        lines += ["", _listed(variance_by(checked.data, by), fmt)]
    lines += (
        ["", *(f"  Warning: {warning}" for warning in found["warnings"])]
        if found["warnings"]
        else []
    )
    lines += (
        ["", budget_skeleton(usage)]
        if not checked.data.budgets.organizations and not checked.data.budgets.products
        else []
    )
    return "\n".join(lines)


def _against(before: Before | None, usage: Usage, fmt: Format) -> str:
    if before is None:
        return "no month before to compare with"
    cost, rows = (
        fmt.signed_share(ratio(Decimal(now - then), Decimal(then)))
        for now, then in ((usage.cost, before.cost), (usage.rows_used, before.rows))
    )
    return f"the month before had {fmt.money(before.cost)} ({cost}) in {noun(before.rows, 'row')} ({rows})"


def _listed(variance: pd.DataFrame, fmt: Format) -> str:
    """Names, costs, budgets and statuses in columns: the costliest names, all that have a budget, and cost without a name."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for position, head in enumerate((variance.columns[0], "cost", "budget", "% used", "status")):
        table.add_column(head, justify="left" if position in (0, 4) else "right", no_wrap=True)
    rows = list(variance.itertuples())
    told = [
        row
        for n, row in enumerate(rows)
        if n < LISTED or row.budget is not None or row[1] == UNALLOCATED
    ]
    for row in told:
        cells = (
            row[1],
            fmt.money(row.cost),
            fmt.money(row.budget),
            fmt.share(row.budget_used),
            str(row.status),
        )
        table.add_row(*(Text(visible(" ".join(cell.split()))) for cell in cells))
    if rest := [row for row in rows if row not in told]:
        table.add_row(f"and {count(len(rest))} more", fmt.money(total(row.cost for row in rest)))
    printed = io.StringIO()
    Console(width=200, no_color=True, highlight=False, file=printed).print(table)
    return "\n".join(f"  {line.rstrip()}" for line in printed.getvalue().splitlines())
