"""Change by name: how much of a change each name made, and how its budget changed with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from finops_nb.figures.compared import published_before
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.run_rate import run_rates_of_pairs
from finops_nb.money import ZERO, ratio, total
from finops_nb.outputs.cells import Cell, cells_of
from finops_nb.outputs.months import PublishedMonth
from finops_nb.schema import UNALLOCATED, Dimension
from finops_nb.usage.model import CELLS


class NameChange(NamedTuple):
    """One organization or product in a period and in the one that it is compared with.

    Args:
        name: of it.
        cost_before: in the earlier period, as published; 0 if it was not there.
        cost: now.
        change: cost − cost before.
        share: change ÷ the change of the total; None where that did not change.
        budget_before: in force then; None where none was set.
        budget: in force now; None where none is set.
        budget_change: budget − budget before; a missing one counts as 0. None without both.
    """

    name: str
    cost_before: Decimal
    cost: Decimal
    change: Decimal
    share: Decimal | None
    budget_before: Decimal | None
    budget: Decimal | None
    budget_change: Decimal | None


class Part(NamedTuple):
    """The name that made most of a change.

    Args:
        name: of it.
        moved: its own change, in the direction of the whole.
        whole: the change that it is part of.
        share: moved ÷ whole, as a fraction; above one where others moved against it.
    """

    name: str
    moved: Decimal
    whole: Decimal
    share: Decimal


class ModelShare(NamedTuple):
    """A model's share of all calls, as a fraction, in the period before and now."""

    model: str
    before: Decimal
    now: Decimal


@lru_cache(maxsize=8)  # the table and the sentences ask for the same
def changes_by_name(data: ReportData, by: Dimension) -> tuple[NameChange, ...]:
    """The change of each name from the period before.

    Args:
        data: for its usage, its budgets and its published months.
        by: organization or product.

    Returns:
        The largest change first; empty for a running period, and where the period that it is
        compared with is not published.

    Example:
        5.00 after 3.00, of a total of 10.00 after 6.00: 2.00 is half of the change.
    """
    before = _whole_period_before(data)
    if before is None:
        return ()
    frame = data.usage.groups[by,]
    now, was = dict(zip(frame[by], frame["cost"], strict=True)), before.of(by)
    budgets, former = data.budgets.of(by), before.budgets.get(by, {})
    whole = data.usage.cost - before.cost
    lines = []
    for name in dict.fromkeys((*now, *was, *budgets, *former)):
        cost, cost_before = now.get(name, ZERO), was.get(name, ZERO)
        change, pair = cost - cost_before, (former.get(name), budgets.get(name))
        lines.append(
            NameChange(
                name,
                cost_before,
                cost,
                change,
                change / whole if whole else None,
                *pair,
                None if pair == (None, None) else (pair[1] or ZERO) - (pair[0] or ZERO),
            )
        )
    return tuple(sorted(lines, key=lambda line: (-abs(line.change), line.name)))


def largest_part(data: ReportData, by: Dimension, name: str) -> Part | None:
    """What made most of the change of a name: of an organization, a product; and the reverse.

    Args:
        data: as for `changes_by_name`.
        by: the dimension of the name.
        name: of it.

    Returns:
        The largest change in the direction of the whole; None without a period before with pairs,
        without a change, or where there is only one name.
    """
    return _largest_of(_changes_within(data, by).get(name, {}))


def largest_expected_part(data: ReportData, by: Dimension, name: str) -> Part | None:
    """What makes most of the change of a name that the run rate of a running period expects.

    Args:
        data: as for `changes_by_name`; usage read by cells.
        by: as for `largest_part`.
        name: as there.

    Returns:
        As there; the run rates of the pairs are compared with the whole period before. None for a
        period that is over, and where there is no run rate.
    """
    return _largest_of(_expected_changes_within(data, by).get(name, {}))


