"""Prose: sentences with correct grammar, stamps nobody can miss, and names that stay text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from lxml.html import fragment_fromstring
from support.made_usage import data_of, findings_of
from support.published import text_of

from finops_nb.figures.allocation import allocate
from finops_nb.figures.budget_status import Status
from finops_nb.figures.chargeback import ledger
from finops_nb.figures.efficiency import rank_efficiency
from finops_nb.figures.period_end import AtEnd
from finops_nb.figures.variance import TotalVariance, total_of
from finops_nb.findings.insights import (
    Allocated,
    BudgetOverruns,
    BudgetsAtRisk,
    BudgetsDisagree,
    EfficiencyGap,
    HighestCost,
    SpendWithoutBudget,
    insight_sentence,
)
from finops_nb.findings.materiality import VarianceLine
from finops_nb.findings.recommendations import ACTIONS, Horizon, Recommendation, recommend
from finops_nb.findings.sentence import sentence
from finops_nb.findings.tense import SUPPOSED
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.params.budgets import read_budgets
from finops_nb.report import prose
from finops_nb.report.format import NAME_LENGTH, Format, html_sentence, text_sentence
from finops_nb.report.prose import Prose
from finops_nb.report.provenance import title as report_title

USD = Format("USD")
OVER = VarianceLine("org-a", Decimal(6), Decimal(5), Decimal("1.005"), Decimal("1.2"), True)
SMALL = VarianceLine("org-b", Decimal("5.01"), Decimal(5), Decimal("0.01"), Decimal("1.002"), False)
NEAR = VarianceLine("org-c", Decimal("4.5"), Decimal(5), Decimal("-0.5"), Decimal("0.9"), True)
HEADING_OVER = VarianceLine(
    *("org-d", Decimal(4), Decimal(5), Decimal(-1), Decimal("0.8"), True),
    expected=AtEnd(Decimal("5.25"), None, None, is_rate=True),
)
FORECAST_OVER = replace(HEADING_OVER, expected=AtEnd(Decimal("12.5"), None, None, is_rate=False))

REFUSED = ("a\x00\x1b[31mb", "\u202egpj")
"""Names of usage that no budget and no owner can have."""

HOSTILE = [
    *(
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</li></ol>",
        "{gap:gap}",
        "{0}",
        "{{ 7*7 }}",
        "$5 vs $6",
        "a|b",
        "=1+1",
    ),
    *(
        "**bold**",
        "[a](javascript:alert(1))",
        "a & b &lt;",
        "%s",
        "\\",
        "a\x00\x1b[31mb",
        "\u202egpj",
        "日本 👩‍🚀",
        "_x_",
        "x" * 2000,
    ),
]


def tags_of(piece: Prose) -> list[str]:
    return [element.tag for element in fragment_fromstring(piece._repr_html_()).iter()]


@pytest.mark.parametrize(
    ("insight", "title", "text"),
    [
        (
            BudgetOverruns("organization", (OVER,)),
            "Budget Overruns",
            "1 organization is over budget (org-a, $1.01 over)",
        ),
        (
            BudgetOverruns("product", (OVER, SMALL)),
            "Budget Overruns",
            "2 products are over budget (org-a, $1.01 over; and org-b, $0.01 over – not material)",
        ),
        (
            BudgetsAtRisk("organization", (NEAR,)),
            "Budgets at Risk",
            "1 organization is at risk (org-c, 90.0% used)",
        ),
        (
            BudgetsAtRisk("product", (NEAR, HEADING_OVER)),
            "Budgets at Risk",
            "2 products are at risk "
            "(org-c, 90.0% used; and org-d, 80.0% used, run rate $0.25 over)",
        ),
        (
            BudgetsAtRisk("product", (FORECAST_OVER,)),
            "Budgets at Risk",
            "1 product is at risk (org-d, 80.0% used, forecast $7.50 over)",
        ),
        (
            SpendWithoutBudget("product", ("x",), Decimal(5)),
            "Spend without Budget",
            "1 product cost $5.00 with no budget (x)",
        ),
        (
            SpendWithoutBudget("organization", ("a", "b", "c"), Decimal(5)),
            "Spend without Budget",
            "3 organizations spent $5.00 with no budget (a, b and c)",
        ),
        (
            BudgetsDisagree(Decimal(7), Decimal(10), Decimal(-3)),
            "Budgets Disagree",
            "organization budgets total $7.00 and product budgets $10.00, a difference of $3.00",
        ),
        (
            HighestCost("product", "x", Decimal(7), Decimal("0.7005")),
            "Highest Cost Product",
            "x ($7.00, 70.1% of total)",
        ),
        (HighestCost("product", "x", Decimal(7), None), "Highest Cost Product", "x ($7.00)"),
        (
            EfficiencyGap("a", "b", Decimal("0.105"), Decimal("0.004"), Decimal(60), True),
            "Efficiency Gap",
            "0.11 calls per dollar between a (most efficient) and b (least efficient), "
            "a difference of 0.4%; at a's rate, b would have cost $60.00 less",
        ),
        (
            Allocated(Decimal("0.8"), Decimal(2), Decimal("0.801")),
            "Allocated Cost",
            "80.0% of cost is assigned to an organization; $2.00 is not; "
            "the 80.1% target is missed",
        ),
        (
            Allocated(Decimal("0.8"), Decimal(2)),
            "Allocated Cost",
            "80.0% of cost is assigned to an organization; $2.00 is not",
        ),
        (
            Allocated(Decimal(1), Decimal(0)),
            "Allocated Cost",
            "100.0% of cost is assigned to an organization",
        ),
        (
            Allocated(Decimal("0.99958"), Decimal("12.50"), Decimal("0.9")),
            "Allocated Cost",
            ">99.9% of cost is assigned to an organization; $12.50 is not; the 90% target is met",
        ),
        (Allocated(None, Decimal(5)), "Allocated Cost", "$5.00 is not assigned to an organization"),
        (Allocated(None, Decimal(0)), "Allocated Cost", "all cost is assigned to an organization"),
    ],
)
def test_it_says_an_insight(insight, title, text):
    """Nouns agree with their number, and an insight that is not material says so."""
    said = insight_sentence(insight)

    assert (said[0], text_sentence(said[1], USD)) == (title, text)


def test_it_escapes_and_isolates_names_and_only_names():
    """Names are data, so they are escaped; figures and words are not data."""
    said = sentence(
        "{name} of {who} spent {cost:money}",
        name="<b>",
        who=("a&b", sentence("{n}", n='"c"')),
        cost=Decimal(5),
    )

    cut = f"{'x' * 30}…{'x' * 29}"
    assert str(html_sentence("x" * 61, USD)) == f'<bdi title="{"x" * 61}">{cut}</bdi>'
    assert str(html_sentence(said, USD)) == (
        "<bdi>&lt;b&gt;</bdi> of <bdi>a&amp;b</bdi> and <bdi>&#34;c&#34;</bdi> spent $5.00"
    )
    assert text_sentence(said, USD) == '<b> of a&b and "c" spent $5.00'


def test_it_escapes_the_sign_of_a_currency():
    """A currency's code is data too, so figures are escaped as well."""
    assert (
        str(html_sentence(sentence("{cost:money}", cost=Decimal(1)), Format("<b>")))
        == "&lt;b&gt;\u00a01.00"
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_it_does_not_read_names_as_sentences(name):
    """Braces, percent signs and backslashes in a name mean nothing."""
    assert (
        text_sentence(sentence("{name} and {names}", name=name, names=(name, name)), USD)
        == f"{name} and {name} and {name}"
    )


def everything(usage_of, params, names: list[str]) -> list[Prose]:
    """All prose of a month in which everything is wrong, with these names in it."""
    a, b, x, y, owner, file = names
    usage = usage_of(
        [
            (a, x, "f", "c1", "5000"),
            (a, y, "f", "c1", "100"),
            (b, x, "f", "c2", "50"),
            (b, x, "f", "c3", "50"),
            ("", x, "f", "c", "9"),
        ]
    )
    made = params(
        organization_budgets={a: 4000, b: 500},
        product_budgets={x: 4000},
        owners={a: owner},
        usage=file,
    )
    budgets = read_budgets(made)
    data = data_of(usage=usage, budgets=budgets, params=made)
    findings = findings_of(data, ledger(usage, "USD"))
    advice = recommend(findings)
    # Without a history, no budget of the next month is planned.
    assert len(advice) == len(ACTIONS) - 1
    return [
        prose.heading(data),
        prose.executive_summary(data, total_of(data, findings.organizations)),
        prose.efficiency_summary(data, findings.efficiency),
        prose.key_insights(data, findings.insights),
        prose.recommended(data, advice),
        prose.origin(data),
    ]


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in REFUSED])
def test_it_keeps_names_as_text_in_every_sentence(usage_of, params, name):
    """With hostile names, prose has the same elements, and its text differs only by the names."""
    hostile = everything(usage_of, params, [f"{n}{name}" for n in range(6)])
    harmless = everything(usage_of, params, [f"{n}harmless" for n in range(6)])
    shown = " ".join(
        name.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\u202e", "\ufffd").split()
    )
    # Of 60 characters, 30 are of the beginning, and the first is the number; 29 are of the end.
    shown = shown if len(shown) < NAME_LENGTH else f"{shown[:29]}…{shown[-29:]}"

    assert [tags_of(each) for each in hostile] == [tags_of(each) for each in harmless]
    assert [text_of(each) for each in hostile] == [
        text_of(each).replace("harmless", shown) for each in harmless
    ]


