"""The table of the variance bridge: why cost changed, by organization and by product."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from finops_nb import schema
from finops_nb.figures.bridge import (
    EFFECTS,
    GONE,
    NEW,
    OTHER,
    TOTAL,
    Bridge,
    Effects,
    bridge,
    bridged_from,
)
from finops_nb.figures.bridge_in_cents import bridge_in_cents
from finops_nb.figures.compared import months_not_published
from finops_nb.figures.named import names_of
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.left_out import why_not_compared
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.money import minor_units, total
from finops_nb.outputs.looked_back import compared_period
from finops_nb.period import parse_period, spelled_months
from finops_nb.report.footing import ROUNDING
from finops_nb.report.table import Block, Table
from finops_nb.schema import BUDGETED, Column, Dimension
from finops_nb.words import listing

FEE: Final = (
    "a fee of the same organization, product, model and task type as calls is part of their price"
)
"""What a reader should know of cost without calls."""

HEADS: Final = {
    effect: Column(effect, label, "change", meaning, additive=True)
    for effect, label, meaning in (
        ("volume", "Volume", "more or fewer calls, at the earlier cost per call"),
        ("mix", "Mix", "a different mix of models, task types or products, at earlier prices"),
        ("tokens_per_call", "Tokens per Call", "longer or shorter calls, at earlier prices"),
        ("price", "Price", "a change in the price per token"),
        ("new", "New", "the cost of names without usage in the period before"),
        ("gone", "Gone", "the cost of names without usage in this period"),
        ("other", "Other", f"cost without calls; {FEE}"),
    )
}
"""The column of each effect."""

OFTEN_NOTHING: Final = (NEW, GONE, OTHER)
"""Effects that have a column only where they are not zero."""

MIX_BETWEEN: Final = {by: f"Mix between {by}s" for by in BUDGETED}
"""The line by which the effects of the names differ from those of the total."""

CHANGE: Final = replace(
    schema.CHANGE, meaning="the sum of the effects: cost − the cost of the period before"
)


def cost_bridge(data: ReportData) -> Table:
    """Why the cost of each organization and product changed from the period before.

    Amounts are in whole cents that add up across and down; each is within three cents of the exact
    one, which is in the table `bridge` of results.json.

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
        intro=(*_how_names_add_up(blocks, shown), *_what_other_is(shown)),
        empty="" if every else _why_none(data),
    )


def _block(data: ReportData, by: Dimension, every: Iterable[Bridge]) -> Block:
    """The effects of each name, and a line for what lies between the names."""
    effects = {each.name: each.effects for each in every if each.dimension == by}
    whole = next(each.effects for each in every if each.dimension == TOTAL)
    between = {
        effect: whole[effect] - total(each[effect] for each in effects.values())
        for effect in EFFECTS
    }
    names = names_of(data)[by]
    together = names.together(effects)
    rest = MIX_BETWEEN[by]
    if any(between.values()):
        effects[rest] = between
    cents = bridge_in_cents(effects, whole, minor_units(data.params.currency), together)
    lines = [_line(name, each) for name, each in cents.names.items()]
    lines.sort(key=lambda line: (line["name"] == rest, -abs(line["change"]), line["name"]))
    if any(cents.rounding.values()):
        lines.append(_line(ROUNDING, cents.rounding))
    sums = {**cents.sums, "change": total(cents.sums.values())}
    last = sum(line["name"] in (rest, ROUNDING) for line in lines)
    return Block(lines, sums, f"By {by.title()}", names=names, last=last)


def _what_other_is(shown: Iterable[str]) -> tuple[Sentence, ...]:
    """What cost without calls is, where there is a column for it."""
    if OTHER not in shown:
        return ()
    return (sentence(f"Other: cost without calls. {FEE[0].upper()}{FEE[1:]}."),)


def _how_names_add_up(blocks: Iterable[Block], shown: Iterable[str]) -> tuple[Sentence, ...]:
    """What the line between the names is, where a block has one."""
    names = {line["name"] for block in blocks for line in block.lines}
    rests = {by: rest for by, rest in MIX_BETWEEN.items() if rest in names}
    if not rests:
        return ()
    between = " or ".join(f"{by}s" for by in rests)
    rows = listing(f'"{rest}"' for rest in rests.values())
    has = "The row {} has" if len(rests) == 1 else "The rows {} have"
    text = f"{has.format(rows)} the effect of calls that moved between {between} that differ in "
    text += "cost per call."
    if {NEW, GONE}.intersection(shown):
        this = "This row also turns" if len(rests) == 1 else "These rows also turn"
        text += f" {this} New and Gone into Volume and Mix, where Total has them."
    return (sentence(text),)


def _line(name: str, effects: Effects) -> dict[str, Any]:
    return {"name": name, **effects, "change": total(effects.values())}


def _label_before(data: ReportData) -> str:
    before = bridged_from(data)
    return parse_period(before.name).label if before else "the period before"


def _why_none(data: ReportData) -> str:
    earlier = compared_period(data.params)
    if earlier is None:
        return "Only reports on whole months say why cost changed."
    if data.usage is not data.measured:
        return (
            "Not available: this scenario changes usage or prices, and so causes the change itself."
        )
    if data.usage.months_missing:
        months = spelled_months(data.usage.months_missing)
        return f"There is no usage for {months}, so this period is not compared."
    if not data.usage.complete:
        return "The reasons for the change are shown once the period is complete."
    if months_not_published(data):
        return f"{why_not_compared(data, earlier.text)}."
    return _published_without(data)


def _published_without(data: ReportData) -> str:
    """Which months to run again: they are published without cells."""
    names = [month.name for month in data.months if month.cells is None]
    earlier = compared_period(data.params)
    again = [name for name in (earlier.months if earlier else ()) if name in names]
    what, them = ("report was", "it") if len(again) == 1 else ("reports were", "them")
    command = f"finops-nb run {' '.join(again)} {data.manifest.name or data.usage.period.text}"
    return (
        f"The {spelled_months(again)} {what} published without the figures needed here. "
        f"Run {them} again, then this one: {command}"
    )
