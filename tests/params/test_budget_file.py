"""budgets.csv: read strictly, problems at their lines; new lines in the file's own form."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import Problem, Refusal
from finops_nb.money import LIMIT
from finops_nb.params.budget_file import COLUMNS, BudgetLine, read_budget_file, with_lines
from finops_nb.params.budget_versions import version_label

HEADER = "dimension,name,month,year,amount"
FULL = ",".join(COLUMNS)
LINE = BudgetLine(0, "organization", "a", "2025-12", Decimal(5), "", 0, "approved", "", "", "")


@pytest.fixture(scope="session")
def read(tmp_path_factory):
    """Read text or bytes as the file budgets.csv."""
    path = tmp_path_factory.mktemp("budgets") / "b.csv"

    def read(content: str | bytes) -> tuple[BudgetLine, ...]:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_budget_file(path, "budgets.csv")

    return read


@pytest.fixture(scope="session")
def problems_of(read):
    """The problems of a text."""

    def problems_of(content: str | bytes) -> list[Problem]:
        with pytest.raises(Refusal) as refused:
            read(content)
        assert all(problem.file == "budgets.csv" for problem in refused.value.problems)
        return list(refused.value.problems)

    return problems_of


@pytest.mark.parametrize(
    ("header", "column", "fix"),
    [
        ("dimension,name,period,amount", "period", 'Did you mean "month"?'),
        ("dimension,name,month,budget", "budget", 'Did you mean "amount"?'),
        ("dimension,organization,month,amount", "organization", 'Did you mean "name"?'),
        ("dimension,name,month,amount,Approved By", "Approved By", 'Did you mean "approver"?'),
        (
            "dimension,name,month,amount,period",
            "period",
            "Delete it, because the header already has month",
        ),
    ],
)
def test_another_name_of_a_column_leads_to_it(problems_of, header, column, fix):
    """`period` looks like `version`, but it is the month."""
    problems = problems_of(f"{header}\norganization,a,2025-12,5\n")
    assert (problems[0].column, problems[0].fix) == (column, fix)


def places(problems: list[Problem]) -> list[tuple[int | None, str | None, str | None]]:
    return [(problem.line, problem.column, problem.value) for problem in problems]


def test_it_reads_every_column(read):
    """Each field is read by its header, and the amount is exact."""
    line = "organization,org-a,2025-12,,5000.50,,,Ann,revised 2,proposed,Bob,more calls,2025-12-15"

    assert read(f"{FULL}\n{line}\n") == (
        BudgetLine(
            line=2,
            dimension="organization",
            name="org-a",
            period="2025-12",
            amount=Decimal("5000.50"),
            owner="Ann",
            version=2,
            status="proposed",
            approver="Bob",
            reason="more calls",
            date="2025-12-15",
        ),
    )


def test_it_needs_four_columns_only(read):
    """Without the other columns, a line is original, approved and has no owner."""
    expected = BudgetLine(
        2, "product", "chat", "2025", Decimal(1200), "", 0, "approved", "", "", ""
    )

    assert read("dimension,name,year,amount\nproduct,chat,2025,1200\n") == (expected,)
    assert read(f"{FULL}\nproduct,chat,,2025,1200,,,,,,,,\n") == (expected,)


@given(st.permutations(COLUMNS))
def test_columns_stand_in_any_order(read, order):
    """The order of the columns does not matter."""
    fields = ("product", "chat", "", "2025", "7", "", "")
    rest = ("Ann", "revised 1", "rejected", "Bob", "why", "2025-01-02")
    row = dict(zip(COLUMNS, (*fields, *rest), strict=True))
    text = f"{','.join(order)}\n{','.join(row[column] for column in order)}\n"

    about = ("Ann", 1, "rejected", "Bob", "why", "2025-01-02")
    assert read(text) == (BudgetLine(2, "product", "chat", "2025", Decimal(7), *about),)


def test_none_is_no_budget(read):
    """The word none is not a budget of zero."""
    none, zero = read(f"{HEADER}\norganization,a,2025-12,,none\norganization,b,2025-12,,0\n")

    assert (none.amount, zero.amount) == (None, Decimal(0))


@pytest.mark.parametrize(
    "name",
    [
        *("=1+1", "+a", "-a", "@a", "'=1+1", "007", "NO", "none", "(all)", "Gr\u00fcn"),
        *('a "b"', "a, b"),
    ],
)
def test_names_are_read_as_written(read, name):
    """A name may look like a formula, start with an apostrophe, or have a comma in it."""
    quoted = '"' + name.replace('"', '""') + '"'

    assert [line.name for line in read(f"{HEADER}\norganization,{quoted},2025-12,,5\n")] == [name]


@pytest.mark.parametrize(
    ("amount", "rule"),
    [
        *((text, "not a plain amount") for text in ("5,000", "5k", "$5000", "1e3", "NaN", "inf")),
        *((text, "not a plain amount") for text in (" 5", "5 ", "1_000", "\u0665")),
        *((text, "not a plain amount") for text in ("None", "1.2.3")),
        ("", "no value"),
        ("-5", "a budget below zero"),
        ("0.0000000000001", "more than 12 decimal places"),
        ("1" + "0" * 15, "an amount of 10^15 or more"),
    ],
)
def test_it_refuses_what_is_not_an_amount(problems_of, amount, rule):
    """Separators, units, signs and spaces are refused, with line, column and text."""
    (problem,) = problems_of(f'{HEADER}\norganization,a,2025-12,,"{amount}"\n')

    assert (problem.line, problem.column, problem.value, problem.rule) == (
        2,
        "amount",
        amount,
        rule,
    )


def test_the_message_has_place_value_rule_and_fix(problems_of):
    """It reads as every refusal does."""
    (problem,) = problems_of(f"{HEADER}\norganization,a,2025-12,,5k\n")

    assert str(problem) == (
        'budgets.csv, line 2, amount: not a plain amount (found "5k"). Write digits and a decimal '
        "point only, such as 5000 or 5000.50, without thousands separator, currency sign, unit or "
        "exponent."
    )


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        *(("dimension", text, "unknown value") for text in ("", "feature", "Organization")),
        ("name", "", "no name"),
        ("name", "(unallocated)", "(unallocated) is the report's word for cost without a name"),
        *(
            ("month", text, "not a month")
            for text in ("2025-13", "2025-1", "Dec-25", "2025", "2025-12-01", "2025-Q4", " 2025-12")
        ),
        ("month", "0000-12", "no such day in the calendar"),
        *(
            ("version", text, "not a version")
            for text in ("revised", "revised 0", "revised 01", "revised  1", "Original", "1")
        ),
        *(("status", text, "unknown value") for text in ("Approved", "ok")),
        *(
            ("date", text, "not a day")
            for text in ("2025-02-30", "15.12.2025", "20251215", "2025-12", " ")
        ),
        *(
            (column, f"{text}{blank}", "spaces before or after it")
            for column, text in (("name", "a"), ("dimension", "product"))
            for blank in " \t\u00a0"
        ),
        *(
            (column, f" {text}", "spaces before or after it")
            for column, text in (("version", "original"), ("status", "approved"), ("name", ""))
        ),
    ],
)
def test_it_refuses_a_field_of_another_kind(problems_of, column, value, rule):
    """Blanks around a field are refused, not removed."""
    row = (
        dict.fromkeys(COLUMNS, "")
        | {"dimension": "organization", "name": "a", "month": "2025-12", "amount": "5"}
        | {column: value}
    )
    (problem,) = problems_of(f"{FULL}\n{','.join(row.values())}\n")

    assert (problem.line, problem.column, problem.value, problem.rule) == (2, column, value, rule)
    assert problem.fix


@pytest.mark.parametrize("year", ["25", "0000", "9999", "2025-12", "FY25"])
def test_it_refuses_what_is_not_a_year(problems_of, year):
    """A year has four digits, and the calendar must have the year after it too."""
    assert places(problems_of(f"{HEADER}\norganization,a,,{year},5\n")) == [(2, "year", year)]


@pytest.mark.parametrize(
    ("fields", "rule"),
    [(",", "neither a month nor a year"), ("2025-12,2025", "both a month and a year")],
)
def test_a_line_is_for_a_month_or_a_year(problems_of, fields, rule):
    """Exactly one of the two must be filled."""
    (problem,) = problems_of(f"{HEADER}\norganization,a,{fields},5\n")

    assert (problem.line, problem.column, problem.rule) == (2, "month", rule)


def test_all_problems_are_reported_together(problems_of):
    """Three bad fields in two lines come in the order of the file."""
    text = f"{HEADER}\nteam,a,2025-12,,5k\norganization,b,2025-12,,5\norganization,c,12/2025,,5\n"

    assert places(problems_of(text)) == [
        (2, "dimension", "team"),
        (2, "amount", "5k"),
        (4, "month", "12/2025"),
    ]


def test_missing_columns_are_reported(problems_of):
    """All are reported together, before any line is read."""
    problems = problems_of("owner,aprover\nx,y\n")

    assert [(problem.line, problem.column, problem.rule) for problem in problems] == [
        (1, "aprover", "an unknown column"),
        (1, "dimension", "the column is missing"),
        (1, "name", "the column is missing"),
        (1, "amount", "the column is missing"),
        (1, "month", "no column month or year"),
    ]


def test_a_file_that_is_not_csv_is_refused(problems_of):
    """The message has the line, and how to fix this kind of file."""
    assert [str(problem) for problem in problems_of("")] == [
        "budgets.csv, line 1: the file is empty. Write dimension,name,month,amount and below it "
        "one budget per line."
    ]
    assert [
        (problem.line, problem.rule)
        for problem in problems_of(f'{HEADER}\norganization,"a\nb",2025-12,5\n')
    ] == [(2, "4 fields, but the header has 5")]


@pytest.mark.parametrize(
    ("first", "second"),
    [("2025-12,", "2025-12,"), (",2025", ",2025"), (",2025", "2025-12,"), ("2025-12,", ",2025")],
)
@pytest.mark.parametrize("status", ["approved", "proposed"])
def test_two_lines_for_one_month_and_version_are_refused(problems_of, first, second, status):
    """A year's line covers its months, and the status does not matter; both lines are named."""
    (problem,) = problems_of(
        f"{HEADER},status\norganization,a,{first},5,\norganization,a,{second},6,{status}\n"
    )

    assert (problem.line, problem.column) == (3, "name")
    assert problem.rule.startswith("a already has a 2025-")
    assert problem.rule.endswith(" budget in version original, on line 2")


