"""Flexible budgets: what a budget states as calls and cost per call, beside its amount.

A line of budgets.csv may state two of `amount`, `calls` and `unit_cost`; the third follows:

    amount    = calls × unit_cost, rounded to the currency's smallest unit, such as a cent
    calls     = amount ÷ unit_cost, exact, so it may be a fraction of a call
    unit_cost = amount ÷ calls, exact

If a line states all three, the amount must be calls × unit_cost, exact or so rounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias

from finops_nb.errors import BadValue, Problem
from finops_nb.money import DECIMALS, LIMIT, ZERO, decimal_of, minor_units, parse_amount, plain
from finops_nb.params.three_decimals import check_decimals
from finops_nb.words import listing

WHOLE: Final = re.compile(r"-?\d+", re.ASCII)


class FlexibleBudget(NamedTuple):
    """The calls and the cost per call that a budget is made of.

    Args:
        calls: budgeted for the period, 0 or more; a fraction where they follow from an amount or
            are a month's share of a year's.
        unit_cost: budgeted cost per call, in the report's currency, 0 or more.
    """

    calls: Fraction
    unit_cost: Fraction

    @property
    def cost(self) -> Fraction:
        """`calls × unit_cost`: the amount before it was rounded."""
        return self.calls * self.unit_cost

    def share(self, fraction: Fraction) -> FlexibleBudget:
        """Of a fraction of the period: as many of the calls, at the same cost per call."""
        return self._replace(calls=self.calls * fraction)


Flexible: TypeAlias = Mapping[tuple[str, str], FlexibleBudget]
"""By dimension and name."""


class BadFields(BadValue):
    """Fields that contradict each other.

    Args:
        column: the one that the message is about.
        rule: as in `Problem`.
        fix: as in `Problem`.
    """

    def __init__(self, column: str, rule: str, fix: str):
        super().__init__(rule, fix)
        self.column = column


class Stated(NamedTuple):
    """What a line states; None where a field is empty.

    Args:
        amount: for the line's period, in currency.
        calls: for the same.
        unit_cost: cost per call, in currency.
    """

    amount: Decimal | None
    calls: Decimal | None
    unit_cost: Decimal | None

    @property
    def has_calls(self) -> bool:
        """It states more than an amount."""
        return self.calls is not None or self.unit_cost is not None


def parse_calls(text: str) -> Decimal:
    """A number of calls.

    Raises:
        BadValue: it is not a whole number, is below zero, or has more than 15 digits.

    Example:
        organization,org-a,2025-12,5000,250000      # the last is calls
    """
    if not WHOLE.fullmatch(text):
        raise BadValue("not a whole number of calls", "Write digits only, such as 12000")
    calls = Decimal(text)
    if calls < ZERO:
        raise BadValue("calls below zero", "Write 0 or more")
    if calls >= LIMIT:
        raise BadValue("10^15 calls or more", "Write fewer digits")
    return calls


def parse_unit_cost(text: str) -> Decimal:
    """A cost per call.

    Raises:
        BadValue: it is not an amount, or below zero.
    """
    unit_cost = parse_amount(text)
    if unit_cost < ZERO:
        raise BadValue("a cost per call below zero", "Write 0 or more")
    return unit_cost


def resolve(stated: Stated, currency: str) -> tuple[Decimal, FlexibleBudget | None]:
    """The amount of a line, and its flexible budget; the third of three fields follows.

    Args:
        stated: at least one of its fields.
        currency: of the amounts; where it is empty, the fields are not compared, and an amount
            that follows is not rounded.

    Returns:
        The amount as stated, or else calls × unit_cost; no flexible budget for an amount alone.

    Raises:
        BadFields: the third does not follow, or it is stated and does not agree.

    Example:
        12000 calls at 0.02 are 240.00.
    """
    amount, calls, unit_cost = stated
    if unit_cost is not None and currency:
        _check_decimals(unit_cost, currency)
    if amount is None:
        return _amount(calls, unit_cost, currency)
    if not stated.has_calls:
        return amount, None
    if calls is None or unit_cost is None:
        return amount, _from_amount(amount, calls, unit_cost)
    budget = FlexibleBudget(Fraction(calls), Fraction(unit_cost))
    if currency:
        _check_agreement(amount, calls, unit_cost, budget, minor_units(currency))
    return amount, budget


def summed(parts: Sequence[FlexibleBudget | None]) -> FlexibleBudget | None:
    """The flexible budget of several periods together.

    Args:
        parts: of each period that has a budget; None where it is an amount alone.

    Returns:
        All calls, at their average cost per call. None if one of the parts is an amount alone, if
        there are none, and if no part has calls and their costs per call differ.
    """
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    calls = sum((part.calls for part in known), Fraction(0))
    if calls:
        return FlexibleBudget(calls, sum((part.cost for part in known), Fraction(0)) / calls)
    return known[0] if len({part.unit_cost for part in known}) == 1 else None


def lost_sentences(names: Sequence[str], file: str = "") -> tuple[str, ...]:
    """The sentence on names whose new budgets no longer state calls and unit_cost.

    Args:
        names: of organizations and products.
        file: that has the new lines, where a person can add to them.

    Returns:
        One sentence; none without names.
    """
    if not names:
        return ()
    text = (
        "New budgets are amounts without calls and unit_cost, so the volume and rate variances of "
        f"{listing(names)} are not known."
    )
    if file:
        text += f" To have them, write calls or unit_cost in the new lines of {file}."
    return (text,)


def problem_of(error: BadFields, stated: Stated, file: str, line: int) -> Problem:
    """The problem of fields that contradict each other, at its line, with the field's value."""
    value = getattr(stated, error.column)
    return error.problem(file, line, error.column, "" if value is None else f"{value:f}")


