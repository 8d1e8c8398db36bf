"""Charts: bars that add up to the table, alt texts that cite it, and any name or amount."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from decimal import Decimal

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from support.made_usage import data_of

from finops_nb.figures.allocation import allocate, allocate_within
from finops_nb.figures.efficiency import rank_efficiency, unit_costs
from finops_nb.figures.variance import budget_variance
from finops_nb.params.budgets import read_budgets
from finops_nb.report import charts, theme
from finops_nb.report.theme import ACTUAL, INK, OTHER, OVER, Chart, labels_of

pytestmark = pytest.mark.filterwarnings("error")

# A quarter is exact as a float too, so that sums of bars are compared exactly.
QUARTER = Decimal("0.25")
MANY = [
    (f"org-{n:02}", f"product-{n:02}", f"feature-{n:02}", f"c{n}", str(n * QUARTER))
    for n in range(1, 31)
]
"""Thirty of each, 0.25 to 7.50: 0.25 × (1 + … + 30) = 116.25 in all."""
HOSTILE = [
    *(
        "$5 vs $6",
        "$\\foo$",
        "_hidden",
        "__",
        "日本 👩‍🚀",
        "\u202egpj",
        "<script>alert(1)</script>",
        "a\nb",
        "a\x00\x1b[31mb",
        "{0}",
        "%s",
    ),
    *("x" * 500, "日" * 500, "=1+1", "\\", "^_^", "-->"),
]


@pytest.fixture
def drawn_axes(monkeypatch) -> list[Axes]:
    """The axes of every chart that is drawn, in order."""
    kept: list[Axes] = []

    def drawn(axes: Axes, alt: str) -> Chart:
        kept.append(axes)
        return theme.drawn(axes, alt)

    monkeypatch.setattr(charts, "drawn", drawn)
    return kept


def variance_of(usage, by="organization", **budgets):
    return budget_variance(
        allocate(usage, by),
        {name: Decimal(budget) for name, budget in budgets.items()},
        Decimal("0.8"),
        usage.complete,
        "USD",
    )


def all_charts(usage, params, **budgets) -> list[Chart]:
    return [
        charts.budget_vs_actual(variance_of(usage, **budgets), params),
        charts.breakdown(allocate_within(usage, "organization", "product"), params),
        charts.cost_by_feature(unit_costs(allocate(usage, "feature")), params),
        charts.efficiency(rank_efficiency(allocate(usage, "organization")), params),
        charts.spend_by_day(usage, params),
    ]


def widths(axes: Axes) -> list[float]:
    return [bar.get_width() for bar in axes.patches]


def labels(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def marks(axes: Axes) -> list[float]:
    """The positions of the budget marks."""
    return [line.get_xdata()[0] for line in axes.lines]


def legend(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.figure.legends[0].get_texts()]


def test_it_draws_cost_against_budget(six, params, drawn_axes):
    """A bar of cost for each name and a mark at its budget; orange is over, gray has no budget."""
    chart = charts.budget_vs_actual(variance_of(six, **{"org-a": "5", "org-b": "3"}), params())
    (axes,) = drawn_axes

    assert labels(axes) == ["org-a", "org-b", "(unallocated)"]
    assert (widths(axes), marks(axes)) == ([6, 2, 2], [5, 3])
    assert [to_hex(bar.get_facecolor()).upper() for bar in axes.patches] == [OVER, ACTUAL, OTHER]
    assert chart.alt == (
        "Actual cost against budget by organization: org-a $6.00 of $5.00 budget, OVER; "
        "org-b $2.00 of $3.00 budget, UNDER; (unallocated) $2.00, no budget."
    )
    assert axes.get_xlabel() == (
        "Actual (bar; orange if over budget, gray if no budget) and budget (dark mark), USD"
    )


def test_it_names_gray_only_where_a_bar_is_gray(six, params, drawn_axes):
    """All products have a budget."""
    charts.budget_vs_actual(variance_of(six, "product", chat="5", search="3"), params())
    (axes,) = drawn_axes

    label = "Actual (bar; orange if over budget) and budget (dark mark), USD"
    assert axes.get_xlabel() == label


def test_without_any_budget_it_draws_costs_alone(six, params, drawn_axes):
    """Its axis label explains no mark and no color, and all bars are alike."""
    charts.budget_vs_actual(variance_of(six), params())
    (axes,) = drawn_axes

    assert axes.get_xlabel() == "Actual, USD"
    assert {to_hex(bar.get_facecolor()).upper() for bar in axes.patches} == {ACTUAL}


def test_its_bars_and_marks_add_up_to_the_table(usage_of, params, drawn_axes):
    """Of thirty names, 24 are drawn and six are "other": 116.25 in all, and all budgets.

    org-01 is drawn, since it is the most efficient: the others are org-02 to org-07.
    """
    usage = usage_of(MANY)
    budgets = {f"org-{n:02}": str(n * 2 * QUARTER) for n in range(1, 31)}
    chart = charts.budget_vs_actual(variance_of(usage, **budgets), params())
    (axes,) = drawn_axes

    assert (len(axes.patches), labels(axes)[0], labels(axes)[-1]) == (25, "org-30", "other (6)")
    assert sum(widths(axes)) == usage.cost == Decimal("116.25")
    assert widths(axes)[-1] == QUARTER * (7 + 6 + 5 + 4 + 3 + 2)
    assert sum(marks(axes)) == 232.5
    assert to_hex(axes.patches[-1].get_facecolor()).upper() == OTHER
    assert "; other (6) $6.75 of $13.50 budget." in chart.alt


def test_its_marks_stand_out_on_any_bar(six, params):
    """Each is drawn in white and then in ink, so that its contrast is 3:1 on any page."""
    drawing = charts.budget_vs_actual(
        variance_of(six, **{"org-a": "5", "org-b": "3"}), params()
    ).svg
    halo, ink = "stroke: #ffffff; stroke-width: 6", f"stroke: {INK}; stroke-width: 3"
    drawn = [
        each
        for each in re.findall("stroke: #[0-9a-fA-F]+; stroke-width: [0-9]", drawing)
        if each in (halo, ink)
    ]
    assert drawn == [halo, ink, halo, ink]


def test_it_says_what_it_does_not_draw(usage_of, params, drawn_axes):
    """Of 41 names 24 are drawn: an "other" of 17 would crush bars of 2, so it is a sentence."""
    usage = usage_of(
        [
            (f"org-{n:02}", f"product-{n:02}", f"feature-{n:02}", "c", "2" if n < 11 else "1")
            for n in range(41)
        ]
    )
    drawings = all_charts(usage, params(), **{f"org-{n:02}": "1.5" for n in range(41)})[:3]

    # 11 × 2 + 13 × 1 are drawn and 17 × 1 are not, of 52 in all.
    budget, parts, features = drawn_axes[:3]
    assert [sum(widths(axes)) for axes in (budget, parts, features)] == [35, 35, 35]
    assert (len(marks(budget)), sum(marks(budget))) == (24, 36)
    assert [labels(axes)[-1] for axes in (budget, parts, features)] == [
        "org-23",
        "org-23",
        "feature-23",
    ]
    rest = [
        "and 17 others, not drawn: $17.00 of a $25.50 budget",
        "and 17 others, not drawn: $17.00",
        "and 17 others, not drawn: $17.00",
    ]
    assert [axes.get_xlabel().split("\n")[1] for axes in (budget, parts, features)] == rest
    assert [chart.alt.split("; ")[-1] for chart in drawings] == [f"{text}." for text in rest]


def test_it_does_not_draw_a_budget_of_others_that_crushes_the_bars(usage_of, params, drawn_axes):
    """The costs of the others are small, but their budget of 3 × 100 is not.

    The other 26 have NO BUDGET, so that each of them is drawn; org-01 is the most efficient.
    """
    budgets = {f"org-{n:02}": "100" for n in range(1, 5)}
    charts.budget_vs_actual(variance_of(usage_of(MANY), **budgets), params())

    assert (len(drawn_axes[0].patches), marks(drawn_axes[0])) == (27, [100])
    assert (
        drawn_axes[0].get_xlabel().endswith("\nand 3 others, not drawn: $2.25 of a $300.00 budget")
    )


def test_it_draws_no_budget_where_there_is_none(usage_of, params, drawn_axes):
    """Without any budget there is no mark, not even for "other"."""
    chart = charts.budget_vs_actual(variance_of(usage_of(MANY)), params())

    assert marks(drawn_axes[0]) == []
    assert "other (6) $6.75." in chart.alt
    assert "budget" not in chart.alt


def test_it_draws_25_without_an_other(usage_of, params, drawn_axes):
    """25 fit, so none of them becomes "other"."""
    charts.budget_vs_actual(variance_of(usage_of(MANY[:25])), params())

    assert not [label for label in labels(drawn_axes[0]) if label.startswith("other")]


def test_it_divides_each_organization_by_product(six, params, drawn_axes):
    """The parts of a bar add up to the organization's cost; the legend names every product."""
    chart = charts.breakdown(allocate_within(six, "organization", "product"), params())
    (axes,) = drawn_axes

    assert labels(axes) == ["org-a", "(unallocated)", "org-b"]
    assert legend(axes) == ["chat", "search"]
    assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [
        (0, 4),
        (0, 2),
        (0, 0.5),
        (4, 2),
        (2, 0),
        (0.5, 1.5),
    ]
    assert chart.alt == (
        "Cost of each organization by product. org-a: chat $4.00 and search $2.00; "
        "(unallocated): chat $2.00; org-b: chat $0.50 and search $1.50."
    )