@pytest.mark.parametrize(
    "other",
    [
        "product,a,2025-12,,6,",
        "organization,b,2025-12,,6,",
        "organization,a,2025-11,,6,",
        "organization,a,,2024,6,",
        "organization,a,,2025,6,revised 1",
    ],
)
def test_another_dimension_name_month_or_version_is_another_budget(read, other):
    """Each of the four alone makes it another budget."""
    assert len(read(f"{HEADER},version\norganization,a,2025-12,,5,\n{other}\n")) == 2


def test_names_that_look_the_same_are_refused(problems_of):
    """An umlaut as one character and as two looks like one name to a reader."""
    (problem,) = problems_of(
        f"{HEADER}\norganization,M\u00fc,2025-12,,5\norganization,Mu\u0308,2025-11,,5\n"
    )

    assert (problem.line, problem.column, problem.rule) == (
        3,
        "name",
        "two names that look the same",
    )


def test_versions_have_the_labels_of_the_file():
    """Version 0 is the original."""
    assert [version_label(number) for number in (0, 1, 12)] == [
        "original",
        "revised 1",
        "revised 12",
    ]


def test_lines_are_added_in_the_form_of_the_file():
    """New lines have its columns and line breaks; a missing last line break is added."""
    text = "amount,version,name,month,dimension\r\n5,,a,2025-12,organization"

    assert with_lines(
        text,
        [replace(LINE, amount=None, version=1), replace(LINE, name="b", amount=Decimal("5.50"))],
        "budgets.csv",
    ) == (
        f"{text}\r\n"
        "none,revised 1,a,2025-12,organization\r\n"
        "5.50,original,b,2025-12,organization\r\n"
    )


