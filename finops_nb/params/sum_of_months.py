"""The sum of months: budgets of a quarter or year whose months have params of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from finops_nb.money import added
from finops_nb.params.flexible_budget import Flexible, FlexibleBudget, summed
from finops_nb.params.monthly_budgets import missing_months_notice
from finops_nb.schema import BUDGETED


def sums(parts: Sequence[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """Amount by name, summed over the months, sorted by name.

    Args:
        parts: amount by name of each month.
    """
    return dict(sorted(added(parts).items()))


def label_of_sum(labels: Mapping[str, str]) -> str:
    """What the sum of one version of each month is called.

    Args:
        labels: of the versions, by month.

    >>> label_of_sum({"2025-11": "original", "2025-12": "revised 1"})
    'sum of its months (2025-11 original, 2025-12 revised 1)'
    >>> label_of_sum({"2025-11": "original", "2025-12": "original"})
    'sum of its months (all original)'
    """
    distinct = set(labels.values())
    of_each = ", ".join(f"{month} {label}" for month, label in labels.items())
    return f"sum of its months ({f'all {distinct.pop()}' if len(distinct) == 1 else of_each})"


def flexible_sums(
    parts: Sequence[Mapping[str, Mapping[str, Decimal]]], flexible: Sequence[Flexible]
) -> dict[tuple[str, str], FlexibleBudget]:
    """Calls and cost per call of the months together, by dimension and name.

    Args:
        parts: amounts of each month, by dimension and name.
        flexible: of the same months, in the same order.

    Returns:
        As `flexible_budget.summed`: without the names whose budget is an amount alone in a month.
    """
    found: dict[tuple[str, str], FlexibleBudget] = {}
    for dimension in BUDGETED:
        for name in sums([part[dimension] for part in parts]):
            key = (dimension, name)
            of_months = zip(parts, flexible, strict=True)
            known = [each.get(key) for part, each in of_months if name in part[dimension]]
            whole = summed(known)
            if whole is not None:
                found[key] = whole
    return found


def not_in_all_months(
    dimension: str, names: Iterable[str], parts: Mapping[str, Mapping[str, Decimal]]
) -> Iterator[str]:
    """Sentences about names that have a budget in some of the months only.

    Args:
        dimension: organization or product.
        names: to look at.
        parts: amount by name, by month.
    """
    for name in names:
        has = [month for month, part in parts.items() if name in part]
        if len(has) < len(parts):
            yield missing_months_notice(dimension, name, has, len(parts))
