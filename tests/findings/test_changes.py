"""What changed between two revisions, and its money: from two results alone."""

from __future__ import annotations

import copy
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.findings.changes import Cause, changes
from finops_nb.money import plain
from finops_nb.report.format import Format, text_sentence

COST = (Cause.USAGE, Cause.MAPPING, Cause.NOTEBOOK, Cause.VERSION)


def results(**organizations: str) -> dict:
    """Results of these costs; 10.00 where none are given: org-alpha 6, org-beta 4."""
    costs = {
        name.replace("_", "-"): cost
        for name, cost in (organizations or {"org_alpha": "6", "org_beta": "4"}).items()
    }
    version = {
        "version": "original",
        "author": "",
        "organization_budgets": {"org-alpha": "5000", "org-gamma": "2000"},
        "product_budgets": {"chat": "9"},
    }
    return {
        "total": plain(sum(map(Decimal, costs.values()), Decimal(0))),
        "organizations": costs,
        "rows": {"read": 10, "used": 10, "outside_period": 0},
        "provenance": {
            "inputs": [{"name": "usage/a.csv", "sha256": "a1", "rows": 10}],
            "budgets": {"version": "original", "versions": [version], "owners": {"org-alpha": "Ada"}, "inputs": [], "approved": "original"},
            "params": {
                "period": "2025-12", "dialect": "calls", "columns": {"organization": "team"}, "timezone": "UTC", "usage": ["usage/a.csv"],
                "organization_budgets": {"org-alpha": "5000", "org-gamma": "2000"}, "at_risk": "0.8", "notes": {},
                "owners": {"org-alpha": "Ada"},
            },
            "versions": {"finops-nb": "0.1.0", "duckdb": "1.0"},
            "notebook": "n1",
            "code": "c1",
            "months": {"2025-11": "m1", "2025-10": "m0"},
        },
    }  # fmt: skip


def late(after: dict, sha256: str = "a2", rows: int = 1) -> dict:
    """The same, of another file with so many more rows."""
    after["provenance"]["inputs"][0]["sha256"] = sha256
    after["rows"]["used"] += rows
    return after


def said(before: dict, after: dict) -> list[str]:
    return [text_sentence(change.said, Format("USD")) for change in changes(before, after)]


def changed(path: str, value) -> dict:
    """Results with one thing of their provenance replaced."""
    after = copy.deepcopy(results())
    *way, last = path.split("/")
    place = after["provenance"]
    for key in way:
        place = place[int(key) if isinstance(place, list) else key]
    place[last] = value
    return after


def test_another_organizations_csv_is_another_mapping_and_no_late_usage():
    """2.00 go from one organization to another: nothing was used later. One that moves no cost is told too."""
    after = changed("mapping", {"name": "organizations.csv", "sha256": "m2", "rows": 3})
    assert said(results(), after) == [
        "the file of the mapping changed, and the cost of no organization"
    ]
    costs = after["organizations"]
    name = next(iter(costs))
    costs |= {name: plain(Decimal(costs[name]) - 2), "org-new": "2"}
    [change] = changes(results(), after)
    assert (change.causes, change.money) == ((Cause.MAPPING,), 0)
    assert "another mapping of the usage" in said(results(), after)[0]


def test_equal_results_have_no_changes():
    """It says nothing where nothing differs."""
    assert changes(results(), results()) == ()


def test_late_usage_is_money_of_an_organization():
    """It subtracts: 16.40 - 4 = 12.40 of org-beta, in one row more."""
    [change] = changes(results(), late(results(org_alpha="6", org_beta="16.40")))
    assert (change.causes, change.money, change.rows) == ((Cause.USAGE,), Decimal("12.40"), 1)
    assert change.by_name == {"org-beta": Decimal("12.40")}
    assert text_sentence(change.said, Format("USD")) == "+$12.40 late usage of org-beta"


