"""The charts of the report: each draws the figures of a table, and says in its alt text what it shows.

Floats are for the axes only; the figures in alt texts are those of the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from finops_nb.figures.budget_status import Status
from finops_nb.money import ZERO, total
from finops_nb.params.model import Params
from finops_nb.report.format import Format, noun
from finops_nb.report.theme import ACTUAL, INK, OTHER, OVER, SERIES, Chart, drawn, elided, themed
from finops_nb.usage.model import Usage

SHOWN: Final = 12
"""Bars of a chart; the rest are one bar "other", or one sentence where that bar would crush the others, so that it all adds up."""

BAR: Final = 0.56
HALO: Final = (patheffects.withStroke(linewidth=6, foreground="white"),)
"""Around a mark on a bar: on light and on dark pages the two would else be hard to tell apart."""

ABREAST: Final = 66
"""Characters of a legend's names that stand side by side."""


def budget_vs_actual(variance: pd.DataFrame, params: Params) -> Chart:
    """Bars of cost with a mark at the budget, by name; from `budget_variance`."""
    name, fmt = variance.columns[0], Format(params.currency)
    frame, rest = _first(variance, name, ("cost", "budget"), fmt)
    with themed(_height(len(frame), rest)) as axes:
        budgeted = frame["budget"].notna().any()
        gray = (None, Status.NO_BUDGET) if budgeted else (None,)
        colors = [
            OVER if status == Status.OVER else OTHER if status in gray else ACTUAL
            for status in frame["status"]
        ]
        _bars(axes, frame[name], frame["cost"], colors)
        for place, budget in enumerate(frame["budget"]):
            if budget is not None:
                ends = [float(budget)] * 2, [place - 0.4, place + 0.4]
                axes.plot(
                    *ends,
                    color=INK,
                    linewidth=3,
                    solid_capstyle="butt",
                    path_effects=HALO,
                    zorder=3,
                )
        marked = (
            "Actual (bar; orange: over, gray: no budget) and budget (mark)"
            if budgeted
            else "Actual"
        )
        _money_axis(axes, fmt, f"{marked}, {params.currency}", rest)
        said = [
            f"{row[1]} {fmt.money(row.cost)}{_budget(row.budget, fmt)}{f', {row.status}' if row.status and row.budget is not None else ''}"
            for row in frame.itertuples(index=True, name="Row")
        ]
        return drawn(axes, f"Actual cost against budget by {name}: {_listed(said, rest)}.")