def test_its_records_are_json_and_plain(usage_of, params):
    """results.json has all that is printed: unrounded figures, texts, and names unescaped."""
    parts = {
        each.name: each.records()
        for each in everything(usage_of, params, ["a<b", "b", "x", "y", "o", "f"])
    }

    assert json.loads(json.dumps(parts)) == parts
    assert parts["executive_summary"] == [
        {
            "total_spend": "5209",
            "budget": "4500",
            "variance": "709",
            "variance_ratio": "0.1575555555555555555555555556",
            "status": "OVER",
            "calls": 5,
            "customers": 4,
            "budget_version": "original",
        }
    ]
    assert parts["efficiency_summary"] == [{"most_efficient": "b", "least_efficient": "a<b"}]
    # The larger overrun comes first: that of the product.
    _, over = [line for line in parts["key_insights"] if line["title"] == "Budget Overruns"]
    assert over["text"] == "1 organization is over budget (a<b, $1,100.00 over)"
    assert over["over"] == [{"name": "a<b", "excess": "1100"}]
    assert {line["title"] for line in parts["recommendations"]} == {
        title for _, title, _ in ACTIONS if title != "Budget Planning"
    }


@pytest.mark.parametrize(
    ("kind", "period", "title", "stamp"),
    [
        (Kind.OFFICIAL, "2025-12", "Organizational Alignment · December 2025", None),
        (
            Kind.ANALYSIS,
            "2025-Q4",
            "Organizational Alignment · Q4 2025 · ANALYSIS · NOT FOR BOOKING",
            "ANALYSIS · NOT FOR BOOKING",
        ),
        (
            Kind.SCENARIO,
            "2025-12",
            "Organizational Alignment · December 2025 · WHAT-IF: more for a",
            "WHAT-IF: more for a",
        ),
        (Kind.DRAFT, "2025-12", "Organizational Alignment · December 2025 · DRAFT", "DRAFT"),
    ],
)
@pytest.mark.parametrize("complete", [True, False])
def test_it_stamps_all_that_is_not_official(usage_of, params, kind, period, title, stamp, complete):
    """The stamp is in the title and on the page; a running period also has PARTIAL."""
    usage = usage_of([("a", "x", "f", "c", "1", "2025-12-18")], period, complete)
    said = {"base": "2025-12", "author": "Ana", "date": "2025-12-15", "reason": "more for a"}
    made = params(period=period, scenario=said if kind is Kind.SCENARIO else {})
    page = fragment_fromstring(
        prose.heading(data_of(usage=usage, params=made, manifest=Manifest(kind=kind)))._repr_html_()
    )

    assert report_title(
        data_of(usage=usage, params=made, manifest=Manifest(kind=kind))
    ) == title + " · PARTIAL" * (not complete)
    assert page.xpath("//p[@class='stamp']/strong/bdi/text()") == [stamp] * (stamp is not None) + [
        "PARTIAL"
    ] * (not complete)


