"""What changed between two revisions, and its money, from their results alone."""

from __future__ import annotations

import copy
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.findings.changes import Cause, changes
from finops_nb.findings.cost_by_pair import pair_changes
from finops_nb.money import plain
from finops_nb.report.format import Format, text_sentence

COST = (Cause.USAGE, Cause.MAPPING, Cause.NOTEBOOK, Cause.VERSION)
"""What may change the cost."""

ORGANIZATION_BUDGETS = "budgets/versions/0/organization_budgets"


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
            "budgets": {
                "version": "original",
                "versions": [version],
                "owners": {"org-alpha": "Ada"},
                "inputs": [],
                "approved": "original",
            },
            "params": {
                "period": "2025-12",
                "dialect": "calls",
                "columns": {"organization": "team"},
                "timezone": "UTC",
                "usage": ["usage/a.csv"],
                "organization_budgets": {"org-alpha": "5000", "org-gamma": "2000"},
                "at_risk": "0.8",
                "notes": {},
                "owners": {"org-alpha": "Ada"},
            },
            "versions": {"finops-nb": "0.1.0", "duckdb": "1.0"},
            "notebook": "n1",
            "code": "c1",
            "months": {"2025-11": "m1", "2025-10": "m0"},
        },
    }


def late(after: dict, sha256: str = "a2", rows: int = 1) -> dict:
    """The same results, from another file with so many more rows."""
    after["provenance"]["inputs"][0]["sha256"] = sha256
    after["rows"]["used"] += rows
    return after


def texts(before: dict, after: dict) -> list[str]:
    """The changes as text."""
    return [text_sentence(change.sentence, Format("USD")) for change in changes(before, after)]


def changed(path: str, value) -> dict:
    """Results with one thing of their provenance replaced."""
    after = copy.deepcopy(results())
    *parents, last = path.split("/")
    record = after["provenance"]
    for key in parents:
        record = record[int(key) if isinstance(record, list) else key]
    record[last] = value
    return after


def test_a_change_of_cost_names_the_sources_that_moved():
    """Beside the names: seats rose from 3.00 to 5.40, and cloud is as it was."""
    before, after = results(), late(results(org_beta="6.40"))
    for each, seats in ((before, "3"), (after, "5.40")):
        each["tables"] = {
            "sources": [{"source": "cloud", "cost": "7"}, {"source": "seats", "cost": seats}]
        }
    assert texts(before, after) == [
        "-$3.60 changed usage for org-alpha (-$6.00) and org-beta (+$2.40); "
        "by source: seats (+$2.40)"
    ]


def test_a_source_of_the_params_is_told_by_its_name():
    """What changed in it; one that is new is there with its paths."""
    seats = {"name": "seats", "usage": ["s.csv"], "scale": "1"}
    before, after = changed("params/sources", [seats]), changed("params/sources", [])
    after["provenance"]["params"]["sources"] = [seats | {"scale": "0.01"}]
    assert "sources.seats.scale 1 → 0.01" in texts(before, after)


def test_another_organizations_csv_is_a_changed_mapping_and_not_late_data():
    """$2.00 moves from one organization to another; a changed file that moves no cost is listed."""
    after = changed("mapping", {"name": "organizations.csv", "sha256": "m2", "rows": 3})
    assert texts(results(), after) == ["the mapping file changed, but no organization's cost did"]
    costs = after["organizations"]
    name = next(iter(costs))
    costs |= {name: plain(Decimal(costs[name]) - 2), "org-new": "2"}
    [change] = changes(results(), after)
    assert (change.causes, change.money) == ((Cause.MAPPING,), 0)
    assert "a changed usage mapping" in texts(results(), after)[0]


def test_another_drivers_csv_is_a_change_without_money():
    """The params name the same file; a new one is a change of the params."""
    before, after = results(), results()
    before["provenance"]["drivers"] = {"name": "drivers.csv", "sha256": "d1", "rows": 3}
    after["provenance"]["drivers"] = {"name": "drivers.csv", "sha256": "d2", "rows": 3}
    [change] = changes(before, after)
    assert (change.causes, change.money) == ((Cause.DRIVERS,), None)
    assert texts(before, after) == ["amounts in drivers.csv changed"]
    assert changes(results(), after) == ()


