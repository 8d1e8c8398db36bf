"""CSV files of the home: columns by name, records at their physical lines, and every problem at once."""

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
from finops_nb.params.types import KnownDay, parse_as

SIZE = 10_000
FORM = Form(
    entry="team",
    example="team,since",
    columns=("team", "since", "until", "grade", "remark"),
    required=("team", ("since", "until")),
    parsers={"team": name, "since": lambda text: parse_as(KnownDay, text), "grade": unpadded},
    unsaid={"grade": "first"},
    size=SIZE,
)
HEADER = "team,since,remark"


@pytest.fixture(scope="session")
def read(tmp_path_factory):
    """Reads text, or bytes, as the file teams.csv."""
    path = tmp_path_factory.mktemp("teams") / "teams.csv"

    def read(content: str | bytes) -> Records:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return parse_records(read_text(path, "teams.csv", FORM), "teams.csv", FORM)

    return read


@pytest.fixture(scope="session")
def problems_of(read):
    """What is wrong with a text, whether it is refused at once or left to the caller."""

    def problems_of(content: str | bytes) -> list[Problem]:
        with pytest.raises(Refusal) as refused:
            refuse(read(content).problems)
        assert all(problem.file == "teams.csv" for problem in refused.value.problems)
        return list(refused.value.problems)

    return problems_of


def places(problems: list[Problem]) -> list[tuple[int | None, str | None, str | None]]:
    return [(problem.line, problem.column, problem.value) for problem in problems]


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)


@given(
    st.lists(st.tuples(texts, texts), min_size=1, max_size=5),
    st.permutations(("team", "since", "remark", "grade")),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "\ufeff"]),
    st.booleans(),
)
def test_what_another_writer_wrote_reads_back(read, rows, order, end, bom, ended):
    """Whatever the texts hold, in any order of the columns, with the line ends and the mark of any system, ended or not."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(order)
    for remark, grade in rows:
        row = {"team": "a", "since": "2025-12-01", "remark": remark, "grade": grade.strip()}
        writer.writerow([row[column] for column in order])
    text = stream.getvalue() if ended else stream.getvalue().removesuffix(end)

    found = read(bom + text)

    assert found.header == tuple(order)
    assert [(record.values["remark"], record.values["grade"]) for record in found.records] == [
        (remark, grade.strip() or "first") for remark, grade in rows
    ]
    assert not found.problems


def test_a_field_that_is_empty_or_not_there_means_what_the_form_says(read):
    """It is not parsed: a day that is not given is no bad day."""
    (record,) = read("team,until,since\na,,\n").records

    assert record == CsvRow(
        2, {"team": "a", "since": "", "until": "", "grade": "first", "remark": ""}, True
    )


def test_a_refused_field_leaves_the_others_of_its_line(read):
    """So that the caller can look at them too, and knows that the line is not sound."""
    (record,) = read(f"{HEADER}\na,12/2025,x\n").records

    assert (record.values["since"], record.values["remark"], record.sound) == (None, "x", False)


def test_a_line_is_where_its_record_starts(read):
    """A quoted text of three lines, and an empty line, are counted as the editor counts them."""
    text = f'\n{HEADER}\na,,"one\ntwo\nthree"\n\nb,,\n'

    assert [(record.line, record.values["remark"]) for record in read(text).records] == [
        (3, "one\ntwo\nthree"),
        (7, ""),
    ]


@pytest.mark.parametrize("odd", ["  ", ",,", '""'])
def test_only_wholly_empty_lines_are_skipped(problems_of, odd):
    """Blanks, commas and an empty quoted text are a row."""
    assert {problem.line for problem in problems_of(f"{HEADER}\n{odd}\na,,\n")} == {2}


def test_problems_come_in_the_order_of_their_lines(problems_of):
    """A field, a row that is too long, and a quote; the message says place, value, rule and way out."""
    assert [str(problem) for problem in problems_of(f'{HEADER}\n a,12/2025,\nb,,,\n"c"d,,\n')] == [
        'teams.csv, line 2, team: blanks before or after it (found " a"). Take them out.',
        'teams.csv, line 2, since: not a day (found "12/2025"). Write it as 2025-12-31.',
        "teams.csv, line 3: 4 fields under 3 columns. Write one field a column, and put text that holds a comma in quotes.",
        'teams.csv, line 4: not CSV: \',\' expected after \'"\'. Close every quote, and double one within a text: "so ""called""".',
    ]


