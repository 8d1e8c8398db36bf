"""Variance bridge: why cost changed from one period to another, in effects that add up exactly.

With Q the calls of a line and C their cost; q, t and p the calls, tokens per call and price per
token of a cell (organization, product, model, task type); 0 before and 1 now:

    volume          = (Q1 ÷ Q0 − 1) × C0
    mix             = Σ (q1 − q0 × Q1 ÷ Q0) × t0 × p0
    tokens per call = Σ q1 × (t1 − t0) × p0
    price           = Σ q1 × t1 × (p1 − p0)

Where the tokens of a part are not known, p is the price per call. `new` and `gone` are the whole
cost of a name that only one of the periods has. `other` is the change of cost without calls: that
of cells without any. A fee in the cell of calls (the same organization, product, provider, model
and task type) is a part of what these calls cost, so that its change is price.

A cell without a price before takes that of its model in its product; else the price per token of
its model in all usage; else its own, so that a change of model is mix, not price. Cells of an
organization or product that is new keep their own, too.

Over the names of a dimension, price and tokens per call add up to the total's, and so do volume,
mix, new and gone together: how many calls are volume and how many mix depends on the line. The
changes of A to B and of B to C add up to that of A to C; their single effects do not, since each
period is weighted with the prices of its own base.

Source: price-volume-mix analysis, weighted with the base: Laspeyres volume, Paasche price.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

import pandas as pd

from finops_nb.figures.compared import published_before
from finops_nb.figures.report_data import ReportData
from finops_nb.money import DECIMALS, ZERO, ratio, total
from finops_nb.outputs.cells import Cell, cells_of, sum_of_tokens
from finops_nb.outputs.months import PublishedMonth
from finops_nb.usage.model import CELLS

VOLUME, MIX, TOKENS, PRICE = "volume", "mix", "tokens_per_call", "price"
NEW, GONE, OTHER = "new", "gone", "other"
EFFECTS: Final = (VOLUME, MIX, TOKENS, PRICE, NEW, GONE, OTHER)
"""The effects of a bridge between two periods, in the order in which they are taken and printed."""

FEW_CALLS: Final = 10
"""A cell with fewer calls than this that grew at least this many times had no price before: its
first calls were a trial, and their average would be a price that nobody paid."""

IN_ITS_PRODUCT: Final = slice(0, 4)
"""The fields of a key that name a model in its organization and product, for all task types."""
IN_ALL_USAGE: Final = slice(2, 4)
"""The fields of a key that name a model."""

TOTAL: Final = "total"
"""The dimension of the line that is all cost."""

Key: TypeAlias = tuple[str, ...]
Effects: TypeAlias = Mapping[str, Decimal]
"""Amount by effect."""
Line: TypeAlias = tuple[str, str]
"""A dimension and a name."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Calls, tokens and cost of some usage; cost without calls is apart, in `uncounted`.

    Tokens are None where those of a part are not known: the cost is then that of calls.
    """

    calls: int = 0
    tokens: int | None = 0
    cost: Decimal = ZERO
    uncounted: Decimal = ZERO

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.calls + other.calls,
            sum_of_tokens(self.tokens, other.tokens),
            self.cost + other.cost,
            self.uncounted + other.uncounted,
        )


NOTHING: Final = Amounts()


class Effect(NamedTuple):
    """What a cell's own prices did: the same in every line that the cell is part of."""

    tokens_per_call: Decimal = ZERO
    price: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Bridge:
    """The effects of one line.

    Args:
        dimension: total, organization or product.
        name: of the organization or product; `total` for the total.
        before: its cost before.
        after: its cost now.
        effects: amount by effect; they add up to `after − before` exactly.
        growth: of its calls, as a fraction; None if it had none before.
    """

    dimension: str
    name: str
    before: Decimal
    after: Decimal
    effects: Effects
    growth: Decimal | None = None

    @property
    def change(self) -> Decimal:
        """`after − before`: above zero, cost rose."""
        return self.after - self.before


def bridges(before: Sequence[Cell], after: Sequence[Cell]) -> list[Bridge]:
    """Why the cost of the total and of every organization and product changed.

    Args:
        before: the cells of the earlier period, in any order.
        after: those of the later one.

    Returns:
        The total first, then organizations and products, each by name. Amounts are exact to the
        twelfth decimal, and each line's effects add up to its change to the last one.

    Example:
        100 calls at 0.02, then 150 at 0.02: 50 more calls are 1.00 of volume.
    """
    was, now = _by_key(before), _by_key(after)
    effects = _effects_of_cells(was, now)
    before_lines, after_lines = _by_line(was), _by_line(now)
    of_lines: dict[Line, list[Effect]] = defaultdict(list)
    for key, effect in effects.items():
        for line in _lines(key):
            of_lines[line].append(effect)
    order = {TOTAL: 0, "organization": 1, "product": 2}
    lines = sorted({*before_lines, *after_lines}, key=lambda line: (order[line[0]], line[1]))
    return [
        _bridge(line, before_lines.get(line), after_lines.get(line), of_lines[line])
        for line in lines
    ]


def bridged_from(data: ReportData) -> PublishedMonth | None:
    """The period from which a report is bridged; None where it was published without cells."""
    before = published_before(data)
    if before is None or before.cells is None or CELLS not in data.usage.groups:
        return None
    return before