@pytest.mark.parametrize(
    ("organizations", "rows", "text"),
    [
        (
            {"org_alpha": "7", "org_beta": "16.40"},
            2,
            "+$13.40 late usage of org-beta (+$12.40) and org-alpha (+$1.00)",
        ),
        ({"org_alpha": "6", "org_beta": "4", "org_new": "5"}, 1, "+$5.00 late usage of org-new"),
        ({"org_alpha": "6", "org_beta": "3"}, 0, "-$1.00 changed usage of org-beta"),
        ({"org_alpha": "6", "org_beta": "5"}, 0, "+$1.00 changed usage of org-beta"),
        ({"org_alpha": "6"}, -4, "-$4.00 changed usage of org-beta"),
        (
            {"org_alpha": "7", "org_beta": "3"},
            2,
            "$0.00 changed usage of org-alpha (+$1.00) and org-beta (-$1.00)",
        ),
        (
            {"org_alpha": "6", "org_beta": "4"},
            3,
            "the files of usage changed, and the cost of no organization",
        ),
        (
            {"org_alpha": "6", "org_beta": "4"} | {f"org_{n}": f"{n}" for n in range(1, 8)},
            7,
            "+$28.00 late usage of org-7 (+$7.00), org-6 (+$6.00), org-5 (+$5.00), org-4 (+$4.00), org-3 (+$3.00) and 2 others",
        ),
    ],
)
def test_changed_usage_is_said_by_organization(organizations, rows, text):
    """It is late only where rows were added and no organization costs less; the largest differences are named."""
    assert said(results(), late(results(**organizations), rows=rows)) == [text]


@pytest.mark.parametrize(
    ("path", "value", "causes", "text"),
    [
        ("columns", {"organization": "squad"}, (Cause.MAPPING,), "by another mapping of the usage"),
        ("timezone", "Europe/Berlin", (Cause.MAPPING,), "by another mapping of the usage"),
        ("", "", (Cause.NOTEBOOK,), "by another notebook"),
    ],
)
def test_what_else_moves_the_cost_is_named_with_it(path, value, causes, text):
    """It gives the money to the mapping, or to the notebook, where the files of usage are the same."""
    after = results(org_alpha="6", org_beta="16.40")
    if path:
        after["provenance"]["params"][path] = value
    else:
        after["provenance"]["notebook"] = "n2"
    change, *_ = changes(results(), after)
    assert (change.causes, change.money) == (causes, Decimal("12.40"))
    assert text_sentence(change.said, Format("USD")) == f"+$12.40 of org-beta, {text}"


def test_causes_that_cannot_be_told_apart_are_said_together():
    """Usage, mapping, notebook and code changed at once: nobody knows which moved how much."""
    after = late(results(org_alpha="6", org_beta="16.40"))
    after["provenance"]["params"]["timezone"] = "Europe/Berlin"
    assert said(results(), after) == [
        "+$12.40 of org-beta, by changed usage and another mapping of the usage together",
        "timezone UTC → Europe/Berlin",
    ]
    after["provenance"] |= {
        "notebook": "n2",
        "code": "c2",
        "versions": {"finops-nb": "0.2.0", "duckdb": "1.0"},
    }
    assert said(results(), after) == [
        "+$12.40 of org-beta, by changed usage, another mapping of the usage, another notebook and other code of finops-nb together",
        "timezone UTC → Europe/Berlin",
        "finops-nb 0.1.0 → 0.2.0",
    ]


def test_money_that_nothing_explains_is_said_too():
    """It does not hide a difference whose cause is not on record."""
    [change] = changes(results(), results(org_alpha="6", org_beta="16.40"))
    assert (change.causes, change.money) == ((Cause.UNKNOWN,), Decimal("12.40"))
    assert said(results(), results(org_alpha="6", org_beta="16.40")) == [
        "+$12.40 of org-beta, which nothing on record explains"
    ]


