"""Check: what the report of a NAME would contain, without making it.

Modules that work on the usage are imported in the background while the usage is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from finops_nb.commands.names import expanded
from finops_nb.errors import Refusal
from finops_nb.figures.compared import before_words, months_not_published, published_before
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.left_out import why_not_compared
from finops_nb.home import Home
from finops_nb.money import ratio, total
from finops_nb.outputs.manifest import Manifest, kind_of
from finops_nb.outputs.months import months_before, months_left_out
from finops_nb.outputs.official_place import refuse_other_kind
from finops_nb.params.budgets import read_budgets
from finops_nb.params.drivers import read_drivers
from finops_nb.params.organizations import read_mapping
from finops_nb.params.outside import read_outside
from finops_nb.params.params_file import load_params, naming_params_file
from finops_nb.period import parse_period
from finops_nb.report.format import Format, count, noun, visible
from finops_nb.schema import BUDGETED, UNALLOCATED, Dimension
from finops_nb.usage.background import in_background
from finops_nb.usage.reader import read_usage

if TYPE_CHECKING:
    import pandas as pd

IMPORTED_MEANWHILE: Final = (
    "pandas",
    "finops_nb.findings.overview",
    "finops_nb.figures.projection",
    "finops_nb.figures.scenario_effect",
    "finops_nb.figures.variance",
    "finops_nb.commands.suggestion",
    "finops_nb.commands.text_table",
    "rich.console",
    "rich.table",
)
"""Modules that are imported while the usage is read."""

LISTED: Final = 25
"""How many names without a budget are listed, the costliest first."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check.

    Args:
        overview: the object that `check --json` prints.
        data: what the overview was computed from.
        outside: what is read outside of the home, as a sentence; empty if nothing is.
    """

    overview: dict[str, Any]
    data: ReportData
    outside: str = ""


class UsageRefusal(Refusal):
    """Usage that is refused, with YAML to start from where columns are missing."""

    def __init__(self, refusal: Refusal, suggestion: str | None):
        self.suggestion = suggestion
        super().__init__(refusal.problems, refusal.count)

    def __str__(self) -> str:
        return super().__str__() + (f"\n\n{self.suggestion}" if self.suggestion else "")


def check_words(words: Iterable[str], home: Home) -> Iterator[tuple[str, Check | Refusal]]:
    """Check the NAMEs, ranges of months and `last-month` that a command was given.

    Yields:
        Each NAME with its result; a word that is no range stands for itself.
    """
    for word in words:
        try:
            names = expanded([word])
        except Refusal as refusal:
            yield word, refusal
            continue
        for name in names:
            try:
                yield name, check_name(name, home)
            except Refusal as refusal:
                yield name, refusal


def check_name(name: str, home: Home) -> Check:
    """Read the params and the usage of a NAME; nothing is written.

    Example:
        `check_name("2025-12", find_home()).overview["total"]` is `"14.75"` for the starter's month.

    Raises:
        Refusal: all that `run` would refuse; where columns are missing, with a `columns:` block
            to start from.
    """
    name = home.check_name(name)
    params = load_params(home, name)
    refuse_other_kind(home, name, params.period)
    in_background(_import, *IMPORTED_MEANWHILE)
    with naming_params_file(home, name, params):
        mapping = read_mapping(params, home)
        budgets = read_budgets(params, home, mapping=mapping)
        drivers = read_drivers(params, home)
    try:
        with naming_params_file(home, name, params):
            measured = read_usage(params, home, mapping=mapping)
    except Refusal as refusal:
        from finops_nb.commands.suggestion import suggest

        raise UsageRefusal(refusal, suggest(params, home)) from None
    from finops_nb.figures.projection import project
    from finops_nb.figures.scenario_effect import check_names
    from finops_nb.findings.overview import overview

    check_names(measured, budgets, params, f"params/{name}.yaml")
    usage = project(measured, params.growth, params.model_prices)
    manifest = Manifest(kind_of(name, params.period), name)
    months = months_before(params, home)
    data = ReportData(params, usage, measured, budgets, manifest, months, drivers=drivers)
    if months_not_published(data):
        data = replace(data, left_out=months_left_out(params, home))
    result = overview(data)
    if sentence := home.misnamed(name, params.period):
        result["warnings"] = [sentence, *result["warnings"]]
    return Check(result, data, read_outside(params, home))


def describe(checked: Check) -> str:
    """The result of a check as text: rows, total, budgets, warnings, and budgets to start from."""
    data = checked.data
    fmt = Format(data.params.currency)
    lines = list(_summary(checked, fmt))
    for by in BUDGETED:
        lines += ["", *_budget_lines(data, by, fmt)]
    if warnings := checked.overview["warnings"]:
        lines += ["", *(f"  Warning: {warning}" for warning in warnings)]
    if not (data.params.budgets or data.budgets.organizations or data.budgets.products):
        from finops_nb.commands.suggestion import budget_skeleton

        skeleton = budget_skeleton(data.usage)
        lines += ["", skeleton] if skeleton else []
    return "\n".join(lines)


def _import(*modules: str) -> None:
    for module in modules:
        import_module(module)


def _summary(checked: Check, fmt: Format) -> Iterator[str]:
    """The first lines: the period, rows and total."""
    usage, params = checked.data.usage, checked.data.params
    days = f"{usage.period.start} to {usage.period.last_day}, days in {params.timezone}"
    partial = "" if usage.covers_period else ", PARTIAL"
    name, kind = checked.overview["name"], checked.overview["kind"]
    yield f"{name}: {kind}, {params.window.label} ({days}){partial}"

    used = noun(usage.rows_used, "row")
    outside, read = count(usage.rows_outside), count(usage.rows_read)
    left_out = f"{count(usage.rows_dropped)} left out, " if usage.rows_dropped else ""
    yield f"  {used} used, {outside} outside the period, {left_out}{read} read"
    yield f"  Total {fmt.money(usage.cost)}{_comparison(checked, fmt)}"
    for source in usage.sources if params.sources else ():
        rows = noun(source.rows, "row")
        yield f"  {source.source}: {fmt.money(source.cost)}, {source.basis}, {rows}"
    if checked.outside:
        yield f"  {checked.outside}"


def _comparison(checked: Check, fmt: Format) -> str:
    """How the total compares with the period before, as the report does: by the days of both."""
    from finops_nb.figures.trend import prior_period

    before, usage = published_before(checked.data), checked.data.usage
    prior = prior_period(checked.data)
    if prior is None or usage.months_missing:
        return ""
    if before is None or prior.cost is None:
        reason = why_not_compared(checked.data, prior.period)
        return f"; {reason[:1].lower()}{reason[1:]}"
    cost = _growth(prior.cost, prior.compared, fmt)
    if prior.days is not None:
        days, label = noun(prior.days, "day"), parse_period(prior.period).label
        compared, money = fmt.money(prior.compared), fmt.money(prior.cost)
        return (
            f"; {compared} in the first {days}, {cost} from {money} in the first {days} of {label}"
        )
    rows = _growth(Decimal(before.rows), Decimal(usage.rows_used), fmt)
    money = fmt.money(before.cost)
    rows_used = noun(usage.rows_used, "row")
    rows_before = count(before.rows)
    words = before_words(checked.data)
    return f", {cost} from {money} {words} ({rows_used}, {rows} from {rows_before})"


def _growth(before: Decimal, after: Decimal, fmt: Format) -> str:
    return fmt.signed_share(ratio(after - before, before))


def _budget_lines(data: ReportData, by: Dimension, fmt: Format) -> list[str]:
    """A table of names with cost, budget and status, as lines.

    It has the costliest names, every name with a budget, and cost without a name; the others are
    added up in a last row.
    """
    from finops_nb.commands.text_table import text_table
    from finops_nb.figures.variance import variance_by

    variance = variance_by(data, by)
    listed, others = _split(variance)
    cells = [_cells(row, fmt) for row in listed]
    if others:
        cost = total(row.cost for row in others)
        cells.append((f"and {count(len(others))} more", fmt.money(cost)))
    heads = (str(variance.columns[0]), "cost", "budget", "% used", "status")
    text = text_table(heads, cells, right=("cost", "budget", "% used"))
    return [f"  {line}" for line in text.splitlines()]


def _split(variance: pd.DataFrame) -> tuple[list[Any], list[Any]]:
    """The rows to list, and those to add up."""
    listed: list[Any] = []
    others: list[Any] = []
    for position, row in enumerate(variance.itertuples()):
        matters = row.budget is not None or row[1] == UNALLOCATED
        (listed if position < LISTED or matters else others).append(row)
    return listed, others


def _cells(row: Any, fmt: Format) -> tuple[str, ...]:
    """A row as texts; a name with line breaks is put on one line."""
    cells = (
        row[1],
        fmt.money(row.cost),
        fmt.money(row.budget),
        fmt.share(row.budget_used),
        str(row.status),
    )
    return tuple(visible(" ".join(cell.split())) for cell in cells)
