"""CSV: each row is read exactly, or the file is refused with the physical line."""

from __future__ import annotations

import csv
import gzip
import io
import re
from datetime import date
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.usage_files import (
    COLUMNS,
    call,
    costs,
    csv_text,
    packed,
    read,
    refused,
    write,
    write_calls,
)

from finops_nb.errors import Refusal
from finops_nb.usage.sources.csv_text import ZSTD

NARROW = (
    "timestamp",
    "cost_usd",
    "organization_id",
    "product_id",
    "feature_id",
    "customer_id",
    "note",
)
HEADER = ",".join(NARROW) + "\n"
ROW = "2025-12-31,1.5,org-a,chat,ask,c1,n\n"
SEPARATORS = ",;\t"
NO_ORGANIZATION = "; if the file has no such column, write columns: {organization: none}"


def text(tmp_path: Path, body: str | bytes, header: str = HEADER, name: str = "u.csv") -> Path:
    return write(
        tmp_path / name, header.encode() + (body if isinstance(body, bytes) else body.encode())
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [
        HEADER + ROW,
        (HEADER + ROW).replace("\n", "\r\n"),
        "\ufeff" + HEADER + ROW,
        "\ufeff" + HEADER.replace("timestamp", '"timestamp"') + ROW,
        HEADER + ROW[:-1],
        HEADER + ROW.replace("chat", '"chat"'),
        csv_text(
            [dict(zip(NARROW, ROW[:-1].split(","), strict=True))], NARROW, quoting=csv.QUOTE_ALL
        ),
        csv_text([dict(zip(NARROW, ROW[:-1].split(","), strict=True))], NARROW[::-1]),
        HEADER + ROW.replace("1.5", "1.5e0") + "\n\n",
        HEADER.replace("note", "") + ROW,
    ],
)
def test_it_reads_the_ways_to_write_one_row(tmp_path, content):
    for name in ("u.csv", "u.csv.gz", "u.csv.zst", "U.CSV"):
        usage = read(write(tmp_path / name, content))
        assert costs(usage, "organization", "product") == {"org-a/chat": "1.5"}


def test_columns_are_found_by_name_and_others_are_ignored(tmp_path):
    """Each file has its own order of columns."""
    one = write_calls(tmp_path / "one.csv", call(cost_usd="1"), columns=COLUMNS)
    two = write_calls(
        tmp_path / "two.csv", call(cost_usd="2", extra="x"), columns=["extra", *COLUMNS[::-1]]
    )
    assert costs(read(one, two), "organization") == {"org-a": "3"}


def test_columns_of_other_names_are_given_by_the_params(tmp_path):
    """One column of the source may be two of our columns."""
    content = (
        csv_text([call()], COLUMNS)
        .replace("organization_id", "team")
        .replace("cost_usd", "amount")
        .replace("feature_id", "f")
    )
    columns = {"organization": "team", "cost": "amount", "feature": "task_type"}
    usage = read(write(tmp_path / "u.csv", content), columns=columns)
    assert (costs(usage, "organization"), costs(usage, "feature")) == ({"org-a": "1"}, {"qa": "1"})


@pytest.mark.parametrize(
    "name",
    [
        "NA",
        "007",
        "null",
        "None",
        " x",
        "x ",
        "é",
        "O'Neil",
        "1e5",
        "True",
        "nan",
        "=1+1",
        "a,b",
        'q"q',
    ],
)
def test_a_name_is_kept_as_it_is(tmp_path, name):
    assert costs(
        read(write_calls(tmp_path / "u.csv", call(organization_id=name))), "organization"
    ) == {name: "1"}


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", " \u2003 ", '""'])
def test_a_blank_name_is_no_name(tmp_path, blank):
    """Its cost is unallocated, and a customer without a name is not counted."""
    file = text(tmp_path, ROW + f"2025-12-31,2,{blank},{blank},{blank},{blank},n\n")
    usage = read(file)
    assert costs(usage, "organization") == {"org-a": "1.5", "(unallocated)": "2"}
    assert (usage.unallocated, int(usage.groups[()]["customers"][0])) == (2, 1)