def test_its_divided_bars_add_up_to_the_table(usage_of, params, drawn_axes):
    """24 organizations and 11 products are drawn; the rest are "other", and nothing is lost."""
    usage = usage_of(MANY)
    charts.breakdown(allocate_within(usage, "organization", "product"), params())
    (axes,) = drawn_axes

    assert (labels(axes)[-1], legend(axes)[-1]) == ("other (6)", "other (19)")
    assert len(legend(axes)) == 12
    assert sum(widths(axes)) == usage.cost == Decimal("116.25")
    assert to_hex(axes.patches[-1].get_facecolor()).upper() == OTHER


def test_it_stacks_credits_to_the_left(usage_of, params, drawn_axes):
    """Charges of 3 and 2 are right of zero and a credit of 4 left, so that neither is hidden."""
    usage = usage_of(
        [("a", "x", "f", "c", "3"), ("a", "y", "f", "c", "-4"), ("a", "z", "f", "c", "2")]
    )
    charts.breakdown(allocate_within(usage, "organization", "product"), params())

    assert [(bar.get_x(), bar.get_width()) for bar in drawn_axes[0].patches] == [
        (0, 3),
        (3, 2),
        (0, -4),
    ]


def test_it_draws_features_with_their_unit_cost(six, params, drawn_axes):
    """The unit costs are 6.50 ÷ 4 calls and 3.50 ÷ 2."""
    chart = charts.cost_by_feature(unit_costs(allocate(six, "feature")), params())
    (axes,) = drawn_axes

    assert (labels(axes), widths(axes)) == (["ask", "find"], [6.5, 3.5])
    assert [text.get_text() for text in axes.texts] == ["$1.6250 per call", "$1.7500 per call"]
    assert chart.alt == (
        "Cost by feature: ask $6.50, $1.6250 per call; find $3.50, $1.7500 per call."
    )


