"""JSON documents: every cell as the text in the file, or a refusal that says where."""

from __future__ import annotations

import json
import tracemalloc
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.json_tables import Number, cells, decimals, read_cells, tables, written
from support.properties import cases
from support.unpacked_files import refused_text, unpack_file, unpack_text
from support.usage_files import write

from finops_nb.usage.sources.json_rows import unpack_json

unpacked = partial(unpack_text, unpack_json)
refused = partial(refused_text, unpack_json)


def places(tmp_path, text: str) -> list[str]:
    """Where the header and each row of a document are said to be."""
    file = unpack_file(unpack_json, write(tmp_path / "u.json", text))
    return [str(file.place(line)) for line in range(1, file.rows + 2)]


@settings(max_examples=cases(300), deadline=None)
@given(tables, st.booleans(), st.booleans(), st.sampled_from(["u.json", "u.json.gz"]))
def test_an_array_reads_back_as_the_text_of_its_cells(table, escape, bom, name):
    """Objects become dotted names, lists stay one field; no number changes a digit."""
    text = "\ufeff" * bom + " " + written(table, escape) + "\n"

    rows = unpacked(text, name)

    expected = [cells(row) for row in table]
    assert [read_cells(*each) for each in zip(rows, expected, strict=True)] == expected


@settings(max_examples=cases(200), deadline=None)
@given(tables, st.sampled_from(["data", "results", "items"]), st.booleans())
def test_a_page_reads_back_as_its_array(table, key, nested):
    """Whether the list is at the top or in an object, beside other fields."""
    page = {"object": "page", key: table, "tags": [Number("1")], "has_more": False, "next": None}

    assert unpacked(written({"response": page} if nested else page), "u.json") == unpacked(
        written(table), "u.json"
    )


@settings(max_examples=cases(200), deadline=None)
@given(st.lists(tables | st.just([]), min_size=1, max_size=4), st.sampled_from([None, "data"]))
def test_the_results_of_buckets_are_rows_with_the_time_of_their_bucket(buckets, key):
    """No row is lost, none is there twice; a bucket's other numbers stay out."""
    table = [
        {"start_time": Number(str(day)), "count": Number("0"), "results": rows}
        for day, rows in enumerate(buckets)
    ]
    text = written({key: table} if key else table)
    if not any(buckets):
        (problem,) = refused(text, "u.json")
        assert problem.rule == "no rows, so nothing names the columns"
        return

    expected = [
        {"start_time": str(day)} | cells(row) for day, rows in enumerate(buckets) for row in rows
    ]
    rows = unpacked(text, "u.json")
    assert [read_cells(*each) for each in zip(rows, expected, strict=True)] == expected


@settings(max_examples=cases(200), deadline=None)
@given(tables)
def test_numbers_agree_with_decimals_of_another_parser(table):
    """The oracle is Python's parser with `Decimal`, and a sum of decimals."""
    table = [row | {"cost": Number(f"{n}.10")} for n, row in enumerate(table)]
    text = written(table)

    total = sum(Decimal(row["cost"]) for row in unpacked(text, "u.json"))

    assert total == sum(row["cost"] for row in decimals(text))


def test_columns_come_in_the_order_of_their_first_row():
    """A row without a column has an empty field there, before and after the column is known."""
    text = '[{"b": 1, "a": {"x": 2}}, {"c": 3, "b": 4}, {"a": {"y": 5, "x": 6}}]'

    assert [list(row.items()) for row in unpacked(text, "u.json")] == [
        [("b", "1"), ("a.x", "2"), ("c", ""), ("a.y", "")],
        [("b", "4"), ("a.x", ""), ("c", "3"), ("a.y", "")],
        [("b", ""), ("a.x", "6"), ("c", ""), ("a.y", "5")],
    ]


def test_a_list_is_one_field_of_json():
    """Its numbers are strings there, so that nobody reads them as floats."""
    text = '[{"labels": [{"key": "team", "value": 0.10}], "tags": [], "at": null, "on": true}]'

    assert unpacked(text, "u.json") == [
        {"labels": '[{"key":"team","value":"0.10"}]', "tags": "", "at": "", "on": "true"}
    ]


def test_a_page_of_costs_by_day():
    """Fields that buckets and results both have are told apart by the path of the bucket."""
    bucket = {"object": "bucket", "start_time": 1764547200, "end_time": 1764633600}
    result = {"object": "organization.costs.result", "amount": {"value": 0.06, "currency": "usd"}}
    days = [bucket | {"results": [result, result]}, bucket | {"results": []}]
    page = {"object": "page", "data": days, "has_more": False, "next_page": None}

    rows = unpacked(json.dumps(page), "u.json")

    assert rows == 2 * [
        {
            "data.object": "bucket",
            "start_time": "1764547200",
            "end_time": "1764633600",
            "object": "organization.costs.result",
            "amount.value": "0.06",
            "amount.currency": "usd",
        }
    ]


