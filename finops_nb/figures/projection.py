"""Projection: what usage would cost if it grew and if models had other prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from finops_nb.errors import Problem, Refusal
from finops_nb.figures.exact_columns import exact_column
from finops_nb.money import DECIMALS, LIMIT, ZERO, rounded, total
from finops_nb.schema import ALL, UNALLOCATED
from finops_nb.usage.model import CUBE, GROUPINGS, Grouping, Usage

COARSE: Final = ("day", "organization", "product")
"""Most groupings are summed faster from the sums by these keys than from the whole cube."""

ORGANIZATION, MODEL = CUBE.index("organization"), CUBE.index("model")
CHARGE, SOURCE_KEY = CUBE.index("charge"), CUBE.index("source_key")

Sums = dict[tuple[Any, ...], list[Decimal]]
"""Cost, calls and credits by cell: the values of some keys."""

Counted = tuple[tuple[str, int, Decimal], ...]
"""Names with rows and cost, highest cost first."""

Rates = Mapping[str, Decimal]
"""Change as a fraction by organization; that of `ALL` is for every one not named."""


def changes_usage(growth: Rates, prices: Mapping[str, Rates]) -> bool:
    """Whether `project` makes other usage of it, so that costs are supposed."""
    return any(growth.values()) or any(any(rates.values()) for rates in prices.values())


def project(usage: Usage, growth: Rates, prices: Mapping[str, Rates]) -> Usage:
    """Usage as it would be.

    Calls are multiplied by 1 + growth, cost by that and by 1 + the change of the model's price.
    Credits change as costs do. Customers and rows stay as they are. Each cell of the cube is
    rounded once to the 12 decimals that costs have, and every grouping, kind of charge and unmapped
    key adds up the same cells: all have one total, which is within half of the 12th decimal per
    cell of the exact one.

    Args:
        usage: read in detail, unless every rate is zero.
        growth: of usage, as a fraction by organization.
        prices: change of each model's price, as a fraction by organization.

    Returns:
        `usage` itself where no rate changes anything; else every grouping summed from the cube,
        with `calls` as `Decimal`, since they need not be whole.

    Example:
        `growth: {(all): 0.10}` and `model_prices: {gpt-4: {(all): -0.20}}` in a scenario: calls
        rise by 10%, and so does cost, except that gpt-4 costs 1.1 × 0.8 of what it did.
    """
    if not changes_usage(growth, prices):
        return usage
    cube = _scaled_cells(usage.groups[CUBE], growth, prices)
    groups = {
        keys: _with_sums(usage.groups[keys], keys, sums) for keys, sums in _sums_by_grouping(cube)
    }
    change = groups[()]["cost"].iloc[0] - usage.cost
    return replace(
        usage,
        groups=groups,
        projected=usage.projected + change,
        charges=_with_cost(usage.charges, cube, CHARGE),
        unmapped=_with_cost(usage.unmapped, cube, SOURCE_KEY),
        unallocated_credits=total(
            credits for cell, (*_, credits) in cube.items() if cell[ORGANIZATION] == UNALLOCATED
        ),
        largest_customers=(),
    )


def _with_cost(counted: Counted, cube: Sums, key: int) -> Counted:
    """The same names and rows with the cost of the cube, in the order of that cost."""
    costs: dict[str, Decimal] = {}
    for cell, (cost, *_) in cube.items():
        costs[cell[key]] = costs.get(cell[key], ZERO) + cost
    names = ((name, rows, costs[name]) for name, rows, _ in counted)
    return tuple(sorted(names, key=lambda each: (-each[2], each[0])))


def _scaled_cells(cube: pd.DataFrame, growth: Rates, prices: Mapping[str, Rates]) -> Sums:
    """Each cell of the cube with its new cost, rounded, and its new calls."""
    factors: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    cells: Sums = {}
    sums = (cube[column].tolist() for column in ("cost", "calls", "credits"))
    for cell, cost, calls, credits in zip(_cells(cube, CUBE), *sums, strict=True):
        organization, model = cell[ORGANIZATION], cell[MODEL]
        if (organization, model) not in factors:
            grown = 1 + _rate(growth, organization)
            price = 1 + _rate(prices.get(model, {}), organization)
            factors[organization, model] = grown * price, grown
        cost_factor, calls_factor = factors[organization, model]
        if abs(cost * cost_factor) >= LIMIT:
            raise Refusal(_too_much())
        cells[cell] = [
            rounded(cost * cost_factor, DECIMALS),
            (calls or ZERO) * calls_factor,
            rounded(credits * cost_factor, DECIMALS),
        ]
    if total(abs(cost) for cost, *_ in cells.values()) >= LIMIT:
        raise Refusal(_too_much())
    return cells


def _too_much() -> Problem:
    rule = "with growth and model_prices, the costs add up to 10^15 or more"
    return Problem(rule, "Write lower rates of change, such as 0.10 for 10%", column="growth")


def _rate(rates: Rates, organization: str) -> Decimal:
    return rates.get(organization, rates.get(ALL, ZERO))


def _sums_by_grouping(cube: Sums) -> Iterator[tuple[Grouping, Sums]]:
    coarse = _sums(cube, CUBE, COARSE)
    for keys in GROUPINGS:
        if set(keys) <= {*COARSE, "month"}:
            yield keys, _sums(coarse, COARSE, keys)
        else:
            yield keys, _sums(cube, CUBE, keys)
    yield CUBE, cube


def _sums(cells: Sums, names: Grouping, keys: Grouping) -> Sums:
    """The cells summed by some of their keys.

    Args:
        cells: to sum.
        names: the keys that the cells have, among them `day`.
        keys: the keys to sum by; `month`, which only stands first, is made from the day.
    """
    positions = [names.index("day" if key == "month" else key) for key in keys]
    months: dict[date, str] = {}  # a day's month is spelled once, not for every cell
    sums: Sums = {}
    for cell, amounts in cells.items():
        values = [cell[position] for position in positions]
        if keys[:1] == ("month",):
            day = values[0]
            values[0] = months.get(day) or months.setdefault(day, f"{day:%Y-%m}")
        cell_sums = sums.setdefault(tuple(values), [ZERO, ZERO, ZERO])
        for position, amount in enumerate(amounts):
            cell_sums[position] += amount
    return sums


def _with_sums(former: pd.DataFrame, keys: Grouping, sums: Sums) -> pd.DataFrame:
    """The former frame, in its order and with its customers, with new cost and calls."""
    if former.empty:
        return former  # no source has features
    cost, calls, credits = zip(*(sums[cell] for cell in _cells(former, keys)), strict=True)
    scaled = former.assign(cost=exact_column(cost, former))
    if keys == CUBE:
        scaled = scaled.assign(credits=exact_column(credits, former))
    if former["calls"].notna().all():
        return scaled.assign(calls=exact_column(calls, former))
    return scaled


def _cells(frame: pd.DataFrame, keys: Grouping) -> Iterable[tuple[Any, ...]]:
    """The values of some keys, row by row; lists are four times as fast as columns of text."""
    if not keys:
        return [()]
    return zip(*(frame[key].tolist() for key in keys), strict=True)
