"""CSV files in a home: columns by name, records at their lines, and all problems together."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import SHOWN, Problem, Refusal
from finops_nb.params.csv_file import (
    CsvRow,
    Form,
    Records,
    name,
    parse_records,
    read_text,
    refuse,
    unpadded,
)
from finops_nb.params.stray_quotes import BARE_QUOTE, ONE_LINE, SWALLOWED
from finops_nb.params.types import KnownDay, parse_as

SIZE = 10_000
FORM = Form(
    entry="team",
    example="team,since",
    columns=("team", "since", "until", "grade", "remark"),
    required=("team", ("since", "until")),
    parsers={"team": name, "since": lambda text: parse_as(KnownDay, text), "grade": unpadded},
    defaults={"grade": "first"},
    size=SIZE,
)
HEADER = "team,since,remark"


@pytest.fixture(scope="session")
def read(tmp_path_factory):
    """Read text or bytes as the file teams.csv."""
    path = tmp_path_factory.mktemp("teams") / "teams.csv"

    def read(content: str | bytes) -> Records:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return parse_records(read_text(path, "teams.csv", FORM), "teams.csv", FORM)

    return read


@pytest.fixture(scope="session")
def problems_of(read):
    """The problems of a text, whether it is refused at once or by the caller."""

    def problems_of(content: str | bytes) -> list[Problem]:
        with pytest.raises(Refusal) as refused:
            refuse(read(content).problems)
        assert all(problem.file == "teams.csv" for problem in refused.value.problems)
        return list(refused.value.problems)

    return problems_of


def places(problems: list[Problem]) -> list[tuple[int | None, str | None, str | None]]:
    return [(problem.line, problem.column, problem.value) for problem in problems]


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
on_one_line = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12)


@given(
    st.lists(st.tuples(texts, on_one_line), min_size=1, max_size=5),
    st.permutations(("team", "since", "remark", "grade")),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "\ufeff"]),
    st.booleans(),
)
def test_what_another_writer_wrote_reads_back(read, rows, order, end, bom, ended):
    """Any text, column order, line break and byte order mark reads back, ended or not."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(order)
    for remark, grade in rows:
        row = {"team": "a", "since": "2025-12-01", "remark": remark, "grade": grade.strip()}
        writer.writerow([row[column] for column in order])
    text = stream.getvalue() if ended else stream.getvalue().removesuffix(end)

    records = read(bom + text)

    assert records.header == tuple(order)
    assert [(record.values["remark"], record.values["grade"]) for record in records.records] == [
        (remark, grade.strip() or "first") for remark, grade in rows
    ]
    assert not records.problems


def test_a_field_that_is_empty_or_not_there_means_what_the_form_says(read):
    """It is not parsed, so an optional day may be empty."""
    (record,) = read("team,until,since\na,,\n").records

    assert record == CsvRow(
        2, {"team": "a", "since": "", "until": "", "grade": "first", "remark": ""}, True
    )


def test_a_refused_field_leaves_the_others_of_its_line(read):
    """The caller can check the other fields, and knows that the line is not valid."""
    (record,) = read(f"{HEADER}\na,12/2025,x\n").records

    assert (record.values["since"], record.values["remark"], record.valid) == (None, "x", False)


def test_a_line_is_where_its_record_starts(read):
    """A quoted text in three lines and an empty line count as in an editor."""
    text = f'\n{HEADER}\na,,"one\ntwo\nthree"\n\nb,,\n'

    assert [(record.line, record.values["remark"]) for record in read(text).records] == [
        (3, "one\ntwo\nthree"),
        (7, ""),
    ]


@pytest.mark.parametrize("odd", ["  ", ",,", '""'])
def test_only_wholly_empty_lines_are_skipped(problems_of, odd):
    """A line of blanks, commas or an empty quoted text is a row."""
    assert {problem.line for problem in problems_of(f"{HEADER}\n{odd}\na,,\n")} == {2}


def test_problems_come_in_the_order_of_their_lines(problems_of):
    """Each message has place, value, rule and fix."""
    assert [str(problem) for problem in problems_of(f'{HEADER}\n a,12/2025,\nb,,,\n"c"d,,\n')] == [
        'teams.csv, line 2, team: spaces before or after it (found " a"). Remove them.',
        'teams.csv, line 2, since: not a day (found "12/2025"). Write it as 2025-12-31.',
        "teams.csv, line 3: 4 fields, but the header has 3. Write one field per column, and put "
        "text that has a comma in quotes.",
        "teams.csv, line 4: not CSV: text after a closing quote. Close every quote, and double "
        'each one inside a text: "so ""called""".',
    ]


def test_a_callers_own_problems_are_sorted_in():
    """Problems come by line, those without a line first."""
    with pytest.raises(Refusal) as refused:
        refuse([Problem("c", "", line=3), Problem("b", "", line=2), Problem("a", "")])

    assert [problem.rule for problem in refused.value.problems] == ["a", "b", "c"]


def test_the_first_problems_are_printed_and_the_rest_counted(problems_of):
    """Of 25 problems 20 are printed and 5 are counted."""
    problems = problems_of(HEADER + "\na,x," * 25)

    assert len(problems) == 25
    assert str(Refusal(problems)).splitlines()[SHOWN:] == ["… and 5 more of 25 problems."]