# What is refused, and where. The line is the physical one: a quoted line break counts.
BROKEN = [
    ("a trailing comma", ROW + ROW[:-1] + ",\n", 3, None, "8 fields, but the header has 7"),
    ("one field too many", ROW[:-1] + ",9\n", 2, None, "8 fields"),
    ("two fields too many", ROW[:-1] + ",9,9\n" + ROW, 2, None, "9 fields"),
    ("a field too few", ROW + "2025-12-31,1.5,org-a,chat,ask,c1\n", 3, None, "6 fields"),
    ("a trailing comma after a quoted line break", ROW[:-2] + '"n\nn",\n', 2, None, "8 fields"),
    ("only one field", ROW + "x\n" + ROW, 3, None, "1 field, but"),
    ("a blank line of blanks", ROW + "  \n", 3, None, "1 field, but"),
    ("a quote never closed", ROW + '2025-12-31,1.5,org-a,chat,ask,c1,"n\n', 3, None, "not CSV"),
    ("a quote never closed, at the end", ROW + ROW + '"', 4, None, "not CSV"),
    ("text after a quote", ROW + '2025-12-31,1.5,"org"-a,chat,ask,c1,n\n', 3, None, "not CSV"),
    ("a blank after a quote", '2025-12-31,1.5,"org-a" ,chat,ask,c1,n\n', 2, None, "not CSV"),
    (
        "a space before a quote",
        '2025-12-31,1.5, "org-a",chat,ask,c1,n\n',
        2,
        "organization_id",
        "a space before a quote",
    ),
    (
        "a quoted line break before",
        '2025-12-31,1,a,x,y,z,"n\nn"\n2025-12-31,x,a,b,c,d,e\n',
        4,
        "cost_usd",
        "not a plain number",
    ),
    (
        "a lone carriage return in quotes before",
        '2025-12-31,1,a,x,y,z,"n\rn"\n2025-12-31,x,a,b,c,d,e\n',
        3,
        "cost_usd",
        "not a plain number",
    ),
    (
        "a row of very many lines",
        ROW + f'2025-12-31,1,"{"a" * 99}\n' + f"{'b' * 99}\n" * 20_000 + '",x,y,z,n\n',
        3,
        None,
        "a row of more than",
    ),
    (
        "a line that is a little too long",
        ROW + f"2025-12-31,1,a{'b' * 2_000_000},x,y,z,n\n" + ROW,
        3,
        None,
        "a line of more than",
    ),
    (
        "a line that is far too long",
        ROW + f"2025-12-31,1,a{'b' * 3_000_000},x,y,z,n\n" + ROW,
        3,
        None,
        "a line of more than",
    ),
    ("NUL", ROW + "2025-12-31,1.5,a\0b,chat,ask,c1,n\n", 3, "organization_id", "a NUL character"),
    (
        "latin-1",
        ROW.encode() + b"2025-12-31,1.5,caf\xe9,chat,ask,c1,n\n",
        3,
        "organization_id",
        "not UTF-8: byte 0xe9",
    ),
    (
        "Windows-1252",
        ROW.encode() + b"2025-12-31,1.5,it\x92s,chat,ask,c1,n\n",
        3,
        "organization_id",
        "not UTF-8: byte 0x92",
    ),
    (
        "latin-1 in a column that is not needed",
        b"2025-12-31,1.5,a,chat,ask,c1,caf\xe9\n",
        2,
        "note",
        "not UTF-8: byte 0xe9",
    ),
    ("the header is repeated", ROW + HEADER + ROW, 3, None, "the header is repeated"),
    (
        "the header is repeated, with a mark of UTF-8",
        ROW + "\ufeff" + HEADER + ROW,
        3,
        None,
        "the header is repeated",
    ),
    (
        "a lone carriage return",
        ROW + ROW.replace("\n", "\r") + ROW,
        3,
        None,
        "lone carriage return",
    ),
    (
        "line ends of two kinds",
        ROW + ROW.replace("\n", "\r\n") + ROW,
        3,
        None,
        "the line ends differently from the first line",
    ),
    ("a missing cost", ROW + ROW.replace("1.5", ""), 3, "cost_usd", "the cost is missing"),
    ("a missing time", ROW.replace("2025-12-31", ""), 2, "timestamp", "the time is missing"),
    (
        "the reserved name",
        ROW + ROW.replace("c1", "(unallocated)"),
        3,
        "customer_id",
        "the report's word",
    ),
    (
        "a bad row outside the period",
        ROW + "2025-11-30,x,org-a,chat,ask,c1,n\n",
        3,
        "cost_usd",
        "not a plain number",
    ),
]