def test_existing_lines_stay_byte_for_byte():
    """Needless quotes, a byte order mark and an empty line stay."""
    text = '\ufeff"dimension",name,month,"amount"\n\norganization,"a",2025-12,05.0\n'

    assert (
        with_lines(text, [replace(LINE, name="b")], "budgets.csv")
        == f"{text}organization,b,2025-12,5\n"
    )


def test_a_date_without_a_column_goes_in_front_of_the_reason():
    """Where there is no reason, the date is the reason."""
    text = "dimension,name,month,amount,reason\norganization,a,2025-11,5,\n"
    added = with_lines(
        text,
        [
            replace(LINE, date="2025-12-15", reason="more"),
            replace(LINE, name="b", date="2025-12-16"),
        ],
        "budgets.csv",
    )

    assert added.splitlines()[2:] == [
        "organization,a,2025-12,5,2025-12-15: more",
        "organization,b,2025-12,5,2025-12-16",
    ]


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        ({"version": 1}, ["version"]),
        ({"status": "proposed"}, ["status"]),
        ({"approver": "Bob", "reason": "why"}, ["approver", "reason"]),
        ({"owner": "Ann"}, ["owner"]),
        ({"date": "2025-12-15"}, ["reason"]),
        ({"period": "2025"}, ["year"]),
    ],
)
def test_a_column_that_a_new_line_needs_must_exist(change, columns):
    """Every missing column is named, and nothing that the line says is lost."""
    with pytest.raises(Refusal) as refused:
        with_lines(
            "dimension,name,month,amount\norganization,a,2025-11,5\n",
            [LINE, replace(LINE, **change)],
            "budgets.csv",
        )

    assert [(problem.file, problem.column) for problem in refused.value.problems] == [
        ("budgets.csv", column) for column in columns
    ]


