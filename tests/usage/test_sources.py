"""Several sources in one report: added up once, each with its money, and none read as another."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from support.properties import cases

from finops_nb.errors import Refusal
from finops_nb.params.model import make_params
from finops_nb.usage.model import Usage
from finops_nb.usage.reader import read_usage

SEATS = "day,team,plan,amount\n2025-12-01,org-a,Pro,20.00\n2025-12-02,org-b,Pro,40\n"
LOG = (
    "timestamp,cost_usd,organization_id,product_id,feature_id,customer_id\n"
    "2025-12-03T10:00:00Z,0.50,org-a,chat,ask,c1\n"
    "2025-11-30T10:00:00Z,7.00,org-a,chat,ask,c1\n"
)
OWN = {"timestamp": "day", "cost": "amount", "organization": "team"}


def read(folder: Path, **keys) -> Usage:
    return read_usage(make_params({"period": "2025-12"} | keys))


def source(folder: Path, name: str, text: str, **keys) -> dict:
    file = folder / f"{name}.csv"
    file.write_text(text)
    return {"name": name, "usage": str(file)} | keys


def refusal_of(folder: Path, *sources: dict) -> list[str]:
    with pytest.raises(Refusal) as refused:
        read(folder, sources=[*sources])
    return [str(problem) for problem in refused.value.problems]


def test_sources_add_up_to_one_total(tmp_path):
    """Each has its own columns; the total is 20 + 40 + 0.50, and 7.00 is outside the period.

    What the seats have no column for is unallocated there; calls and customers are not known.
    """
    seats = source(tmp_path, "seats", SEATS, columns=OWN | {"product": "plan"})
    log = source(tmp_path, "gateway", LOG, separate="true")
    usage = read(tmp_path, sources=[seats, log])
    assert (usage.cost, usage.cost_outside) == (Decimal("60.50"), 7)
    by_product = usage.groups["organization", "product"]
    assert by_product[["organization", "product", "cost"]].to_numpy().tolist() == [
        ["org-a", "Pro", 20],
        ["org-a", "chat", Decimal("0.50")],
        ["org-b", "Pro", 40],
    ]
    features = usage.groups["feature",]
    assert features[["feature", "cost"]].to_numpy().tolist() == [
        ["(unallocated)", 60],
        ["ask", Decimal("0.50")],
    ]
    assert usage.missing_columns == {"customer"}
    assert [(each.source, each.dialect, each.basis) for each in usage.sources] == [
        ("seats", "table", "billed"),
        ("gateway", "calls", "estimate"),
    ]
    assert [(each.rows, each.cost) for each in usage.sources] == [(2, 60), (1, Decimal("0.50"))]


def test_a_row_that_is_no_call_counts_none(tmp_path):
    """A seat is no call: without the word, a table's rows are counted."""
    seats = source(tmp_path, "seats", SEATS, columns=OWN)
    assert read(tmp_path, sources=[seats]).groups[()]["calls"].tolist() == [2]
    none = seats | {"columns": OWN | {"calls": "none"}}
    usage = read(tmp_path, sources=[none])
    assert "calls" in usage.missing_columns
    assert usage.groups[()]["calls"].tolist() == [None]
    # Beside a log with calls, the number of all calls is not known either.
    both = read(tmp_path, sources=[none, source(tmp_path, "gateway", LOG, separate="true")])
    for frame in both.groups.values():
        assert {*frame["calls"]} == {None}


def test_a_bill_beside_an_estimate_is_refused(tmp_path):
    """They may be the same money, until the estimate says that it is separate or billed itself."""
    seats = source(tmp_path, "seats", SEATS, columns=OWN)
    log = source(tmp_path, "gateway", LOG)
    [problem] = refusal_of(tmp_path, seats, log)
    assert problem == (
        "sources, item 2: the cost of gateway is an estimate, and seats is what was billed; the "
        "two may be the same money. If no other source has the cost of gateway, write "
        "`separate: true` in it; if its cost is what a provider bills, `basis: billed`; otherwise "
        "remove it."
    )
    for key in ({"separate": "true"}, {"basis": "billed"}):
        assert read(tmp_path, sources=[seats, log | key]).cost == Decimal("60.50")
    assert read(tmp_path, sources=[seats]).cost == 60


