"""drivers.csv: read strictly, one line about one thing, problems at their lines."""

from __future__ import annotations

import csv
import hashlib
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import Problem, Refusal
from finops_nb.params.drivers import (
    COLUMNS,
    COMPANY,
    LIMIT,
    DriverLine,
    Drivers,
    read_driver_file,
    read_drivers,
)
from finops_nb.params.model import make_params

HEADER = "month,organization,name,amount"


@pytest.fixture(scope="session")
def read(tmp_path_factory):
    """Read text or bytes as the file drivers.csv."""
    path = tmp_path_factory.mktemp("drivers") / "d.csv"

    def read(content: str | bytes) -> Drivers:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_driver_file(path, "drivers.csv")

    return read


@pytest.fixture(scope="session")
def problems_of(read):
    """The problems of a text."""

    def problems_of(content: str | bytes) -> list[Problem]:
        with pytest.raises(Refusal) as refused:
            read(content)
        assert all(problem.file == "drivers.csv" for problem in refused.value.problems)
        return list(refused.value.problems)

    return problems_of


names = st.sampled_from(["a", "b, c", 'say "x"', "=1+1", "Grün"])
amounts = st.integers(0, 12).flatmap(lambda places: st.decimals(0, LIMIT - 1, places=places))
stated = st.dictionaries(
    st.tuples(st.sampled_from(["2025-11", "2025-12"]), names | st.just(COMPANY), names),
    amounts.filter(lambda amount: amount.as_tuple().exponent != -3),
    min_size=1,
)