def test_equal_results_have_no_changes():
    """Equal results give no changes."""
    assert changes(results(), results()) == ()


def test_late_data_is_money_of_an_organization():
    """It subtracts: 16.40 − 4 = 12.40 for org-beta, in one more row."""
    [change] = changes(results(), late(results(org_alpha="6", org_beta="16.40")))
    assert (change.causes, change.money, change.rows) == ((Cause.USAGE,), Decimal("12.40"), 1)
    assert change.by_name == {"org-beta": Decimal("12.40")}
    assert text_sentence(change.sentence, Format("USD")) == "+$12.40 late data for org-beta"


@pytest.mark.parametrize(
    ("organizations", "rows", "text"),
    [
        (
            {"org_alpha": "7", "org_beta": "16.40"},
            2,
            "+$13.40 late data for org-beta (+$12.40) and org-alpha (+$1.00)",
        ),
        ({"org_alpha": "6", "org_beta": "4", "org_new": "5"}, 1, "+$5.00 late data for org-new"),
        ({"org_alpha": "6", "org_beta": "3"}, 0, "-$1.00 changed usage for org-beta"),
        ({"org_alpha": "6", "org_beta": "5"}, 0, "+$1.00 changed usage for org-beta"),
        ({"org_alpha": "6"}, -4, "-$4.00 changed usage for org-beta"),
        (
            {"org_alpha": "7", "org_beta": "3"},
            2,
            "$0.00 changed usage for org-alpha (+$1.00) and org-beta (-$1.00)",
        ),
        (
            {"org_alpha": "6", "org_beta": "4"},
            3,
            "usage files changed (3 more rows), but no organization's cost did",
        ),
        (
            {"org_alpha": "6", "org_beta": "4"} | {f"org_{n}": f"{n}" for n in range(1, 8)},
            7,
            "+$28.00 late data for org-7 (+$7.00), org-6 (+$6.00), org-5 (+$5.00), "
            "org-4 (+$4.00), org-3 (+$3.00) and 2 others",
        ),
    ],
)
def test_changed_usage_is_listed_by_organization(organizations, rows, text):
    """It is late data only if rows were added and no organization costs less.

    The largest differences are named.
    """
    assert texts(results(), late(results(**organizations), rows=rows)) == [text]


@pytest.mark.parametrize(
    ("path", "value", "causes", "text"),
    [
        ("columns", {"organization": "squad"}, (Cause.MAPPING,), "from a changed usage mapping"),
        ("timezone", "Europe/Berlin", (Cause.MAPPING,), "from a changed usage mapping"),
        ("", "", (Cause.NOTEBOOK,), "from an updated notebook"),
    ],
)
def test_another_cause_of_a_changed_cost_is_named_with_it(path, value, causes, text):
    """The money is due to the mapping, or to the notebook, if the usage files are the same."""
    after = results(org_alpha="6", org_beta="16.40")
    if path:
        after["provenance"]["params"][path] = value
    else:
        after["provenance"]["notebook"] = "n2"
    change, *_ = changes(results(), after)
    assert (change.causes, change.money) == (causes, Decimal("12.40"))
    assert text_sentence(change.sentence, Format("USD")) == f"+$12.40 for org-beta, {text}"


def test_causes_that_cannot_be_told_apart_are_named_together():
    """Usage, mapping, notebook and code changed at once: the share of each is not known."""
    after = late(results(org_alpha="6", org_beta="16.40"))
    after["provenance"]["params"]["timezone"] = "Europe/Berlin"
    assert texts(results(), after) == [
        "+$12.40 for org-beta, from changed usage and a changed usage mapping together",
        "timezone UTC → Europe/Berlin",
    ]
    after["provenance"] |= {
        "notebook": "n2",
        "code": "c2",
        "versions": {"finops-nb": "0.2.0", "duckdb": "1.0"},
    }
    assert texts(results(), after) == [
        "+$12.40 for org-beta, from changed usage, a changed usage mapping, an updated notebook "
        "and updated finops-nb code together",
        "timezone UTC → Europe/Berlin",
        "finops-nb 0.1.0 → 0.2.0",
    ]


def test_a_key_that_is_new_and_not_set_is_no_change():
    """A newer version has a key more; nobody set it."""
    after = results()
    after["provenance"]["params"]["drivers"] = ""
    assert texts(results(), after) == []


