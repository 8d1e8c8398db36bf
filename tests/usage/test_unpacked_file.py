"""Usage in JSON, JSON lines and XLSX: the same figures as in CSV, the same checks at its places."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from support.properties import cases
from support.usage_files import (
    COLUMNS,
    call,
    costs,
    read,
    refused,
    write,
    write_calls,
    write_parquet,
)

from finops_nb.errors import Refusal
from finops_nb.params.model import make_params
from finops_nb.usage.reader import columns_found, read_usage
from finops_nb.usage.sources.discovery import resolve_inputs

NAMES = ["u.json", "u.json.gz", "u.jsonl", "u.jsonl.gz", "u.ndjson", "u.ndjson.gz", "u.xlsx"]
amounts = st.decimals(-999, 999, places=6, allow_nan=False).map(str)
calls = st.lists(
    st.builds(
        lambda cost, org, product, day: call(
            cost_usd=cost,
            organization_id=org,
            product_id=product,
            timestamp=f"2025-12-{day:02} 10:00:00",
        ),
        amounts,
        st.sampled_from(["org-a", "org-b", ""]),
        st.sampled_from(["chat", "search"]),
        st.integers(1, 31),
    ),
    min_size=1,
    max_size=8,
)


def in_format(name: str, rows: list[dict[str, str]]) -> bytes:
    """The calls in the format of a name; costs are numbers there."""
    if name.endswith(".xlsx"):
        return workbook(rows)
    numbers = [_with_a_number(json.dumps(row), row["cost_usd"]) for row in rows]
    is_document = ".json" in name and ".jsonl" not in name
    return (f"[{', '.join(numbers)}]" if is_document else "\n".join(numbers)).encode()


def _with_a_number(text: str, cost: str) -> str:
    return text.replace(f'"cost_usd": "{cost}"', f'"cost_usd": {cost}') if is_number(cost) else text


def is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "").isdigit()


def workbook(rows: list[dict[str, str]]) -> bytes:
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Costs")
        sheet.write_row(0, 0, COLUMNS)
        for number, row in enumerate(rows, 1):
            for column, name in enumerate(COLUMNS):
                value = row[name]
                is_cost = name == "cost_usd" and is_number(value)
                sheet.write(number, column, Decimal(value) if is_cost else value)
    return data.getvalue()


@settings(max_examples=cases(100), deadline=None)
@given(calls, st.sampled_from(NAMES))
def test_every_format_has_the_same_money_by_organization_product_and_day(rows, name):
    """The oracle is the same table as CSV."""
    with tempfile.TemporaryDirectory() as folder:
        usage = read(write(Path(folder) / name, in_format(name, rows)))
        expected = read(write_calls(Path(folder) / "u.csv", *rows))

    assert usage.cost == expected.cost == sum(Decimal(row["cost_usd"]) for row in rows)
    for by in ("organization", "product", "day"):
        assert costs(usage, by) == costs(expected, by)


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_value_is_named_where_it_is_in_the_file(tmp_path, name):
    """Nobody has seen the CSV file that it is unpacked into."""
    rows = [call(), call(cost_usd="1,5"), call()]
    (problem,) = refused(write(tmp_path / name, in_format(name, rows)))

    place = "line 2, cost_usd" if ".json" not in name or ".jsonl" in name else "[1].cost_usd"
    place = "row 3 of sheet Costs, cost_usd" if name == "u.xlsx" else place
    assert str(problem).startswith(f"{name}, {place}: ")
    assert problem.value == "1,5"


@pytest.mark.parametrize("name", NAMES)
def test_the_fingerprint_is_of_the_file_and_checksums_are_checked(tmp_path, name):
    """Not of the CSV file; a report says which bytes it was made of."""
    path = write(tmp_path / name, in_format(name, [call()]))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (tmp_path / "SHA256SUMS").write_text(f"{digest}  {name}\n")

    (file,) = read(path).inputs

    assert (file.name, file.sha256, file.rows) == (name, digest, 1)
    (tmp_path / "SHA256SUMS").write_text(f"{digest[::-1]}  {name}\n")
    assert [problem.rule for problem in refused(path)] == ["its SHA-256 differs from SHA256SUMS"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_of_the_csv_file(tmp_path, name, monkeypatch):
    """Whether the file is read or refused."""
    path = write(tmp_path / name, in_format(name, [call()]))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    read(path)
    refused(write(tmp_path / f"broken.{name}", in_format(name, [call(timestamp="x")])))

    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_its_columns_are_found_for_a_suggestion(tmp_path, name):
    """As `check` needs them where a name is unknown."""
    path = write(tmp_path / name, in_format(name, [call()]))
    (source,) = resolve_inputs(make_params({"period": "2025-12", "usage": str(path)}))

    assert list(columns_found(source)) == COLUMNS


def test_a_path_in_an_object_names_a_column(tmp_path):
    """A gateway's log has its team in the metadata."""
    lines = [
        {"startTime": "2025-12-31T10:00:00Z", "spend": 1.25, "metadata": {"team": "org-a"}},
        {"startTime": "2025-12-31T10:00:00Z", "spend": 2, "metadata": None},
    ]
    columns = {"timestamp": "startTime", "cost": "spend", "organization": "metadata.team"}
    columns |= {"product": "none", "feature": "none", "customer": "none"}
    path = write(tmp_path / "u.jsonl", "\n".join(map(json.dumps, lines)))

    usage = read(path, columns=columns)

    assert costs(usage, "organization") == {"(unallocated)": "2", "org-a": "1.25"}