@lru_cache(maxsize=4)  # asked for each name
def _changes_within(data: ReportData, by: Dimension) -> Mapping[str, Mapping[str, Decimal]]:
    """By name, the change of each name of the other dimension within it."""
    before = _whole_period_before(data)
    if before is None:
        return {}
    frame = data.usage.groups["organization", "product"]
    pairs = zip(frame["organization"], frame["product"], strict=True)
    return _moved(dict(zip(pairs, frame["cost"], strict=True)), before.pairs, by)


@lru_cache(maxsize=4)  # asked for each name
def _expected_changes_within(
    data: ReportData, by: Dimension
) -> Mapping[str, Mapping[str, Decimal]]:
    """As `_changes_within`, to what the run rates expect."""
    rates, before = run_rates_of_pairs(data.usage), published_before(data)
    if not rates or before is None or data.usage is not data.measured:
        return {}
    return _moved(rates, before.pairs, by)


def _largest_of(moved: Mapping[str, Decimal]) -> Part | None:
    """The largest change in the direction of the whole, as in `largest_part`."""
    whole = total(moved.values())
    named = {each: amount for each, amount in moved.items() if each != UNALLOCATED}
    if not whole or len(named) < 2:
        return None
    share, most = max((amount / whole, each) for each, amount in named.items())
    return Part(most, named[most], whole, share)


def model_share(data: ReportData, dearer: bool) -> ModelShare | None:
    """The model whose share of calls made the mix dearer or cheaper the most.

    A share moves the cost per call by its change × (the model's earlier cost per call − that of all
    calls): less of a dear model makes the mix cheaper, and so does more of a cheap one.

    Args:
        data: as for `changes_by_name`; usage read by cells.
        dearer: which way the mix went.

    Returns:
        None where one of the periods does not have calls by model, or no model moved it that way.
    """
    before = _whole_period_before(data)
    if before is None or before.cells is None or CELLS not in data.usage.groups:
        return None
    was = _shares_of_calls(before.cells)
    now = _shares_of_calls(cells_of(data.usage.groups[CELLS].to_dict("records")))
    prices = _costs_per_call(before.cells)
    models = sorted(prices.keys() - {UNALLOCATED, ""})
    if not models or not was or not now:
        return None
    moved = {
        model: (now.get(model, ZERO) - was[model]) * (prices[model] - prices[""])
        for model in models
    }
    most = max(models, key=lambda model: moved[model] if dearer else -moved[model])
    if not moved[most] or (moved[most] > 0) != dearer:
        return None
    return ModelShare(most, was[most], now.get(most, ZERO))


def _whole_period_before(data: ReportData) -> PublishedMonth | None:
    """What a complete period is compared with; usage of a what-if is not compared."""
    if not data.usage.covers_period or data.usage is not data.measured:
        return None
    return published_before(data)


def _moved(
    now: Mapping[tuple[str, str], Decimal],
    was: Mapping[tuple[str, str], Decimal],
    by: Dimension,
) -> dict[str, dict[str, Decimal]]:
    """By name, the change of each name of the other dimension within it; empty without earlier."""
    place = 0 if by == "organization" else 1
    moved: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for pair in {**now, **was} if was else ():
        moved[pair[place]][pair[1 - place]] = now.get(pair, ZERO) - was.get(pair, ZERO)
    return moved


def _shares_of_calls(cells: Iterable[Cell]) -> dict[str, Decimal]:
    calls: dict[str, int] = defaultdict(int)
    for cell in cells:
        calls[cell.model] += cell.calls
    whole = Decimal(sum(calls.values()))
    shares = {model: ratio(Decimal(count), whole) for model, count in calls.items()}
    return {model: share for model, share in shares.items() if share is not None}


def _costs_per_call(cells: Iterable[Cell]) -> dict[str, Decimal]:
    """The cost per call by model; of all calls under an empty name."""
    costs: dict[str, Decimal] = defaultdict(Decimal)
    calls: dict[str, int] = defaultdict(int)
    for cell in cells:
        for name in (cell.model, "") if cell.calls else ():
            costs[name] += cell.cost
            calls[name] += cell.calls
    return {name: costs[name] / count for name, count in calls.items()}
