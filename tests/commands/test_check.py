"""Check: what a report would contain, compared with the month before."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.commands.check import check_name, describe
from finops_nb.commands.suggestion import _rounded_up
from finops_nb.errors import Refusal
from finops_nb.home import Home
from finops_nb.params.params_file import load_params
from finops_nb.run.run import run

D = Decimal

HEADER = "timestamp,cost_usd,organization_id,product_id,feature_id,customer_id"
MONTH = 'period: "{month}"\nusage: "calls-{{period}}.csv"\n'


@pytest.fixture
def two_months(tmp_path) -> Home:
    """November of 2.00 in two calls, December of 3.00 in one."""
    (tmp_path / "params").mkdir()
    for month, rows in (("2025-11", ["1.50,red", "0.50,blue"]), ("2025-12", ["3.00,red"])):
        (tmp_path / "params" / f"{month}.yaml").write_text(MONTH.format(month=month))
        lines = [f"{month}-30,{row},chat,ask,c1" for row in rows]
        (tmp_path / f"calls-{month}.csv").write_text("\n".join([HEADER, *lines, ""]))
    return Home(tmp_path)


def publish_november(two_months: Home, **changed) -> Path:
    """Results of November as they were published."""
    results = {
        "name": "2025-11",
        "kind": "official",
        "currency": "USD",
        "total": "2.5",
        "rows": {"used": 4},
    } | changed
    results |= {
        "period": {"complete": True},
        "provenance": {"params": {"timezone": "UTC"}},
        "tables": {"spend_by_day": [], "executive_summary": [{"budget": None}]},
    }
    results |= {"organizations": {}, "products": {}}
    (two_months.outputs / "2025-11").mkdir(parents=True)
    file = two_months.outputs / "2025-11" / "results.json"
    file.write_text(json.dumps(results))
    return file


def end_december(two_months: Home) -> None:
    """Say that December is over, though its last day has no usage."""
    with two_months.params_file("2025-12").open("a") as file:
        file.write("as_of: 2025-12-31\n")


def test_it_compares_with_what_was_published(two_months):
    """3.00 after 2.50 is +20%, and one row after four is -75%."""
    publish_november(two_months)
    end_december(two_months)
    checked = check_name("2025-12", two_months)
    expected = "Total $3.00, +20.0% from $2.50 the month before (1 row, -75.0% from 4)"
    assert expected in describe(checked)


def test_a_running_month_is_compared_by_its_days(two_months):
    """3.00 in 30 days after 1.50 + 0.50 in as many of November: half more."""
    days = [{"day": "2025-11-01", "cost": "1.50"}, {"day": "2025-11-30", "cost": "0.50"}]
    file = publish_november(two_months)
    results = json.loads(file.read_text())
    results["tables"]["spend_by_day"] = days
    file.write_text(json.dumps(results))
    expected = (
        "Total $3.00; $3.00 in the first 30 days, +50.0% from $2.00 in the first 30 days of "
        "November 2025"
    )
    assert expected in describe(check_name("2025-12", two_months))


def test_without_a_published_month_before_it_compares_as_little_as_the_report(two_months):
    """The report says n/a there, though November has params and usage."""
    text = describe(check_name("2025-12", two_months))
    assert "  Total $3.00; no November 2025 report was published\n" in text


def test_it_refuses_an_analysis_in_the_place_of_an_official_report(two_months):
    """As `run` does: another period in the file of a published month."""
    folder = two_months.outputs / "2025-12"
    folder.mkdir(parents=True)
    (folder / "chargeback.csv").write_text("organization,amount\n")
    file = two_months.params_file("2025-12")
    file.write_text(file.read_text().replace('period: "2025-12"', 'period: "2025-11"'))
    refusals = []
    for command in (check_name, run):
        with pytest.raises(Refusal, match="only an official one may replace it") as refused:
            command("2025-12", two_months)
        refusals.append(str(refused.value))
    assert refusals[0] == refusals[1]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"kind": "analysis"}, "no November 2025 report was published"),
        ({"currency": "EUR"}, "the November 2025 report is in EUR, so it is not compared"),
    ],
)
def test_it_compares_like_with_like_only(two_months, changed, reason):
    """Of another kind it is no report of the month; of another currency it is not compared."""
    publish_november(two_months, **changed)
    assert f"  Total $3.00; {reason}\n" in describe(check_name("2025-12", two_months))


def test_it_proposes_budgets_where_there_are_none(two_months):
    """The text ends with lines to paste into the params file."""
    assert describe(check_name("2025-11", two_months)).endswith(
        "  blue: 1\nproduct_budgets:\n  chat: 2"
    )


def test_it_lists_the_costliest_names_and_all_that_matter(two_months):
    """The 25 costliest of 30, names with a budget, and cost without a name; others are added up."""
    names = [*(f"org-{n:02}" for n in range(29)), "zz", ""]
    rows = [f"2025-12-30,{2 if n < 25 else 1},{name},chat,ask,c1" for n, name in enumerate(names)]
    (two_months.root / "calls-2025-12.csv").write_text("\n".join([HEADER, *rows, ""]))
    file = two_months.root / "params" / "2025-12.yaml"
    text = describe(check_name("2025-12", two_months))
    assert re.search(r"^  and 5 more +\$5\.00$", text, re.MULTILINE)
    assert "  # and 5 more with lower cost\n" in text
    file.write_text(file.read_text() + "organization_budgets: {zz: 7}\n")
    listed = [
        line.split()[0]
        for line in describe(check_name("2025-12", two_months)).splitlines()
        if "$" in line
    ]
    assert listed[1:29] == [*names[:25], "zz", "(unallocated)", "and"]


def test_it_marks_a_month_that_still_runs(two_months):
    """A month is PARTIAL if its last day has no usage."""
    first, *_ = describe(check_name("2025-12", two_months)).splitlines()
    assert (
        first == "2025-12: official, December 2025 (2025-12-01 to 2025-12-31, days in UTC), PARTIAL"
    )


def test_missing_usage_is_refused_at_its_line(two_months):
    """The params file and the line that name it are in the message."""
    (two_months.root / "calls-2025-12.csv").unlink()
    with pytest.raises(Refusal) as refused:
        check_name("2025-12", two_months)
    [problem] = refused.value.problems
    assert (problem.file, problem.column) == ("params/2025-12.yaml", "usage")
    lines = (two_months.root / "params" / "2025-12.yaml").read_text().splitlines()
    assert lines[problem.line - 1].startswith("usage:")


def test_budgets_that_can_not_be_found_are_refused_at_their_line(two_months):
    """A refusal about another key of the params names the file and the line too."""
    file = two_months.root / "params" / "2025-12.yaml"
    file.write_text(f'{file.read_text()}\nbudgets: "months:"\n')
    message = r"^params/2025-12\.yaml, line \d+, budgets: only a quarter or a year can add up"
    with pytest.raises(Refusal, match=message):
        check_name("2025-12", two_months)


def test_its_refusal_suggests_columns(two_months):
    """It suggests the nearest columns; where none is near, it lists those of the file."""
    (two_months.root / "calls-2025-12.csv").write_text(
        "when,amount,team,app,zone,user\n2025-12-30,1.00,red,chat,eu,u1\n"
    )
    with pytest.raises(Refusal) as refused:
        check_name("2025-12", two_months)
    text = str(refused.value)
    assert "columns:\n" in text
    assert "  cost: amount\n  organization: team\n  product: app\n" in text
    choices = "when, amount, team, app, zone, user"
    optional = "leave this line out if there is none"
    assert f'  # feature: ""  # one of: {choices}; {optional}' in text


@pytest.mark.parametrize(
    ("header", "unnamed"),
    [
        ("when,amount,team,app,zone,user", ["timestamp"]),
        (
            "x,y,z,u,v,w",
            ["timestamp", "cost", "organization", "product", "feature", "customer"],
        ),
    ],
)
def test_suggested_columns_pasted_as_they_are_say_what_to_fill_in(two_months, header, unnamed):
    """The block is YAML; each column that a person must name is refused at its line."""
    (two_months.root / "calls-2025-12.csv").write_text(f"{header}\nnoon,1.00,red,chat,eu,u1\n")
    with pytest.raises(Refusal) as refused:
        check_name("2025-12", two_months)
    block = str(refused.value).partition("\n\ncolumns:\n")[2]
    file = two_months.root / "params" / "2025-12.yaml"
    file.write_text(f"{file.read_text()}\ncolumns:\n{block}\n")
    with pytest.raises(Refusal) as refused:
        load_params(two_months, "2025-12")
    lines = file.read_text().splitlines()
    said = [(each.column, each.rule, lines[each.line - 1]) for each in refused.value.problems]
    assert [(column, rule) for column, rule, _ in said] == [
        (f"columns.{column}", "no value") for column in unnamed
    ]
    assert all(f'{column.partition(".")[2]}: ""  # one of: ' in line for column, _, line in said)


@pytest.mark.parametrize("missing", ["organization", "product", "feature", "customer"])
def test_a_file_without_names_is_read_as_the_messages_say(two_months, missing):
    """What the problem says to write, and the block pasted as it is, both read the file."""
    header = HEADER.replace(f"{missing}_id", "zone")
    rows = f"{header}\n2025-12-30,1.25,red,chat,ask,c1\n"
    (two_months.root / "calls-2025-12.csv").write_text(rows)
    with pytest.raises(Refusal) as refused:
        check_name("2025-12", two_months)
    [problem] = refused.value.problems
    none = f"columns: {{{missing}: none}}"
    assert problem.fix.endswith(f"; if the file has no such column, write {none}")
    file = two_months.params_file("2025-12")
    params = file.read_text()
    pasted = str(refused.value).partition("Paste this into the params file.")[2].partition("\n")[2]
    for more in (none, pasted):
        file.write_text(f"{params}\n{more}\n")
        checked = check_name("2025-12", two_months)
        assert checked.overview["total"] == "1.25"
        assert checked.data.params.columns == {missing: "none"}


def test_a_suggestion_holds_the_columns_that_the_params_have(two_months):
    """It replaces `columns` of the params, which may not be there twice."""
    (two_months.root / "calls-2025-12.csv").write_text("when,amount,team\n2025-12-30,1.25,red\n")
    file = two_months.params_file("2025-12")
    params = file.read_text()
    file.write_text(f"{params}\ncolumns: {{cost: amount, organization: team}}\n")
    with pytest.raises(Refusal) as refused:
        check_name("2025-12", two_months)
    block = str(refused.value).partition("Replace `columns` in the params file with this.")[2]
    block = block.partition("\n")[2].replace('timestamp: ""', "timestamp: when")
    file.write_text(f"{params}\n{block}\n")
    assert check_name("2025-12", two_months).overview["total"] == "1.25"


def test_a_block_without_guesses_is_filled_in_as_it_says(two_months):
    """With names between the quotes, it reads the file."""
    (two_months.root / "calls-2025-12.csv").write_text("x,y,z\n2025-12-30,1.25,red\n")
    with pytest.raises(Refusal) as refused:
        check_name("2025-12", two_months)
    start = "Paste this into the params file. Between empty quotes, write the name of your column."
    block = str(refused.value).partition(start)[2]
    ours = ("timestamp", "cost", "organization", "product", "feature", "customer")
    for column, name in zip(ours, ("x", "y", "z", "none", "none", "none"), strict=True):
        block = block.replace(f'{column}: ""', f'{column}: "{name}"')
    file = two_months.params_file("2025-12")
    file.write_text(f"{file.read_text()}\n{block}\n")
    assert check_name("2025-12", two_months).overview["total"] == "1.25"


def test_the_suggested_budgets_can_be_pasted_as_they_are(two_months):
    """The budgets are the costs, rounded up to two digits; no block is empty."""
    lines = [HEADER, "2025-12-30,300.01,red,,ask,c1", "2025-12-30,5,yes,,ask,c1", ""]
    (two_months.root / "calls-2025-12.csv").write_text("\n".join(lines))
    text = describe(check_name("2025-12", two_months))
    file = two_months.root / "params" / "2025-12.yaml"
    file.write_text(file.read_text() + text[text.index("# Budgets to start from") :] + "\n")
    assert "product_budgets:" not in file.read_text()
    assert check_name("2025-12", two_months).data.budgets.organizations == {"red": 310, "yes": 5}


def test_it_proposes_no_budgets_where_they_are_in_a_file(two_months):
    """The params name a file of budgets that has none for the month."""
    (two_months.root / "budgets.csv").write_text(
        "dimension,name,month,amount\nproduct,x,2024-01,1\n"
    )
    file = two_months.root / "params" / "2025-12.yaml"
    file.write_text(file.read_text() + "budgets: budgets.csv\n")
    assert "Budgets to start from" not in describe(check_name("2025-12", two_months))


def test_it_names_what_is_read_outside_of_the_home(two_months, tmp_path_factory):
    """Below the total; a report whose files are all in the home has no such line."""
    assert "outside the home" not in describe(check_name("2025-12", two_months))
    shared = tmp_path_factory.mktemp("shared") / "calls.csv"
    (two_months.root / "calls-2025-12.csv").rename(shared)
    text = f'period: "2025-12"\nusage: {shared}\n'
    two_months.params_file("2025-12").write_text(text)
    lines = describe(check_name("2025-12", two_months)).splitlines()
    assert lines[3] == f"  Reads outside the home: usage: {shared}."


@given(st.decimals("-10", "99999999", places=4))
def test_a_suggested_budget_covers_the_cost_and_is_near_it(cost):
    """It is a whole amount from 1 on, at most a tenth of the cost above it, or 1 above it."""
    budget = _rounded_up(cost)
    assert budget >= max(cost, 1)
    assert budget <= max(cost + max(cost / 10, 1), 1)


def test_a_suggested_cost_comes_with_its_currency(home):
    """The block pasted as it is reads a file whose amounts are in euros."""
    text = "when,Amount (EUR),team,service\n2025-12-31,1.25,a,chat\n"
    (home.root / "costs.csv").write_text(text)
    file = home.params_file("2025-12")
    file.write_text('period: "2025-12"\nusage: costs.csv\ndialect: table\n')
    with pytest.raises(Refusal) as refused:
        check_name("2025-12", home)
    block = str(refused.value).partition("\ncolumns:")[2]
    assert "currency: EUR" in block
    block = block.replace('timestamp: ""', "timestamp: when")
    file.write_text(f"{file.read_text()}columns:{block}")
    checked = check_name("2025-12", home)
    assert (checked.overview["total"], checked.overview["currency"]) == ("1.25", "EUR")
