"""The table of the variance bridge: why cost changed, by organization and by product."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from finops_nb import schema
from finops_nb.figures.bridge import EFFECTS, GONE, NEW, OTHER, TOTAL, Bridge, bridge, month_before
from finops_nb.figures.controlled_rounding import round_table
from finops_nb.figures.named import names_of
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.left_out import why_not_compared
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.money import minor_units, total
from finops_nb.period import parse_period
from finops_nb.report.table import Block, Table
from finops_nb.schema import BUDGETED, Column, Dimension

HEADS: Final = {
    effect: Column(effect, label, "change", meaning, additive=True)
    for effect, label, meaning in (
        ("volume", "Volume", "more or fewer calls, at the earlier cost per call"),
        ("mix", "Mix", "a different mix of models, task types or products, at earlier prices"),
        ("tokens_per_call", "Tokens per Call", "longer or shorter calls, at earlier prices"),
        ("price", "Price", "a change in the price per token"),
        ("new", "New", "the cost of names without usage in the month before"),
        ("gone", "Gone", "the cost of names without usage in this month"),
        ("other", "Other", "cost without calls"),
    )
}
"""The column of each effect."""

OFTEN_NOTHING: Final = (NEW, GONE, OTHER)
"""Effects that have a column only where they are not zero."""

MIX_BETWEEN: Final = {by: f"Mix between {by}s" for by in BUDGETED}
"""The line by which the effects of the names differ from those of the total."""

CHANGE: Final = replace(
    schema.CHANGE, meaning="the sum of the effects: cost − the cost of the month before"
)


def cost_bridge(data: ReportData) -> Table:
    """Why the cost of each organization and product changed from the month before.

    Amounts are in whole cents that add up across and down; each is within a cent of the exact one,
    which is in the table `bridge` of results.json.

    Args:
        data: of the report.

    Returns:
        A table of one block by organization and one by product; a sentence if there is no bridge.
    """
    every = bridge(data)
    blocks = tuple(_block(data, by, every) for by in BUDGETED if every)
    shown = [
        effect
        for effect in EFFECTS
        if effect not in OFTEN_NOTHING
        or any(line[effect] for each in blocks for line in each.lines)
    ]
    return Table(
        "cost_bridge",
        f"Change in cost from {_label_before(data)} and what caused it",
        (schema.NAME, *(HEADS[effect] for effect in shown), CHANGE),
        blocks,
        data.params.currency,
        intro=_how_names_add_up(blocks, shown),
        empty=_why_none(data),
    )


def _block(data: ReportData, by: Dimension, every: Iterable[Bridge]) -> Block:
    """The effects of each name, and a line for what lies between the names."""
    effects = {each.name: each.effects for each in every if each.dimension == by}
    whole = next(each.effects for each in every if each.dimension == TOTAL)
    between = {
        effect: whole[effect] - total(each[effect] for each in effects.values())
        for effect in EFFECTS
    }
    rest = MIX_BETWEEN[by]
    if any(between.values()):
        effects[rest] = between
    cells = {
        (name, effect): amount for name, each in effects.items() for effect, amount in each.items()
    }
    cents = round_table(cells, minor_units(data.params.currency))
    lines: list[dict[str, Any]] = []
    for name in effects:
        amounts = {effect: cents[name, effect] for effect in EFFECTS}
        lines.append({"name": name, **amounts, "change": total(amounts.values())})
    lines.sort(key=lambda line: (line["name"] == rest, -abs(line["change"]), line["name"]))
    sums = {key: total(line[key] for line in lines) for key in (*EFFECTS, "change")}
    return Block(lines, sums, f"By {by.title()}", names=names_of(data)[by])


def _how_names_add_up(blocks: Iterable[Block], shown: Iterable[str]) -> tuple[Sentence, ...]:
    """What the line between the names is, where a block has one."""
    names = {line["name"] for block in blocks for line in block.lines}
    rests = [rest for rest in MIX_BETWEEN.values() if rest in names]
    if not rests:
        return ()
    text = f"{' and '.join(rests)}: calls moved between names that differ in cost per call."
    if {NEW, GONE}.intersection(shown):
        this = "This row also turns" if len(rests) == 1 else "These rows also turn"
        text += f" {this} New and Gone into Volume and Mix, where Total has them."
    return (sentence(text),)


def _label_before(data: ReportData) -> str:
    before = month_before(data)
    return parse_period(before.name).label if before else "the month before"


def _why_none(data: ReportData) -> str:
    period = data.usage.period
    if not period.is_month:
        return "Only a calendar month's report says why cost changed."
    if data.usage is not data.measured:
        return "Not available for a scenario that changes usage or prices: it causes the change."
    if not data.usage.complete:
        return "The reasons for the change are shown once the month is complete."
    name = period.preceding().text
    if any(month.name == name for month in data.months):
        return (
            f"The {period.preceding().label} report was published without the figures needed here. "
            f"Run it again, then this one: finops-nb run {name} {period.text}"
        )
    return f"{why_not_compared(data, name)}."