@pytest.mark.parametrize(
    ("body", "line", "column", "rule"),
    [case[1:] for case in BROKEN],
    ids=[case[0] for case in BROKEN],
)
@pytest.mark.parametrize("name", ["u.csv", "u.csv.gz", "u.csv.zst"])
def test_it_refuses_a_row_with_its_line(tmp_path, name, body, line, column, rule):
    problem = refused(text(tmp_path, body, name=name))[0]
    assert (problem.file, problem.line, problem.column) == (name, line, column)
    assert rule in problem.rule


@pytest.mark.parametrize("row", ["1.5,a\0b,chat", "1\0.5,org-a,chat"])
def test_a_field_with_a_stray_character_is_reported_once(tmp_path, row):
    """It is damaged, and so it is not reported again as a bad name or number."""
    problems = refused(text(tmp_path, f"{ROW}2025-12-31,{row},ask,c1,n\n"))
    assert [problem.rule for problem in problems] == ["a NUL character"]


@pytest.mark.parametrize(
    ("content", "line", "rule"),
    [
        (b"", None, "the file is empty"),
        (b"\n" + HEADER.encode(), 1, "the first line is empty"),
        (
            b"\xef\xbb\xbf\xef\xbb\xbf" + HEADER.encode(),
            1,
            "the file begins with two byte order marks (BOM)",
        ),
        (HEADER.replace(",", "|").encode(), 1, "the fields are separated by bars"),
        (b"a,b;c\n", 1, "commas and semicolons split the header into equally many names"),
        (b'a\t"b,;",c\n', 1, "commas and tabs split the header into equally many names"),
        (b"a;b,c\td\n", 1, "commas, semicolons and tabs split the header into equally many names"),
        ((HEADER + ROW).encode("utf-16"), None, "not CSV but UTF-16 text"),
        ((HEADER + ROW).encode("utf-16-le"), None, "not text: it has NUL bytes"),
        (b"\x28\xb5\x2f\xfd\x24\x06", None, "not CSV but compressed by zstd"),
        (gzip.compress(HEADER.encode(), mtime=0), None, "not CSV but gzipped"),
        (b"PK\x03\x04", None, "not CSV but a spreadsheet or a zip archive"),
        (b"sep=;\ntimestamp;cost_usd\n", 1, "the first line is a comment, not the header"),
        (
            b"# exported today\ntimestamp,cost_usd\n",
            1,
            "the first line is a comment, not the header",
        ),
        (b"BZh91AY&SY", None, "not CSV but compressed by bzip2"),
        (b"PAR1\x15\x04", None, "not CSV but Parquet"),
        (b"<!DOCTYPE html><p>502</p>", None, "not CSV but HTML or XML, perhaps an error page"),
        (b'{"error": "timeout"}', None, "not CSV but JSON"),
        (b"[]", None, "not CSV but JSON"),
        (b'"timestamp\n', 1, "the header is not CSV"),
        (HEADER.replace("note", "n\0te").encode(), 1, "a NUL character, in the header"),
        (
            HEADER.replace("note", "caf\xe9").encode("latin-1"),
            1,
            "not UTF-8: byte 0xe9, in the header",
        ),
        (HEADER.replace("note", "cost_usd").encode(), 1, "duplicate column in the header"),
    ],
)
def test_it_refuses_what_is_not_csv(tmp_path, content, line, rule):
    problem = refused(write(tmp_path / "u.csv", content))[0]
    assert (problem.file, problem.line) == ("u.csv", line)
    assert rule in problem.rule


def test_it_refuses_a_missing_column_with_the_nearest_and_all_that_are_missing(tmp_path):
    content = (
        csv_text([call()], COLUMNS).replace("organization_id", "team").replace("cost_usd", "amount")
    )
    listed = (
        "; the file has timestamp, provider, model, input_tokens, output_tokens, amount, "
        "latency_ms, customer_id, team, product_id, feature_id, task_type, subscription_tier"
    )
    assert list(map(str, refused(write(tmp_path / "u.csv", content)))) == [
        f'u.csv, line 1, {theirs}: no column "{theirs}" for {ours}{content}. '
        f"Did you mean {near}? Then write columns: {{{ours}: {near}}} in the params{none}."
        for ours, theirs, near, content, none in (
            ("cost", "cost_usd", "amount", listed, ""),
            ("organization", "organization_id", "team", "", NO_ORGANIZATION),
        )
    ]