def _amount(
    calls: Decimal | None, unit_cost: Decimal | None, currency: str
) -> tuple[Decimal, FlexibleBudget]:
    """The amount that follows."""
    if calls is None or unit_cost is None:
        column, missing = ("calls", "unit_cost") if unit_cost is None else ("unit_cost", "calls")
        fix = f"Write amount or {missing} too"
        raise BadFields(column, f"{column} alone does not make a budget", fix)
    budget = FlexibleBudget(Fraction(calls), Fraction(unit_cost))
    if budget.cost >= Fraction(LIMIT):
        fix = "Write unit_cost in the currency's main unit"
        raise BadFields("unit_cost", "calls × unit_cost is 10^15 or more", fix)
    return decimal_of(budget.cost, minor_units(currency) if currency else DECIMALS), budget


def _from_amount(
    amount: Decimal, calls: Decimal | None, unit_cost: Decimal | None
) -> FlexibleBudget:
    """The one of calls and unit_cost that follows from the amount and the other."""
    if calls is not None:
        if not calls:
            fix = "Write the calls" if amount else "Write unit_cost too"
            rule = "0 calls have no cost per call"
            raise BadFields("calls", rule, f"{fix}, or leave calls empty")
        return FlexibleBudget(Fraction(calls), Fraction(amount) / Fraction(calls))
    if not unit_cost:
        fix = "Write the cost per call" if amount else "Write calls too"
        rule = "a cost per call of 0 does not say how many calls"
        raise BadFields("unit_cost", rule, f"{fix}, or leave unit_cost empty")
    return FlexibleBudget(Fraction(amount) / Fraction(unit_cost), Fraction(unit_cost))


def _check_agreement(
    amount: Decimal, calls: Decimal, unit_cost: Decimal, budget: FlexibleBudget, decimals: int
) -> None:
    """Refuse an amount that is neither calls × unit_cost nor that, rounded."""
    agrees = decimal_of(budget.cost, decimals)
    if amount != agrees and Fraction(amount) != budget.cost:
        rule = f"calls {plain(calls)} × unit_cost {plain(unit_cost)} is {agrees:f}"
        raise BadFields("amount", rule, f"Write {agrees:f}, or correct calls or unit_cost")


def _check_decimals(unit_cost: Decimal, currency: str) -> None:
    """Refuse a cost per call whose point may stand between thousands."""
    try:
        check_decimals(unit_cost, currency)
    except BadValue as error:
        thousands = f"{unit_cost:f}".replace(".", "")
        fix = f"Write {thousands} or {unit_cost:f}0"
        raise BadFields("unit_cost", error.rule, fix) from None