def test_an_unknown_column_is_refused_with_the_nearest(problems_of):
    """A column with blanks around its name is unknown too."""
    assert [
        (problem.column, problem.fix) for problem in problems_of("team,since,remarks, until\n")
    ] == [
        ("remarks", 'Did you mean "remark"?'),
        (" until", 'Did you mean "until"?'),
    ]


def test_missing_and_duplicate_columns_are_named(problems_of):
    """All are named together, before any line is read; of two choices one must be there."""
    problems = problems_of("remark,remark\na\n")

    assert [(problem.line, problem.column, problem.rule, problem.fix) for problem in problems] == [
        (1, "remark", "duplicate column", "Keep one of them"),
        (1, "team", "the column is missing", "Add team to the header"),
        (1, "since", "no column since or until", "Add since, until or both to the header"),
    ]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_separators_are_refused(problems_of, mark):
    """A spreadsheet with decimal commas saves such files."""
    (problem,) = problems_of(HEADER.replace(",", mark) + "\n")

    assert (problem.line, problem.rule) == (1, "columns are not separated by commas")


@pytest.mark.parametrize(
    ("row", "fields"), [("a,,x,", "4 fields"), ("a,", "2 fields"), ("a", "1 field")]
)
def test_too_many_or_too_few_fields_are_refused(problems_of, row, fields):
    """The problem has the line where the row starts."""
    (problem,) = problems_of(f'{HEADER}\na,,"a\nb"\n{row}\n')

    assert (problem.line, problem.rule) == (4, f"{fields}, but the header has 3")
    assert [each.line for each in problems_of(f"{HEADER}\n{row}\n")] == [2]


def test_an_unclosed_quote_is_refused_where_it_opens(problems_of):
    """The line is that of the quote, not the end of the file, where a parser notices it."""
    problems = problems_of(f'{HEADER}\na,,\n"b,,\nc,,\n')

    assert [(problem.line, problem.rule) for problem in problems] == [
        (3, "not CSV: a quote is not closed")
    ]


def test_text_behind_a_quote_is_refused_and_reading_goes_on(problems_of):
    """The line below is checked too."""
    assert places(problems_of(f'{HEADER}\n"a"b,,\nc,5k,\n')) == [
        (2, None, None),
        (3, "since", "5k"),
    ]


def test_a_broken_header_is_not_followed_by_guesses(problems_of):
    """The first line below it does not become the header."""
    assert places(problems_of(f'"a"b,{HEADER}\na,,\n')) == [(1, None, None)]


@pytest.mark.parametrize(
    ("content", "line", "rule"),
    [
        (b"", 1, "the file is empty"),
        (b"\n\r\n\n", 1, "the file is empty"),
        (b"\xef\xbb\xbf", 1, "the file is empty"),
        (f"\n{HEADER}\n".encode(), 2, "no lines below the header"),
        (f"{HEADER}\r\n\xfc,,\r\n".encode("latin-1"), 2, "not UTF-8"),
        (HEADER.encode("utf-16"), 1, "not UTF-8"),
        (f"{HEADER}\na,,\n\0,,\n".encode(), 3, "a NUL character"),
        (b"x" * (SIZE + 1), None, "too large: 10,001 bytes"),
    ],
)
def test_it_refuses_a_file_that_is_not_such_a_table(problems_of, content, line, rule):
    """An empty or too big file, another encoding, no lines and a NUL are refused."""
    (problem,) = problems_of(content)

    assert (problem.line, problem.rule) == (line, rule)


def test_a_file_at_the_limit_is_read(read):
    """A file of exactly 10,000 bytes is read; most of them are empty lines."""
    assert len(read(f"{HEADER}\na,,\n".ljust(SIZE, "\n")).records) == 1


def test_a_missing_file_is_refused(tmp_path):
    """The message has the reason that the system gives."""
    with pytest.raises(Refusal, match=r"teams\.csv: cannot be read: No such file"):
        read_text(tmp_path / "none.csv", "teams.csv", FORM)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("swallowed", [0, 1, 100])
def test_lines_that_stray_quotes_swallowed_are_found(problems_of, swallowed, end):
    """Two quotes make the rest of one line, some lines and the start of a last one a remark."""
    lines = ["team,since,remark,grade", 'a,2025-12-01,"rest,1']
    lines += ["lost,2025-12-01,x,1"] * swallowed
    lines += ['c,2025-12-01,start",1', "d,2025-12-01,x,1", ""]
    (problem,) = problems_of(end.join(lines))

    assert (problem.line, problem.column, problem.rule) == (2, "remark", SWALLOWED[0])


def test_a_line_break_or_another_control_character_in_a_name_is_refused(problems_of):
    """Each has the line where its record starts; a remark may have line breaks."""
    problems = problems_of(
        'team,remark,since\na,"x,y\nb,2025-12-01",2025-12-01\n"b\n",,2025-12-01\n'
    )
    assert [(problem.line, problem.column) for problem in problems] == [(4, "team")]
    for mark in "\n\r\t\x1b\x85\u2028":
        (problem,) = problems_of(f'team,since\n"a{mark}b",2025-12-01\n')
        assert (problem.line, problem.column, problem.rule) == (2, "team", ONE_LINE[0])


def test_a_quote_in_a_name_without_quotes_is_refused(problems_of):
    """`a"` would be another team than `a`; doubled within quotes it is part of the name."""
    assert [
        (problem.line, problem.column, problem.rule)
        for problem in problems_of(
            'team,since,remark\na",2025-12-01,6" of "it\n"b""",2025-12-01,\n'
        )
    ] == [(2, "team", BARE_QUOTE[0])]
