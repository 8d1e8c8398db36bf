"""organizations.csv: at most one line for a key and day, one answer on an organization."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import Problem, Refusal
from finops_nb.params.organizations import MapLine, OrganizationMap, Owner, read_organization_map
from finops_nb.period import parse_period

HEADER = "key,organization,product,valid_from,valid_to,owner,cost_center,email"
NOBODY = Owner()
FIRST = date(2025, 11, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(12)]
"""Lines start and cease to hold on these days."""
AROUND = [date.min, FIRST - timedelta(days=1), *DAYS, DAYS[-1] + timedelta(days=1), date.max]
"""Those days, the days around them, and the first and last day there is."""


@pytest.fixture(scope="session")
def read(tmp_path_factory):
    """Read text as the file organizations.csv."""
    path = tmp_path_factory.mktemp("organizations") / "o.csv"

    def read(text: str) -> OrganizationMap:
        path.write_bytes(text.encode())
        return read_organization_map(path, "organizations.csv")

    return read


@pytest.fixture(scope="session")
def problems_of(read):
    """The problems of a text."""

    def problems_of(text: str) -> list[Problem]:
        with pytest.raises(Refusal) as refused:
            read(text)
        assert all(problem.file == "organizations.csv" for problem in refused.value.problems)
        return list(refused.value.problems)

    return problems_of


def text_of(lines: Iterable[MapLine]) -> str:
    """The file of these lines."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER.split(","))
    for line in lines:
        about = (line.about.owner, line.about.cost_centre, line.about.email)
        writer.writerow(
            (
                line.key,
                line.organization,
                line.product or "",
                line.valid_from or "",
                line.valid_to or "",
                *about,
            )
        )
    return stream.getvalue()


def line_of(
    key: str,
    organization: str,
    valid_from: date | None = None,
    valid_to: date | None = None,
    about: Owner = NOBODY,
) -> MapLine:
    return MapLine(key, organization, None, valid_from, valid_to, about, 0)


@st.composite
def histories(draw) -> list[MapLine]:
    """Lines of three keys in a random order, with gaps; no two of a key hold on one day."""
    lines = []
    for key in ("a", "A", "b "):
        cuts = [None, *sorted(draw(st.sets(st.sampled_from(DAYS), max_size=5))), None]
        spans = [span for span in pairwise(cuts) if draw(st.booleans())]
        lines += [line_of(key, draw(st.sampled_from(["org-a", "org-b"])), *span) for span in spans]
    return draw(st.permutations(lines))


spans = st.tuples(st.none() | st.sampled_from(DAYS), st.none() | st.sampled_from(DAYS)).filter(
    lambda span: None in span or span[0] < span[1]
)
any_lines = st.lists(
    st.builds(
        lambda key, organization, span, owner: line_of(key, organization, *span, Owner(owner)),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["org-a", "org-b"]),
        spans,
        st.sampled_from(["", "Ann", "Bob", "Cid"]),
    ),
    min_size=1,
    max_size=7,
)


def mapped(organizations: OrganizationMap, key: str, day: date) -> list[MapLine]:
    """The lines that map a key on a day."""
    lines = [line for line in organizations.lines if line.key == key]
    return [line for line in lines if day.toordinal() in line.days]


def holds(line: MapLine, day: date) -> bool:
    """The rule in its own words: a line holds from valid_from on, and before valid_to."""
    return (line.valid_from is None or line.valid_from <= day) and (
        line.valid_to is None or day < line.valid_to
    )


def share_a_day(one: MapLine, other: MapLine) -> bool:
    return any(holds(one, day) and holds(other, day) for day in AROUND)


@given(histories().filter(bool))
def test_a_key_maps_on_a_day_by_one_line_or_not_at_all(read, lines):
    """A line holds from valid_from on and before valid_to; without them, forever."""
    organizations = read(text_of(lines))

    for key in ("a", "A", "b ", "b"):
        for day in AROUND:
            held = [line for line in lines if line.key == key and holds(line, day)]
            assert len(held) <= 1
            assert [replace(line, line=0) for line in mapped(organizations, key, day)] == held