@pytest.mark.parametrize(
    ("known", "day"), [("2025-12-18", "December 18, 2025"), ("2025-12-20", "December 20, 2025")]
)
def test_it_says_how_far_a_partial_period_is_known(usage_of, params, known, day):
    """It has the day, and what the figures mean then."""
    usage = replace(
        usage_of([("a", "x", "f", "c", "1", "2025-12-18")], complete=False),
        complete_through=date.fromisoformat(known),
    )
    text = text_of(
        prose.heading(data_of(usage=usage, params=params(), manifest=Manifest(kind=Kind.OFFICIAL)))
    )

    assert (
        f"Usage is complete through {day}; the period ends December 31, 2025. "
        "Costs are to date; budgets cover the whole period."
    ) in text


def test_it_says_the_days_and_their_zone(usage_of, params):
    """The last day is part of the period."""
    usage = usage_of([("a", "x", "f", "c", "1")])
    piece = prose.heading(
        data_of(
            usage=usage,
            params=params(timezone="Europe/Berlin"),
            manifest=Manifest(kind=Kind.OFFICIAL),
        )
    )

    assert (
        text_of(piece)
        == "Organizational Alignment December 2025 2025-12-01 to 2025-12-31, days in Europe/Berlin"
    )


@pytest.mark.parametrize(
    ("totals", "text"),
    [
        (
            TotalVariance(
                Decimal("8504.94"),
                Decimal(10000),
                Decimal("-1495.06"),
                Decimal("-0.149506"),
                Decimal("0.850494"),
                Status.UNDER,
            ),
            "Total Spend: $8,504.94 "
            "Budget Variance: -$1,495.06 (-15.0%) against the $10,000.00 budget: UNDER "
            "Variance = actual − budget; a positive variance is unfavorable. "
            "6 calls from 3 customers. Budget version: original.",
        ),
        (
            TotalVariance(Decimal(10), Decimal(0), Decimal(10), None, None, Status.OVER),
            "Total Spend: $10.00 Budget Variance: $10.00 against the $0.00 budget: OVER "
            "Variance = actual − budget; a positive variance is unfavorable. "
            "6 calls from 3 customers. Budget version: original.",
        ),
        (
            TotalVariance(Decimal(10), None, None, None, None, Status.NO_BUDGET),
            "Total Spend: $10.00 No budgets are set. To compare cost with budgets, add "
            "organization_budgets or product_budgets to the params file; finops-nb check suggests "
            "amounts. 6 calls from 3 customers.",
        ),
    ],
)
def test_it_opens_with_the_total(six, params, totals, text):
    """Total and variance come first; the status is a word, not only a color."""
    assert (
        text_of(
            prose.executive_summary(
                data_of(usage=six, budgets=read_budgets(params()), params=params()), totals
            )
        )
        == text
    )


