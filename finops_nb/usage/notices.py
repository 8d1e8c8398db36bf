"""Remarks: what a reader of a report should know about rows that were read, counted and priced in the scan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from finops_nb.params.model import ColumnName
from finops_nb.usage.sources import values
from finops_nb.usage.sources.bill import BILLED, EARLIER, LATER
from finops_nb.usage.sources.source_table import Table

TOKENS: Final[tuple[ColumnName, ...]] = ("input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is true of some rows of the period.

    Args:
        condition: on the rows of `rows_sql`.
        text: the sentence.
        money: the money of a row that it touches.
    """

    condition: str
    text: str
    money: str = "cost"


def remarks_on(table: Table) -> tuple[Remark, ...]:
    """All that may have to be said of a file."""
    return (*_of_billing(table), *_of_effective_cost(table), *_of_tokens(table), *_of_tags(table))


def _of_billing(table: Table) -> Iterator[Remark]:
    if table.by_billing_period:
        name = table.source.name
        yield Remark(EARLIER, f"{name} bills charges of earlier periods; they stand on the first day of the month that bills them.")
        yield Remark(LATER, f"{name} bills charges of later periods; they stand on the last day of the month that bills them.")


def _of_effective_cost(table: Table) -> Iterator[Remark]:
    """Some providers write an effective cost of zero, or of whole units, beside what they bill."""
    if "billed_cost" in table.columns and table.names["cost"] == "EffectiveCost":
        poor = "cost = 0 OR (cost = trunc(cost) AND billed <> trunc(billed))"
        bought = " AND charge_category <> 'Purchase'" if "charge_category" in table.columns else ""
        text = (
            f"EffectiveCost is zero or rounded where {BILLED} is not, in {table.source.name}; `columns: {{cost: {BILLED}}}` reports "
            "what was billed. Billed more"
        )
        yield Remark(f"billed <> 0 AND ({poor}){bought}", f"{text} (less, if below zero):", "billed - cost")


def _of_tokens(table: Table) -> Iterator[Remark]:
    """No figure is made of tokens; but where they and the cost contradict each other, the cost may be wrong.

    Texts are compared as they stand, which is quickest: those from '-' up to '.' begin with a sign.
    """
    as_text = {ours: table.types[ours] == values.TEXT for ours in TOKENS if ours in table.columns}
    name = table.source.name
    if as_text:
        below = " OR ".join(f"({ours} < '.' AND {ours} > '-')" if text else f"{ours} < 0" for ours, text in as_text.items())
        yield Remark(below, f"{name} has numbers of tokens below zero; no figure is made of tokens.")
    if len(as_text) == len(TOKENS):
        none = " AND ".join(
            f"coalesce({ours} <= '0' AND {ours} IN ('', '0'), true)" if text else f"coalesce({ours} = 0, true)"
            for ours, text in as_text.items()
        )
        yield Remark(f"cost = 0 AND NOT ({none})", f"{name} has rows with tokens and no cost; their price may be missing.")
        yield Remark(f"cost <> 0 AND {none}", f"{name} has rows with a cost and no tokens.")


def _of_tags(table: Table) -> Iterator[Remark]:
    for ours, keys in table.keys.items():
        name, tag = table.source.name, table.names[ours]
        fault = "are no JSON object or list of texts, have a key twice, or no plain value under it"
        yield Remark(f"{ours}_unread", f"The tags of {name} {fault}; {tag} is not known there.")
        spelled = ", ".join(f'"{key}"' for key in keys)
        if len(keys) == 1 and table.other_keys(ours):
            yield Remark(f"{ours}_other", f"{tag} was read from the key {spelled} in {name}.")
        if len(keys) > 1:
            yield Remark(f"{ours}_other", f"{tag} stands under several keys in {name}, which were read as one: {spelled}.")
            yield Remark(f"{ours}_apart", f"{spelled} disagree in {name}; {tag} is not known there.")
