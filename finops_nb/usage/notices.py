"""Remarks: what a reader of a report should know about rows that were read, counted and priced in the scan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from finops_nb.money import DECIMALS, ZERO
from finops_nb.params.model import ColumnName
from finops_nb.usage.sources import values
from finops_nb.usage.sources.notice import Notice
from finops_nb.usage.sources.source_table import BILLED, EARLIER, LATER, SourceTable

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


def remarks_on(table: SourceTable) -> tuple[Remark, ...]:
    """All that may have to be said of a file."""
    return (*_of_billing(table), *_of_effective_cost(table), *_of_tokens(table), *_of_tags(table))


def _of_billing(table: SourceTable) -> Iterator[Remark]:
    if table.by_billing_period:
        name = table.source.name
        yield Remark(
            EARLIER,
            f"{name} bills charges of earlier periods; they stand on the first day of the month that bills them.",
        )
        yield Remark(
            LATER,
            f"{name} bills charges of later periods; they stand on the last day of the month that bills them.",
        )


def _of_effective_cost(table: SourceTable) -> Iterator[Remark]:
    """Some providers write an effective cost of zero, or of whole units, beside what they bill."""
    if "billed_cost" in table.columns and table.names["cost"] == "EffectiveCost":
        poor = "cost = 0 OR (cost = trunc(cost) AND billed <> trunc(billed))"
        bought = " AND charge_category <> 'Purchase'" if "charge_category" in table.columns else ""
        text = (
            f"EffectiveCost is zero or rounded where {BILLED} is not, in {table.source.name}; `columns: {{cost: {BILLED}}}` reports "
            "what was billed. Billed more"
        )
        yield Remark(
            f"billed <> 0 AND ({poor}){bought}", f"{text} (less, if below zero):", "billed - cost"
        )


def _of_tokens(table: SourceTable) -> Iterator[Remark]:
    """No figure is made of tokens; but where they and the cost contradict each other, the cost may be wrong.

    Texts are compared as they stand, which is quickest: those from '-' up to '.' begin with a sign.
    """
    as_text = {ours: table.types[ours] == values.TEXT for ours in TOKENS if ours in table.columns}
    name = table.source.name
    if as_text:
        below = " OR ".join(
            f"({ours} < '.' AND {ours} > '-')" if text else f"{ours} < 0"
            for ours, text in as_text.items()
        )
        yield Remark(
            below, f"{name} has numbers of tokens below zero; no figure is made of tokens."
        )
    if len(as_text) == len(TOKENS):
        none = " AND ".join(
            f"coalesce({ours} <= '0' AND {ours} IN ('', '0'), true)"
            if text
            else f"coalesce({ours} = 0, true)"
            for ours, text in as_text.items()
        )
        yield Remark(
            f"cost = 0 AND NOT ({none})",
            f"{name} has rows with tokens and no cost; their price may be missing.",
        )
        yield Remark(f"cost <> 0 AND {none}", f"{name} has rows with a cost and no tokens.")


def _of_tags(table: SourceTable) -> Iterator[Remark]:
    for ours, keys in table.keys.items():
        name, tag = table.source.name, table.names[ours]
        fault = "are no JSON object or list of texts, have a key twice, or no plain value under it"
        yield Remark(f"{ours}_unread", f"The tags of {name} {fault}; {tag} is not known there.")
        spelled = ", ".join(f'"{key}"' for key in keys)
        if len(keys) == 1 and table.other_keys(ours):
            yield Remark(f"{ours}_other", f"{tag} was read from the key {spelled} in {name}.")
        if len(keys) > 1:
            yield Remark(
                f"{ours}_other",
                f"{tag} stands under several keys in {name}, which were read as one: {spelled}.",
            )
            yield Remark(
                f"{ours}_apart", f"{spelled} disagree in {name}; {tag} is not known there."
            )


@dataclass(frozen=True, slots=True)
class Facts:
    """What the scan of one file found.

    Args:
        rows: all of them.
        bad: rows that refuse the file.
        cost: the sum of all costs that could be read.
        magnitude: the sum of their absolute values.
        rounded: rows with more than 12 decimals.
        change: what rounding them changed in all, exactly.
        remarks: rows and money of each remark of the table.
        inside: the rows of the period, and their cost.
        content: a fingerprint of the rows and the cost by day, organization and product, of the period; None where they are few.
        credits: of the period, all costs below zero, and those of them that name no organization.
        foreign: rows in another currency than the report's, of the period or not.
    """

    rows: int
    bad: int
    cost: Decimal
    magnitude: Decimal
    rounded: int = 0
    change: Decimal = ZERO
    remarks: tuple[tuple[int, Decimal], ...] = ()
    foreign: int = 0
    inside: tuple[int, Decimal] = (0, ZERO)
    content: int | None = None
    credits: tuple[Decimal, Decimal] = (ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read: its table, what its scan found, and what its reader noticed."""

    table: SourceTable
    facts: Facts
    notices: tuple[Notice, ...] = ()


def notices_of(table: SourceTable, facts: Facts) -> Iterator[Notice]:
    """What was done to rows of a file, and what may surprise in them."""
    if facts.rounded:
        text = f"{table.source.name} has costs of more than {DECIMALS} decimals; each was rounded half away from zero."
        yield Notice(text, facts.rounded, facts.change)
    for remark, (rows, money) in zip(remarks_on(table), facts.remarks, strict=True):
        if rows:
            yield Notice(remark.text, rows, money)