def test_a_place_is_a_path_in_the_document(tmp_path):
    """The header has none; a field with line breaks counts as one row."""
    assert places(tmp_path, '[{"a": 1}, {"a": "x"}]') == ["", "[0]", "[1]"]
    assert places(tmp_path, '{"rows": [{"a": "x\\ny\\nz"}, {"a": 1}]}') == ["", *["rows[0]"] * 2]
    page = '{"data": [{"results": []}, {"results": [{"a": 1}, {"a": 2}]}]}'
    assert places(tmp_path, page) == ["", "data[1].results[0]", "data[1].results[1]"]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ('"has_more": true', "this page is not the last: it has has_more"),
        ('"next_page": "page_AAA"', "this page is not the last: it has next_page"),
        ('"nextPageToken": "x"', "this page is not the last: it has nextPageToken"),
        ('"@odata.nextLink": "https://x"', "this page is not the last: it has @odata.nextLink"),
        ('"links": {"next": "/p/2"}', "this page is not the last: it has links.next"),
        ('"page": 1, "total_pages": 25', "this page is one of several: total_pages is 25"),
    ],
)
def test_a_page_that_says_there_is_more_is_refused(page, said):
    """The rest of the month is elsewhere; the sum of one page would be too low."""
    (problem,) = refused(f'{{"data": [{{"a": 1}}], {page}}}', "u.json")

    assert problem.rule == said
    assert problem.fix.startswith("Export all pages")


def test_the_last_page_may_say_so():
    """None of these names another page."""
    text = '{"data": [{"a": 1}], "has_more": false, "next": null, "cursor": "", "total_pages": 1}'

    assert unpacked(text, "u.json") == [{"a": "1"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"data": [{"a": 1}], "errors": [{"b": 2}]}', "several lists of rows: data and errors"),
        ('{"a": 1}', "a JSON object without a list of rows"),
        ('{"a": ["x"]}', "a JSON object without a list of rows"),
        ('"x"', "neither a JSON array nor an object"),
        ('[{"a": 1}, 2]', "[1] is not a JSON object"),
        ('{"data": [{"a": 1}, null]}', "data[1] is not a JSON object"),
        ('{"a": 1, "data": [{"a": 1}], "a": 2}', 'duplicate key "a" in one object'),
        ('{"data": [{"results": [{"a": 1}]}, {"b": 1}]}', "data[1] has no results, and other "),
        ('{"data": [{"results": [], "cost": 5.0}]}', "data[0] has no rows, but cost is 5.0"),
        ("[]", "no rows, so nothing names the columns"),
        ('{"data": []}', "no rows, so nothing names the columns"),
        ("[{}, {}]", "no rows, so nothing names the columns"),
        ("", "the file is empty"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_document_without_one_list_of_rows_is_refused(text, said):
    """Each says which list, element or key it is."""
    (problem,) = refused(text, "u.json")

    assert problem.rule.startswith(said)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[{"a": 1},\n {"a": 2,}]', "u.json, line 2: not JSON: Expecting property name enclosed"),
        ('[{"a": 1},\n]', "u.json, line 2: not JSON: Expecting value, at character 1"),
        ('[{"a": 1}', "u.json, line 1: not JSON: Expecting ',' or ']', at character 10"),
        ('[{"a": 1}]\nx', "u.json, line 2: not JSON: more text after its end, at character 1"),
        ('{"a": 1}\n{"a": 2}\n', "u.json, line 2: several JSON objects, one after the other"),
        ('[{"a": NaN}]', "u.json: NaN, which JSON does not have"),
        ('[{"a": 1},\n{"a": 01}]', "u.json, line 2: not JSON: Expecting ',' delimiter"),
        (b'[{"a": 1},\n{"a": "\xff"}]', "u.json, line 2: not UTF-8: byte 0xff"),
    ],
)
def test_text_that_is_not_json_is_refused_where_it_ends_to_be(text, place):
    """Python's parser takes NaN; nothing else than JSON is taken here."""
    (problem,) = refused(text, "u.json")

    assert str(problem).startswith(place)


def test_every_object_with_a_key_twice_is_named():
    """One of the two values would be lost, and nobody could say which."""
    rows = ['{"a": 1, "a": 2}', '{"b": {"c": 1, "c": 1}}', '{"d": [{"e": 1, "e": 2}]}', '{"a": 1}']
    problems = refused(f"[{', '.join(rows)}]", "u.json")

    assert [(problem.column, problem.rule) for problem in problems] == [
        ("[0]", 'duplicate key "a" in one object'),
        ("[1]", 'duplicate key "c" in one object'),
        ("[2]", 'duplicate key "e" in one object'),
    ]


@pytest.mark.parametrize("rows", ['{"a.b": 1, "a": {"b": 2}}', '{"a.b": 1}, {"a": {"b": 2}}'])
def test_a_dot_in_a_key_must_not_meet_a_path(rows):
    """Two columns of one name would be one."""
    (problem,) = refused(f"[{rows}]", "u.json")

    assert problem.rule.startswith('a key "a.b" and the same path')
    assert unpacked('[{"a.b": 1, "a": {"c": 2}}]', "u.json") == [{"a.b": "1", "a.c": "2"}]


def test_half_a_character_is_refused_in_its_row():
    """JSON can write one; no UTF-8 file can hold it."""
    problems = refused(r'[{"a": "\ud83d\ude00"}, {"a": "\ud83d"}, {"\udc80": 1}]', "u.json")

    assert {problem.column for problem in problems} == {"[1]", "[2]"}


def test_keys_that_are_data_are_refused():
    """A thousand columns are no table."""
    rows = [{f"key-{n}": n} for n in range(1_001)]
    (problem,) = refused(json.dumps(rows), "u.json")

    assert (problem.column, problem.rule) == ("[1000]", "more than 1,000 different columns")


def test_rows_of_an_array_are_not_in_memory_at_once(tmp_path):
    """The text is, once as bytes and once decoded; the parsed rows would take ten times that."""
    row = json.dumps({f"column {n}": n for n in range(20)})
    path = write(tmp_path / "u.json", f"[{', '.join([row] * 20_000)}]")
    tracemalloc.start()
    unpack_file(unpack_json, path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4 * path.stat().st_size + 5_000_000