@given(any_lines)
def test_contradictions_on_one_day_are_refused_and_nothing_else(read, lines):
    """A key has one line per day, and an organization one owner; each problem names two lines."""
    numbered = [replace(line, line=number) for number, line in enumerate(lines, 2)]
    keys = {
        (a.line, b.line)
        for a, b in combinations(numbered, 2)
        if a.key == b.key and share_a_day(a, b)
    }
    owners = {
        (a.line, b.line)
        for a, b in combinations(numbered, 2)
        if a.organization == b.organization
        and share_a_day(a, b)
        and len({a.about.owner, b.about.owner, ""}) == 3
    }

    def later(pair: tuple[int, int]) -> int:
        return max(pair, key=lambda number: (lines[number - 2].valid_from or date.min, number))

    try:
        read(text_of(lines))
        problems = ()
    except Refusal as refusal:
        problems = refusal.problems

    for column, pairs in (("key", keys), ("owner", owners)):
        named = {
            (int(problem.rule.split(" ")[1]), problem.line)
            for problem in problems
            if problem.column == column
        }
        assert named <= pairs
        assert set(map(later, named)) == set(map(later, pairs))
    assert not problems or all(problem.column in ("key", "owner") for problem in problems)


@given(any_lines, st.randoms())
def test_the_order_of_the_lines_changes_nothing(read, lines, random):
    """The lines are equal except for their numbers, or the same columns are refused."""

    def outcome(given: list[MapLine]) -> object:
        try:
            return [replace(line, line=0) for line in read(text_of(given)).lines]
        except Refusal as refusal:
            return {problem.column for problem in refusal.problems}

    shuffled = list(lines)
    random.shuffle(shuffled)

    assert outcome(shuffled) == outcome(lines)


@given(histories().filter(bool))
def test_between_boundaries_nothing_changes(read, lines):
    """Keys map the same way between two boundaries, and at each a line starts or ends."""
    organizations = read(text_of(lines))
    period = parse_period("2025-11-03/2025-11-09")
    inside = organizations.boundaries(period)

    assert all(period.start < day < period.end for day in inside)
    for start, end in pairwise((period.start, *inside, period.end)):
        days = [day for day in period.days if start <= day < end]
        for key in ("a", "A", "b "):
            assert len({tuple(mapped(organizations, key, day)) for day in days}) == 1
    assert all(any(day in (line.valid_from, line.valid_to) for line in lines) for day in inside)


def test_it_reads_every_column(read):
    """Days are dates, empty fields None or empty, lines physical; the hash is of the bytes."""
    text = (
        f"\ufeff{HEADER}\r\nteam-1,org-a,,,2025-11-15,,,\r\n"
        "team-1,org-b,chat,2025-11-15,,Ada,4711,ada@example.com\r\n"
    )

    assert read(text) == OrganizationMap(
        (
            MapLine("team-1", "org-a", None, None, date(2025, 11, 15), NOBODY, 2),
            MapLine(
                "team-1",
                "org-b",
                "chat",
                date(2025, 11, 15),
                None,
                Owner("Ada", "4711", "ada@example.com"),
                3,
            ),
        ),
        "organizations.csv",
        hashlib.sha256(text.encode()).hexdigest(),
    )


def test_two_columns_are_enough_in_any_order(read):
    """Without dates, a key maps on every day."""
    organizations = read("organization,key\norg-a,team-1\n")

    line = MapLine("team-1", "org-a", None, None, None, NOBODY, 2)
    assert organizations.lines == (line,)
    assert all(mapped(organizations, "team-1", day) == [line] for day in AROUND)


@pytest.mark.parametrize(
    "key",
    [
        *(" team", "team ", "Team", "007", "NA", "=1+1", "Mu\u0308", "a, b", 'say "x"'),
        *("123456789012", "1e5"),
    ],
)
def test_a_key_is_the_text_of_the_source(read, key):
    """Blanks, zeros and the Unicode form count, and nothing similar maps."""
    organizations = read(text_of([line_of(key, "org-a")]))

    assert [line.organization for line in mapped(organizations, key, FIRST)] == ["org-a"]
    for other in (f"{key}x", key.swapcase() + " ", key.strip() + "\t", "M\u00fc"):
        assert not mapped(organizations, other, FIRST)


def test_several_keys_of_one_organization_merge(read):
    """Two spellings become one where a line says so, and only there."""
    organizations = read("key,organization\nTeam 1,org-a\nteam-1,org-a\n")

    for key in ("Team 1", "team-1"):
        assert [line.organization for line in mapped(organizations, key, FIRST)] == ["org-a"]
    assert not mapped(organizations, "TEAM 1", FIRST)


def test_a_reorganization_does_not_rewrite_history(read):
    """The team is org-a's until November 14 and org-b's from November 15 on."""
    organizations = read(
        "key,organization,valid_from,valid_to\nteam,org-a,,2025-11-15\nteam,org-b,2025-11-15,\n"
    )

    for day, organization in ((14, "org-a"), (15, "org-b")):
        lines = mapped(organizations, "team", date(2025, 11, day))
        assert [line.organization for line in lines] == [organization]
    assert organizations.boundaries(parse_period("2025-11")) == (date(2025, 11, 15),)
    assert organizations.boundaries(parse_period("2025-10")) == ()
    assert organizations.boundaries(parse_period("2025-12")) == ()