def test_nothing_is_added_to_a_broken_file():
    """An open quote would swallow the new lines."""
    with pytest.raises(Refusal, match=r"line 2: not CSV"):
        with_lines(f'{HEADER}\norganization,"a,2025-12,,5\n', [LINE], "budgets.csv")


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
on_one_line = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12)
names = st.one_of(
    st.sampled_from(["=1+1", "'=a", "a, b", 'say "x"', "-5", "@x"]),
    st.text("ab,\"';=", min_size=1, max_size=6),
)
lines = st.builds(
    BudgetLine,
    line=st.just(0),
    dimension=st.sampled_from(["organization", "product"]),
    name=names.filter(lambda name: name == name.strip()),
    period=st.one_of(
        st.dates().map(lambda day: f"{day.isoformat()[:7]}"),
        st.integers(1, 9998).map("{:04}".format),
    ),
    amount=st.none()
    | st.integers(0, 12).flatmap(lambda decimals: st.decimals(0, LIMIT - 1, places=decimals)),
    owner=on_one_line,
    version=st.integers(0, 3),
    status=st.sampled_from(["approved", "proposed", "rejected"]),
    approver=on_one_line,
    reason=texts,
    date=st.just("") | st.dates().map(str),
).filter(lambda line: "9999" not in line.period)


def distinct(lines: list[BudgetLine]) -> list[BudgetLine]:
    """The lines, with one per name, so that none is a second budget."""
    return list({(line.dimension, line.name): line for line in lines}.values())