def test_money_without_a_known_cause_is_listed():
    """A difference whose cause is not on record is not hidden."""
    [change] = changes(results(), results(org_alpha="6", org_beta="16.40"))
    assert (change.causes, change.money) == ((Cause.UNKNOWN,), Decimal("12.40"))
    assert texts(results(), results(org_alpha="6", org_beta="16.40")) == [
        "+$12.40 for org-beta, cause not known"
    ]


@pytest.mark.parametrize(
    ("path", "value", "cause", "text"),
    [
        ("params/at_risk", "0.85", Cause.PARAMS, "at_risk 0.8 → 0.85"),
        (
            "params/notes",
            {"org-a": "two regions"},
            Cause.PARAMS,
            "notes.org-a (not set) → two regions",
        ),
        ("params/usage", ["usage/a.csv", "b"], Cause.PARAMS, "usage usage/a.csv → usage/a.csv, b"),
        (
            "params/columns",
            {"organization": "squad"},
            Cause.MAPPING,
            "columns.organization team → squad",
        ),
        ("params/as_of", "2025-12-20", Cause.PARAMS, "as_of (not set) → 2025-12-20"),
        ("params/notes", {"a": "x" * 100}, Cause.PARAMS, f"notes.a (not set) → {'x' * 79}…"),
        ("inputs/0/name", "usage/b.csv", Cause.USAGE, "usage files were renamed"),
        ("budgets/version", "revised 1", Cause.BUDGET, "budget version original → revised 1"),
        ("budgets/owners", {"org-alpha": "Bob"}, Cause.BUDGET, "owners.org-alpha Ada → Bob"),
        (
            "budgets/inputs",
            [{"name": "budgets.csv", "sha256": "b1"}],
            Cause.BUDGET,
            "budget details changed, but no amount, owner or version did",
        ),
        (
            ORGANIZATION_BUDGETS,
            {"org-alpha": "5000", "org-gamma": "2800"},
            Cause.BUDGET,
            "budget of org-gamma $2,000.00 → $2,800.00",
        ),
        (
            ORGANIZATION_BUDGETS,
            {"org-alpha": "5000"},
            Cause.BUDGET,
            "budget of org-gamma $2,000.00 → none",
        ),
        (
            ORGANIZATION_BUDGETS,
            {"org-alpha": "5000", "org-gamma": "2000", "x": "0"},
            Cause.BUDGET,
            "budget of x none → $0.00",
        ),
        (
            ORGANIZATION_BUDGETS,
            {"org-alpha": "5000.00", "org-gamma": "1800", "x": "50"},
            Cause.BUDGET,
            "-$150.00 in organization budgets: org-gamma $2,000.00 → $1,800.00 and x none → $50.00",
        ),
        (
            ORGANIZATION_BUDGETS,
            {"org-alpha": "5000", "org-gama": "2000"},
            Cause.BUDGET,
            "organization budgets: org-gama none → $2,000.00 and org-gamma $2,000.00 → none",
        ),
        (
            "budgets/versions/0/product_budgets",
            {"chat": "10"},
            Cause.BUDGET,
            "budget of chat $9.00 → $10.00",
        ),
        (
            "months",
            {"2025-11": "m2", "2025-10": "m0"},
            Cause.MONTHS,
            "published figures of 2025-11 changed",
        ),
        ("months", {"2025-11": "m1"}, Cause.MONTHS, "2025-10 no longer published"),
        (
            "months",
            {"2025-11": "m1", "2025-10": "m0", "2025-09": "m9", "2025-08": "m8"},
            Cause.MONTHS,
            "2025-09 and 2025-08 published since",
        ),
        ("notebook", "n2", Cause.NOTEBOOK, "an updated notebook"),
        ("code", "c2", Cause.VERSION, "updated finops-nb code"),
        ("versions", {"finops-nb": "0.1.0", "duckdb": "2.0"}, Cause.VERSION, "duckdb 1.0 → 2.0"),
    ],
)
def test_each_thing_that_changed_is_listed(path, value, cause, text):
    """It names what changed, old and new, without money where the cost did not change."""
    before = results()
    before["provenance"]["versions"] = {"finops-nb": "0.1.0", "duckdb": "1.0"}
    [change] = changes(before, changed(path, value))
    assert change.causes == (cause,)
    assert text_sentence(change.sentence, Format("USD")) == text