def breakdown(parts: pd.DataFrame, params: Params) -> Chart:
    """A bar for each organization, divided by product; from `allocate_within`."""
    fmt = Format(params.currency)
    organizations, products = (_by_cost(parts, name) for name in ("organization", "product"))
    rows, columns = _fold(organizations), _fold(products)
    names, kinds = list(dict.fromkeys(rows.values())), list(dict.fromkeys(columns.values()))
    cells = {(row, column): ZERO for row in names for column in kinds}
    for part in parts.itertuples():
        cells[rows[part.organization], columns[part.product]] += part.cost
    rest, stacks = "", [_stacks(cells[name, kind] for kind in kinds) for name in names]
    if len(rows) > len(names) and _crushes(list(map(_reach, stacks))):
        names, rest = names[:-1], _undrawn(len(rows) - len(names) + 1, total(stacks[-1]), fmt=fmt)
    labels = [elided(kind) for kind in kinds]
    abreast = max(1, min(3, ABREAST // max(map(len, labels), default=1)))
    with themed(_height(len(names), rest) + 0.22 * -(-len(kinds) // abreast)) as axes:
        bars = []
        for position, kind in enumerate(kinds):
            # Credits stack to the left of zero, charges to the right, so that neither hides the other.
            costs = [cells[name, kind] for name in names]
            starts = [
                total(
                    cells[name, other]
                    for other in kinds[:position]
                    if (cells[name, other] < 0) == (cost < 0)
                )
                for name, cost in zip(names, costs, strict=True)
            ]
            color = SERIES[position] if kind in columns else OTHER
            bars.append(
                axes.barh(
                    range(len(names)), _floats(costs), BAR, _floats(starts), color=color, zorder=2
                )[0]
            )
        _names(axes, names)
        _money_axis(axes, fmt, f"Cost, {params.currency}", rest)
        # With its bars given, the legend names every product; by itself it would leave out those that start with "_".
        axes.figure.legend(bars, labels, loc="outside lower center", ncols=abreast, fontsize=9)
        said = [
            f"{name}: "
            + ", ".join(
                f"{kind} {fmt.money(cells[name, kind])}" for kind in kinds if cells[name, kind]
            )
            for name in names
        ]
        return drawn(axes, f"Cost of each organization by product. {_listed(said, rest)}.")


def cost_by_feature(features: pd.DataFrame, params: Params) -> Chart:
    """Bars of cost by feature, each with the cost of a call beside it; from `unit_costs`."""
    fmt = Format(params.currency)
    if features.empty:
        return Chart("")
    counted = features["calls"].notna().any()  # a bill has no calls; of a log, "other" has none
    frame, rest = _first(features, "feature", ("cost",), fmt)
    with themed(_height(len(frame), rest)) as axes:
        _bars(
            axes,
            frame["feature"],
            frame["cost"],
            [OTHER if calls is None and counted else ACTUAL for calls in frame["calls"]],
        )
        unit_costs = [
            f"{fmt.unit_cost(each)} a call" if each is not None else ""
            for each in frame["cost_per_call"]
        ]
        _beside(axes, frame["cost"], unit_costs)
        _money_axis(axes, fmt, f"Cost, {params.currency}", rest)
        said = [
            f"{name} {fmt.money(cost)}{f', {each}' if each else ''}"
            for name, cost, each in zip(frame["feature"], frame["cost"], unit_costs, strict=True)
        ]
        return drawn(axes, f"Cost by feature: {_listed(said, rest)}.")


def efficiency(ranked: pd.DataFrame, params: Params) -> Chart:
    """Bars of calls per unit of currency by organization; from `rank_efficiency`."""
    fmt = Format(params.currency)
    scored = ranked[[rank is not None for rank in ranked["rank"]]]
    if ranked["calls"].isna().all():
        return Chart("")
    shown = scored.head(SHOWN)
    with themed(_height(len(shown))) as axes:
        _bars(axes, shown["organization"], shown["calls_per_unit"], ACTUAL)
        _beside(
            axes,
            shown["calls_per_unit"],
            [fmt.calls_per_money(score) for score in shown["calls_per_unit"]],
        )
        axes.set_xlabel(f"Calls per {params.currency}; longer is better")
        rest = (
            f"; {noun(len(scored) - SHOWN, 'more organization')} with fewer"
            if len(scored) > SHOWN
            else ""
        )
        said = ", ".join(
            f"{row.organization} {fmt.calls_per_money(row.calls_per_unit)}"
            for row in shown.itertuples()
        )
        return drawn(
            axes,
            f"Calls per {params.currency} by organization, most first: {said or 'no organization has a score'}{rest}.",
        )


def spend_by_day(usage: Usage, params: Params) -> Chart:
    """Bars of cost by day, empty where a day has no usage."""
    fmt, days = Format(params.currency), usage.period.days
    spent = dict(zip(usage.groups["day",]["day"], usage.groups["day",]["cost"], strict=True))
    with themed(2.6) as axes:
        axes.bar(
            range(len(days)),
            _floats(spent.get(day, ZERO) for day in days),
            0.8 if len(days) < 100 else 1,
            color=ACTUAL,
            zorder=2,
        )
        ticks = range(0, len(days), max(1, len(days) // 8))
        axes.set_xticks(
            ticks, [days[tick].isoformat()[5 if len(days) < 100 else 0 :] for tick in ticks]
        )
        axes.grid(visible=False, axis="x")
        axes.yaxis.set_major_formatter(_money_ticks(fmt))
        axes.set_ylabel(f"Cost, {params.currency}")
        high, low = (pick(spent, key=lambda day: (spent[day], day)) for pick in (max, min))
        idle = len(days) - len(spent)
        return drawn(
            axes,
            f"Cost by day from {days[0]} to {days[-1]}: highest {fmt.money(spent[high])} on {high}, lowest {fmt.money(spent[low])} on {low}"
            + (f"; no usage on {idle} of {len(days)} days." if idle else "."),
        )


def _first(
    frame: pd.DataFrame, name: str, added: Sequence[str], fmt: Format
) -> tuple[pd.DataFrame, str]:
    """The first lines of a frame and one "other" that adds up the rest, or where that would crush them a sentence on it."""
    if len(frame) <= SHOWN:
        return frame, ""
    first, rest = frame.iloc[: SHOWN - 1], frame.iloc[SHOWN - 1 :]
    known = {column: [value for value in rest[column] if value is not None] for column in added}
    sums = {column: total(values) if values else None for column, values in known.items()}
    if _crushes([*map(_reach, first[list(added)].to_numpy()), _reach(sums.values())]):
        return first, _undrawn(len(rest), **sums, fmt=fmt)
    other = dict.fromkeys(frame.columns) | {name: f"other ({len(rest)})"} | sums
    return pd.concat([first, pd.DataFrame([other], dtype=object)], ignore_index=True), ""


def _reach(amounts: Iterable[Decimal | None]) -> Decimal:
    """How far from zero a line is drawn."""
    return max((abs(amount) for amount in amounts if amount is not None), default=ZERO)


def _crushes(reaches: Sequence[Decimal]) -> bool:
    """The last line, that of the others, is longer than every named one, and would take the axis from them."""
    return reaches[-1] > max(reaches[:-1])


def _undrawn(
    others: int, cost: Decimal | None, budget: Decimal | None = None, *, fmt: Format
) -> str:
    """What is not drawn, in words, so that a chart still adds up."""
    return f"and {noun(others, 'other')}, not drawn: {fmt.money(cost)}" + (
        f" of {fmt.money(budget)}" if budget is not None else ""
    )


def _listed(said: Sequence[str], rest: str) -> str:
    return "; ".join([*said, rest] if rest else said)


def _by_cost(parts: pd.DataFrame, name: str) -> list[str]:
    sums = parts.groupby(name)["cost"].agg(total)
    return sorted(sums.index, key=lambda each: (-sums[each], each))


def _fold(names: list[str]) -> dict[str, str]:
    """Each name as it is charted: itself, or "other" past the first ones."""
    other = f"other ({len(names) - SHOWN + 1})"
    return {
        name: name if len(names) <= SHOWN or place < SHOWN - 1 else other
        for place, name in enumerate(names)
    }


def _stacks(costs: Iterable[Decimal]) -> tuple[Decimal, Decimal]:
    """How long the credits of a line are together, and how long the charges."""
    amounts = list(costs)
    return total(amount for amount in amounts if amount < 0), total(
        amount for amount in amounts if amount > 0
    )


def _bars(
    axes: Axes, names: Sequence[str], lengths: Sequence[Decimal], colors: str | list[str]
) -> None:
    axes.barh(range(len(lengths)), _floats(lengths), BAR, color=colors, zorder=2)
    _names(axes, names)


def _names(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [elided(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def _beside(axes: Axes, lengths: Sequence[Decimal], texts: Sequence[str]) -> None:
    """Texts to the right of bars."""
    for place, (length, text) in enumerate(zip(lengths, texts, strict=True)):
        axes.annotate(
            text,
            (max(float(length), 0), place),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.margins(x=0.3)


def _money_axis(axes: Axes, fmt: Format, label: str, rest: str = "") -> None:
    axes.xaxis.set_major_formatter(_money_ticks(fmt))
    axes.set_xlabel(f"{label}\n{rest}" if rest else label, loc="right")


def _money_ticks(fmt: Format) -> FuncFormatter:
    return FuncFormatter(
        lambda value, _: fmt.money(Decimal(repr(float(value)))).removesuffix(".00")
    )


def _height(bars: int, rest: str = "") -> float:
    return 0.85 + 0.42 * max(bars, 1) + (0.17 if rest else 0)


def _budget(budget: Decimal | None, fmt: Format) -> str:
    return ", no budget" if budget is None else f" of {fmt.money(budget)} budget"


def _floats(amounts: Iterable[Decimal]) -> list[float]:
    return [float(amount) for amount in amounts]
