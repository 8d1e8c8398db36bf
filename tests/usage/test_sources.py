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
from finops_nb.figures.projection import project
from finops_nb.params.model import make_params
from finops_nb.schema import ALL
from finops_nb.usage.model import CUBE, Usage
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
        'sources, item 2: the cost of source "gateway" is an estimate, and that of "seats" is '
        "billed; the two may be the same money. If no other source has this cost, write "
        '`separate: true` in source "gateway"; if it is what a provider bills, write '
        "`basis: billed`; otherwise remove the source."
    )
    for key in ({"separate": "true"}, {"basis": "billed"}):
        assert read(tmp_path, sources=[seats, log | key]).cost == Decimal("60.50")
    assert read(tmp_path, sources=[seats]).cost == 60


def test_a_file_in_two_sources_is_refused(tmp_path):
    """Its cost would count twice."""
    seats = source(tmp_path, "seats", SEATS, columns=OWN)
    [problem] = refusal_of(tmp_path, seats, seats | {"name": "more"})
    assert problem.startswith(
        'sources, item 2, usage: seats.csv is in the source "seats" too (found '
    )
    assert problem.endswith("Name each file once; otherwise its cost counts twice.")


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


@pytest.mark.parametrize("kind", ["DOUBLE", "DECIMAL(9,3)"])
def test_a_number_is_not_read_as_a_text(tmp_path, kind):
    """1.234 + 12.345 = 13.579; as a German text 1.234 would be more than a thousand."""
    file = tmp_path / "typed.parquet"
    select = (
        f"SELECT '01.12.2025' AS day, 'org-a' AS team, CAST(x AS {kind}) AS amount "
        "FROM (VALUES (1.234), (12.345)) AS v(x)"
    )
    with duckdb.connect() as db:
        db.execute(f"COPY ({select}) TO '{file}' (FORMAT parquet)")
    written = {"columns": OWN, "numbers": "1.234,56", "dates": "DD.MM.YYYY"}
    typed = {"name": "typed", "usage": str(file)} | written
    assert read(tmp_path, sources=[typed]).cost == Decimal("13.579")
    lines = tmp_path / "typed.jsonl"
    lines.write_text('{"day": "2025-12-01", "team": "org-a", "amount": 1.234}\n')
    typed = {"name": "typed", "usage": str(lines), "columns": OWN}
    [problem] = refusal_of(tmp_path, typed | {"numbers": "1.234,56"})
    assert problem == (
        "typed.jsonl: `numbers` describes texts, and this file has numbers of its own. Remove "
        "`numbers` from the source; an amount that is text is then read as 1234.56."
    )
    assert read(tmp_path, sources=[typed]).cost == Decimal("1.234")


def test_integers_in_parquet_may_be_dates(tmp_path):
    """Seconds since 1970, or the digits of a day."""
    for style, day in (("epoch", 1767225599), ("YYYYMMDD", 20251231)):
        file = tmp_path / f"{style}.parquet"
        with duckdb.connect() as db:
            select = f"SELECT CAST({day} AS BIGINT) AS day, 'org-a' AS team, 5 AS amount"
            db.execute(f"COPY ({select}) TO '{file}' (FORMAT parquet)")
        days = {"name": "days", "usage": str(file), "columns": OWN, "dates": style}
        assert f"{read(tmp_path, sources=[days]).last_day}" == "2025-12-31"


def test_a_constant_does_not_pass_over_a_column(tmp_path):
    """The file's own names are not lost without a word; both ways out work."""
    log = source(tmp_path, "gateway", LOG, constants={"organization": "org-x"})
    [problem] = refusal_of(tmp_path, log)
    assert problem == (
        "gateway.csv, line 1, organization_id: the file has this column for organization, and the "
        "source has a constant. Remove the constant; or, if it holds for all rows, write columns: "
        "{organization: none}."
    )
    settled = log | {"columns": {"organization": "none"}}
    frame = read(tmp_path, sources=[settled]).groups["organization",]
    assert frame["organization"].tolist() == ["org-x"]
    [problem] = refusal_of(tmp_path, log | {"columns": {"organization": "product_id"}})
    assert problem == (
        "sources, item 1: organization is both in `columns` and in `constants`. Keep one of them."
    )


def test_what_is_nearly_dropped_is_told(tmp_path):
    """Rows kept for a blank or a capital are charges, which a reader learns with their money."""
    text = CENTS.replace("999,Included", "999,included ").replace("100,Seat", "n/a,Included")
    usage = read(tmp_path, sources=[source(tmp_path, "seats", text, **WRITTEN)])
    assert [(each.text, each.rows, each.money) for each in usage.notices] == [
        ("Left out of seats.csv as no charge: Kind Included.", 1, 0),
        ("Of the rows left out of seats.csv, these have no cost that can be read.", 1, 0),
        (
            "seats.csv has rows like those that `drop` leaves out, but for case or blanks; they "
            "were kept as charges.",
            1,
            Decimal("9.99"),
        ),
    ]


def test_rows_with_an_empty_field_may_be_dropped(tmp_path):
    """`[""]` names them, since an empty field has no text."""
    text = CENTS.replace("999,Included", "999,")
    keys = WRITTEN | {"drop": {"Kind": [""]}}
    assert read(tmp_path, sources=[source(tmp_path, "seats", text, **keys)]).cost_dropped == (
        Decimal("9.99")
    )


BILL = (
    "ChargePeriodStart,ChargePeriodEnd,BillingPeriodStart,BilledCost,EffectiveCost,BillingCurrency,"
    "ChargeCategory,SubAccountName,ServiceName,InvoiceIssuerName,InvoiceId\n"
    "2025-12-01T00:00:00Z,2025-12-02T00:00:00Z,2025-12-01T00:00:00Z,10,10,USD,"
    "Usage,org-a,Compute,AWS,I-1\n"
)


def test_invoices_are_of_the_bill_alone(tmp_path):
    """Seats beside a bill have none; the bill's 10 match, and the total is 10 + 20 + 40."""
    cloud = source(tmp_path, "cloud", BILL)
    seats = source(tmp_path, "seats", SEATS, columns=OWN)
    invoices = [{"issuer": "AWS", "number": "I-1", "amount": "10"}]
    usage = read(tmp_path, sources=[cloud, seats], invoices=invoices)
    assert usage.reconciliation.reconciled
    assert usage.cost == 70
    assert usage.charges == (("Usage", 1, Decimal(10)),)


def test_a_what_if_over_a_table_without_features(tmp_path):
    """60.00 and 10% more: there is no table by feature, before and after."""
    seats = source(tmp_path, "seats", SEATS, columns=OWN)
    usage = read_usage(make_params({"period": "2025-12", "sources": [seats]}), detail=CUBE)
    grown = project(usage, {ALL: Decimal("0.10")}, {})
    assert grown.cost == 66
    assert grown.groups["feature",].empty


def test_another_currency_leads_to_a_report_of_its_own(tmp_path):
    """The label of the params is that of all sources, so no source may change it."""
    euros = SEATS.replace("amount", "amount_eur")
    seats = source(tmp_path, "seats", euros, columns=OWN | {"cost": "amount_eur"})
    [problem] = refusal_of(tmp_path, seats)
    assert problem.endswith("Report this source separately: currencies are never added together.")