def test_it_agrees_with_one_call_of_one_customer(usage_of, params):
    """It has no plural for one."""
    totals = TotalVariance(Decimal(1), None, None, None, None, Status.NO_BUDGET)

    assert text_of(
        prose.executive_summary(
            data_of(
                usage=usage_of([("a", "x", "f", "c", "1")]),
                budgets=read_budgets(params()),
                params=params(),
            ),
            totals,
        )
    ).endswith("1 call from 1 customer.")


def test_it_compares_the_efficient_only_where_there_are_two(six, usage_of, params):
    """It names the most and the least efficient; one organization has nothing to compare with."""
    two, one = (
        rank_efficiency(allocate(usage, "organization"))
        for usage in (six, usage_of([("a", "x", "f", "c", "1"), ("", "x", "f", "c", "1")]))
    )

    assert text_of(prose.efficiency_summary(data_of(params=params()), two)) == (
        "Most Efficient: org-b (highest calls per dollar) Least Efficient: org-a"
    )
    assert (
        text_of(prose.efficiency_summary(data_of(params=params()), one))
        == "Fewer than two organizations have a score, so there is nothing to compare."
    )
    assert prose.efficiency_summary(data_of(params=params()), one).records() == []


@pytest.mark.parametrize("material", [True, False])
def test_it_prints_the_rule_of_materiality_once_where_it_is_needed(params, material):
    """The rule is below the insights if one of them is called not material."""
    over = VarianceLine("a", Decimal(101), Decimal(100), Decimal(1), Decimal("1.01"), material)
    overruns = BudgetOverruns("organization", (over,))
    piece = prose.key_insights(data_of(params=params()), iter([overruns, overruns]))

    rule = "A difference is not material when it is below 1% and below $50.00."
    assert text_of(piece).count(rule) == (not material)
    assert len(piece.records()) == 2


def test_it_groups_recommendations_by_horizon(params):
    """Each has a heading and its own numbers; a horizon with none has no heading."""
    piece = prose.recommended(
        data_of(params=params()),
        [
            Recommendation(Horizon.GOVERNANCE, "Last", sentence("c")),
            Recommendation(Horizon.IMMEDIATE, "First", sentence("a {n:money}", n=Decimal(1))),
        ],
    )
    page = fragment_fromstring(piece._repr_html_())

    assert page.xpath("//h3/text()") == ["Immediate Actions", "Governance"]
    assert [item.text_content() for item in page.iter("li")] == ["First: a $1.00", "Last: c"]
    assert [line["horizon"] for line in piece.records()] == ["Immediate Actions", "Governance"]


def test_it_says_when_there_is_nothing_to_do(params):
    """A quiet month has a sentence instead of an empty section."""
    piece = prose.recommended(data_of(params=params()), [])

    assert text_of(piece) == "No action is needed for this period."
    assert piece.records() == []


def test_it_prints_in_the_currency_of_the_params(params):
    """Yen have no cents in prose either."""
    piece = prose.key_insights(
        data_of(params=params(currency="JPY")), [Allocated(Decimal("0.5"), Decimal("1234.5"))]
    )

    assert "; ¥1,235 is not" in text_of(piece)
    assert piece.records()[0]["unallocated"] == "1234.5"


def test_the_highest_cost_of_a_scenario_is_supposed():
    """A scenario with other usage or prices says so in the title, too."""
    title, _ = insight_sentence(HighestCost("product", "x", Decimal(7), None), SUPPOSED)
    assert title == "Product with the Highest What-If Cost"