@pytest.mark.parametrize(
    ("day", "inside"),
    [("2025-10-31", 0), ("2025-11-01", 0), ("2025-11-02", 1), ("2025-11-30", 1), ("2025-12-01", 0)],
)
def test_a_boundary_is_after_the_first_day_and_in_the_period(read, day, inside):
    """A change on a period's first day, or on the day after its last, does not divide it."""
    organizations = read(f"key,organization,valid_from\nteam,org-a,{day}\n")

    assert len(organizations.boundaries(parse_period("2025-11"))) == inside


def test_an_owner_in_one_line_holds_for_the_organization(read):
    """Each field comes from whichever line has it, on the days of that line."""
    organizations = read(
        "key,organization,valid_from,owner,cost_center,email\na,org-a,,,4711,\n"
        "b,org-a,2025-11-15,Ada,,ada@example.com\nc,org-a,,,4711,\nd,org-b,,Bob,,\n"
    )
    before, after = date(2025, 11, 14), date(2025, 11, 15)

    assert organizations.owner_of("org-a", before) == Owner("", "4711", "")
    assert organizations.owner_of("org-a", after) == Owner("Ada", "4711", "ada@example.com")
    assert organizations.owner_of("org-b", after) == Owner("Bob", "", "")
    assert organizations.owner_of("org-c", after) == NOBODY


def test_an_owner_may_change_with_time(read):
    """Ada answers until November 14, Bob from then on."""
    organizations = read(
        "key,organization,valid_to,valid_from,owner\n"
        "a,org-a,2025-11-15,,Ada\na,org-a,,2025-11-15,Bob\n"
    )

    assert organizations.owner_of("org-a", date(2025, 11, 14)).owner == "Ada"
    assert organizations.owner_of("org-a", date(2025, 11, 15)).owner == "Bob"


def test_the_last_owner_in_a_period_is_its_owner(read):
    """It may be an organization that ended in the period; one that ended before has none."""
    lines = [
        "old,org-old,,2025-11-01,Abe",
        "a,org-a,,2025-11-15,Ada",
        "b,org-b,,2025-11-15,Bob",
        "b,org-b,2025-11-15,,Bea",
        "c,org-c,,,",
    ]
    header = "key,organization,valid_from,valid_to,owner"
    organizations = read("\n".join([header, *lines]) + "\n")

    assert organizations.said_last(parse_period("2025-11"), "owner", "email") == {
        "org-a": "Ada",
        "org-b": "Bea",
    }
    assert organizations.said_last(parse_period("2025-10"), "owner", "email") == {
        "org-old": "Abe",
        "org-a": "Ada",
        "org-b": "Bob",
    }


@pytest.mark.parametrize("column", ["owner", "cost_centre", "cost_center", "email"])
def test_two_answers_about_an_organization_are_refused(problems_of, column):
    """The last does not win; both lines are named, and the column as the file spells it."""
    (problem,) = problems_of(
        f"key,organization,{column}\n"
        "a,org-a,x@example.com\nb,org-b,z@example.com\nc,org-a,y@example.com\n"
    )

    assert str(problem) == (
        f"organizations.csv, line 4, {column}: line 2 gives the organization another {column} on "
        'the same days (found "y@example.com"). Write the same text in both lines, or leave one '
        "empty."
    )


def test_a_key_with_two_organizations_is_refused(problems_of):
    """Its cost would be counted twice; both lines are named."""
    (problem,) = problems_of(
        "key,organization,valid_to\nteam,org-a,2025-11-16\nteam,org-b,2025-11-15\n"
    )

    assert str(problem) == (
        "organizations.csv, line 3, key: line 2 has the same key on the same days (found "
        '"team"). Keep one of the two, or end one (valid_to) on the day the other starts '
        "(valid_from)."
    )


