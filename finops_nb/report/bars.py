"""Bars: what the charts of the report draw on their axes, and the axis of money below them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.ticker import Formatter

from finops_nb.findings.money_text import amount_text
from finops_nb.money import DECIMALS, minor_units, rounded
from finops_nb.report.format import Format
from finops_nb.report.theme import INK, labels_of

FEW: Final = 12
"""Up to so many bars, each has `PITCH` inches; more bars are closer, so that they fit on paper."""

PITCH: Final = 0.42
CLOSER_PITCH: Final = 0.28

BAR: Final = 0.56
"""The height of a bar, where the distance from bar to bar is 1."""

HALO: Final = (patheffects.withStroke(linewidth=6, foreground="white"),)
"""Around a mark on a bar, so that the two contrast on light and on dark pages."""


def draw_bars(
    axes: Axes, names: Sequence[str], lengths: Sequence[Decimal], colors: str | list[str]
) -> None:
    axes.barh(range(len(lengths)), floats(lengths), BAR, color=colors, zorder=2)
    name_bars(axes, names)


def mark_budgets(axes: Axes, budgets: Sequence[Decimal | None]) -> None:
    for place, budget in enumerate(budgets):
        if budget is not None:
            axes.plot(
                [float(budget)] * 2,
                [place - 0.4, place + 0.4],
                color=INK,
                linewidth=3,
                solid_capstyle="butt",
                path_effects=HALO,
                zorder=3,
            )


def name_bars(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), labels_of(names))
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def write_after_bars(axes: Axes, lengths: Sequence[Decimal], texts: Sequence[str]) -> None:
    for place, (length, text) in enumerate(zip(lengths, texts, strict=True)):
        end = (max(float(length), 0), place)
        axes.annotate(text, end, (5, 0), textcoords="offset points", va="center", fontsize=9)
    axes.margins(x=0.3)


def money_axis(axes: Axes, fmt: Format, label: str, rest: str = "") -> None:
    axes.xaxis.set_major_formatter(MoneyTicks(fmt))
    axes.set_xlabel(f"{label}\n{rest}" if rest else label, loc="right")


def chart_height(bars: int, rest: str = "") -> float:
    """Inches of a chart with so many bars, and a line for the sentence below its axis."""
    pitch = PITCH if bars <= FEW else CLOSER_PITCH
    return 0.85 + pitch * max(bars, 1) + (0.17 if rest else 0)


def floats(amounts: Iterable[Decimal]) -> list[float]:
    return [float(amount) for amount in amounts]


class MoneyTicks(Formatter):
    """Ticks as money: whole amounts without decimals, small ones with as many as they need.

    Rounded to cents, steps of $0.025 would read $0.03, $0.05, $0.08.
    """

    def __init__(self, fmt: Format):
        self._currency = fmt.currency

    def __call__(self, value: float, pos: Any = None) -> str:
        return self.format_ticks([value])[0]

    def format_ticks(self, values: Iterable[float]) -> list[str]:
        amounts = [_amount(value) for value in values]
        exponents = [int(amount.normalize().as_tuple().exponent) for amount in amounts]
        needed = -min(exponents, default=0)
        decimals = 0 if needed <= 0 else max(needed, minor_units(self._currency))
        return [amount_text(amount, self._currency, decimals) for amount in amounts]


def _amount(value: float) -> Decimal:
    """A tick's value without the noise of a float."""
    return rounded(Decimal(repr(float(value))), DECIMALS)