def test_its_features_add_up_to_the_table(usage_of, params, drawn_axes):
    """ "Other" has a cost, but no unit cost: it would mix unlike features."""
    chart = charts.cost_by_feature(unit_costs(allocate(usage_of(MANY), "feature")), params())

    assert sum(widths(drawn_axes[0])) == 116.25
    assert to_hex(drawn_axes[0].patches[-1].get_facecolor()).upper() == OTHER
    assert chart.alt.endswith("; other (6) $5.25.")


def test_it_draws_the_most_efficient_first(six, params, drawn_axes):
    """The bars are in the order of ranks; without a rank there is no bar."""
    chart = charts.efficiency(rank_efficiency(allocate(six, "organization")), params())
    (axes,) = drawn_axes

    assert (labels(axes), widths(axes)) == (["org-b", "org-a"], [1, 0.5])
    assert [text.get_text() for text in axes.texts] == ["1.00", "0.500"]
    assert chart.alt == (
        "Calls per dollar by organization, highest first: org-b 1.00 and org-a 0.500."
    )


def test_it_says_how_many_scores_it_does_not_draw(usage_of, params, drawn_axes):
    """Scores do not add up, so there is no "other": the rest are counted.

    It draws the names of the tables, the most and the least efficient of all among them.
    """
    chart = charts.efficiency(rank_efficiency(allocate(usage_of(MANY), "organization")), params())

    assert len(drawn_axes[0].patches) == 24
    assert (labels(drawn_axes[0])[0], labels(drawn_axes[0])[-1]) == ("org-01", "org-30")
    assert chart.alt.endswith("; 6 others not drawn.")


@pytest.mark.slow
def test_every_color_is_told_apart_by_a_pattern(usage_of, params, drawn_axes):
    """30 products have NO BUDGET, so that all are drawn: the 13th has the first color, hatched."""
    made = params(product_budgets={"x": 1})
    data = data_of(usage_of(MANY), made, read_budgets(made))
    parts = allocate_within(data.usage, "organization", "product")
    charts.breakdown(parts, made, data)
    bars = drawn_axes[0].figure.legends[0].get_patches()
    looks = [(to_hex(bar.get_facecolor()), bar.get_hatch()) for bar in bars]
    assert (len(looks), len(set(looks))) == (30, 30)


def test_it_draws_no_score_where_nobody_has_one(usage_of, params, drawn_axes):
    """Free calls, credits and cost without a name are not ranked: the chart is empty."""
    usage = usage_of(
        [("a", "x", "f", "c", "0"), ("b", "x", "f", "c", "-1"), ("", "x", "f", "c", "5")]
    )
    chart = charts.efficiency(rank_efficiency(allocate(usage, "organization")), params())

    assert widths(drawn_axes[0]) == []
    assert chart.alt == (
        "Calls per dollar by organization, highest first: no organization has a score."
    )