@pytest.mark.parametrize(
    ("path", "value", "cause", "text"),
    [
        ("params/at_risk", "0.85", Cause.PARAMS, "at_risk 0.8 → 0.85"),
        ("params/notes", {"org-a": "two regions"}, Cause.PARAMS, "notes.org-a (not set) → two regions"),
        ("params/usage", ["usage/a.csv", "b"], Cause.PARAMS, "usage usage/a.csv → usage/a.csv, b"),
        ("params/columns", {"organization": "squad"}, Cause.MAPPING, "columns.organization team → squad"),
        ("params/as_of", "2025-12-20", Cause.PARAMS, "as_of (not set) → 2025-12-20"),
        ("params/notes", {"a": "x" * 100}, Cause.PARAMS, f"notes.a (not set) → {'x' * 79}…"),
        ("inputs/0/name", "usage/b.csv", Cause.USAGE, "the files of usage have other names"),
        ("budgets/version", "revised 1", Cause.BUDGET, "budgets original → revised 1"),
        ("budgets/owners", {"org-alpha": "Bob"}, Cause.BUDGET, "owners.org-alpha Ada → Bob"),
        ("budgets/inputs", [{"name": "budgets.csv", "sha256": "b1"}], Cause.BUDGET, "another record of the same budgets"),
        ("budgets/versions/0/organization_budgets", {"org-alpha": "5000", "org-gamma": "2800"}, Cause.BUDGET,
         "budget of org-gamma $2,000.00 → $2,800.00"),
        ("budgets/versions/0/organization_budgets", {"org-alpha": "5000"}, Cause.BUDGET, "budget of org-gamma $2,000.00 → n/a"),
        ("budgets/versions/0/organization_budgets", {"org-alpha": "5000", "org-gamma": "2000", "x": "0"}, Cause.BUDGET,
         "budget of x n/a → $0.00"),
        ("budgets/versions/0/organization_budgets", {"org-alpha": "5000.00", "org-gamma": "1800", "x": "50"}, Cause.BUDGET,
         "-$150.00 budgets by organization: org-gamma $2,000.00 → $1,800.00 and x n/a → $50.00"),
        ("budgets/versions/0/product_budgets", {"chat": "10"}, Cause.BUDGET, "budget of chat $9.00 → $10.00"),
        ("months", {"2025-11": "m2", "2025-10": "m0"}, Cause.MONTHS, "other published figures of 2025-11"),
        ("months", {"2025-11": "m1"}, Cause.MONTHS, "2025-10 not published any more"),
        ("months", {"2025-11": "m1", "2025-10": "m0", "2025-09": "m9", "2025-08": "m8"}, Cause.MONTHS,
         "2025-09 and 2025-08 published meanwhile"),
        ("notebook", "n2", Cause.NOTEBOOK, "another notebook"),
        ("code", "c2", Cause.VERSION, "other code of finops-nb"),
        ("versions", {"finops-nb": "0.1.0", "duckdb": "2.0"}, Cause.VERSION, "duckdb 1.0 → 2.0"),
    ],
)  # fmt: skip
def test_each_thing_that_changed_is_said(path, value, cause, text):
    """It names what of the run's key changed, old and new, and no money of the cost where that did not move."""
    before = results()
    before["provenance"]["versions"] = {"finops-nb": "0.1.0", "duckdb": "1.0"}
    [change] = changes(before, changed(path, value))
    assert change.causes == (cause,)
    assert text_sentence(change.said, Format("USD")) == text


def test_budgets_that_the_params_hold_are_said_once():
    """The params hold the same amounts again."""
    after = changed(
        "budgets/versions/0/organization_budgets", {"org-alpha": "5000", "org-gamma": "2800"}
    )
    after["provenance"]["params"]["organization_budgets"] = {
        "org-alpha": "5000",
        "org-gamma": "2800",
    }
    [change] = changes(results(), after)
    assert (change.money, change.by_name) == (Decimal(800), {"org-gamma": Decimal(800)})


@pytest.mark.parametrize(
    "before",
    [
        {},
        {"provenance": {}},
        results() | {"organizations": {"a": "x"}},
        results() | {"total": None},
    ],
)
def test_a_revision_before_that_is_not_known_is_said(before):
    """It guesses nothing about results that are gone, or are not the kit's."""
    [change] = changes(before, results())
    assert change.causes == (Cause.UNKNOWN,)
    assert text_sentence(change.said, Format("USD")).startswith("what changed is not known")


amounts = st.decimals(min_value=0, max_value=10**9, places=12).map(plain)
organizations = st.dictionaries(
    st.sampled_from(("a", "b", "c", "d", "e", "f", "g", "h")), amounts, min_size=1
)


@given(organizations, organizations, st.sets(st.sampled_from(COST)), st.integers(-5, 5))
def test_the_money_of_the_changes_is_the_difference_of_the_totals(one, other, moved, rows):
    """Whatever changed, the changes of cost add up to new total - old total, and each by name to its money."""
    before, after = results(**one), results(**other)
    after["rows"]["used"] += rows
    made = after["provenance"]
    made["inputs"][0]["sha256"] = "a2" if Cause.USAGE in moved else "a1"
    made["params"]["timezone"] = "Europe/Berlin" if Cause.MAPPING in moved else "UTC"
    made["notebook"] = "n2" if Cause.NOTEBOOK in moved else "n1"
    made["code"] = "c2" if Cause.VERSION in moved else "c1"
    found = changes(before, after)
    assert sum(
        (change.money for change in found if change.money is not None), Decimal(0)
    ) == Decimal(after["total"]) - Decimal(before["total"])
    for change in found:
        assert change.money is None or sum(change.by_name.values(), Decimal(0)) == change.money
    assert moved - {cause for change in found for cause in change.causes} == set()


@given(organizations, organizations)
def test_what_goes_forth_comes_back(one, other):
    """From the one to the other and back again is no money."""
    there, back = (
        changes(results(**one), late(results(**other))),
        changes(late(results(**other)), results(**one)),
    )
    assert [-change.money for change in there] == [change.money for change in back]
