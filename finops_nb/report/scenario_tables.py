"""The tables of a what-if: what a scenario changes, and the budgets while they are being tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from finops_nb import schema
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import TotalVariance
from finops_nb.findings.rounding_note import rounding_note
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.findings.tense import Tense
from finops_nb.money import ZERO, total
from finops_nb.params.model import Params
from finops_nb.report.format import Format
from finops_nb.report.supposed_heads import heads
from finops_nb.report.table import Block, Table
from finops_nb.schema import Column

TRIED_BUDGET: Final = Column(
    "budget", "Budget", "money", "the amount in this scenario; change it", additive=True
)
WHAT_IF_COLUMNS: Final = (
    *(schema.NAME, schema.COST, schema.BUDGET_BEFORE, TRIED_BUDGET),
    *(schema.BUDGET_CHANGE, schema.VARIANCE, schema.BUDGET_USED),
)


def scenario_changes(
    data: ReportData, organizations: pd.DataFrame, products: pd.DataFrame
) -> Table:
    """What a scenario changes, by name; empty in a report without one.

    Args:
        data: the report data.
        organizations: from `scenario_effect`.
        products: from `scenario_effect`.
    """
    params = data.params
    cost_change = (schema.COST_CHANGE,) if params.growth or params.model_prices else ()
    frames = (organizations, products) if params.scenario else ()
    return Table(
        "scenario_changes",
        "Scenario against the approved budgets, by organization and product",
        (
            *(schema.NAME, schema.BUDGET_BEFORE, schema.BUDGET, schema.BUDGET_CHANGE),
            *(*cost_change, schema.VARIANCE, schema.STATUS),
        ),
        tuple(_changed_block(frame) for frame in frames if len(frame)),
        params.currency,
        title="What This Scenario Changes",
        intro=tuple(_changes(data)) if params.scenario else (),
        empty="This scenario changes nothing." if params.scenario else "",
    )


def rate_changes(
    growth: Mapping[str, Decimal], prices: Mapping[str, Mapping[str, Decimal]], fmt: Format
) -> list[str]:
    """The changes of usage and prices in a scenario, as texts.

    Args:
        growth: change of usage as a fraction, by organization or "(all)".
        prices: change of price as a fraction, by model, then by organization or "(all)".
        fmt: for the figures.

    Returns:
        Texts like "usage of all organizations +10%" and "price of gpt-4 for org-alpha -20%".
    """
    rates = [(f"usage of {scope}", rate) for scope, rate in _scopes(growth)]
    for model, model_rates in prices.items():
        rates += [(f"price of {model} for {scope}", rate) for scope, rate in _scopes(model_rates)]
    return [f"{subject} {fmt.signed_percent(rate)}" for subject, rate in rates]


def what_if_table(
    organizations: pd.DataFrame,
    products: pd.DataFrame,
    totals: tuple[TotalVariance, TotalVariance],
    before: tuple[pd.DataFrame, pd.DataFrame],
    params: Params,
    tense: Tense,
) -> Table:
    """Every organization and product with its approved budget and the one being tried.

    Args:
        organizations: from `variance_by`, with the budgets being tried.
        products: likewise.
        totals: of both, in that order.
        before: both with the approved budgets, in that order.
        params: for the currency.
        tense: of the costs.
    """
    has_run_rate = any(sums.run_rate is not None for sums in totals)
    run_rate = (schema.RUN_RATE,) if has_run_rate else ()
    frames = zip((organizations, products), totals, before, strict=True)
    return Table(
        "what_if",
        "Budgets in this scenario, against approved budgets and cost",
        heads((*WHAT_IF_COLUMNS, *run_rate, schema.STATUS), tense),
        tuple(_what_if_block(*frame) for frame in frames),
        params.currency,
    )


def _changed_block(frame: pd.DataFrame) -> Block:
    by = frame.columns[0]
    lines = frame.rename(columns={by: "name"}).assign(dimension=by)
    return Block(lines.to_dict("records"), None, f"By {by.title()}")


def _changes(data: ReportData) -> Iterator[Sentence]:
    """What the scenario changes in sums, usage and prices, and the notices on its budgets."""
    budgets, params = data.budgets, data.params
    for by in schema.BUDGETED:
        now, before = total(budgets.of(by).values()), total(budgets.before.of(by).values())
        if budgets.before.of(by) and not budgets.of(by):
            text = f"All {by} budgets are removed; {{before:money}} was approved."
            yield sentence(text, before=before)
        elif now != before:
            side = "above" if now > before else "below"
            note = rounding_note(now, before, params.currency)
            yield sentence(
                f"{by.title()} budgets total {{now:money}}, {{distance:money}} {side} "
                f"the approved {{before:money}}{note.text}.",
                now=now,
                distance=abs(now - before),
                before=before,
                rounding=note.rounding,
            )
    yield from _rate_sentences(params.growth, params.model_prices)
    for notice in budgets.notices:
        if notice not in budgets.before.notices:
            yield sentence("{notice}", notice=notice)


def _rate_sentences(
    growth: Mapping[str, Decimal], prices: Mapping[str, Mapping[str, Decimal]]
) -> Iterator[Sentence]:
    """The changes of usage and prices as whole sentences.

    Example:
        "Usage is 10% higher for all organizations."
    """
    for scope, rate in _scopes(growth):
        yield _rate_sentence("Usage", rate, scope=scope)
    for model, rates in prices.items():
        for scope, rate in _scopes(rates):
            yield _rate_sentence("The price of {model}", rate, model=model, scope=scope)


def _rate_sentence(subject: str, rate: Decimal, **names: str) -> Sentence:
    """A rate of zero is an exception from the rate of all other organizations."""
    change = "the same"
    if rate:
        change = "{rate:percent} " + ("higher" if rate > 0 else "lower")
    return sentence(f"{subject} is {change} for {{scope}}.", rate=abs(rate), **names)


def _scopes(rates: Mapping[str, Decimal]) -> Iterator[tuple[str, Decimal]]:
    """Each rate with whom it is for, in words; a lone rate of zero changes nothing."""
    everyone = "all organizations" if len(rates) == 1 else "all other organizations"
    for scope, rate in rates.items():
        if rate or len(rates) > 1:
            yield (everyone if scope == schema.ALL else scope), rate


def _what_if_block(variance: pd.DataFrame, totals: TotalVariance, before: pd.DataFrame) -> Block:
    by = variance.columns[0]
    approved = dict(zip(before[by], before["budget"], strict=True))
    lines = [
        line | _budget_change(line["budget"], approved.get(line[by])) | {"name": line[by]}
        for line in variance.to_dict("records")
    ]
    amounts = [amount for amount in approved.values() if amount is not None]
    change = _budget_change(totals.budget, total(amounts) if amounts else None)
    return Block(lines, totals._asdict() | {"cost": totals.actual} | change, by.title())


def _budget_change(budget: Decimal | None, approved: Decimal | None) -> dict[str, Any]:
    return {
        "budget_before": approved,
        "budget_change": (budget or ZERO) - (approved or ZERO),
    }