def written(rows: list[dict[str, str]], columns: list[str], end: str = "\n") -> str:
    """The file of these rows as another CSV writer writes it."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def rows_of(stated: dict[tuple[str, str, str], Decimal]) -> list[dict[str, str]]:
    return [
        dict(zip(COLUMNS, (*key, format(amount, "f")), strict=True))
        for key, amount in stated.items()
    ]


@given(stated, st.permutations(COLUMNS), st.sampled_from(["\n", "\r\n"]))
def test_every_line_is_read_exactly(read, stated, columns, end):
    """Columns stand in any order, amounts keep every digit, and the hash is that of the bytes."""
    text = written(rows_of(stated), columns, end)
    drivers = read(text)
    found = {
        (month, organization, name): amount
        for (name, organization), by_month in drivers.amounts.items()
        for month, amount in by_month.items()
    }
    assert found == stated
    assert drivers.sha256 == hashlib.sha256(text.encode()).hexdigest()


@given(stated, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(read, stated, random):
    """Only the numbers of the lines and the hash differ."""
    rows = rows_of(stated)
    first = read(written(rows, [*COLUMNS]))
    random.shuffle(rows)
    other = read(written(rows, [*COLUMNS]))
    assert other.amounts == first.amounts
    assert [line.name for line in other.lines] == [line.name for line in first.lines]


@given(stated, st.data())
def test_a_second_line_about_the_same_is_refused_with_both_lines(problems_of, stated, data):
    """The header is line 1, so row n is in line n + 1; another amount makes no difference."""
    rows = rows_of(stated)
    place = data.draw(st.integers(0, len(rows) - 1))
    (problem,) = problems_of(written([*rows, rows[place] | {"amount": "7"}], [*COLUMNS]))
    assert (problem.line, problem.column) == (len(rows) + 2, "name")
    assert problem.rule.startswith(f"line {place + 2} already has ")


def test_a_line_without_an_organization_is_the_whole_company(read):
    """An organization of the same driver is another line."""
    drivers = read(f"{HEADER}\n2025-12,,orders,20000\n2025-12,org-a,orders,12500.5\n")
    assert drivers.lines == (
        DriverLine(2, "2025-12", COMPANY, "orders", Decimal(20000)),
        DriverLine(3, "2025-12", "org-a", "orders", Decimal("12500.5")),
    )


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        *(("month", text, "not a month") for text in ("", "2025", "2025-13", "Dec-25", "2025-Q4")),
        ("month", " 2025-12", "spaces before or after it"),
        ("month", "0000-12", "no such day in the calendar"),
        ("organization", "(all)", "(all) is the report's word for the whole company"),
        ("organization", "(unallocated)", "(unallocated) is the report's word for cost without a "
         "name"),
        ("organization", " ", "spaces before or after it"),
        ("name", "", "no name"),
        ("name", "orders ", "spaces before or after it"),
        ("name", "or\x07ders", "a line break or another control character"),
        *(("amount", text, "not a plain amount") for text in ("1,000", "5k", "1e3", " 5", "NaN")),
        ("amount", "", "no value"),
        ("amount", "-1", "an amount below zero"),
        ("amount", "1" + "0" * 12, "an amount of 10^12 or more"),
        ("amount", "0.0000000000001", "more than 12 decimal places"),
        ("amount", "1.200", "three decimals, where the point may stand between thousands"),
    ],
)  # fmt: skip
def test_it_refuses_a_field_of_another_kind(problems_of, column, value, rule):
    """With its line, column and value, and how to fix it."""
    row = {"month": "2025-12", "organization": "a", "name": "orders", "amount": "5"}
    (problem,) = problems_of(written([row | {column: value}], [*COLUMNS]))
    assert (problem.line, problem.column, problem.value) == (2, column, value)
    assert problem.rule.startswith(rule)
    assert problem.fix


@pytest.mark.parametrize(
    ("column", "value", "meant"),
    [
        ("month", "Dec 2025", "2025-12"),
        ("organization", "(all)", ""),
        ("amount", "1.200", "1200"),
        ("amount", "1.200", "1.2000"),
        ("amount", "-1", "0"),
    ],
)
def test_what_a_refusal_says_to_write_is_accepted(read, problems_of, column, value, meant):
    """The fix names it, and the file is read then."""
    row = {"month": "2025-12", "organization": "a", "name": "orders", "amount": "5"}
    (problem,) = problems_of(written([row | {column: value}], [*COLUMNS]))
    assert meant in problem.fix
    assert len(read(written([row | {column: meant}], [*COLUMNS])).lines) == 1


def test_all_problems_are_reported_together_by_line(problems_of):
    """Two bad fields, a second line and two spellings that look the same."""
    text = (
        f"{HEADER}\n2025-12,a,orders,5k\n2025-1,a,orders,5\n2025-12,a,seats,5\n"
        "2025-12,a,seats,6\n2025-12,Gr\u00fcn,seats,5\n2025-12,Gru\u0308n,seats,5\n"
    )
    assert [(each.line, each.column) for each in problems_of(text)] == [
        *((2, "amount"), (3, "month"), (5, "name"), (7, "organization")),
    ]


def test_a_refusal_reads_as_every_other_one(problems_of):
    """File, line, column, rule, value and fix."""
    (problem,) = problems_of(f"{HEADER}\n2025-12,,seats,5\n2025-12,,seats,6\n")
    assert str(problem) == (
        "drivers.csv, line 3, name: line 2 already has seats of the whole company for 2025-12 "
        '(found "seats"). Keep one of the two lines.'
    )


@pytest.mark.parametrize(
    ("header", "column", "fix"),
    [
        ("month,organisation,name,amount", "organisation", 'Did you mean "organization"?'),
        ("month,organization,name,amount,amount", "amount", "Keep one of them"),
        ("month,name,amount", "organization", "Add organization to the header"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(problems_of, header, column, fix):
    """A column that is left out is not taken for empty."""
    first, *_ = problems_of(f"{header}\n2025-12,a,orders,5\n")
    assert (first.line, first.column, first.fix) == (1, column, fix)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "the file is empty"),
        (HEADER.encode(), "no lines below the header"),
        (f"{HEADER}\n2025-12,Gr".encode() + b"\xfc,orders,5\n", "not UTF-8"),
        (f"{HEADER}\n2025-12,a\0,orders,5\n".encode(), "a NUL character"),
        (f'{HEADER}\n2025-12,"a,orders,5\n'.encode(), "not CSV: a quote is not closed"),
        (f"{HEADER}\n2025-12,a,orders\n".encode(), "3 fields, but the header has 4"),
        (HEADER.replace(",", ";").encode(), "columns are not separated by commas"),
    ],
)
def test_a_file_of_another_kind_is_refused(problems_of, content, rule):
    """As every CSV file that people write."""
    assert next(problem.rule for problem in problems_of(content)) == rule


def test_stray_quotes_do_not_swallow_lines(problems_of):
    """Two quotes three lines apart would make one name of the lines between them."""
    text = f'{HEADER}\n2025-12,a,"orders,5\n2025-12,b,orders,6\n2025-12,c",orders,7\n'
    assert problems_of(text)[0].line == 2


def test_the_params_name_the_file(home):
    """Without the key there is none; an absolute path is shown by its last part."""
    keys = {"period": "2025-12", "usage": "sample:"}
    assert read_drivers(make_params(keys), home) is None
    (home.root / "d.csv").write_text(f"{HEADER}\n2025-12,,seats,5\n")
    assert read_drivers(make_params(keys | {"drivers": "d.csv"}), home).file == "d.csv"
    outside = home.root.parent / "outside.csv"
    outside.write_text(f"{HEADER}\n2025-12,,seats,5\n")
    assert read_drivers(make_params(keys | {"drivers": str(outside)}), home).file == "outside.csv"
    with pytest.raises(Refusal, match=r"^drivers: no such file: \"e\.csv\""):
        read_drivers(make_params(keys | {"drivers": "e.csv"}), home)
