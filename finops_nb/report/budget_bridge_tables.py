"""The table of variances from budget: what is more calls, and what a higher cost per call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from finops_nb import schema
from finops_nb.figures.bridge import Effects
from finops_nb.figures.bridge_in_cents import bridge_in_cents
from finops_nb.figures.budget_bridge import BudgetBridge, budget_bridges
from finops_nb.figures.named import names_of
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.sentence import sentence
from finops_nb.money import added, minor_units
from finops_nb.report.footing import ROUNDING
from finops_nb.report.table import Block, Table
from finops_nb.report.top_n import sums_of
from finops_nb.schema import BUDGETED, Column, Dimension

ACTUAL: Final = replace(schema.ACTUAL, meaning="the cost of the period", additive=True)
VARIANCE: Final = Column(
    "variance",
    "Variance",
    "change",
    "actual − budget = volume + rate + other; a positive variance is unfavorable",
    additive=True,
    difference=("actual", "budget"),
)
VOLUME: Final = Column(
    "volume",
    "Volume",
    "change",
    "(actual calls − budgeted calls) × budgeted cost per call",
    additive=True,
)
RATE: Final = Column(
    "rate", "Rate", "change", "actual cost − actual calls × budgeted cost per call", additive=True
)
OTHER: Final = Column(
    "other",
    "Other",
    "change",
    "cost without calls, what rounding the budget left out, and the variance of names whose budget "
    "does not state calls",
    additive=True,
)
BUDGET_BRIDGE_COLUMNS: Final = (
    *(schema.NAME, schema.BUDGET, ACTUAL, VARIANCE, VOLUME, RATE, OTHER),
)
EFFECTS: Final = ("volume", "rate", "other")
AMOUNTS: Final = ("budget", "actual", "variance", *EFFECTS)

WITHOUT_CALLS: Final = "Volume and rate are n/a where a budget is an amount without calls."


def variance_from_budget(data: ReportData) -> Table:
    """How much of each variance is volume and how much rate; nothing without a flexible budget.

    Budgets, actuals and variances are those of every table. The effects are in whole cents. In
    every row, the total and "Rounding" too, they add up to the printed variance, also where names
    are printed as one line; and each column adds up. Each is within three cents of the exact one,
    which is in the table `bridge` of results.json.

    Args:
        data: of the report.

    Returns:
        A table of one block by organization and one by product, of those in which a budget states
        calls or unit_cost; the largest variance first. Other has a column only where it is not
        zero.
    """
    every = [each for each in budget_bridges(data) if each.dimension in BUDGETED]
    flexible = {each.dimension for each in every if each.volume is not None}
    blocks = tuple(_block(data, by, every) for by in BUDGETED if by in flexible)
    has_other = any(line["other"] for block in blocks for line in block.lines)
    columns = BUDGET_BRIDGE_COLUMNS if has_other else BUDGET_BRIDGE_COLUMNS[:-1]
    return Table(
        "variance_from_budget",
        "Variance from budget; volume = (actual − budgeted calls) × budgeted cost per call, rate = "
        "actual cost − actual calls × budgeted cost per call",
        columns,
        blocks,
        data.params.currency,
        title="Variance from Budget",
        intro=(sentence(WITHOUT_CALLS),) if _has_unknown(blocks) else (),
    )


def _has_unknown(blocks: Iterable[Block]) -> bool:
    """Whether a name has no volume and rate."""
    return any(line["volume"] is None for block in blocks for line in block.lines)


def _block(data: ReportData, by: Dimension, every: list[BudgetBridge]) -> Block:
    """The names of a dimension."""
    shown = [
        each for each in every if each.dimension == by and (each.actual or each.budget is not None)
    ]
    names = names_of(data)[by]
    effects = {each.name: _known(each) for each in shown}
    together = names.together(effects)
    whole = added(effects.values())
    cents = bridge_in_cents(effects, whole, minor_units(data.params.currency), together)
    lines = [_line(each, cents.names[each.name]) for each in shown]
    lines.sort(key=lambda line: (-abs(line["variance"]), line["name"]))
    sums = {**sums_of(lines, BUDGET_BRIDGE_COLUMNS), **cents.sums}
    has_rounding = any(cents.rounding.values())
    if has_rounding:
        lines.append({"dimension": by, **_nothing(ROUNDING), **cents.rounding})
    return Block(lines, sums, f"By {by.title()}", names=names, last=int(has_rounding))


def _known(each: BudgetBridge) -> Effects:
    """The effects that a name has: without a flexible budget, only other."""
    effects = {effect: getattr(each, effect) for effect in EFFECTS}
    return {effect: amount for effect, amount in effects.items() if amount is not None}


def _line(each: BudgetBridge, cents: Effects) -> dict[str, Any]:
    """A line whose effects are in cents."""
    amounts = {"budget": each.budget, "actual": each.actual, "variance": each.variance}
    return {"dimension": each.dimension, **_nothing(each.name), **amounts, **cents}


def _nothing(name: str) -> dict[str, Any]:
    """A line without amounts."""
    return {"name": name, **dict.fromkeys(AMOUNTS)}