def test_empty_lines_are_left_out_and_counted(tmp_path):
    usage = read(text(tmp_path, ROW + "\n\n" + ROW.replace("1.5", "2") + "\n"))
    assert (usage.cost, usage.rows_read) == (Fraction("3.5"), 2)
    assert [(notice.text, notice.rows) for notice in usage.notices] == [
        ("u.csv has empty lines, which were left out.", 3)
    ]


def test_a_missing_last_line_break_is_a_notice_with_its_cost(tmp_path):
    (notice,) = read(text(tmp_path, ROW + ROW.replace("1.5", "2")[:-1])).notices
    assert notice.text == (
        "The last line of u.csv has no line break; "
        "if the file was cut there, its note is incomplete."
    )
    assert (notice.rows, notice.money) == (1, 2)


def test_a_last_row_of_two_lines_has_its_cost_in_the_notice(tmp_path):
    (notice,) = read(text(tmp_path, ROW + '2025-12-31,2,org-a,chat,ask,c1,"n\nn"')).notices
    assert (notice.rows, notice.money) == (1, 2)


@pytest.mark.parametrize(("last", "value"), [("cost_usd", "1.25"), ("timestamp", "2025-12-31")])
def test_a_missing_last_line_break_is_refused_where_a_cut_would_change_money(tmp_path, last, value):
    columns = [*(name for name in COLUMNS if name != last), last]
    content = csv_text([call(**{last: value})] * 2, columns)
    problem = refused(write(tmp_path / "u.csv", content[:-1]))[0]
    assert (problem.line, problem.column, problem.value) == (3, last, value)
    assert "has no line break" in problem.rule
    assert read(write(tmp_path / "u.csv", content)).rows_used == 2
    quoted = csv_text([call(**{last: value})] * 2, columns, quoting=csv.QUOTE_ALL)
    assert read(write(tmp_path / "u.csv", quoted[:-1])).rows_used == 2


def test_all_problems_are_counted_and_the_first_twenty_kept(tmp_path):
    with pytest.raises(Refusal) as refusal:
        read(
            text(tmp_path, ROW.replace("1.5", "x") * 30),
            text(tmp_path, ROW.replace("1.5", "y"), name="v.csv"),
        )
    assert (refusal.value.count, len(refusal.value.problems)) == (31, 21)
    assert str(refusal.value).endswith("… and 11 more of 31 problems.")


CUTS = [
    ("commas, note last, quoted", NARROW, {"quoting": csv.QUOTE_ALL}),
    (
        "semicolons, cost last",
        (*NARROW[2:], "timestamp", "cost_usd"),
        {"lineterminator": "\r\n", "delimiter": ";"},
    ),
    ("tabs, time last", NARROW[::-1], {"delimiter": "\t"}),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("order", "style"), [case[1:] for case in CUTS], ids=[case[0] for case in CUTS]
)
def test_cut_anywhere_it_is_refused_or_the_exact_total_of_its_rows(tmp_path, order, style):
    """A row without a line break counts only if at most the end of its last text may be missing."""
    calls = [
        call(note="n", cost_usd=cost, organization_id='é "o"', timestamp="2025-12-31")
        for cost in ("1.25", "20.5")
    ]
    content = csv_text(calls, order, **style).encode()
    end = style.get("lineterminator", "\n").encode()
    totals = {1: Fraction("1.25"), 2: Fraction("21.75")}
    cuts_read = 0
    for cut in range(len(content)):
        try:
            usage = read(write(tmp_path / "u.csv", content[:cut]))
        except Refusal:
            continue
        whole = content[:cut].endswith(end)
        rows = content[:cut].count(end) - whole
        assert (usage.rows_read, usage.cost) == (rows, totals[rows])
        assert whole or "has no line break" in usage.notices[0].text
        cuts_read += 1
    assert cuts_read >= 1


def test_names_of_the_header_may_hold_another_separator_in_quotes(tmp_path):
    """Semicolons in quotes do not count; a line break in quotes does not end the header."""
    header = HEADER.replace("note", '"n;o;t;e;;;;\n"')
    assert read(text(tmp_path, ROW, header=header)).cost == Fraction("1.5")