@pytest.mark.parametrize("organization", ["org-a", "org-b"])
def test_a_duplicate_line_is_refused(problems_of, organization):
    """A second line is refused even where it says the same."""
    assert [
        problem.line
        for problem in problems_of(f"key,organization\nteam,org-a\nteam,{organization}\n")
    ] == [3]


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        *(("key", text, "no key") for text in ("", " ", "\u00a0")),
        ("organization", "", "no name"),
        *(
            (column, f"{text} ", "spaces before or after it")
            for column, text in (("organization", "a"), ("product", ""), ("owner", "Ann"))
        ),
        *(
            (column, "(unallocated)", "(unallocated) is the report's word")
            for column in ("key", "organization", "product")
        ),
        *(
            (column, text, "not a day")
            for column in ("valid_from", "valid_to")
            for text in ("2025-02-30", "15.11.2025", "20251115", "2025-11", "2025-11-15T00:00", " ")
        ),
        *(
            ("valid_to", text, "valid_to is not after valid_from, which is 2025-11-01")
            for text in ("2025-11-01", "2025-10-31")
        ),
        *(
            ("email", text, "not an address")
            for text in ("ada", "Ada <ada@example.com>", "a@b.c d@e.f", "a@b.c\nBcc: x@y.z")
        ),
    ],
)
def test_it_refuses_a_field_of_another_kind(problems_of, column, value, rule):
    """The problem has line, column, text and fix."""
    row = dict.fromkeys(HEADER.split(","), "") | {"key": "k", "organization": "a"}
    row |= {"valid_from": "2025-11-01"} if column == "valid_to" else {}
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows((row.keys(), (row | {column: value}).values()))
    (problem,) = problems_of(stream.getvalue())

    assert (problem.line, problem.column, problem.value) == (2, column, value)
    assert problem.rule.startswith(rule)
    assert problem.fix


def test_all_problems_are_reported_together(problems_of):
    """A line may have bad fields and a clash; one without days or organization can't clash."""
    lines = [
        "k,a,,,,Ann,,",
        "k,,,,,Ann,,x",
        "l,a,,2025-11-02,2025-11-02,Bob,,",
        "l,b,,,,,,",
        "m,,,,,Bob,,",
    ]
    text = "\n".join([HEADER, *lines]) + "\n"

    assert [(problem.line, problem.column) for problem in problems_of(text)] == [
        (3, "organization"),
        (3, "email"),
        (3, "key"),
        (4, "valid_to"),
        (6, "organization"),
    ]


@pytest.mark.parametrize(
    ("header", "problems"),
    [
        (
            "key,organisation",
            [
                ("organisation", 'Did you mean "organization"?'),
                ("organization", "Add organization to the header"),
            ],
        ),
        ("key,organization,cost_centr", [("cost_centr", 'Did you mean "cost_centre"?')]),
        ("key,organization,key", [("key", "Keep one of them")]),
        ("key,organization,cost_centre,cost_center", [("cost_center", "Keep one of them")]),
        (
            "product,owner",
            [("key", "Add key to the header"), ("organization", "Add organization to the header")],
        ),
    ],
)
def test_wrong_columns_are_reported(problems_of, header, problems):
    """Columns may be unknown, missing, or there twice, also in two spellings."""
    fields = ",".join("abcd"[: header.count(",") + 1])
    reported = problems_of(f"{header}\n{fields}\n")

    assert [problem.line for problem in reported] == [1] * len(problems)
    assert [(problem.column, problem.fix) for problem in reported] == problems


def test_a_file_that_is_not_csv_is_refused(problems_of):
    """The message has the line, and how to fix this kind of file."""
    assert [str(problem) for problem in problems_of("")] == [
        f"organizations.csv, line 1: the file is empty. Write {HEADER} and below it one key per "
        "line."
    ]
    assert [
        (problem.line, problem.rule) for problem in problems_of('key,organization\n"a",x\nc\n')
    ] == [(3, "1 field, but the header has 2")]


@pytest.mark.parametrize("column", ["key", "organization", "product", "owner", "cost_centre"])
def test_a_key_that_stray_quotes_swallowed_is_not_gone(problems_of, column):
    """The quote before one line's field, and the one behind the next line's, tear both."""
    columns = ["key", "organization", "product", "owner", "cost_centre"]
    first, second = ["k1", "a", "x", "Ada", "1"], ["k2", "b", "y", "Bob", "2"]
    at = columns.index(column)
    first[at], second[at] = '"' + first[at], second[at] + '"'
    text = "\n".join(",".join(row) for row in (columns, first, second, ["k3", "c", "", "", ""]))
    (problem,) = problems_of(text + "\n")

    assert (problem.line, problem.column) == (2, column)
    assert problem.rule.startswith("a line break")


def test_a_last_cost_center_without_a_line_break_may_be_cut(tmp_path):
    """4711 may be what is left of 47110."""
    file = tmp_path / "organizations.csv"
    file.write_text("key,organization,cost_centre\nk,a,4711")
    with pytest.raises(Refusal, match="the last line has no line break, so its cost_centre may be"):
        read_organization_map(file, "organizations.csv")
    file.write_text("key,organization,cost_centre\nk,a,4711\n")
    assert read_organization_map(file, "organizations.csv").lines[0].about.cost_centre == "4711"