def test_a_changed_budget_in_the_params_is_listed_once():
    """Both the params and the record of the budgets hold it."""
    amounts = {"org-alpha": "5000", "org-gamma": "2800"}
    after = changed(ORGANIZATION_BUDGETS, amounts)
    after["provenance"]["params"]["organization_budgets"] = amounts
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
def test_an_unknown_previous_revision_is_named(before):
    """Nothing is guessed about results that are missing, or come from another notebook."""
    [change] = changes(before, results())
    assert change.causes == (Cause.UNKNOWN,)
    assert text_sentence(change.sentence, Format("USD")).startswith("what changed is not known")


amounts = st.decimals(min_value=0, max_value=10**9, places=12).map(plain)
organizations = st.dictionaries(
    st.sampled_from(("a", "b", "c", "d", "e", "f", "g", "h")), amounts, min_size=1
)


@given(organizations, organizations, st.sets(st.sampled_from(COST)), st.integers(-5, 5))
def test_the_money_of_the_changes_is_the_difference_of_the_totals(one, other, moved, rows):
    """The changes of cost add up to new total − old total, and each by name to its money."""
    before, after = results(**one), results(**other)
    after["rows"]["used"] += rows
    made = after["provenance"]
    made["inputs"][0]["sha256"] = "a2" if Cause.USAGE in moved else "a1"
    made["params"]["timezone"] = "Europe/Berlin" if Cause.MAPPING in moved else "UTC"
    made["notebook"] = "n2" if Cause.NOTEBOOK in moved else "n1"
    made["code"] = "c2" if Cause.VERSION in moved else "c1"
    all_changes = changes(before, after)
    money = [change.money for change in all_changes if change.money is not None]
    assert sum(money, Decimal(0)) == Decimal(after["total"]) - Decimal(before["total"])
    for change in all_changes:
        assert change.money is None or sum(change.by_name.values(), Decimal(0)) == change.money
    assert moved - {cause for change in all_changes for cause in change.causes} == set()


@given(organizations, organizations)
def test_the_changes_back_are_the_changes_with_the_other_sign(one, other):
    """From one result to another and back again, the money adds up to nothing."""
    there = changes(results(**one), late(results(**other)))
    back = changes(late(results(**other)), results(**one))
    assert [-change.money for change in there] == [change.money for change in back]


# By organization and product


def paired(pairs: dict[tuple[str, str], tuple[str, int]], counts: bool = True) -> dict:
    """Results of these costs and rows by organization and product."""
    made = results()
    costs = {pair: Decimal(cost) for pair, (cost, _) in pairs.items()}
    for place, by in enumerate(("organizations", "products")):
        sums: dict[str, Decimal] = {}
        for pair, cost in costs.items():
            sums[pair[place]] = sums.get(pair[place], Decimal(0)) + cost
        made[by] = {name: plain(cost) for name, cost in sums.items()}
    made["total"] = plain(sum(costs.values(), Decimal(0)))
    made["rows"]["used"] = sum(rows for _, rows in pairs.values())
    made["tables"] = {
        "organization_product_breakdown": [
            {
                "organization": organization,
                "product": product,
                "cost": cost,
                "calls": rows if counts else None,
            }
            for (organization, product), (cost, rows) in pairs.items()
        ]
    }
    return made