@pytest.mark.parametrize("separator", SEPARATORS)
def test_the_separator_that_makes_the_most_names_is_used(tmp_path, separator):
    """Even if a name contains two of another separator, outside of quotes."""
    header, row = HEADER.replace("note", "a|b").replace(",", separator), ROW.replace(",", separator)
    for other in SEPARATORS.replace(separator, ""):
        assert costs(
            read(text(tmp_path, row, header=header.replace("|", other * 2))), "product"
        ) == {"chat": "1.5"}


def test_a_decimal_comma_is_refused_with_its_line(tmp_path):
    """Between semicolons a spreadsheet writes 1,25; that could also be thousands."""
    problem = refused(
        text(
            tmp_path,
            (ROW + ROW.replace("1.5", "1_25")).replace(",", ";").replace("_", ","),
            HEADER.replace(",", ";"),
        )
    )[0]
    assert (problem.line, problem.column, problem.value, problem.rule) == (
        3,
        "cost_usd",
        "1,25",
        "not a plain number",
    )


@pytest.mark.parametrize(("separator", "word"), [(",", "comma"), (";", "semicolon"), ("\t", "tab")])
def test_the_fix_for_a_row_of_another_width_names_the_separator(tmp_path, separator, word):
    problem = refused(
        text(tmp_path, (ROW[:-1] + ",\n").replace(",", separator), HEADER.replace(",", separator))
    )[0]
    assert (problem.line, problem.value) == (2, (ROW[:-1] + ",").replace(",", separator))
    assert problem.fix == (
        f"Each line needs {len(ROW.split(','))} fields: put quotes around a field that contains a "
        f"{word}, and keep the {word} even where a field is empty"
    )


def test_rows_of_another_separator_than_the_header_are_refused(tmp_path):
    problem = refused(text(tmp_path, ROW.replace(",", ";")))[0]
    assert (problem.line, problem.rule) == (2, "1 field, but the header has 7")


def is_day(text: str) -> bool:
    """Whether the text is an ISO date in the calendar, written with ten characters."""
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def oracle(data: bytes, separator: str) -> tuple[Fraction, int, dict[str, Fraction]] | None:
    """Total, rows and cost by organization, by csv and fractions; None if it is refused."""
    try:
        rows = list(
            csv.reader(
                io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator, strict=True
            )
        )
    except (UnicodeDecodeError, csv.Error):
        return None
    header, *rows = rows or [[]]
    if (
        "\0" in data.decode()
        or any(header.count(name) != 1 for name in NARROW[:6])
        or len(set(header)) < len(header)
    ):
        return None
    by_name: dict[str, Fraction] = {}
    for row in filter(None, rows):
        if len(row) != len(header):
            return None
        time, cost, organization = (row[header.index(name)] for name in NARROW[:3])
        if not is_day(time) or not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", cost):
            return None
        if not time.startswith("2025-12-"):  # a flipped digit of the year: outside of the period
            continue
        name = organization if organization.strip() else "(unallocated)"
        by_name[name] = by_name.get(name, Fraction(0)) + Fraction(cost)
    return (sum(by_name.values(), Fraction(0)), sum(map(bool, rows)), by_name) if by_name else None


NAMES = st.sampled_from(
    ["org", "b", "", "NA", " x", 'q"q', "l,l", "s;s", "t\tt", "n\nn", "é", "r\r\nr", '"']
)
INSERTED = st.sampled_from(
    [
        b"|",
        b"\n",
        b'"',
        b" ",
        b"\r",
        b"\r\n",
        b'""',
        b"\t",
        b",",
        b";",
        b'"\n',
        b'|"',
        b'"|',
        b' "',
        b'" ',
        b"\xe9",
        b"\0",
        b"\n\n",
    ]
)
"""A bar stands for the file's separator."""


@st.composite
def csv_files(draw, separator: str) -> bytes:
    """A good CSV in some style, with up to three faults.

    A fault is bytes inserted, removed or repeated, or a flipped bit.
    """
    day, cost = (
        st.integers(1, 31).map("2025-12-{:02}".format),
        st.sampled_from(["1.5", "-2", ".5", "12345.678", "0.000001"]),
    )
    rows = draw(
        st.lists(st.tuples(day, cost, NAMES, NAMES, NAMES, NAMES, NAMES), min_size=1, max_size=4)
    )
    order = draw(st.permutations(NARROW))
    style = {"delimiter": separator, "lineterminator": draw(st.sampled_from(["\n", "\r\n"]))}
    style["quoting"] = draw(
        st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    )
    data = csv_text([dict(zip(NARROW, row, strict=True)) for row in rows], order, **style).encode()
    for _ in range(draw(st.integers(0, 3))):
        at, upto = sorted((draw(st.integers(0, len(data) - 1)), draw(st.integers(0, len(data)))))
        changed = (
            data[:at] + draw(INSERTED).replace(b"|", separator.encode()) + data[at:],
            data[:at] + data[at + 1 :],
            data[:upto] + data[at:upto] + data[upto:],
            data[:at] + bytes([data[at] ^ 1 << draw(st.integers(0, 7))]) + data[at + 1 :],
        )
        data = draw(st.sampled_from(changed)) or data
    return data