def test_a_file_in_two_sources_is_refused(tmp_path):
    """Its cost would count twice."""
    seats = source(tmp_path, "seats", SEATS, columns=OWN)
    [problem] = refusal_of(tmp_path, seats, seats | {"name": "more"})
    assert problem.startswith("sources, item 2, usage: listed twice: seats.csv by ")
    assert 'of the source "seats" and seats.csv by' in problem


def test_a_refusal_names_the_source(tmp_path):
    """The way out is in the source, since the params have no `columns` of their own."""
    seats = source(tmp_path, "seats", SEATS, columns={"cost": "amount", "timestamp": "when"})
    [problem] = refusal_of(tmp_path, seats)
    assert 'no column "when" for timestamp' in problem
    assert problem.endswith('Then write columns: {timestamp: day} in the source "seats".')
    missing = {"name": "cloud", "usage": "bills/none.csv"}
    [problem] = refusal_of(tmp_path, missing | {"usage": str(tmp_path / "none.csv")})
    assert problem.startswith("sources, item 1, usage: no such file")


def test_dialects_may_differ_between_sources_but_not_within_one(tmp_path):
    """Two kinds of files in one source are still refused: they may be the same money."""
    spend = "request_id,spend,startTime,model,team_id\nr1,0.25,2025-12-05T10:00:00Z,gpt,org-a\n"
    proxy = source(tmp_path, "proxy", spend)
    log = source(tmp_path, "gateway", LOG)
    assert read(tmp_path, sources=[log, proxy]).cost == Decimal("0.75")
    [problem] = refusal_of(tmp_path, log | {"usage": [log["usage"], proxy["usage"]]})
    assert "this file is litellm, but gateway.csv is calls" in problem


@settings(max_examples=cases(60), deadline=None)
@given(st.lists(st.integers(-5_000, 90_000), min_size=2, max_size=12), st.data())
def test_one_source_or_several_are_the_same_money(tmp_path_factory, cents, data):
    """However the rows of one table are shared out among sources, every figure is equal."""
    folder = tmp_path_factory.mktemp("sources")
    rows = [
        f"2025-12-{1 + n % 28:02},org-{n % 3},{n},{Decimal(cent).scaleb(-2)}\n"
        for n, cent in enumerate(cents)
    ]
    cut = data.draw(st.integers(1, len(rows) - 1))
    header = "day,team,plan,amount\n"
    columns = OWN | {"product": "plan"}
    parts = [
        source(folder, name, header + "".join(part), columns=columns)
        for name, part in (("one", rows[:cut]), ("other", rows[cut:]))
    ]
    whole = source(folder, "whole", header + "".join(rows), columns=columns)
    together = read(folder, usage=whole["usage"], columns=columns)
    apart = read(folder, sources=parts)
    for key, frame in together.groups.items():
        assert frame.to_dict("list") == apart.groups[key].to_dict("list")
    assert [each.cost for each in apart.sources] == [
        Decimal(sum(cents[:cut])).scaleb(-2),
        Decimal(sum(cents[cut:])).scaleb(-2),
    ]


CENTS = (
    "day,team,price_cents,Kind\n"
    '12/01/2025,org-a,"2,050",Seat\n'
    "12/31/2025,org-b,(50),Refund\n"
    "12/31/2025,org-b,999,Included\n"
    "01/01/2026,org-b,100,Seat\n"
)
WRITTEN = {
    "columns": {"timestamp": "day", "cost": "price_cents", "organization": "team"},
    "constants": {"product": "Seats"},
    "scale": "0.01",
    "dates": "MM/DD/YYYY",
    "numbers": "1,234.56",
    "drop": {"Kind": ["Included"]},
}


def test_a_source_says_how_its_files_write_what_usage_has(tmp_path):
    """Cents, American dates and numbers: 20.50 and a credit of 0.50; 9.99 is no charge.

    Rows: 4 read = 2 used + 1 outside the period (1.00) + 1 left out (9.99).
    """
    usage = read(tmp_path, sources=[source(tmp_path, "seats", CENTS, **WRITTEN)])
    pairs = usage.groups["organization", "product"]
    assert pairs[["organization", "product", "cost"]].to_numpy().tolist() == [
        ["org-a", "Seats", Decimal("20.50")],
        ["org-b", "Seats", Decimal("-0.50")],
    ]
    assert (usage.rows_read, usage.rows_used) == (4, 2)
    assert (usage.rows_outside, usage.rows_dropped) == (1, 1)
    assert (usage.cost, usage.cost_outside, usage.cost_dropped) == (20, 1, Decimal("9.99"))
    [notice] = [each for each in usage.notices if "no charge" in each.text]
    assert (notice.text, notice.rows, notice.money) == (
        "Left out of seats.csv as no charge: Kind Included.",
        1,
        Decimal("9.99"),
    )


