"""Concentration: how much of the cost is due to the largest customers, and to the largest name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from finops_nb.figures.allocation import allocate
from finops_nb.figures.efficiency import overall
from finops_nb.figures.models import NO_MODEL
from finops_nb.figures.report_data import ReportData
from finops_nb.money import portion, total
from finops_nb.schema import BUDGETED, UNALLOCATED


class Largest(NamedTuple):
    """The name of a dimension with the highest cost, and its fraction of the period's cost."""

    name: str
    share: Decimal


@dataclass(frozen=True, slots=True)
class Concentration:
    """How much of the cost is due to a few.

    Args:
        customers: how many there are; 0 if that is not known.
        largest_customer: the fraction of the cost that the largest of several customers caused.
        largest_customers: that of the ten largest together, of more than ten.
        names: the largest organization, product and model, each of several, by dimension.

    A fraction is None, and a name is not there, where credits leave no share of the whole.
    """

    customers: int = 0
    largest_customer: Decimal | None = None
    largest_customers: Decimal | None = None
    names: Mapping[str, Largest] = field(default_factory=dict)


def concentration(data: ReportData, models: pd.DataFrame) -> Concentration:
    """The fractions of the period's cost that the largest customers and names caused.

    Args:
        data: for its usage; customers are known where it was read by cells.
        models: from `cost_by_model`.

    Example:
        Customers with 5.00, 3.00 and 2.00: the largest caused 50%.
    """
    costs, customers = data.usage.largest_customers, int(overall(data.usage)["customers"] or 0)
    first = several = None
    if len(costs) > 1:
        first = portion(costs[0], data.usage.cost)
        if customers > len(costs):
            several = portion(total(costs), data.usage.cost)
    names = dict(_largest_names(data, models))
    return Concentration(customers, first or None, several or None, names)


def _largest_names(data: ReportData, models: pd.DataFrame) -> Iterator[tuple[str, Largest]]:
    """The largest name of each dimension that has several; cost without a name has none."""
    frames = {by: allocate(data.usage, by) for by in BUDGETED} | {"model": models}
    for by, frame in frames.items():
        named = [
            (-cost, name)
            for name, cost in zip(frame[by], frame["cost"], strict=True)
            if cost and name not in (UNALLOCATED, NO_MODEL)
        ]
        if len(named) > 1:
            cost, name = min(named)
            if share := portion(-cost, data.usage.cost):
                yield by, Largest(name, share)
