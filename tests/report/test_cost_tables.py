"""The tables of the report: whatever the month, the printed figures add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.made_usage import data_of
from support.properties import cases
from support.published import amount, page_of, sections_of

from finops_nb.figures.allocation import allocate, allocate_within
from finops_nb.figures.chargeback import charges, cross_usage, ledger
from finops_nb.figures.crossings import budget_alerts
from finops_nb.figures.efficiency import rank_efficiency, unit_costs
from finops_nb.figures.policies import breaches
from finops_nb.figures.trend import cost_by_month
from finops_nb.figures.variance import total_variance, variance_by
from finops_nb.findings.tense import FACT
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import make_params
from finops_nb.report import budget_tables, data_tables
from finops_nb.report import cost_tables as tables
from finops_nb.report.format import Format, text_sentence
from finops_nb.report.scenario_tables import what_if_table
from finops_nb.report.table_columns import how_to_read
from finops_nb.schema import STATUS, UNALLOCATED
from finops_nb.usage.reader import read_usage

ADDITIVE = (
    "Total Cost",
    "Charge",
    "Budget",
    "Variance",
    "Calls",
    "Rows",
    "Cost to Date",
    "Budget to Date",
    "Run Rate",
)
ADDITIVE += ("Approved Budget", "Budget Change")

costs = st.decimals(-50, 5000, places=6).map(str)
names = st.sampled_from(["a", "b", "c", "d", ""])
calls = st.lists(
    st.tuples(
        names,
        names,
        names,
        names,
        costs,
        st.sampled_from(["2025-12-01", "2025-12-30", "2025-12-31"]),
    ),
    min_size=1,
    max_size=12,
)
budgets = st.dictionaries(
    st.sampled_from(["a", "b", "z"]), st.decimals(0, 5000, places=4).map(str), max_size=3
)


def all_tables(usage, params) -> list[tables.Table]:
    """Every table that the notebook shows, made as it makes them."""
    complete, risk = usage.complete, params.at_risk
    budgets = read_budgets(params)
    organizations, products = (
        variance_by(data_of(usage=usage, budgets=budgets, params=params), by)
        for by in ("organization", "product")
    )
    organization_total, product_total = (
        total_variance(each, risk, complete, params.currency) for each in (organizations, products)
    )
    by_product, book = (
        allocate_within(usage, "organization", "product"),
        ledger(usage, params.currency),
    )
    alerts = budget_alerts(data_of(usage=usage, budgets=budgets, params=params))
    return [
        tables.cost_by(
            data_of(usage=usage, budgets=budgets, params=params), organizations, organization_total
        ),
        tables.product_breakdown(data_of(params=params), by_product),
        tables.cost_by(
            data_of(usage=usage, budgets=budgets, params=params), products, product_total
        ),
        tables.cost_by_feature(
            data_of(usage=usage, params=params), unit_costs(allocate(usage, "feature"))
        ),
        tables.chargeback_by(
            data_of(budgets=budgets, params=params),
            charges(organizations, book, alerts),
            organization_total,
        ),
        tables.chargeback_by(
            data_of(budgets=budgets, params=params), charges(products, book, alerts), product_total
        ),
        tables.cross_organization_usage(data_of(params=params), cross_usage(by_product, book)),
        tables.budget_tracking(data_of(params=params), organization_total, product_total),
        tables.efficiency(data_of(usage=usage, params=params), rank_efficiency(organizations)),
        tables.spend_by_day(data_of(usage=usage, params=params)),
        data_tables.rows_account(data_of(usage=usage, params=params)),
        data_tables.data_quality(data_of(usage=usage, budgets=budgets, params=params)),
        data_tables.parameters(data_of(params=params)),
        budget_tables.running_period(
            data_of(usage=usage, budgets=budgets, params=params),
            organizations,
            products,
            (organization_total, product_total),
        ),
        budget_tables.budget_alerts(data_of(params=params), alerts),
        budget_tables.policies(
            data_of(params=params),
            breaches(data_of(usage=usage, budgets=budgets, params=params), organizations, products),
        ),
        what_if_table(
            organizations,
            products,
            (organization_total, product_total),
            (organizations, products),
            params,
            FACT,
        ),
    ]


def printed(table) -> dict[str, list]:
    """The rows of a table as they are read on the page, by group."""
    if table.is_empty:
        return {}
    [rows] = sections_of(page_of(f"<h2>a section</h2>{table._repr_html_()}"))[
        "a section"
    ].rows.values()
    return {
        group: [row for row in rows if row.group == group] for group in {row.group for row in rows}
    }


def figure(text: str) -> Decimal:
    money = amount(text)
    return money if money is not None else Decimal(text.replace(",", ""))


def test_parameters_are_spelled_to_their_depth(params):
    """Nested lists and mappings are one line of text, without braces."""
    versions = [
        {"version": "original", "organization_budgets": {"a": 5}, "product_budgets": {}},
        {"version": "revised 1", "author": "Ana"},
    ]
    table = data_tables.parameters(
        data_of(params=params(organization_budgets={"a": 7}, budget_versions=versions))
    )
    values = {line["key"]: line["value"] for line in table.records()}
    assert (values["organization_budgets"], values["alert_thresholds"], values["approvals"]) == (
        "a: 7",
        "0.5, 0.8, 1.0",
        "none",
    )
    assert "(version: original, " in values["budget_versions"]
    assert "organization_budgets: (a: 5)" in values["budget_versions"]
    assert "{" not in values["budget_versions"]


@settings(
    max_examples=cases(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(calls=calls, organization_budgets=budgets, product_budgets=budgets, complete=st.booleans())
def test_every_printed_table_foots(
    usage_of, params, calls, organization_budgets, product_budgets, complete
):
    """In every additive column, the printed lines and the Rounding line add up to the total."""
    usage = usage_of(calls, complete=complete)
    made = params(organization_budgets=organization_budgets, product_budgets=product_budgets)
    for table in all_tables(usage, made):
        for rows in printed(table).values():
            for total in (row for row in rows if row.kind == "total"):
                for head in ADDITIVE:
                    if total.cells.get(head, "n/a") not in ("n/a", ""):
                        parts = [row.cells[head] for row in rows if row.kind != "total"]
                        assert sum(
                            figure(part) for part in parts if part not in ("n/a", "")
                        ) == figure(total.cells[head])


@pytest.mark.slow
@settings(
    max_examples=cases(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(calls=calls)
def test_all_tables_print_the_same_total(usage_of, params, calls):
    """Every table that totals cost prints the same total."""
    usage = usage_of(calls)
    totals = set()
    for table in all_tables(usage, params()):
        if table.name not in (
            "organization_product_breakdown",
            "cross_organization_product_usage",
            "rows",
        ):
            for rows in printed(table).values():
                totals |= {
                    row.cells.get("Total Cost") or row.cells.get("Charge")
                    for row in rows
                    if row.kind == "total"
                }
    assert len(totals) == 1


def test_the_levels_differ_where_their_budgets_do(usage_of, params):
    """The third line is 100 − 30 = 70 of budget and 10 − 10 = 0 of actual."""
    usage = usage_of([("a", "x", "f", "c", "10")])
    tracking = all_tables(
        usage, params(organization_budgets={"a": 100}, product_budgets={"x": 30})
    )[7]
    *_, difference = printed(tracking)[""]
    assert (
        difference.name,
        difference.cells["Total Budget"],
        difference.cells["Total Actual"],
    ) == ("Difference", "$70.00", "$0.00")


@pytest.mark.parametrize("index", range(13))
def test_each_table_has_a_name_and_a_caption_of_its_own(six, params, index):
    """So it can be addressed in results.json and on the page."""
    made = all_tables(six, params())
    assert [table.name for table in made].count(made[index].name) == 1
    assert [table.caption for table in made].count(made[index].caption) == 1


def test_a_long_ranking_has_its_best_and_its_worst(usage_of, params):
    """Of 60 organizations that pay 1 to 60 a call, it prints rank 1 and the 23 with most cost.

    These are "other" in no table of organizations. The others, 2 + 3 + … + 37, cost 702.00.
    """
    usage = usage_of([(f"org-{cost:02}", "x", "f", "c", str(cost)) for cost in range(1, 61)])
    data = data_of(usage=usage, params=params())
    table = tables.efficiency(data, rank_efficiency(variance_by(data, "organization")))
    *rows, total = printed(table)[""]
    assert [row.cells["Rank"] for row in rows] == ["1", *map(str, range(38, 61)), ""]
    assert (rows[-1].cells["Organization"], rows[-1].cells["Total Cost"]) == (
        "other (36)",
        "$702.00",
    )
    assert total.cells["Total Cost"] == "$1,830.00"


@pytest.mark.parametrize(
    ("period", "text"),
    [
        ("2025-12", "No earlier month was published."),
        ("2025-11-18/2026-01-18", "Only reports on whole months show cost by month."),
    ],
)
def test_without_an_earlier_month_there_is_a_sentence(usage_of, params, period, text):
    """The section is not left empty."""
    usage = usage_of([("a", "x", "f", "c", "20")], period=period)
    data = data_of(usage=usage, params=params(period=period))
    table = tables.cost_by_month(
        data, *(cost_by_month(data, by) for by in ("organization", "product"))
    )
    assert page_of(table._repr_html_()).text_content().strip() == text


@pytest.mark.parametrize(
    ("month", "complete", "reason"),
    [
        ("2025-11", True, ""),
        ("2025-11", False, "; n/a while the month is in progress"),
        ("2025-10", True, "; n/a: the month before was not published"),
    ],
)
def test_months_without_a_change_say_why(usage_of, params, month, complete, reason):
    """Where no name has a change, the caption has the reason."""
    usage = usage_of([("a", "x", "f", "c", "20")], complete=complete)
    cost, day = Decimal(4), date.fromisoformat(f"{month}-01")
    before = PublishedMonth(month, cost, 1, {day: cost}, None, {"a": cost}, {"x": cost})
    data = data_of(usage=usage, params=params(), months=[before])
    frames = (cost_by_month(data, by) for by in ("organization", "product"))
    table = tables.cost_by_month(data, *frames)
    assert table.caption == f"Cost by month; change is from the month before{reason}"


def test_unallocated_cost_is_a_line_of_the_tables(six, params):
    """It is the last line, has no rank, and is in the total: 6.00 + 2.00 + 2.00 = 10.00."""
    made = all_tables(six, params(organization_budgets={"org-a": 5}))
    *_, unallocated, total = printed(made[0])[""]
    assert (unallocated.name, unallocated.cells["Total Cost"], total.cells["Total Cost"]) == (
        UNALLOCATED,
        "$2.00",
        "$10.00",
    )
    assert printed(made[8])[""][-2].cells["Rank"] == "n/a"


@pytest.mark.parametrize("complete", [True, False])
def test_at_risk_is_explained_while_the_period_is_in_progress(six, params, complete):
    """With the share of the params."""
    data = data_of(replace(six, complete=complete), params(at_risk="0.9"))
    (rule,) = how_to_read([STATUS], data)
    text = text_sentence(rule, Format("USD"))
    assert ("AT RISK: cost is within budget, but it has reached 90% of budget" in text) != complete
    assert text.endswith("An excess that rounds to zero does not count as OVER.")


def test_usage_without_features_has_a_sentence_instead(tmp_path):
    """The params say that the file has no such column."""
    (tmp_path / "u.csv").write_text(
        "timestamp,cost_usd,organization_id,product_id,customer_id\n2025-12-31,5,org-a,chat,c1\n"
    )
    params = make_params(
        {"period": "2025-12", "usage": str(tmp_path / "u.csv"), "columns": {"feature": "none"}}
    )
    data = data_of(read_usage(params), params)
    features = unit_costs(allocate(data.usage, by="feature"))
    html = tables.cost_by_feature(data, features)._repr_html_()
    assert "Not available because the usage has no features." in html


def test_a_cost_center_is_printed_beneath_its_organization(tmp_path):
    """It is beneath the name, after the owner, or the email address if no owner is named."""
    lines = [
        "team-1,org-a,2025-01-01,,Ada,1042,ada@example.com",
        "team-2,org-b,,,,,bob@example.com",
        "",
    ]
    (tmp_path / "organizations.csv").write_text(
        "key,organization,valid_from,valid_to,owner,cost_centre,email\n" + "\n".join(lines)
    )
    file = tmp_path / "u.csv"
    file.write_text("timestamp,amount,team\n2025-12-01,1,team-1\n2025-12-31,2,team-2\n")
    keys = {
        "columns": {"cost": "amount", "organization": "team"},
        "mapping": str(tmp_path / "organizations.csv"),
    }
    params = make_params({"period": "2025-12", "usage": str(file)} | keys)
    usage, budgets = read_usage(params), read_budgets(params)
    spent = variance_by(data_of(usage=usage, budgets=budgets, params=params), "organization")
    totals = total_variance(spent, params.at_risk, usage.complete, params.currency)
    table = tables.chargeback_by(
        data_of(budgets=budgets, params=params),
        charges(spent, None, budget_alerts(data_of(usage=usage, budgets=budgets, params=params))),
        totals,
    )
    rows = [(line["organization"], line["owner"], line["cost_centre"]) for line in table.records()]
    assert rows == [("org-a", "Ada", "1042"), ("org-b", "bob@example.com", "")]
    assert "owner: Ada" in table._repr_html_()
    assert table._repr_html_().count("cost center: 1042") == 1


@pytest.mark.parametrize(
    ("period", "keys", "listed"),
    [
        ("2025-12", {}, True),
        ("2025-Q4", {}, False),
        ("2025-Q4", {"list_days": True}, True),
        ("2025-12-05/2026-01-05", {}, True),
    ],
)
def test_the_days_of_a_quarter_are_listed_on_request(usage_of, params, period, keys, listed):
    """results.json has them in any case."""
    usage = usage_of([("a", "x", "f", "c", "20", "2025-12-31")], period=period)
    table = tables.spend_by_day(data_of(usage=usage, params=params(period=period, **keys)))
    assert [record["cost"] for record in table.records()] == ["20"]
    assert ("list_days: true" in table._repr_html_()) != listed
    assert ("2025-12-31" in table._repr_html_()) == listed
