"""Bridge in cents: effects in whole cents that add up across and down, to what other tables print.

The change of each name, and the sum of each effect, must be the same wherever they are printed. So
these are rounded first, each by itself, and the effects of the names are then fitted to them. What
the rounded changes of the names miss of the rounded total is a line of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from finops_nb.figures.bridge import Effects
from finops_nb.figures.controlled_rounding import round_table
from finops_nb.money import ZERO, added, rounded, total

ROUNDING_ROW: Final = "\n"
"""The row of the rounding: no name of an organization or product has a line break."""


class BridgeInCents(NamedTuple):
    """The effects of some names, and their sums.

    Args:
        names: by name, its effects; they add up to its change, rounded.
        rounding: of each effect, what the names miss of `sums`; zero where they miss nothing. They
            add up to what the rounded changes of the names miss of the rounded change in total.
        sums: by effect; they add up to the change of the total, rounded.
    """

    names: Mapping[str, Effects]
    rounding: Effects
    sums: Effects


def in_cents(effects: Effects, decimals: int) -> Effects:
    """The effects of one line, in whole minor units that add up to their rounded sum.

    Args:
        effects: exact.
        decimals: of the currency.

    Returns:
        Amounts within one minor unit of the exact ones.

    Example:
        0.004 and 0.004 are 0.01 together: 0.01 and 0.00.
    """
    cents = round_table({("", effect): amount for effect, amount in effects.items()}, decimals)
    return {effect: cents["", effect] for effect in effects}


def changes_in_cents(
    changes: Mapping[str, Decimal], together: Iterable[Collection[str]], decimals: int
) -> dict[str, Decimal]:
    """The change of each name in whole minor units, as it is printed.

    Args:
        changes: by name, exact.
        together: names that are printed as one line, such as "other (60)".
        decimals: of the currency.

    Returns:
        Each is rounded by itself; those printed together are within one minor unit and add up to
        their rounded sum, which is what other tables print for them.

    Example:
        0.004, 0.004 and 0.004 together are 0.01: one of them is 0.01.
    """
    cents = {name: rounded(change, decimals) for name, change in changes.items()}
    for names in together:
        cents |= in_cents({name: changes[name] for name in names}, decimals)
    return cents


def bridge_in_cents(
    effects: Mapping[str, Effects],
    whole: Effects,
    decimals: int,
    together: Iterable[Collection[str]] = (),
) -> BridgeInCents:
    """The effects of the names of a dimension, in whole minor units.

    Args:
        effects: by name, exact; a name may lack an effect that does not apply to it, but one of
            them has all.
        whole: those of the total, exact; the effects of the names add up to them.
        decimals: of the currency.
        together: as in `changes_in_cents`.

    Returns:
        Amounts within three minor units of the exact ones. `sums` depends on the total only, so
        that they are the same for every dimension.

    Example:
        Volume 0.004 and mix 0.004 of one name are 0.01 together: one of them is 0.01.
    """
    sums = in_cents(whole, decimals)
    changes = {name: total(each.values()) for name, each in effects.items()}
    printed = changes_in_cents(changes, together, decimals)
    fitted = {name: _with_change(each, printed[name]) for name, each in effects.items()}
    missed = _missed(fitted, sums)
    cent = Decimal(1).scaleb(-decimals)
    if not total(missed.values()) and all(abs(amount) < cent for amount in missed.values()):
        # The largest line that has all effects takes it: its change stays the same.
        of_all = (name for name, each in effects.items() if each.keys() >= whole.keys())
        largest = max(of_all, key=lambda name: (abs(changes[name]), name))
        fitted[largest] = added([fitted[largest], missed])
        missed = dict.fromkeys(whole, ZERO)
    fitted[ROUNDING_ROW] = missed
    cells = {(name, effect): each[effect] for name, each in fitted.items() for effect in each}
    cents = round_table(cells, decimals)
    rows = {name: {effect: cents[name, effect] for effect in each} for name, each in fitted.items()}
    return BridgeInCents(rows, rows.pop(ROUNDING_ROW), sums)


def _missed(names: Mapping[str, Effects], sums: Effects) -> Effects:
    """By effect, what the names miss of the sums."""
    return {
        effect: sums[effect] - total(each.get(effect, ZERO) for each in names.values())
        for effect in sums
    }


def _with_change(effects: Effects, change: Decimal) -> Effects:
    """Effects that add up to a change, the largest one moved by what they miss of it."""
    largest = max(effects, key=lambda effect: abs(effects[effect]))
    return {**effects, largest: effects[largest] + change - total(effects.values())}
