"""Monthly budgets: budget lines spread over months, a later version covering an earlier one."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Final, TypeAlias

from finops_nb.errors import Problem, Refusal
from finops_nb.money import LIMIT, ZERO, rounded, total
from finops_nb.params.budget_file import STATUSES, BudgetLine
from finops_nb.params.flexible_budget import Flexible, FlexibleBudget, summed
from finops_nb.params.types import Phasing
from finops_nb.schema import BUDGETED

PRECISION: Final = 60
"""Digits of a share before it is rounded.

An amount has 15 before the point and 12 behind it; with so many more, a share looks like half a
unit only where it is exactly half a unit.
"""

InForce: TypeAlias = dict[tuple[str, str], dict[str, tuple[BudgetLine, Decimal | None]]]
"""By dimension and name, by month: the line in force and its amount for the month."""


@dataclass(frozen=True, slots=True)
class MonthlyBudgets:
    """The budgets of a month, or of a run of months; amounts in currency, summed over the months.

    Args:
        organizations: amount by organization, in force.
        products: amount by product, in force.
        owners: by name, from the line in force of the last month whose line names one.
        version: the highest approved version with a line for these months; 0 where there is none.
        versions: (organizations, products) of each version in full; what a version leaves out is
            as in the version before.
        lines: the approved lines for these months, by version.
        notices: what a reader should know, as sentences.
        flexible: calls and cost per call, in force, by dimension and name; only of names whose
            budget states them in each month that has a budget.
    """

    organizations: Mapping[str, Decimal]
    products: Mapping[str, Decimal]
    owners: Mapping[str, str]
    version: int
    versions: Mapping[int, tuple[Mapping[str, Decimal], Mapping[str, Decimal]]]
    lines: Mapping[int, tuple[BudgetLine, ...]]
    notices: tuple[str, ...]
    flexible: Flexible


def weights(year: int, phasing: Phasing) -> list[int]:
    """How much of a year's amount each month gets, from January, beside the other months.

    Args:
        year: for the days of its months.
        phasing: "even" is a twelfth per month, "days" is by calendar days.
    """
    if phasing == "days":
        return [calendar.monthrange(year, month)[1] for month in range(1, 13)]
    return [1] * 12


def phase(amount: Decimal, year: int, phasing: Phasing, decimals: int) -> tuple[Decimal, ...]:
    """A year's amount by month.

    A month is what is due by its end, rounded, less what was due by its start, rounded.

    Args:
        amount: for the whole year, in currency.
        year: as in `weights`.
        phasing: as there.
        decimals: decimals of the currency; 2 for cents. An amount with more of them is divided in
            its own smallest unit, since nothing else would add up to it.

    Returns:
        January to December. They add up to `amount` exactly, and each is less than one unit off
        its exact share. None is negative, unless `amount` is.

    >>> [str(month) for month in phase(Decimal(100), 2025, "even", 2)[:4]]
    ['8.33', '8.34', '8.33', '8.33']
    """
    parts = weights(year, phasing)
    places = max(decimals, -int(amount.normalize().as_tuple().exponent))
    with localcontext(prec=PRECISION):
        due = [rounded(amount * part / sum(parts), places) for part in accumulate(parts)]
        return tuple(later - earlier for earlier, later in pairwise([ZERO, *due]))


def budgets_of(
    lines: Sequence[BudgetLine], months: Sequence[str], phasing: Phasing, decimals: int
) -> MonthlyBudgets:
    """The budgets of these months.

    A name has, in each month, the approved line of the highest version that covers the month.

    Args:
        lines: from `read_budget_file`.
        months: text like 2025-12, in order.
        phasing: how a year's amount is divided among its months.
        decimals: of the currency.

    Raises:
        Refusal: an organization and a product of one name have two owners, or a sum reaches 10^15.

    Example:
        organization,org-a,2025-12,100,original
        organization,org-a,2025-12,120,revised 1     (in force)
    """
    covering = [line for line in lines if not set(months).isdisjoint(line.months)]
    approved = _approved(covering)
    in_force: InForce = {}
    versions = {}
    for version in sorted(approved) or [0]:
        for line in approved.get(version, ()):
            by_month = in_force.setdefault((line.dimension, line.name), {})
            by_month.update(_by_month(line, months, phasing, decimals))
        versions[version] = _amounts(in_force)
    last = max(versions)
    return MonthlyBudgets(
        organizations=versions[last][0],
        products=versions[last][1],
        owners=_owners(in_force, months),
        version=last,
        versions=versions,
        lines={version: tuple(approved.get(version, ())) for version in versions},
        notices=(*_not_counted(covering), *_not_in_all_months(in_force, months)),
        flexible=_flexible(in_force, phasing),
    )


def missing_months_notice(dimension: str, name: str, has: Sequence[str], count: int) -> str:
    """The sentence about a name that has a budget in some months only.

    Args:
        dimension: organization or product.
        name: of it.
        has: the months with a budget.
        count: how many months there are.
    """
    months = ", ".join(has)
    return f"The {dimension} {name} has a budget in only {len(has)} of {count} months: {months}."


def _approved(lines: Iterable[BudgetLine]) -> dict[int, list[BudgetLine]]:
    """The approved lines by version."""
    approved: dict[int, list[BudgetLine]] = {}
    for line in lines:
        if line.status == STATUSES[0]:
            approved.setdefault(line.version, []).append(line)
    return approved


def _by_month(
    line: BudgetLine, months: Sequence[str], phasing: Phasing, decimals: int
) -> dict[str, tuple[BudgetLine, Decimal | None]]:
    """The line and its amount for each of these months that it covers."""
    amounts: Sequence[Decimal | None] = [line.amount] * len(line.months)
    if line.amount is not None and len(line.months) > 1:
        amounts = phase(line.amount, int(line.period), phasing, decimals)
    by_month = zip(line.months, amounts, strict=True)
    return {month: (line, amount) for month, amount in by_month if month in months}


def _amounts(in_force: InForce) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Amount by organization and by product, summed over the months."""
    sums: dict[str, dict[str, Decimal]] = {dimension: {} for dimension in BUDGETED}
    problems = []
    for (dimension, name), by_month in in_force.items():
        amounts = [amount for _, amount in by_month.values() if amount is not None]
        if amounts:
            sums[dimension][name] = total(amounts)
        if total(amounts) >= LIMIT:
            line, _ = next(iter(by_month.values()))
            rule = "the budgets of these months add up to 10^15 or more"
            fix = "Write them in the currency's main unit"
            problems.append(Problem(rule, fix, line.file, line.line, "name", name))
    if problems:
        raise Refusal(problems)
    return sums["organization"], sums["product"]