def test_a_page_of_costs_is_read_without_a_rounding(tmp_path):
    """The amount has more digits than a float holds."""
    results = '{"amount": {"value": 0.1234567890123456789, "currency": "usd"}, "project_id": "p"}'
    bucket = f'{{"start_time": "2025-12-30", "end_time": "2025-12-31", "results": [{results}]}}'
    path = write(tmp_path / "u.json", f'{{"data": [{bucket}, {bucket}], "has_more": false}}')
    columns = {"timestamp": "start_time", "cost": "amount.value", "organization": "project_id"}
    columns |= {"product": "none", "feature": "none", "customer": "none", "currency": "none"}
    (problem,) = refused(path, columns=columns | {"cost": "start_time"})[:1]

    assert problem.column == "data[0].results[0].start_time"
    # 0.123456789012 at 12 decimals, twice
    assert read(path, columns=columns).cost == Decimal("0.246913578024")


def test_a_request_that_is_there_twice_is_found_at_its_places(tmp_path):
    """Across formats, too."""
    row = {"request_id": "r1", "startTime": "2025-12-31T10:00:00Z", "spend": 1}
    row |= {"team_id": "t", "model": "m", "call_type": "c", "end_user": "u"}
    first = write(tmp_path / "a.json", json.dumps([row | {"request_id": "r0"}, row]))
    second = write(tmp_path / "b.jsonl", "\n".join(map(json.dumps, [row])))
    (problem,) = refused(first, second)

    assert str(problem).startswith(
        "b.jsonl, line 1, request_id: duplicate request, so its cost would count twice; "
        'first on [1] of a.json (found "r1")'
    )


def test_floats_and_hidden_cells_of_a_spreadsheet_are_notices(tmp_path):
    """With the money that they concern."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Costs")
        for number, row in enumerate([COLUMNS, *[list(call().values())] * 3]):
            sheet.write_row(number, 0, row)
            if number:
                sheet.write_number(number, COLUMNS.index("cost_usd"), 0.1 * number)
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(1, 1, None, None, {"hidden": True})
    usage = read(write(tmp_path / "u.xlsx", data.getvalue()))
    notices = {notice.text: (notice.rows, notice.money) for notice in usage.notices}

    # 0.1 + 0.2 + 0.30000000000000004, of which 12 decimals are kept
    assert notices["u.xlsx stores cost_usd as floats; each was read as its shortest decimal text."]
    assert notices["u.xlsx has hidden rows, which were read like the others."] == (
        1,
        Decimal("0.2"),
    )
    assert "u.xlsx has hidden columns, which were read like the others: provider." in notices
    assert usage.cost == Decimal("0.6")


def test_an_empty_line_within_is_left_out_and_told(tmp_path):
    """As in a CSV file."""
    text = f"{json.dumps(call())}\n\n{json.dumps(call(cost_usd='2'))}\n\n\n"
    usage = read(write(tmp_path / "u.jsonl", text))

    assert usage.cost == 3
    assert [(notice.text, notice.rows) for notice in usage.notices] == [
        ("u.jsonl has empty lines, which were left out.", 1)
    ]


def test_one_name_in_two_formats_in_a_folder_is_refused(tmp_path):
    """Somebody opened the export and saved it as a spreadsheet; both would count."""
    write_calls(tmp_path / "calls.csv", call())
    write(tmp_path / "calls.xlsx", in_format("u.xlsx", [call()]))
    params = make_params({"period": "2025-12", "usage": str(tmp_path)})

    with pytest.raises(Refusal, match=r"one name in two formats: calls\.csv and calls\.xlsx"):
        read_usage(params)
    assert read(tmp_path / "calls.xlsx").cost == 1


def test_a_list_of_an_exports_files_is_no_usage(tmp_path):
    """Clouds put a manifest beside what they export."""
    write_parquet(tmp_path / "part.parquet", [call()])
    for name in ("manifest.json", "export-Manifest.json"):
        write(tmp_path / name, json.dumps({"files": [{"name": "part.parquet"}]}))
    usage = read(tmp_path)

    assert usage.cost == 1
    (notice,) = usage.notices
    assert notice.text.endswith("not usage files: export-Manifest.json, manifest.json.")


@pytest.mark.parametrize("name", NAMES)
def test_advice_to_rename_a_disguised_file_works(tmp_path, name):
    """Named .csv it is refused with its name, and read under that."""
    if name.endswith(".gz"):
        return
    data = in_format(name, [call(), call()])
    (problem,) = refused(write(tmp_path / "u.csv", data))

    assert Path(name).suffix.replace("nd", "") in problem.fix.replace("nd", "")
    assert read(write(tmp_path / name, data)).cost == 2


def test_csv_and_json_of_the_same_rows_are_told(tmp_path):
    """Their rows are equal, however they are written."""
    rows = [call(cost_usd=f"{n}.5", timestamp=f"2025-12-{n:02} 10:00:00") for n in range(1, 31)]
    one = write_calls(tmp_path / "a.csv", *rows)
    two = write(tmp_path / "b.jsonl", in_format("b.jsonl", rows))

    assert [problem.rule for problem in refused(one, two)] == [
        "the file has the same rows as a.csv"
    ]


def test_dates_of_a_spreadsheet_are_days(tmp_path):
    """A cell with a date, and one with a time, whatever their format shows."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Date", "Amount"])
        german = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        for row, time in enumerate([datetime(2025, 12, 30), datetime(2025, 12, 31, 23, 59, 59)], 1):
            sheet.write_datetime(row, 0, time, german)
            sheet.write_number(row, 1, row)
    columns = {"timestamp": "Date", "cost": "Amount"}
    columns |= dict.fromkeys(("organization", "product", "feature", "customer"), "none")

    usage = read(write(tmp_path / "u.xlsx", data.getvalue()), columns=columns)

    assert costs(usage, "day") == {"2025-12-30": "1", "2025-12-31": "2"}
