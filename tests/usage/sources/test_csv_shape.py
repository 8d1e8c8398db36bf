"""The bytes of a CSV file: unless they are ambiguous, engine and Python read the same rows.

That holds if the engine finds as many rows as were counted.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.properties import cases
from support.usage_files import write

from finops_nb.usage.sources import csv_shape
from finops_nb.usage.sources.csv_shape import Shape, measure_shape
from finops_nb.usage.sources.csv_text import Header, scan_sql
from finops_nb.usage.sources.discovery import SourceFile


def shape_of(path: Path, content: bytes, chunk: int = 1 << 20, separator: str = ",") -> Shape:
    """The shape of a file with two columns, read in pieces of that size, to the end of a line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_shape, "CHUNK", chunk)
        return measure_shape(SourceFile("u.csv", write(path, content), ".csv"), 2, separator)


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("content", "records", "lines", "last_line"),
    [
        (b"a,b\n1,2\n", 2, 2, b""),
        (b"\xef\xbb\xbfa,b\n1,2\n", 2, 2, b""),
        (b'\xef\xbb\xbf"a",b\r\n1,2\r\n', 2, 2, b""),
        (b"a,b\n1,2", 2, 2, b"1,2"),
        (b"a,b\r\n1,2", 2, 2, b"1,2"),
        (b'a,b\n"1\n\n,",2\n,\n', 3, 5, b""),
        (b'a,b\r\n"1\n2\r3\r\n",""\r\n', 2, 4, b""),
        (b'a,b\n"""1""","\xc3\xa9"""\n', 2, 2, b""),
        (b"a,b\n", 1, 1, b""),
    ],
)
def test_it_counts_the_lines_outside_of_quotes(tmp_path, content, records, lines, last_line, chunk):
    shape = shape_of(tmp_path / "u.csv", content, chunk)
    assert (shape.records, shape.lines, shape.last_line, shape.ambiguous) == (
        records,
        lines,
        last_line,
        False,
    )


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    "content",
    [
        *(b"a,b\n1,2,\n", b"a,b\n1\n", b"a,b\n1,2,3\n", b'a,b\n"1\n2",3,4\n', b"a,b\n1,2\n3"),
        *(b"a,b\n\n1,2\n", b"a,b\n1,2\n\n", b"\na,b\n", b"a,b\r\n\r\n1,2\r\n", b'a,b\n"\n",1\n\n'),
        *(
            b"a,b\n1,2\r\n",
            b"a,b\r\n1,2\n",
            b"a,b\n1,2\r3,4\n",
            b"a,b\r1,2\r",
            b"a,b\n1,2\r",
            b'a,b\n\r,"\n"\n',
            b"a,b\r\n1\r,2\r\n",
        ),
        *(
            b'a,b\n1,"2\n',
            b'a,b\n1,2\n"',
            b'a,b\n1,"2',
            b'a,b\n1,"2"3\n',
            b'a,b\n1,"2" \n',
            b'a,b\n1, "2"\n',
            b'a,b\n1,2"3\n',
        ),
        *(b"a,b\n1,\0\n", b"a,b\n1,\xe9\n", b"a,b\n1,\xc3\n", b'a,b\n1,"\xc3\n\xa9"\n'),
    ],
)
def test_what_two_readers_may_read_differently_is_ambiguous(tmp_path, content, chunk):
    assert shape_of(tmp_path / "u.csv", content, chunk).ambiguous


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_other_separators_are_text(tmp_path, chunk):
    assert not shape_of(tmp_path / "u.csv", b'a;b\n1,\t2;"3;,"\n', chunk, ";").ambiguous
    assert shape_of(tmp_path / "u.csv", b'a;b\n1,2,"3"\n', chunk, ";").ambiguous


PIECES = st.sampled_from(
    [
        b"|",
        b"\n",
        b'"',
        b"a",
        b" ",
        b"\r",
        b"\r\n",
        b'""',
        b'\n"',
        b'"\n',
        b'|"',
        b'"|',
        b'"\r\n',
        b"\xc3\xa9",
        b"\0",
    ]
)
"""A bar stands for the separator."""


@pytest.mark.slow
@settings(max_examples=cases(800))
@given(
    st.lists(PIECES, max_size=14).map(b"".join),
    st.sampled_from([b"\n", b"\r\n"]),
    st.sampled_from([1, 5, 1 << 20]),
    st.sampled_from(",;\t"),
)
@example(b"||\n\n", b"\n", 1, ",")
@example(b"||\n1\n", b"\n", 1 << 20, ",")
@example(b"1\n2||3\n", b"\n", 1 << 20, ",")
def test_python_reads_the_rows_of_an_unambiguous_file_like_the_engine(
    tmp_path_factory, body, end, chunk, separator
):
    """A field too many in one line and one too few in another are not seen in the bytes.

    The engine stops at them, or counts fewer rows.
    """
    content = b"a|b" + end + body
    content = content.replace(b"|", separator.encode())
    path = tmp_path_factory.getbasetemp() / "shape.csv"
    shape = shape_of(path, content, chunk, separator)
    scanned = engine_reads(path, separator)
    if not shape.ambiguous and scanned is not None and len(scanned) == shape.records - 1:
        rows = list(
            csv.reader(io.StringIO(content.decode(), newline=""), delimiter=separator, strict=True)
        )
        assert [tuple(field or None for field in row) for row in rows[1:]] == scanned


def engine_reads(path: Path, separator: str) -> list[tuple[str | None, ...]] | None:
    """The rows of a file with two columns as the engine reads them, an empty field as None.

    None if it refuses the file.
    """
    with duckdb.connect() as db:
        try:
            rows = db.execute(
                f"FROM {scan_sql(SourceFile('u.csv', path, '.csv'), Header(('a', 'b'), separator))}"
            ).fetchall()
        except duckdb.Error:
            return None
    return [tuple(field or None for field in row) for row in rows]
