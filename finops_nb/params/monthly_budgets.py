"""Monthly budgets: budget lines laid out over months, a later version over an earlier one."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import accumulate, pairwise
from typing import Final

from finops_nb.errors import Problem, Refusal
from finops_nb.money import LIMIT, ZERO, rounded, total
from finops_nb.params.budget_file import STATUSES, BudgetLine
from finops_nb.params.types import Phasing
from finops_nb.schema import BUDGETED

PRECISION: Final = 60
"""Digits of a share: 15 before the point, 12 behind it, and so many left that a share looks like half a unit only if it is."""


def phase(amount: Decimal, year: int, phasing: Phasing, decimals: int) -> tuple[Decimal, ...]:
    """A year's amount, month by month: what is due up to a month's end, rounded, less what was due up to its beginning.

    Args:
        amount: of the whole year, in currency.
        year: for the days of its months.
        phasing: "even" is a twelfth a month, "days" is by calendar days.
        decimals: decimals of the currency; 2 for cents. An amount with more of them is divided in its own smallest unit,
            since nothing else would add up to it.

    Returns:
        January to December. They add up to `amount` exactly, and each is less than one unit off its exact share; none is
        negative where `amount` is not.

    >>> [str(month) for month in phase(Decimal(100), 2025, "even", 2)[:4]]
    ['8.33', '8.34', '8.33', '8.33']
    """
    weights = (
        [1] * 12
        if phasing == "even"
        else [calendar.monthrange(year, month)[1] for month in range(1, 13)]
    )
    places = max(decimals, -int(amount.normalize().as_tuple().exponent))
    with localcontext(prec=PRECISION):
        due = [rounded(amount * weight / sum(weights), places) for weight in accumulate(weights)]
        return tuple(later - earlier for earlier, later in pairwise([ZERO, *due]))


@dataclass(frozen=True, slots=True)
class MonthlyBudgets:
    """What a month, or a run of months, has; amounts in currency, summed over the months.

    Args:
        organizations: amount by organization, in force.
        products: likewise by product.
        owners: by name, of the line in force of the last month whose line in force says one.
        version: the highest approved version with a line for these months; 0 where there is none.
        versions: (organizations, products) of each version in full, with what it leaves as the version before has it.
        lines: the approved lines for these months that each version is made of.
        notices: what a reader should know, as sentences.
    """

    organizations: Mapping[str, Decimal]
    products: Mapping[str, Decimal]
    owners: Mapping[str, str]
    version: int
    versions: Mapping[int, tuple[Mapping[str, Decimal], Mapping[str, Decimal]]]
    lines: Mapping[int, tuple[BudgetLine, ...]]
    notices: tuple[str, ...]


InForce = dict[tuple[str, str], dict[str, tuple[BudgetLine, Decimal | None]]]
"""By dimension and name, by month: the line in force and its amount for the month."""


def budgets_of(
    lines: Sequence[BudgetLine], months: Sequence[str], phasing: Phasing, decimals: int
) -> MonthlyBudgets:
    """The budgets of these months: of each name the approved line of the highest version that covers the month.

    Args:
        lines: from `read_budget_file`.
        months: text like 2025-12, in order.
        phasing: how a year's amount is divided among its months.
        decimals: of the currency.

    Raises:
        Refusal: an organization and a product of one name have two owners, or a sum reaches 10^15.
    """
    wanted = set(months)
    touching = [line for line in lines if not wanted.isdisjoint(line.months)]
    made_of: dict[int, list[BudgetLine]] = {}
    for line in touching:
        if line.status == "approved":
            made_of.setdefault(line.version, []).append(line)
    in_force: InForce = {}
    versions = {} if made_of else {0: _amounts(in_force)}
    for version in sorted(made_of):
        for line in made_of[version]:
            in_force.setdefault((line.dimension, line.name), {}).update(
                _by_month(line, months, phasing, decimals)
            )
        versions[version] = _amounts(in_force)
    last = max(versions)
    notices = (*_not_counted(touching), *_not_in_all(in_force, months))
    found = {version: tuple(made_of.get(version, ())) for version in versions}
    return MonthlyBudgets(
        *versions[last], _owners(in_force, months), last, versions, found, notices
    )


def _by_month(
    line: BudgetLine, months: Sequence[str], phasing: Phasing, decimals: int
) -> dict[str, tuple[BudgetLine, Decimal | None]]:
    if line.amount is None or len(line.months) == 1:
        amounts: Sequence[Decimal | None] = [line.amount] * len(line.months)
    else:
        amounts = phase(line.amount, int(line.period), phasing, decimals)
    return {
        month: (line, amount)
        for month, amount in zip(line.months, amounts, strict=True)
        if month in months
    }


def _amounts(in_force: InForce) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    sums: dict[str, dict[str, Decimal]] = {dimension: {} for dimension in BUDGETED}
    problems = []
    for (dimension, name), by_month in in_force.items():
        amounts = [amount for _, amount in by_month.values() if amount is not None]
        if amounts:
            sums[dimension][name] = total(amounts)
        if total(amounts) >= LIMIT:
            line = next(iter(by_month.values()))[0]
            fix = "Write them in the currency's main unit"
            problems.append(
                Problem(
                    "the budgets of these months reach 10^15",
                    fix,
                    line.file,
                    line.line,
                    "name",
                    name,
                )
            )
    if problems:
        raise Refusal(problems)
    return sums["organization"], sums["product"]


def _owners(in_force: InForce, months: Sequence[str]) -> dict[str, str]:
    said: dict[str, BudgetLine] = {}
    problems = []
    for (_, name), by_month in in_force.items():
        line = next(
            (
                by_month[month][0]
                for month in reversed(months)
                if month in by_month and by_month[month][0].owner
            ),
            None,
        )
        other = said.setdefault(name, line) if line else None
        if line and other and line.owner != other.owner:
            rule = f"an owner other than the one that line {other.line} gives the {other.dimension} of the same name"
            problems.append(
                Problem(
                    rule, "Write one owner in both lines", line.file, line.line, "owner", line.owner
                )
            )
    if problems:
        raise Refusal(problems)
    return {name: line.owner for name, line in said.items()}


def _not_counted(lines: Sequence[BudgetLine]) -> Iterator[str]:
    for status in STATUSES[1:]:
        names = [line.name for line in lines if line.status == status]
        if names:
            yield f"{len(names)} {status} {'line is' if len(names) == 1 else 'lines are'} not counted: {', '.join(dict.fromkeys(names))}."


def _not_in_all(in_force: InForce, months: Sequence[str]) -> Iterator[str]:
    for (dimension, name), by_month in in_force.items():
        has = [month for month in months if month in by_month and by_month[month][1] is not None]
        if 0 < len(has) < len(months):
            yield f"The {dimension} {name} has a budget in {len(has)} of {len(months)} months only: {', '.join(has)}."
