"""Check: what a report would hold, against the month before, in words for a person."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from finops_nb.commands import check
from finops_nb.commands.check import check_name, describe
from finops_nb.errors import Refusal
from finops_nb.home import Home
from finops_nb.usage.reader import read_usage

D = Decimal

HEADER = "timestamp,cost_usd,organization_id,product_id,feature_id,customer_id"
MONTH = 'period: "{month}"\nusage: "calls-{{period}}.csv"\n'


@pytest.fixture
def home(tmp_path) -> Home:
    """November of 2.00 in two calls, December of 3.00 in one."""
    (tmp_path / "params").mkdir()
    for month, rows in (("2025-11", ["1.50,red", "0.50,blue"]), ("2025-12", ["3.00,red"])):
        (tmp_path / "params" / f"{month}.yaml").write_text(MONTH.format(month=month))
        lines = [f"{month}-30,{row},chat,ask,c1" for row in rows]
        (tmp_path / f"calls-{month}.csv").write_text("\n".join([HEADER, *lines, ""]))
    return Home(tmp_path)


def publish_november(home: Home, **changed) -> Path:
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
    (home.outputs / "2025-11").mkdir(parents=True)
    file = home.outputs / "2025-11" / "results.json"
    file.write_text(json.dumps(results))
    return file


def test_it_compares_with_the_files_of_the_month_before(home):
    """It says 3.00 after 2.00 is +50 %, and one row after two is -50 %."""
    checked = check_name("2025-12", home)
    assert checked.before == (Decimal("2.00"), 2)
    assert "the month before had $2.00 (+50.0%) in 2 rows (-50.0%)" in describe(checked)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_a_file_of_both_months_is_the_same_read_once_or_twice(home, monkeypatch, zone):
    """It takes November from what it has read, where both are read alike: 2.50, two rows; by another clock it reads anew."""
    lines = [
        HEADER,
        "2025-11-03,2.00,red,chat,ask,c1",
        "2025-11-30T22:00:00Z,0.50,red,chat,ask,c1",
        "2025-12-03,3.00,red,chat,ask,c1",
        "",
    ]
    (home.root / "calls.csv").write_text("\n".join(lines))
    (home.root / "params" / "2025-11.yaml").write_text(
        f'period: "2025-11"\nusage: calls.csv\ntimezone: {zone}\n'
    )
    (home.root / "params" / "2025-12.yaml").write_text('period: "2025-12"\nusage: calls.csv\n')
    asked = []

    def counted(params, *given, **named):
        asked.append(params.period)
        return read_usage(params, *given, **named)

    monkeypatch.setattr(check, "read_usage", counted)
    before = check_name("2025-12", home).before
    assert (before, asked) == {
        "UTC": ((D("2.5"), 2), ["2025-12"]),
        "Asia/Tokyo": ((D("2"), 1), ["2025-12", "2025-11"]),
    }[zone]


def test_it_prefers_what_was_published(home):
    """It compares with the figures that were sent, not with files that may have changed since."""
    publish_november(home)
    assert check_name("2025-12", home).before == (Decimal("2.5"), 4)


def test_a_name_of_two_lines_stands_on_one(home):
    """It keeps the figures beside the name."""
    lines = [HEADER, '2025-12-30,3.00,"red\r\nalert",chat,ask,c1', ""]
    (home.root / "calls-2025-12.csv").write_bytes("\n".join(lines).encode())
    assert "red alert" in next(
        line
        for line in describe(check_name("2025-12", home)).splitlines()
        if "$3.00" in line and "red" in line
    )


@pytest.mark.parametrize("changed", [{"kind": "analysis"}, {"currency": "EUR"}])
def test_it_compares_like_with_like_only(home, changed):
    """It passes over published results that are not official, or in another currency."""
    publish_november(home, **changed)
    assert check_name("2025-12", home).before == (Decimal("2.00"), 2)


def test_it_says_that_there_is_no_month_before(home):
    """It does not invent one."""
    assert "no month before to compare with" in describe(check_name("2025-11", home))


def test_it_proposes_budgets_where_there_are_none(home):
    """It ends with lines to paste."""
    assert describe(check_name("2025-11", home)).endswith(
        "  blue: 100\nproduct_budgets:\n  chat: 100"
    )


def test_it_lists_the_costliest_names_and_all_that_matter(home):
    """The 25 costliest of 30, any with a budget, and cost without a name; five of 1.00 are the rest, or four."""
    names = [*(f"org-{n:02}" for n in range(29)), "zz", ""]
    rows = [f"2025-12-30,{2 if n < 25 else 1},{name},chat,ask,c1" for n, name in enumerate(names)]
    (home.root / "calls-2025-12.csv").write_text("\n".join([HEADER, *rows, ""]))
    file = home.root / "params" / "2025-12.yaml"
    found = describe(check_name("2025-12", home))
    assert re.search(r"^  and 5 more +\$5\.00$", found, re.MULTILINE)
    assert "  # and those of 5 more, which cost less\n" in found
    file.write_text(file.read_text() + "organization_budgets: {zz: 7}\n")
    listed = [
        line.split()[0]
        for line in describe(check_name("2025-12", home)).splitlines()
        if "$" in line
    ]
    assert listed[1:29] == [*names[:25], "zz", "(unallocated)", "and"]


def test_it_marks_a_month_that_still_runs(home):
    """It says PARTIAL where the last day has no usage."""
    first, *_ = describe(check_name("2025-12", home)).splitlines()
    assert first == "2025-12: official, December 2025 (2025-12-01 to 2025-12-31, UTC days), PARTIAL"


def test_its_refusal_brings_the_columns_to_start_from(home):
    """It proposes the nearest columns, says which it could not guess, and lists what there is."""
    (home.root / "calls-2025-12.csv").write_text(
        "when,amount,team,app,zone,user\n2025-12-30,1.00,red,chat,eu,u1\n"
    )
    with pytest.raises(Refusal) as refused:
        check_name("2025-12", home)
    text = str(refused.value)
    assert "columns:\n" in text
    assert "  cost: amount\n  organization: team\n  product: app\n" in text
    assert "  feature: ?  # one of: when, amount, team, app, zone, user" in text