def test_a_callers_own_problems_are_told_among_the_others():
    """By their line, and what has no line before the rest."""
    with pytest.raises(Refusal) as refused:
        refuse([Problem("c", "", line=3), Problem("b", "", line=2), Problem("a", "")])

    assert [problem.rule for problem in refused.value.problems] == ["a", "b", "c"]


def test_the_first_problems_are_printed_and_the_rest_counted(problems_of):
    """25 of them are 20 and 5 more."""
    problems = problems_of(HEADER + "\na,x," * 25)

    assert len(problems) == 25
    assert str(Refusal(problems)).splitlines()[SHOWN:] == ["… and 5 more of 25 problems."]


def test_an_unknown_column_is_refused_with_the_nearest(problems_of):
    """So is one with blanks around it, which is not taken for the known one."""
    assert [
        (problem.column, problem.fix) for problem in problems_of("team,since,remarks, until\n")
    ] == [
        ("remarks", 'Did you mean "remark"?'),
        (" until", 'Did you mean "until"?'),
    ]


def test_missing_and_doubled_columns_are_named(problems_of):
    """All of them at once, before any line is looked at; of two that would do, one must be there."""
    problems = problems_of("remark,remark\na\n")

    assert [(problem.line, problem.column, problem.rule, problem.fix) for problem in problems] == [
        (1, "remark", "the column stands twice", "Keep one of them"),
        (1, "team", "the column is missing", "Add team to the header"),
        (1, "since", "neither since nor until is there", "Add since, until or both to the header"),
    ]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_separators_are_said(problems_of, mark):
    """As a spreadsheet with decimal commas saves it."""
    (problem,) = problems_of(HEADER.replace(",", mark) + "\n")

    assert (problem.line, problem.rule) == (1, "columns that are not parted by commas")


@pytest.mark.parametrize("row", ["a,,x,", "a,", "a"])
def test_too_many_or_too_few_fields_are_refused(problems_of, row):
    """With the line on which the row starts."""
    (problem,) = problems_of(f'{HEADER}\n"a\nb",,\n{row}\n')

    assert (problem.line, problem.rule) == (4, f"{len(row.split(','))} fields under 3 columns")
    assert [each.line for each in problems_of(f"{HEADER}\n{row}\n")] == [2]


def test_an_unclosed_quote_is_refused_where_it_opens(problems_of):
    """Not at the end of the file, where a parser notices it."""
    problems = problems_of(f'{HEADER}\na,,\n"b,,\nc,,\n')

    assert [(problem.line, problem.rule) for problem in problems] == [
        (3, "not CSV: unexpected end of data")
    ]


def test_text_behind_a_quote_is_refused_and_reading_goes_on(problems_of):
    """The line below is looked at too."""
    assert places(problems_of(f'{HEADER}\n"a"b,,\nc,5k,\n')) == [
        (2, None, None),
        (3, "since", "5k"),
    ]


def test_a_broken_header_is_not_followed_by_guesses(problems_of):
    """The first line below it is not taken for the header."""
    assert places(problems_of(f'"a"b,{HEADER}\na,,\n')) == [(1, None, None)]


@pytest.mark.parametrize(
    ("content", "line", "rule"),
    [
        (b"", 1, "the file is empty"),
        (b"\n\r\n\n", 1, "the file is empty"),
        (b"\xef\xbb\xbf", 1, "the file is empty"),
        (f"\n{HEADER}\n".encode(), 2, "no line below the header"),
        (f"{HEADER}\r\n\xfc,,\r\n".encode("latin-1"), 2, "not UTF-8"),
        (HEADER.encode("utf-16"), 1, "not UTF-8"),
        (f"{HEADER}\na,,\n\0,,\n".encode(), 3, "a NUL character"),
        (b"x" * (SIZE + 1), None, "a file of 10,001 bytes"),
    ],
)
def test_it_refuses_what_is_no_such_file(problems_of, content, line, rule):
    """Empty, without lines, in another encoding, with NUL, too big."""
    (problem,) = problems_of(content)

    assert (problem.line, problem.rule) == (line, rule)


def test_a_file_of_the_limit_is_read(read):
    """10,000 bytes are not too many; most of them are empty lines."""
    assert len(read(f"{HEADER}\na,,\n".ljust(SIZE, "\n")).records) == 1


def test_a_file_that_is_not_there_is_refused(tmp_path):
    """With what the system says."""
    with pytest.raises(Refusal, match=r"teams\.csv: cannot be read: No such file"):
        read_text(tmp_path / "none.csv", "teams.csv", FORM)