@pytest.mark.slow
@pytest.mark.parametrize("separator", SEPARATORS)
@given(st.data())
def test_a_faulty_file_is_refused_or_read_as_the_standard_library_reads_it(
    tmp_path_factory, separator, data
):
    """The reader may refuse more than the oracle, but never reads anything different.

    A flipped digit is a different cost for both.
    """
    content = data.draw(csv_files(separator))
    try:
        usage = read(write(tmp_path_factory.getbasetemp() / "fault.csv", content))
    except Refusal:
        return
    frame = usage.groups["organization",]
    by_name = {
        name: Fraction(cost)
        for name, cost in zip(frame["organization"], frame["cost"], strict=True)
    }
    assert (Fraction(usage.cost), usage.rows_read, by_name) == oracle(content, separator)
    assert usage.last_day <= date(2025, 12, 31)


@pytest.mark.parametrize("name", ["PK", "PKEY", "PAR1ID", "[id]", "<id>", "#"])
def test_a_name_may_begin_like_another_format(tmp_path, name):
    """A file whose first column has such a name is read."""
    header, row = csv_text([call()]).splitlines()
    assert read(write(tmp_path / "u.csv", f"{name},{header}\nx,{row}\n")).cost == 1


def test_a_long_field_is_not_a_fault(tmp_path):
    """A prompt of 140,000 characters is read, by the strict reader, too, and is not a problem."""
    long = call(task_type="x" * 140_000)
    assert read(write(tmp_path / "u.csv", csv_text([long, call()]) + "\n")).cost == 2
    (problem,) = refused(write_calls(tmp_path / "u.csv", long, call(cost_usd="oops")))
    assert (problem.line, problem.column) == (3, "cost_usd")


def test_a_column_name_of_two_lines_is_read_or_refused(tmp_path):
    """With Unix line endings the header is read; with Windows line endings it is refused."""
    text = csv_text([call()], lineterminator="\r\n").replace("task_type", '"task\ntype"', 1)
    assert read(write(tmp_path / "unix.csv", text.replace("\r\n", "\n"))).cost == 1
    (problem,) = refused(write(tmp_path / "windows.csv", text))
    assert (problem.rule, problem.line, problem.value) == (
        "a column name contains a line break",
        1,
        "task\ntype",
    )


def test_zeros_behind_a_gzip_file_are_said(tmp_path):
    """A tape pads files with zeros; DuckDB stops there, which is no fault of the CSV."""
    good = gzip.compress(csv_text([call()]).encode())
    row = gzip.compress(csv_text([call()]).partition("\n")[2].encode())
    for padded in (good + bytes(512), good + bytes(70_000), good + bytes(9) + row):
        (problem,) = refused(write_raw(tmp_path / "u.csv.gz", padded))
        assert problem.rule == "zero bytes after the end of the gzip data"
    assert read(write_raw(tmp_path / "u.csv.gz", good + row)).cost == 2


def write_raw(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_zstd_file_without_a_checksum_is_said(tmp_path):
    """With one, damage is refused; without, it could be another number. Skipped frames may lead."""
    zstd = import_module(ZSTD)
    data = csv_text([call(), call(task_type="other")]).encode()
    text = "u.csv.zst was compressed without a checksum, so damage in it can go unnoticed."
    skipped = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    for start in (b"", skipped):
        usage = read(write_raw(tmp_path / "u.csv.zst", start + zstd.compress(data)))
        assert [(each.text, each.rows, each.money) for each in usage.notices] == [(text, 2, 2)]
        checked = start + packed(data, "u.csv.zst")
        assert read(write_raw(tmp_path / "u.csv.zst", checked)).notices == ()