def test_it_draws_every_day_of_the_period(usage_of, params, drawn_axes):
    """December has 31 bars, 29 of them empty, which add up to the month."""
    usage = usage_of(
        [("a", "x", "f", "c", "3", "2025-12-01"), ("a", "x", "f", "c", "1.25", "2025-12-31")]
    )
    chart = charts.spend_by_day(usage, params())
    heights = [bar.get_height() for bar in drawn_axes[0].patches]

    assert (len(heights), heights[0], heights[-1], sum(heights)) == (31, 3, 1.25, 4.25)
    assert chart.alt == (
        "Cost by day from 2025-12-01 to 2025-12-31: highest $3.00 on 2025-12-01, "
        "lowest $1.25 on 2025-12-31; no usage on 29 of 31 days."
    )
    bill = charts.spend_by_day(replace(usage, missing_columns=frozenset({"calls"})), params())
    assert bill.alt == chart.alt.replace("no usage", "no charges")


@pytest.mark.parametrize(
    ("period", "days"), [("2025-12-31/2026-01-01", 1), ("2025-Q4", 92), ("2025", 365)]
)
def test_it_draws_a_day_a_quarter_and_a_year(usage_of, params, drawn_axes, period, days):
    """Each has as many bars as days."""
    charts.spend_by_day(usage_of([("a", "x", "f", "c", "3")], period), params(period=period))

    assert len(drawn_axes[0].patches) == days


@pytest.mark.slow
@pytest.mark.parametrize("names", [HOSTILE[:10], HOSTILE[10:]], ids=["some", "others"])
def test_it_draws_any_name(usage_of, params, drawn_axes, names):
    """Any name is a label and an entry of the legend; the drawing stays well-formed."""
    usage = usage_of(
        [(name, name, name, "c", str(cost)) for cost, name in enumerate(reversed(names), start=1)]
    )

    for chart in all_charts(usage, params(), **dict.fromkeys(names, "5")):
        ET.fromstring(chart.svg)
    by_name, parts, by_feature, scores, _ = drawn_axes
    written = labels_of(names)
    assert (
        labels(by_name)
        == labels(parts)
        == labels(by_feature)
        == labels(scores)[::-1]
        == legend(parts)
        == written
    )


def test_it_draws_only_hidden_names(usage_of, params, drawn_axes):
    """Names that matplotlib would leave out of a legend are in it."""
    charts.breakdown(
        allocate_within(usage_of([("_a", "_x", "f", "c", "1")]), "organization", "product"),
        params(),
    )

    assert legend(drawn_axes[0]) == ["_x"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "costs",
    [
        ["5"],
        ["0"],
        ["-5"],
        ["-5", "3"],
        ["0", "0"],
        ["1000000000000", "0.000000000001"],
        ["-0.01", "-1000"],
    ],
    ids=lambda costs: " ".join(costs),
)
def test_it_draws_any_amount(usage_of, params, drawn_axes, costs):
    """One bar, nothing, credits, and the huge next to the tiny are drawn."""
    usage = usage_of(
        [(f"org-{n}", f"product-{n}", f"feature-{n}", "c", cost) for n, cost in enumerate(costs)]
    )
    made = all_charts(usage, params(), **{"org-0": "3"})

    assert len(made) == 5
    assert sorted(widths(drawn_axes[0])) == sorted(map(float, costs))


@pytest.mark.parametrize(
    ("currency", "tick"), [("USD", "$2,000"), ("JPY", "¥2,000"), ("CHF", "CHF\u00a02,000")]
)
def test_it_labels_its_axis_in_the_currency(usage_of, params, drawn_axes, currency, tick):
    """Whole amounts have no decimals; the minus stands before the currency."""
    charts.budget_vs_actual(
        variance_of(usage_of([("a", "x", "f", "c", "-5000"), ("b", "x", "f", "c", "5000")])),
        params(currency=currency),
    )
    drawn_axes[0].figure.draw_without_rendering()
    ticks = [label.get_text() for label in drawn_axes[0].get_xticklabels()]

    assert {tick, f"-{tick}"} <= set(ticks)


def test_it_draws_the_same_bytes_twice(six, params):
    """The same table is the same drawing."""
    assert all_charts(six, params()) == all_charts(six, params())


@pytest.mark.slow
def test_it_does_not_change_the_tables(usage_of, params):
    """Charts leave the frames that they read unchanged."""
    usage = usage_of(MANY)
    frames = [variance_of(usage), allocate_within(usage, "organization", "product")]
    before = [frame.copy() for frame in frames]
    charts.budget_vs_actual(frames[0], params())
    charts.breakdown(frames[1], params())

    assert all(frame.equals(copy) for frame, copy in zip(frames, before, strict=True))