@lru_cache(maxsize=4)  # the table and results.json ask for the same
def bridge(data: ReportData) -> tuple[Bridge, ...]:
    """Why cost changed from the period before, in total and by organization and product.

    Args:
        data: for its usage, read by cells, and its published months.

    Returns:
        `bridges` of the two periods; empty for a period that is not complete or is not made of
        whole months, in a what-if that changes usage, and where the period that it is compared with
        was not published with its cells.
    """
    before = bridged_from(data)
    if before is None or before.cells is None or not data.usage.covers_period:
        return ()
    now = cells_of(data.usage.groups[CELLS].to_dict("records"))
    return tuple(bridges(before.cells, now))


def bridge_rows(data: ReportData) -> pd.DataFrame:
    """The effects of `bridge`, one a row.

    Args:
        data: as for `bridge`.

    Returns:
        Columns `dimension` (total, organization, product), `name`, `from` (the period before, as
        text like 2025-11 or 2025-Q3), `effect` and `amount`; effects that are zero have no row.
    """
    before = bridged_from(data)
    rows = [
        (each.dimension, each.name, before.name if before else "", effect, amount)
        for each in bridge(data)
        for effect, amount in each.effects.items()
        if amount
    ]
    columns = ["dimension", "name", "from", "effect", "amount"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _by_key(cells: Iterable[Cell]) -> dict[Key, Amounts]:
    """The amounts of each kind of usage; a kind that is there twice is added."""
    amounts: dict[Key, Amounts] = defaultdict(Amounts)
    for cell in cells:
        if cell.calls:
            amounts[cell.key] += Amounts(cell.calls, cell.tokens, cell.cost)
        else:
            amounts[cell.key] += Amounts(uncounted=cell.cost)
    return dict(amounts)


def _lines(key: Key) -> Iterator[Line]:
    """The lines that a cell is part of."""
    yield TOTAL, TOTAL
    yield "organization", key[0]
    yield "product", key[1]


def _by_line(amounts: Mapping[Key, Amounts]) -> dict[Line, Amounts]:
    lines: dict[Line, Amounts] = defaultdict(Amounts)
    for key, amount in amounts.items():
        for line in _lines(key):
            lines[line] += amount
    return dict(lines)


def _summed(amounts: Mapping[Key, Amounts], fields: slice) -> dict[Key, Amounts]:
    """The amounts by some of a key's fields."""
    sums: dict[Key, Amounts] = defaultdict(Amounts)
    for key, amount in amounts.items():
        sums[key[fields]] += amount
    return dict(sums)


def _effects_of_cells(was: Mapping[Key, Amounts], now: Mapping[Key, Amounts]) -> dict[Key, Effect]:
    """What tokens per call and price did in each cell of the later period."""
    organizations, products = {key[0] for key in was}, {key[1] for key in was}
    local = _summed(was, IN_ITS_PRODUCT), _summed(now, IN_ITS_PRODUCT)
    everywhere = _summed(was, IN_ALL_USAGE), _summed(now, IN_ALL_USAGE)
    effects = {}
    for key, after in now.items():
        if not after.calls or key[0] not in organizations or key[1] not in products:
            continue
        own = _base(was, now, key) or _base(*local, key[IN_ITS_PRODUCT])
        if own:
            effects[key] = _effect(own, after)
        elif of_model := _base(*everywhere, key[IN_ALL_USAGE]):
            effects[key] = Effect(ZERO, _price_effect(of_model, after))
    return effects


def _base(was: Mapping[Key, Amounts], now: Mapping[Key, Amounts], key: Key) -> Amounts | None:
    """What was there before, if it can stand for a price."""
    before, after = was.get(key, NOTHING), now[key]
    is_trial = before.calls < FEW_CALLS and after.calls >= FEW_CALLS * before.calls
    return before if before.calls and not is_trial else None


def _effect(before: Amounts, after: Amounts) -> Effect:
    at_price_per_call = Fraction(before.cost) * after.calls / before.calls
    tokens_per_call = _decimal(_at_price(before, after) - at_price_per_call)
    return Effect(tokens_per_call, _price_effect(before, after))


def _price_effect(before: Amounts, after: Amounts) -> Decimal:
    return _decimal(Fraction(after.cost) - _at_price(before, after))


def _at_price(before: Amounts, after: Amounts) -> Fraction:
    """What the later usage would have cost at the earlier price of a token, or else of a call."""
    if before.tokens and after.tokens:
        return Fraction(before.cost) * after.tokens / before.tokens
    return Fraction(before.cost) * after.calls / before.calls


def _bridge(
    line: Line, was: Amounts | None, now: Amounts | None, of_cells: Iterable[Effect]
) -> Bridge:
    effects = dict.fromkeys(EFFECTS, ZERO)
    before = was.cost + was.uncounted if was else ZERO
    after = now.cost + now.uncounted if now else ZERO
    if was is None or now is None:
        effects[NEW if was is None else GONE] = after - before
        return Bridge(*line, before, after, effects)
    own = list(of_cells)
    effects[TOKENS] = total(effect.tokens_per_call for effect in own)
    effects[PRICE] = total(effect.price for effect in own)
    effects[OTHER] = now.uncounted - was.uncounted
    if was.calls:
        effects[VOLUME] = _decimal(Fraction(was.cost) * (now.calls - was.calls) / was.calls)
    rest = after - before - total(effects.values())
    effects[MIX if was.calls else OTHER] += rest
    growth = ratio(Decimal(now.calls - was.calls), Decimal(was.calls))
    return Bridge(*line, before, after, effects, growth)


def _decimal(amount: Fraction) -> Decimal:
    """An amount to the last decimal that money has here; halves go up."""
    part, whole = amount.numerator * 10**DECIMALS, amount.denominator
    return Decimal((2 * part + whole) // (2 * whole)).scaleb(-DECIMALS)
