"""JSON lines: one object a line is one row, at the line where a person finds it."""

from __future__ import annotations

import gzip
import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.json_tables import cells, read_cells, tables, written
from support.properties import cases
from support.unpacked_files import refused_text, rows_of, unpack_file, unpack_text
from support.usage_files import write

from finops_nb.usage.sources import json_lines
from finops_nb.usage.sources.json_lines import unpack_json_lines
from finops_nb.usage.sources.json_rows import unpack_json

unpacked = partial(unpack_text, unpack_json_lines)
refused = partial(refused_text, unpack_json_lines)


@settings(max_examples=cases(300), deadline=None)
@given(
    tables,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(["u.jsonl", "u.jsonl.gz", "u.NDJSON"]),
    st.integers(1, 300),
)
def test_lines_read_back_as_the_text_of_their_cells(table, end, is_ended, name, block):
    """Whatever ends a line, whether the last one is ended, and wherever a block of bytes ends."""
    lines = end.join(map(written, table)) + end * is_ended
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "BLOCK", block)

        rows = unpacked(lines, name)

    expected = [cells(row) for row in table]
    assert [read_cells(*each) for each in zip(rows, expected, strict=True)] == expected


@settings(max_examples=cases(100), deadline=None)
@given(tables)
def test_lines_are_the_same_rows_as_an_array(table):
    """The two formats of one export have one meaning."""
    assert unpacked("\n".join(map(written, table)), "u.jsonl") == unpack_text(
        unpack_json, written(table), "u.json"
    )


@settings(max_examples=cases(100), deadline=None)
@given(st.lists(st.sampled_from(["", "x", "x\ny", "\n\n"]), min_size=1, max_size=20))
def test_the_place_of_every_physical_line_is_the_line_of_its_object(values):
    """Line breaks in fields make more lines in the CSV than there are in the file."""
    lines = [json.dumps({"a": value}) for value in values]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("finops_nb.usage.sources.unpacked.BATCH", 3)
        expected = [
            number for number, value in enumerate(values, 1) for _ in range(1 + value.count("\n"))
        ]

        assert line_numbers("\n".join(lines)) == [None, *expected]


def line_numbers(text: str) -> list[int | None]:
    """The line in the file of each physical line of the CSV it is unpacked into."""
    with TemporaryDirectory() as folder:
        file = unpack_file(unpack_json_lines, write(Path(folder) / "u.jsonl", text))
        count = file.path.read_bytes().count(b"\n")
        return [file.place(line).line for line in range(1, count + 1)]


def test_a_column_that_is_found_late_is_empty_before(tmp_path, monkeypatch):
    """Also beside rows with line breaks and empty lines, which get no field."""
    monkeypatch.setattr("finops_nb.usage.sources.unpacked.BATCH", 2)
    text = '{"a": "x\\ny"}\n\n{"a": "z", "b": 1}\n{}\n{"c": [2]}\n\n\n'
    file = unpack_file(unpack_json_lines, write(tmp_path / "u.jsonl", text))

    assert file.path.read_text() == ('"a","b","c"\n"x\ny",,\n\nz,1,\n"",,\n"","","[""2""]"\n')
    assert [file.place(line).line for line in range(1, 8)] == [None, 1, 1, 2, 3, 4, 5]


def test_every_line_that_is_no_object_is_named():
    """All at once, each with its line and character."""
    text = '{"a": 1}\n5\n{"a": 1} {"a": 2}\n{"a": }\n\n{"a": -Infinity}\n{"a": 1, "a": 1}\n{"a"'

    assert [str(problem) for problem in refused(text, "u.jsonl")] == [
        "u.jsonl, line 2: not a JSON object. Each line must be one whole object.",
        "u.jsonl, line 3: more than one object on the line, from character 9. "
        "Each line must be one whole object.",
        "u.jsonl, line 4: not JSON: Expecting value at character 7. "
        "Export the file again; it may be cut short or edited by hand.",
        "u.jsonl, line 6: -Infinity, which JSON does not have. Write a number or null.",
        'u.jsonl, line 7: duplicate key "a" in one object. Keep one of them.',
        "u.jsonl, line 8: not JSON: Expecting ':' delimiter at character 5. "
        "Export the file again; it may be cut short or edited by hand.",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"a": 1}]', "not JSON lines but a JSON array"),
        ('{\n "a": 1\n}\n', "not JSON lines but one JSON object over several lines"),
    ],
)
def test_other_json_is_refused_with_the_name_it_needs(text, said):
    """Renamed as it is told, it is read."""
    (problem,) = refused(text, "u.jsonl")

    assert (problem.rule, problem.fix) == (said, "Rename it to .json")


def test_the_advice_to_rename_can_be_followed_both_ways():
    """An array named .jsonl, and lines named .json."""
    array, lines = '[{"a": 1}, {"a": 2}]', '{"a": 1}\n{"a": 2}\n'
    (problem,) = refused_text(unpack_json, lines, "u.json")

    assert problem.fix == "If each line is one object, rename it to .jsonl"
    assert unpacked(lines, "u.jsonl") == unpack_text(unpack_json, array, "u.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("\n\n", "no rows, so nothing names the columns"),
        ("{}\n", "no rows, so nothing names the columns"),
        (b'{"a": 1}\n{"a": "\xe9"}\n', "not UTF-8: byte 0xe9"),
        (b'{"a": 1}\n{"a": "' + b"x" * 2_000_000 + b'"}\n', "a line of more than 2,000,000 bytes"),
    ],
)
def test_a_file_without_lines_to_read_is_refused(text, said):
    """With the line, where there is one."""
    (problem,) = refused(text, "u.jsonl")

    assert problem.rule == said
    assert problem.line == (2 if isinstance(text, bytes) else None)


def test_line_separators_of_unicode_end_no_line(tmp_path):
    """U+2028 and U+0085 may stand in a string of JSON."""
    text = json.dumps({"a": "x\u2028y\x85z"}, ensure_ascii=False)

    assert rows_of(unpack_file(unpack_json_lines, write(tmp_path / "u.jsonl", text))) == [
        {"a": "x\u2028y\x85z"}
    ]


def test_a_zip_bomb_is_refused_early(monkeypatch):
    """As with a gzipped CSV file: both the size and the ratio are beyond what usage has."""
    monkeypatch.setattr("finops_nb.usage.sources.csv_text.LARGE", 100_000)
    monkeypatch.setattr("finops_nb.usage.sources.csv_text.RATIO", 20)
    lines = '{"a": 1}\n' * 1_000_000
    for unpack, name, text in (
        (unpack_json_lines, "u.jsonl.gz", lines),
        (unpack_json, "u.json.gz", f"[{lines.strip().replace(chr(10), ',')}]"),
    ):
        (problem,) = refused_text(unpack, text, name)

        assert problem.rule.startswith("possible zip bomb: ")


def test_what_is_gzipped_without_saying_so_is_refused():
    """Renamed as it is told, it is read."""
    packed = gzip.compress(b'{"a": 1}\n', mtime=0)
    (problem,) = refused(packed, "u.jsonl")

    assert str(problem) == "u.jsonl: gzipped. Rename it to .jsonl.gz, and gzip it only once."
    assert unpacked(b'{"a": 1}\n', "u.jsonl.gz") == [{"a": "1"}]