def test_the_same_in_parquet(tmp_path):
    """A Parquet file of texts, and one whose cents are integers and whose days are dates."""
    csv = tmp_path / "seats.csv"
    csv.write_text(CENTS)
    texts, typed = tmp_path / "texts.parquet", tmp_path / "typed.parquet"
    columns = "strptime(day, '%m/%d/%Y')::DATE AS day, team, Kind"
    cents = "CAST(replace(replace(replace(price_cents, ',', ''), '(', '-'), ')', '') AS BIGINT)"
    scan = f"read_csv('{csv}', all_varchar = true)"
    with duckdb.connect() as db:
        db.execute(f"COPY (SELECT * FROM {scan}) TO '{texts}' (FORMAT parquet)")
        select = f"SELECT {columns}, {cents} AS price_cents FROM {scan}"
        db.execute(f"COPY ({select}) TO '{typed}' (FORMAT parquet)")
    expected = read(tmp_path, sources=[{"name": "seats", "usage": str(csv)} | WRITTEN])
    for file in (texts, typed):
        usage = read(tmp_path, sources=[{"name": "seats", "usage": str(file)} | WRITTEN])
        assert usage.rows_dropped == 1
        for key, frame in expected.groups.items():
            assert frame.to_dict("list") == usage.groups[key].to_dict("list")


def test_what_is_written_in_another_way_is_refused_at_its_line(tmp_path):
    """Line, column, value, and which key of the source says how it is written."""
    # What a row that is no charge costs is nobody's.
    wrong = CENTS.replace("12/01/2025", "2025-12-01").replace("999", "x")
    assert refusal_of(tmp_path, source(tmp_path, "seats", wrong, **WRITTEN)) == [
        'seats.csv, line 2, day: not a date in the form MM/DD/YYYY (found "2025-12-01"). '
        "Correct it, or `dates` of the source.",
    ]
    wrong = CENTS.replace("(50)", "50 ct")
    assert refusal_of(tmp_path, source(tmp_path, "seats", wrong, **WRITTEN)) == [
        'seats.csv, line 3, price_cents: not a number in the form 1,234.56 (found "50 ct"). '
        "Correct it, or `numbers` of the source.",
    ]


def test_the_column_of_dropped_rows_must_be_there(tmp_path):
    """A slip in its name would drop nothing, and charge what is included."""
    keys = WRITTEN | {"drop": {"kind": ["Included"]}}
    [problem] = refusal_of(tmp_path, source(tmp_path, "seats", CENTS, **keys))
    assert problem == (
        'seats.csv, line 1, kind: no column "kind" to drop rows by. '
        "Write one of its columns: day, team, price_cents, Kind."
    )


def test_of_several_sheets_the_source_names_one(tmp_path):
    """The way out of the refusal, followed: its sheet is in the source, and 20.50 is read."""
    book = tmp_path / "seats.xlsx"
    with xlsxwriter.Workbook(book) as workbook:
        for name, cost in (("Notes", 7), ("Paid seats", 20.5)):
            sheet = workbook.add_worksheet(name)
            sheet.write_row(0, 0, ["day", "team", "amount"])
            sheet.write_row(1, 0, ["2025-12-01", "org-a", cost])
    seats = {"name": "seats", "usage": str(book), "columns": OWN}
    [problem] = refusal_of(tmp_path, seats)
    assert problem == (
        "seats.xlsx: several sheets that are not empty: Notes and Paid seats. Write "
        "`sheet: Notes`, or the one with the rows, in an item of `sources`; or save it as CSV."
    )
    usage = read(tmp_path, sources=[seats | {"sheet": "Paid seats"}])
    assert (usage.cost, usage.rows_read) == (Decimal("20.5"), 1)
