"""The charts of the report: each draws the figures of a table, with an alt text that cites them.

Floats are for the axes only; the figures in alt texts are those of the tables. A new chart is a
function here and a cell of notebooks/organizational_alignment.ipynb; how bars are drawn is in
`bars.py`, colors are in `theme.py`.

`picture` of mail/message.py draws `budget_vs_actual`, too, from four columns and params that have a
currency only. mail/read_back.py (`ADDED_UP`) reads in its alt text what is "other" or not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

import pandas as pd
from matplotlib.axes import Axes

from finops_nb import schema
from finops_nb.figures.budget_status import Status
from finops_nb.figures.named import Named, named, names_of
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.days_out_of_line import material_anomalies
from finops_nb.findings.tense import tense_of
from finops_nb.money import ZERO, total
from finops_nb.params.model import Params
from finops_nb.report.bars import (
    BAR,
    MoneyTicks,
    chart_height,
    draw_bars,
    floats,
    mark_budgets,
    money_axis,
    name_bars,
    write_after_bars,
)
from finops_nb.report.format import Format, noun
from finops_nb.report.theme import ACTUAL, OTHER, OVER, SERIES, Chart, drawn, labels_of, themed
from finops_nb.report.top_n import printed_names, top_n
from finops_nb.schema import Column
from finops_nb.usage.model import Usage
from finops_nb.words import listing

HATCHES: Final = ("", "//", "xx", "..")
"""Patterns of bars: the second round of the colors has another one than the first."""

LEGEND_LENGTH: Final = 66
"""Characters of a legend's names that fit side by side."""

MANY_DAYS: Final = 100
"""Days from which on their bars touch and their ticks have the year."""

Row: TypeAlias = Mapping[str, Any]
Cells: TypeAlias = Mapping[tuple[str, str], Decimal]
"""Cost by organization and product."""


def budget_vs_actual(variance: pd.DataFrame, params: Params) -> Chart:
    """Bars of cost by name, each with a mark at the budget.

    Args:
        variance: from `budget_variance`; its first column has the names.
        params: for the currency.
    """
    name, fmt = str(variance.columns[0]), Format(params.currency)
    rows, rest = _bars_of(variance, name, (schema.COST, schema.BUDGET), fmt)
    budgets = [row["budget"] for row in rows]
    has_budgets = any(budget is not None for budget in budgets)
    colors = [_bar_color(row.get("status"), has_budgets) for row in rows]
    actual = "What-if" if tense_of(params).supposed else "Actual"
    label = _bars_label(rows, actual) if has_budgets else actual
    with themed(chart_height(len(rows), rest)) as axes:
        draw_bars(axes, [row[name] for row in rows], [row["cost"] for row in rows], colors)
        mark_budgets(axes, budgets)
        money_axis(axes, fmt, f"{label}, {params.currency}", rest)
        compared = " against budget" if has_budgets else ""
        texts = [f"{row[name]} {_against_budget(row, fmt, has_budgets)}" for row in rows]
        return drawn(axes, f"{actual} cost{compared} by {name}: {_joined(texts, rest)}.")