def _flexible(in_force: InForce, phasing: Phasing) -> dict[tuple[str, str], FlexibleBudget]:
    """The flexible budgets of the months together, by dimension and name."""
    found = {}
    for key, by_month in in_force.items():
        parts = [
            _flexible_of_month(line, month, phasing)
            for month, (line, amount) in by_month.items()
            if amount is not None
        ]
        whole = summed(parts)
        if whole is not None:
            found[key] = whole
    return found


def _flexible_of_month(line: BudgetLine, month: str, phasing: Phasing) -> FlexibleBudget | None:
    """A month's exact share of the calls of its line, at the same cost per call."""
    if line.flexible is None or len(line.months) == 1:
        return line.flexible
    parts = weights(int(line.period), phasing)
    return line.flexible.share(Fraction(parts[line.months.index(month)], sum(parts)))


def _owners(in_force: InForce, months: Sequence[str]) -> dict[str, str]:
    """Owner by name; an organization and a product of one name share one owner."""
    first: dict[str, BudgetLine] = {}
    problems = []
    for (_, name), by_month in in_force.items():
        line = _last_line_with_owner(by_month, months)
        if line is None:
            continue
        other = first.setdefault(name, line)
        if line.owner != other.owner:
            rule = f"line {other.line} gives the {other.dimension} of the same name another owner"
            fix = "Write one owner in both lines"
            problems.append(Problem(rule, fix, line.file, line.line, "owner", line.owner))
    if problems:
        raise Refusal(problems)
    return {name: line.owner for name, line in first.items()}


def _last_line_with_owner(
    by_month: Mapping[str, tuple[BudgetLine, Decimal | None]], months: Sequence[str]
) -> BudgetLine | None:
    lines = [by_month[month][0] for month in reversed(months) if month in by_month]
    return next((line for line in lines if line.owner), None)


def _not_counted(lines: Sequence[BudgetLine]) -> Iterator[str]:
    """Sentences about lines that are not approved."""
    for status in STATUSES[1:]:
        names = [line.name for line in lines if line.status == status]
        if names:
            verb = "line is" if len(names) == 1 else "lines are"
            unique = ", ".join(dict.fromkeys(names))
            yield f"{len(names)} {status} {verb} not counted: {unique}."


def _not_in_all_months(in_force: InForce, months: Sequence[str]) -> Iterator[str]:
    """Sentences about names that have a budget in some of the months only."""
    for (dimension, name), by_month in in_force.items():
        has = [month for month in months if by_month.get(month, (None, None))[1] is not None]
        if 0 < len(has) < len(months):
            yield missing_months_notice(dimension, name, has, len(months))