def written(lines: list[BudgetLine], columns: list[str], end: str) -> str:
    """The file of these lines as another CSV writer writes it."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    for line in lines:
        is_month = "-" in line.period
        row = {column: getattr(line, column, "") for column in COLUMNS} | {
            "month": line.period if is_month else "",
            "year": "" if is_month else line.period,
            "amount": "none" if line.amount is None else format(line.amount, "f"),
            "version": version_label(line.version),
        }
        writer.writerow([row[column] for column in columns])
    return stream.getvalue()


def with_date_in_reason(line: BudgetLine) -> BudgetLine:
    """The line in a file without the column `date`."""
    reason = ": ".join(part for part in (line.date, line.reason) if part)
    return replace(line, date="", reason=reason)


@given(
    st.lists(lines, min_size=2, max_size=6).map(distinct),
    st.permutations(COLUMNS),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.booleans(),
    st.data(),
)
def test_old_and_new_lines_read_back(read, made, order, end, ended, has_date, data):
    """A file from another writer and lines added to it read back, whatever their texts."""
    split = data.draw(st.integers(1, len(made)))
    old, new = made[:split], made[split:]
    columns = order
    if not has_date:
        columns = [column for column in order if column != "date"]
        old = [replace(line, date="") for line in old]
    text = written(old, columns, end)

    back = read(with_lines(text if ended else text.removesuffix(end), new, "budgets.csv"))

    if not has_date:
        new = [with_date_in_reason(line) for line in new]
    assert [replace(line, line=0) for line in back] == old + new
    assert [line.line for line in back] == sorted({line.line for line in back})


def test_the_lines_know_their_file(tmp_path):
    """A problem that is found later can name the file."""
    path = Path(tmp_path, "b.csv")
    path.write_text(f"{HEADER}\norganization,a,2025-12,,5\n", encoding="utf-8")

    assert [line.file for line in read_budget_file(path, "budgets/2025.csv")] == [
        "budgets/2025.csv"
    ]


@pytest.mark.parametrize("column", ["name", "amount", "owner", "approver", "reason"])
def test_a_budget_that_stray_quotes_swallowed_is_not_gone(problems_of, column):
    """B's 20 is within the text of A's line; a reason of several lines is one text."""
    columns = ["dimension", "name", "month", "amount", "owner", "approver", "reason"]
    good = ["organization", "org-a", "2025-12", "10", "Ada", "CFO", '"two\nlines, and a half"']
    first = ["organization", "org-b", "2025-12", "20", "Bob", "CFO", "agreed"]
    second = ["organization", "org-c", "2025-12", "30", "Cy", "CFO", "agreed"]
    at = columns.index(column)
    first[at], second[at] = '"' + first[at], second[at] + '"'
    text = "\n".join(",".join(row) for row in (columns, good, first, second))
    problems = problems_of(text + "\n")

    assert [(problem.line, problem.column) for problem in problems] == [(4, column)]


def test_a_new_line_with_a_lone_carriage_return_is_one_line():
    """Without quotes, the rest of the reason would start a line."""
    text = f"{FULL}\norganization,b,2025-12,,5,,,,,,,,\n"
    added = with_lines(text, [replace(LINE, reason="a\rb")], "budgets.csv").removeprefix(text)

    assert added == 'organization,a,2025-12,,5,,,,original,approved,,"a\rb",\n'


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("dimension,name,month,amount", "organization,org-a,2025-12,5000"),
        ("dimension,name,month,amount,version", "organization,org-a,2025-12,5000,revised 12"),
    ],
)
def test_a_last_number_without_a_line_break_may_be_cut(tmp_path, header, line):
    """5000 may be what is left of 50000; ended with a line break, or in quotes, it is complete."""
    file = tmp_path / "budgets.csv"
    first, last = header.rpartition(",")[2], line.rpartition(",")[2]
    file.write_text(f"{header}\n{line}")
    with pytest.raises(Refusal) as refusal:
        read_budget_file(file, "budgets.csv")
    assert str(refusal.value) == (
        f"budgets.csv, line 2, {first}: the last line has no line break, so its {first} may be cut "
        f'short (found "{last}"). If the line is complete, end it with a line break.'
    )
    for complete in (f"{line}\n", f"{line}\r\n", line.removesuffix(last) + f'"{last}"'):
        file.write_text(f"{header}\n{complete}", newline="")
        assert len(read_budget_file(file, "budgets.csv")) == 1


def test_a_last_text_may_end_without_a_line_break(tmp_path):
    """No figure depends on it."""
    file = tmp_path / "budgets.csv"
    for column, text in (("reason", "agreed"), ("version", "original"), ("version", "")):
        file.write_text(f"dimension,name,month,amount,{column}\norganization,a,2025-12,5000,{text}")
        assert read_budget_file(file, "budgets.csv")[0].amount == 5000