def breakdown(parts: pd.DataFrame, params: Params, data: ReportData | None = None) -> Chart:
    """A bar for each organization, divided by product.

    Args:
        parts: from `allocate_within`.
        params: for the currency.
        data: says which names are "other", as in the tables; None: those with the lowest cost.
    """
    fmt, tense = Format(params.currency), tense_of(params)
    names = {} if data is None else names_of(data)
    by_organization, by_product = (
        _printed(parts, name, names) for name in ("organization", "product")
    )
    stacks, rest = _stacks(parts, by_organization, by_product, fmt)
    labels = labels_of(stacks.products)
    # Names that fit side by side make a legend of few lines; three columns are the most.
    abreast = max(1, min(3, LEGEND_LENGTH // max(map(len, labels), default=1)))
    legend_lines = -(-len(labels) // abreast)
    with themed(chart_height(len(stacks.organizations), rest) + 0.22 * legend_lines) as axes:
        bars = _draw_stacks(axes, stacks)
        name_bars(axes, stacks.organizations)
        money_axis(axes, fmt, tense.caption(f"Cost, {params.currency}"), rest)
        # Without the bars the legend would leave out products whose names start with "_".
        axes.figure.legend(bars, labels, loc="outside lower center", ncols=abreast, fontsize=9)
        texts = [_products_text(stacks, name, fmt) for name in stacks.organizations]
        return drawn(
            axes, tense.caption(f"Cost of each organization by product. {_joined(texts, rest)}.")
        )


def cost_by_feature(features: pd.DataFrame, params: Params) -> Chart:
    """Bars of cost by feature, each with its cost per call.

    Args:
        features: from `unit_costs`.
        params: for the currency.
    """
    fmt, tense = Format(params.currency), tense_of(params)
    if features.empty:
        return Chart("")
    rows, rest = _bars_of(features, "feature", (schema.COST,), fmt)
    # A bill has no calls at all; in a log, only "other" has none.
    has_calls = features["calls"].notna().any()
    colors = [OTHER if has_calls and row.get("calls") is None else ACTUAL for row in rows]
    costs = [row["cost"] for row in rows]
    unit_costs = [_unit_cost(row.get("cost_per_call"), fmt) for row in rows]
    with themed(chart_height(len(rows), rest)) as axes:
        draw_bars(axes, [row["feature"] for row in rows], costs, colors)
        write_after_bars(axes, costs, unit_costs)
        money_axis(axes, fmt, tense.caption(f"Cost, {params.currency}"), rest)
        texts = [
            ", ".join(filter(None, (f"{row['feature']} {fmt.money(row['cost'])}", unit_cost)))
            for row, unit_cost in zip(rows, unit_costs, strict=True)
        ]
        return drawn(axes, tense.caption(f"Cost by feature: {_joined(texts, rest)}."))


def efficiency(ranked: pd.DataFrame, params: Params, data: ReportData | None = None) -> Chart:
    """Bars of calls per unit of currency by organization, the highest first.

    Args:
        ranked: from `rank_efficiency`; an organization without a rank has no bar.
        params: for the currency.
        data: says which names are "other", as in the tables; None: those with the lowest cost.
    """
    fmt = Format(params.currency)
    if ranked["calls"].isna().all():
        return Chart("")
    scored = ranked.loc[[rank is not None for rank in ranked["rank"]]]
    by_name = _named(ranked, "organization") if data is None else names_of(data)["organization"]
    left_out = by_name.left_out_of(ranked["organization"])
    shown = scored.loc[[name not in left_out for name in scored["organization"]]]
    others = len(scored) - len(shown)
    names, scores = list(shown["organization"]), list(shown["calls_per_unit"])
    labels = [fmt.calls_per_money(score) for score in scores]
    with themed(chart_height(len(shown))) as axes:
        draw_bars(axes, names, scores, ACTUAL)
        write_after_bars(axes, scores, labels)
        axes.set_xlabel(f"Calls per {fmt.unit}; higher is better")
        texts = [f"{name} {label}" for name, label in zip(names, labels, strict=True)]
        listed = listing(texts) or "no organization has a score"
        more = f"; {noun(others, 'other')} not drawn" if others else ""
        heading = f"Calls per {fmt.unit} by organization, highest first"
        return drawn(axes, f"{heading}: {listed}{more}.")


def spend_by_day(usage: Usage, params: Params, data: ReportData | None = None) -> Chart:
    """Bars of cost by day; a day without usage has none.

    Args:
        usage: of the period.
        params: for the currency.
        data: says which days are out of line, in another color; None: all have the same.
    """
    fmt, days, tense = Format(params.currency), usage.period.days, tense_of(params)
    by_day = usage.groups["day",]
    costs = dict(zip(by_day["day"], by_day["cost"], strict=True))
    many = len(days) >= MANY_DAYS
    with themed(2.6) as axes:
        heights = floats(costs.get(day, ZERO) for day in days)
        marked = _days_out_of_line(data)
        colors = [OVER if day in marked else ACTUAL for day in days]
        axes.bar(range(len(days)), heights, 1 if many else 0.8, color=colors, zorder=2)
        ticks = range(0, len(days), max(1, len(days) // 8))
        start = 0 if many else len("2025-")
        axes.set_xticks(ticks, [days[tick].isoformat()[start:] for tick in ticks])
        axes.grid(visible=False, axis="x")
        axes.yaxis.set_major_formatter(MoneyTicks(fmt))
        mark = "\n(orange: out of line)" if marked else ""
        axes.set_ylabel(tense.caption(f"Cost, {params.currency}{mark}"))
        high, low = (pick(costs, key=lambda day: (costs[day], day)) for pick in (max, min))
        extremes = (
            f"highest {fmt.money(costs[high])} on {high}, lowest {fmt.money(costs[low])} on {low}"
        )
        idle = len(days) - len(costs)
        what = "charges" if "calls" in usage.missing_columns else "usage"
        without = f"; no {what} on {idle} of {len(days)} days" if idle else ""
        named = "; out of line: " + listing(map(str, sorted(marked))) if marked else ""
        text = f"Cost by day from {days[0]} to {days[-1]}: {extremes}{without}{named}."
        return drawn(axes, tense.caption(text))


def _days_out_of_line(data: ReportData | None) -> set[date]:
    """The days of all anomalies."""
    found = () if data is None else material_anomalies(data)
    return {each.day + timedelta(number) for each in found for number in range(each.days)}


def _bars_of(
    frame: pd.DataFrame, name: str, columns: Sequence[Column], fmt: Format
) -> tuple[list[Row], str]:
    """The rows to draw and "other", or a sentence where "other" would crush them.

    Args:
        frame: with the columns `name`, those of `columns`, and more.
        name: the column of names.
        columns: those that are added up in "other".
        fmt: for the sentence.
    """
    names = _named(frame, name)
    cut = top_n(frame.to_dict("records"), columns, name, names)
    if not cut.others or cut.others[-1].get("status"):
        return cut.printed, ""
    *drawn_rows, other = cut.printed
    sums = {column.name: other[column.name] for column in columns}
    reaches = [_reach(row[column.name] for column in columns) for row in cut.printed]
    if not _crushes(reaches):
        return cut.printed, ""
    others = [mark for mark in names.left_out_of(frame[name]).values() if not mark]
    return drawn_rows, _not_drawn(len(others), fmt, **sums)


def _named(frame: pd.DataFrame, name: str) -> Named:
    """The names that the tables of the same frame print."""
    return named(frame.to_dict("records"), name)


def _printed(parts: pd.DataFrame, name: str, names: Mapping[Any, Named]) -> dict[str, str]:
    """Each name of a breakdown as it is printed, those with the highest cost first."""
    costs = parts.groupby(name)["cost"].agg(total)
    every = sorted(costs.index, key=lambda each: (-costs[each], each))
    rows = ({name: each, "cost": costs[each]} for each in every)
    return printed_names(every, names[name] if name in names else named(rows, name))


def _reach(amounts: Iterable[Decimal | None]) -> Decimal:
    """How far from zero the bar and the mark of a row are drawn."""
    return max((abs(amount) for amount in amounts if amount is not None), default=ZERO)


def _crushes(reaches: Sequence[Decimal]) -> bool:
    """Whether the last bar, "other", is longer than all others, so that they would look short."""
    return reaches[-1] > max(reaches[:-1])


def _not_drawn(
    others: int, fmt: Format, cost: Decimal | None, budget: Decimal | None = None
) -> str:
    """What is not drawn, in words, so that the chart still adds up."""
    text = f"and {noun(others, 'other')}, not drawn: {fmt.money(cost)}"
    return text if budget is None else f"{text} of a {fmt.money(budget)} budget"


def _joined(texts: Sequence[str], rest: str) -> str:
    """Texts with semicolons between them, since they have commas."""
    return "; ".join([*texts, rest] if rest else texts)


class _Stacks(NamedTuple):
    """The bars of a breakdown: names, and the cost of each cell."""

    organizations: Sequence[str]
    products: Sequence[str]
    cells: Cells
    colors: Sequence[str]


def _stacks(
    parts: pd.DataFrame, by_organization: dict[str, str], by_product: dict[str, str], fmt: Format
) -> tuple[_Stacks, str]:
    """The bars to draw, and a sentence on those that would crush them.

    Args:
        parts: from `allocate_within`.
        by_organization: each name as it is printed.
        by_product: likewise.
        fmt: for the sentence.
    """
    organizations = list(dict.fromkeys(by_organization.values()))
    products = list(dict.fromkeys(by_product.values()))
    cells = dict.fromkeys(((row, column) for row in organizations for column in products), ZERO)
    for part in parts.itertuples():
        cells[by_organization[part.organization], by_product[part.product]] += part.cost
    colors = [
        SERIES[place % len(SERIES)] if product in by_product else OTHER
        for place, product in enumerate(products)
    ]
    lengths = [_credits_and_charges(cells, name, products) for name in organizations]
    others = list(by_organization.values()).count(organizations[-1])
    if others == 1 or not _crushes([_reach(each) for each in lengths]):
        return _Stacks(organizations, products, cells, colors), ""
    rest = _not_drawn(others, fmt, total(lengths[-1]))
    return _Stacks(organizations[:-1], products, cells, colors), rest


def _credits_and_charges(
    cells: Cells, organization: str, products: Sequence[str]
) -> tuple[Decimal, Decimal]:
    """How far a bar reaches to the left of zero, and how far to the right."""
    costs = [cells[organization, product] for product in products]
    return total(cost for cost in costs if cost < 0), total(cost for cost in costs if cost > 0)


def _draw_stacks(axes: Axes, stacks: _Stacks) -> list[Any]:
    """Draw the bars product by product; one bar of each product, for the legend."""
    places = range(len(stacks.organizations))
    legend = []
    for number, product in enumerate(stacks.products):
        costs = [stacks.cells[name, product] for name in stacks.organizations]
        starts = [_start(stacks, name, number) for name in stacks.organizations]
        lengths, color = floats(costs), stacks.colors[number]
        hatch = HATCHES[number // len(SERIES) % len(HATCHES)] if color != OTHER else ""
        bars = axes.barh(places, lengths, BAR, floats(starts), color=color, hatch=hatch, zorder=2)
        legend.append(bars[0])
    return legend


def _start(stacks: _Stacks, name: str, number: int) -> Decimal:
    """Where a product's part of a bar starts.

    Credits stack to the left of zero and charges to the right, so that neither hides the other.
    """
    is_credit = stacks.cells[name, stacks.products[number]] < 0
    before = [stacks.cells[name, product] for product in stacks.products[:number]]
    return total(cost for cost in before if (cost < 0) == is_credit)


def _products_text(stacks: _Stacks, name: str, fmt: Format) -> str:
    """org-alpha: chat $4.00 and search $2.00"""
    costs = {product: stacks.cells[name, product] for product in stacks.products}
    return f"{name}: " + listing(
        f"{product} {fmt.money(cost)}" for product, cost in costs.items() if cost
    )


def _bar_color(status: str | None, has_budgets: bool) -> str:
    """Orange if over budget, gray if there is none; without any budget all bars are alike."""
    if status == Status.OVER:
        return OVER
    is_unbudgeted = status is None or (has_budgets and status == Status.NO_BUDGET)
    return OTHER if is_unbudgeted else ACTUAL


def _bars_label(rows: Iterable[Row], actual: str) -> str:
    """What bars, their colors and the marks are; gray only if a name without budget is drawn."""
    has_gray = any(row.get("status") == Status.NO_BUDGET for row in rows)
    gray = ", gray if no budget" if has_gray else ""
    return f"{actual} (bar; orange if over budget{gray}) and budget (dark mark)"


def _against_budget(row: Row, fmt: Format, has_budgets: bool) -> str:
    """$6.00 of $5.00 budget, OVER; without any budget $6.00"""
    cost, budget, status = fmt.money(row["cost"]), row["budget"], row.get("status")
    if budget is None:
        return f"{cost}, no budget" if has_budgets else cost
    text = f"{cost} of {fmt.money(budget)} budget"
    return f"{text}, {status}" if status else text


def _unit_cost(cost: Decimal | None, fmt: Format) -> str:
    return "" if cost is None else f"{fmt.unit_cost(cost)} per call"
