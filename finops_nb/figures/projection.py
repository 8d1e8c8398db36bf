"""Projection: what usage would cost if it grew and if models had other prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from finops_nb.money import DECIMALS, ZERO, rounded
from finops_nb.schema import ALL
from finops_nb.usage.model import CUBE, GROUPINGS, Grouping, Usage

COARSE: Final = ("day", "organization", "product")
"""From the sums by these most groupings are made faster than from the whole cube."""
ORGANIZATION, MODEL = CUBE.index("organization"), CUBE.index("model")

Sums = dict[tuple[Any, ...], list[Decimal]]
"""Cost and calls by place: the values of some keys."""

Rates = Mapping[str, Decimal]
"""Change as a fraction by organization; that of `ALL` is for every one not named."""


def project(usage: Usage, growth: Rates, prices: Mapping[str, Rates]) -> Usage:
    """Usage as it would be: calls and cost times 1 + growth, cost times 1 + the change of the model's price too.

    Customers stay as they are. Each cell of the cube is rounded to the 12 decimals that costs have, once, and every
    grouping adds up the same cells: all foot to one total, which is within half of the 12th decimal a cell of exact.

    Args:
        usage: read in detail, unless no rate is above or below zero.
        growth: of usage, by organization.
        prices: of each model, by organization.

    Returns:
        `usage` itself where no rate changes anything; else every grouping made again from the cube, with `calls` as
        `Decimal`, since they need not be whole.
    """
    if not any(growth.values()) and not any(
        rate for rates in prices.values() for rate in rates.values()
    ):
        return usage
    cube = _scaled(usage.groups[CUBE], growth, prices)
    days = _sums(cube, CUBE, COARSE)
    sums = {
        keys: _sums(days, COARSE, keys)
        if set(keys) <= {*COARSE, "month"}
        else _sums(cube, CUBE, keys)
        for keys in GROUPINGS
    }
    groups = {
        keys: _with_sums(usage.groups[keys], keys, found)
        for keys, found in (sums | {CUBE: cube}).items()
    }
    return replace(
        usage, groups=groups, projected=usage.projected + groups[()]["cost"].iloc[0] - usage.cost
    )


def _scaled(cube: pd.DataFrame, growth: Rates, prices: Mapping[str, Rates]) -> Sums:
    """Each cell with its other cost, rounded, and its other calls."""
    factors: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    cells: Sums = {}
    for place, cost, calls in zip(
        _places(cube, CUBE), cube["cost"].tolist(), cube["calls"].tolist(), strict=True
    ):
        owner = organization, model = place[ORGANIZATION], place[MODEL]
        if owner not in factors:
            more = 1 + _rate(growth, organization)
            factors[owner] = more * (1 + _rate(prices.get(model, {}), organization)), more
        for_cost, for_calls = factors[owner]
        cells[place] = [rounded(cost * for_cost, DECIMALS), (calls or ZERO) * for_calls]
    return cells


def _rate(rates: Rates, organization: str) -> Decimal:
    return rates.get(organization, rates.get(ALL, ZERO))


def _sums(cells: Sums, names: Grouping, keys: Grouping) -> Sums:
    """The sums of cells, whose places are `names`, by some of these; by `month` where they have a day."""
    months: dict[date, str] = {}
    positions = [names.index("day" if key == "month" else key) for key in keys]
    found: Sums = {}
    for place, (cost, calls) in cells.items():
        parts = [place[position] for position in positions]
        if keys[:1] == ("month",):
            parts[0] = months.get(parts[0]) or months.setdefault(parts[0], f"{parts[0]:%Y-%m}")
        of = found.setdefault(tuple(parts), [ZERO, ZERO])
        of[0] += cost
        of[1] += calls
    return found


def _with_sums(former: pd.DataFrame, keys: Grouping, sums: Sums) -> pd.DataFrame:
    """The former frame, in its order and with its customers, with other cost and calls."""
    cost, calls = zip(*(sums[place] for place in _places(former, keys)), strict=True)
    scaled = former.assign(cost=pd.Series(cost, index=former.index, dtype=object))
    known = former["calls"].notna().all()
    return (
        scaled.assign(calls=pd.Series(calls, index=former.index, dtype=object)) if known else scaled
    )


def _places(frame: pd.DataFrame, keys: Grouping) -> Iterable[tuple[Any, ...]]:
    """The values of some keys, row by row; as lists, which are four times as fast as columns of text."""
    return zip(*(frame[key].tolist() for key in keys), strict=True) if keys else [()]