A_CHAT, A_SEARCH, B_CHAT = ("org-a", "chat"), ("org-a", "search"), ("org-b", "chat")
PAIRS = {A_CHAT: ("100", 2), A_SEARCH: ("50", 1), B_CHAT: ("30", 1)}


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        # 30 + 12.40 in one more row
        ({B_CHAT: ("42.40", 2)}, "+$12.40 late data for org-b on chat (1 row)"),
        (
            {B_CHAT: ("42.40", 2), A_SEARCH: ("51", 3)},
            "+$13.40 late data for org-b on chat (+$12.40, 1 row) and "
            "org-a on search (+$1.00, 2 rows)",
        ),
        ({A_SEARCH: ("49", 1)}, "-$1.00 changed usage for org-a on search"),
        ({A_CHAT: ("101", 1)}, "+$1.00 changed usage for org-a on chat (1 fewer row)"),
        (
            {A_CHAT: ("150", 3), A_SEARCH: ("0", 0)},
            "$50.00 of org-a moved from search to chat (changed usage)",
        ),
        (
            {A_CHAT: ("90", 2), B_CHAT: ("40", 1)},
            "$10.00 on chat moved from org-a to org-b (changed usage)",
        ),
        (
            {A_SEARCH: ("45", 1), B_CHAT: ("35", 1)},
            "$5.00 moved from org-a on search to org-b on chat (changed usage)",
        ),
        (
            {A_CHAT: ("100", 3)},
            "usage files changed (1 more row), but no cost by organization and product did",
        ),
        (
            {("org-b", "search"): ("20", 1), B_CHAT: ("20", 1), A_CHAT: ("90", 1)},
            "$0.00 changed usage for org-b on search (+$20.00, 1 more row), "
            "org-a on chat (-$10.00, 1 fewer row) and org-b on chat (-$10.00)",
        ),
    ],
)
def test_changed_usage_is_listed_by_organization_and_product(pairs, text):
    """With rows and money; a move of $50 between two products of one organization reads as such."""
    assert texts(paired(PAIRS), late(paired(PAIRS | pairs), rows=0)) == [text]


def test_a_move_between_products_is_by_product_in_the_record():
    """No organization's cost changed: 50 − 50 = 0 by product."""
    after = late(paired(PAIRS | {A_CHAT: ("150", 3), A_SEARCH: ("0", 0)}), rows=0)
    [change] = changes(paired(PAIRS), after)
    assert (change.money, change.by_name) == (0, {"chat": Decimal(50), "search": Decimal(-50)})


def test_rows_of_a_bill_are_counted_in_total():
    """A bill has no calls, so its rows are not known by organization and product."""
    before, after = (
        paired(pairs, counts=False) for pairs in (PAIRS, PAIRS | {B_CHAT: ("42.40", 3)})
    )
    assert texts(before, late(after, rows=0)) == [
        "+$12.40 late data for org-b on chat; 2 more rows"
    ]


def test_usage_and_mapping_are_told_apart():
    """organizations.csv changes names and no total: all of the $7.00 is from changed usage."""
    after = late(
        paired({("A", "chat"): ("107", 3), A_SEARCH: ("50", 1), B_CHAT: ("30", 1)}), rows=0
    )
    after["provenance"]["mapping"] = {"name": "organizations.csv", "sha256": "m2", "rows": 3}
    [change] = changes(paired(PAIRS), after)
    assert (change.causes, change.money) == ((Cause.USAGE, Cause.MAPPING), 7)
    assert texts(paired(PAIRS), after) == [
        "+$7.00 from changed usage; the changed mapping file moved cost between names, so both "
        "together are A on chat (+$107.00, 3 more rows) and org-a on chat (-$100.00, 2 fewer rows)"
    ]


def test_usage_and_mapping_that_move_no_cost_are_both_listed():
    """Each of the changed files is named."""
    after = late(paired(PAIRS), rows=0)
    after["provenance"]["mapping"] = {"name": "organizations.csv", "sha256": "m2", "rows": 3}
    assert texts(paired(PAIRS), after) == [
        f"{what} changed, but no cost by organization and product did"
        for what in ("usage files", "the mapping file")
    ]


pair_costs = st.dictionaries(
    st.tuples(st.sampled_from(("a", "b", "c")), st.sampled_from(("x", "y", "z"))),
    st.tuples(amounts, st.integers(1, 5)),
    min_size=1,
)


@given(pair_costs, pair_costs)
def test_the_money_by_pair_adds_up_to_the_difference_of_the_totals(one, other):
    """So do its rows, and back again each has the other sign."""
    before, after = paired(one), paired(other)
    there, back = pair_changes(before, after), pair_changes(after, before)
    assert sum(pair.money for pair in there) == Decimal(after["total"]) - Decimal(before["total"])
    assert sum(pair.rows for pair in there) == after["rows"]["used"] - before["rows"]["used"]
    assert {pair[:2]: (-pair.money, -pair.rows) for pair in there} == {
        pair[:2]: (pair.money, pair.rows) for pair in back
    }
    assert texts(before, before) == []
