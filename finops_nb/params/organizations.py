"""organizations.csv: the organization and product of each key of the source, by date, and owners.

    key,organization,product,valid_from,valid_to,owner,cost_center,email
    team-17,org-a,chat,,2025-11-15,,,
    team-17,org-b,chat,2025-11-15,,Ada,4711,ada@example.com
    Team 17,org-b,chat,2025-11-15,,,,

Several keys of one organization are merged by it: that is how two spellings become one. A key is
the exact text of the source, including spaces. Its lines hold on different days, so that no cost
is counted twice.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from finops_nb.errors import BadValue, Problem
from finops_nb.home import Home, find_home
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
from finops_nb.params.mail_list import address
from finops_nb.params.model import Params
from finops_nb.params.text_file import check_exists
from finops_nb.params.types import KnownDay, one_line, parse_as
from finops_nb.period import Period
from finops_nb.schema import UNALLOCATED, reserved_rule

ABOUT: Final = ("owner", "cost_centre", "email")
"""What the lines of an organization say about it."""

SIZE: Final = 10_000_000
"""Bytes: some hundred thousand lines. A source with more keys has a column for what they are."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for an organization; empty where the file does not say."""

    owner: str = ""
    cost_centre: str = ""
    email: str = ""


@dataclass(frozen=True)
class MapLine:
    """One line of the file.

    Args:
        key: a value of the source, exactly as it is there.
        organization: whose it is.
        product: its product; None where the line does not say.
        valid_from: the first day on which it holds; None means since ever.
        valid_to: the first day on which it no longer holds; None means forever.
        about: what it says about the organization; an empty field says nothing.
        line: physical line where it starts, the header being line 1.
    """

    key: str
    organization: str
    product: str | None
    valid_from: date | None
    valid_to: date | None
    about: Owner
    line: int

    @cached_property
    def days(self) -> range:
        """The ordinals of the days on which it holds."""
        return range(
            (self.valid_from or date.min).toordinal(),
            self.valid_to.toordinal() if self.valid_to else date.max.toordinal() + 1,
        )


@dataclass(frozen=True)
class OrganizationMap:
    """What organizations.csv says.

    Args:
        lines: sorted by key, and within a key by time.
        file: its name in messages.
        sha256: of its bytes.
    """

    lines: tuple[MapLine, ...]
    file: str
    sha256: str

    def owner_of(self, organization: str, day: date) -> Owner:
        """Who answers for the organization on that day.

        The lines that hold on the day never contradict each other.
        """
        lines = self._by_organization.get(organization, ())
        about = [line.about for line in lines if day.toordinal() in line.days]
        return Owner(*(_first_text(map(attrgetter(field), about)) for field in ABOUT))

    def said_last(self, period: Period, *fields: str) -> dict[str, str]:
        """The last entry about each organization in a period.

        Args:
            period: where to look.
            fields: of `Owner`; on each day the first that is filled counts.

        Returns:
            Text by organization; those without an entry are left out.
        """
        last_days_before = [day - timedelta(1) for day in self.boundaries(period)]
        texts = {}
        for day in (period.start, *last_days_before, period.last_day):
            for organization in self._by_organization:
                owner = self.owner_of(organization, day)
                if text := _first_text(getattr(owner, field) for field in fields):
                    texts[organization] = text
        return texts

    def boundaries(self, period: Period) -> tuple[date, ...]:
        """The days in the period, after its first, on which a line starts or ceases to hold.

        Between two of them, before the first, and from the last on, every key maps the same way on
        every day.

        Returns:
            The days, sorted.
        """
        days = {day for line in self.lines for day in (line.valid_from, line.valid_to) if day}
        return tuple(sorted(day for day in days if period.start < day < period.end))

    @cached_property
    def _by_organization(self) -> Mapping[str, list[MapLine]]:
        return _grouped(self.lines, attrgetter("organization"))


def read_organization_map(path: Path, shown: str) -> OrganizationMap:
    """What an organizations.csv says.

    Args:
        path: the file.
        shown: its name in messages.

    Raises:
        Refusal: unreadable, too big, not UTF-8, not CSV; or all problems of its lines together: a
            bad field, a key that two lines map on one day, an organization about which two lines
            say different things on one day.
    """
    text = read_text(path, shown, FORM)
    records = parse_records(text, shown, FORM)
    # A line with one bad field may clash in another: report both.
    needed = ("key", "valid_from", "valid_to")
    lines = [
        _map_line(record)
        for record in records.records
        if all(record.values[column] is not None for column in needed)
    ]
    lasting = [line for line in lines if line.days]
    refuse(
        (
            *records.problems,
            *_header_problems(records, shown),
            *_empty_spans(records.records, shown),
            *_second_lines(lasting, shown),
            *_contradictions(lasting, records.header, shown),
        )
    )
    # UTF-8 is read strictly, so the text encodes to exactly the bytes that were read.
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    in_order = sorted(lines, key=lambda line: (line.key, line.days.start))
    return OrganizationMap(tuple(in_order), shown, digest)


def read_mapping(params: Params, home: Home | None = None) -> OrganizationMap | None:
    """The organizations.csv that the params name; None where they name none.

    Args:
        params: `mapping` is its path.
        home: where a relative path starts; found by `find_home` if None.

    Raises:
        Refusal: as for `read_organization_map`.

    Example:
        mapping: organizations.csv
    """
    path = Path(params.mapping)
    if not params.mapping:
        return None
    place = path if path.is_absolute() else (home or find_home()).root / path
    check_exists(place, "mapping", params.mapping)
    return read_organization_map(place, path.name if path.is_absolute() else params.mapping)


def _first_text(texts: Iterable[str]) -> str:
    """The first that is not empty; "" if all are."""
    return next(filter(None, texts), "")


def _grouped(lines: Iterable[MapLine], by: Callable[[MapLine], str]) -> Mapping[str, list[MapLine]]:
    groups = defaultdict(list)
    for line in lines:
        groups[by(line)].append(line)
    return groups


def _map_line(record: CsvRow) -> MapLine:
    values = record.values
    cost_centre = values["cost_centre"] or values["cost_center"]
    return MapLine(
        key=values["key"],
        organization=values["organization"],
        product=values["product"] or None,
        valid_from=values["valid_from"] or None,
        valid_to=values["valid_to"] or None,
        about=Owner(values["owner"], cost_centre, values["email"]),
        line=record.line,
    )


def _header_problems(records: Records, shown: str) -> Iterator[Problem]:
    if {"cost_centre", "cost_center"} <= set(records.header):
        rule, line = "the same column as cost_centre", records.header_line
        yield Problem(rule, "Keep one of them", shown, line, "cost_center")


def _empty_spans(records: Iterable[CsvRow], shown: str) -> Iterator[Problem]:
    """Lines that hold on no day."""
    for record in records:
        start, end = record.values["valid_from"], record.values["valid_to"]
        if start and end and end <= start:
            rule = f"valid_to is not after valid_from, which is {start}"
            fix = "Write the first day on which the line no longer applies, or leave it empty"
            yield Problem(rule, fix, shown, record.line, "valid_to", str(end))


def _second_lines(lines: Iterable[MapLine], shown: str) -> Iterator[Problem]:
    """Lines of a key that hold on a day of an earlier line: the cost would be counted twice."""
    fix = "Keep one of the two, or end one (valid_to) on the day the other starts (valid_from)"
    for group in _grouped(lines, attrgetter("key")).values():
        for first, second in _overlaps(group, attrgetter("line")):
            rule = f"line {first.line} has the same key on the same days"
            yield Problem(rule, fix, shown, second.line, "key", second.key)


def _contradictions(
    lines: Iterable[MapLine], header: Sequence[str], shown: str
) -> Iterator[Problem]:
    """Lines that say something else about an organization than an earlier line for one day."""
    fix = "Write the same text in both lines, or leave one empty"
    with_organization = filter(attrgetter("organization"), lines)
    for group in _grouped(with_organization, attrgetter("organization")).values():
        for field in ABOUT:
            text_of = attrgetter(f"about.{field}")
            column = field if field in header else "cost_center"
            for first, second in _overlaps(filter(text_of, group), text_of):
                rule = f"line {first.line} gives the organization another {column} on the same days"
                yield Problem(rule, fix, shown, second.line, column, text_of(second))


def _overlaps(
    lines: Iterable[MapLine], value_of: Callable[[MapLine], Any]
) -> Iterator[tuple[MapLine, MapLine]]:
    """Pairs of lines that share a day and have different values.

    Lines are taken by first day. Of all lines before, the two that hold longest and have different
    values are enough to find such a pair.

    Args:
        lines: each holds on at least one day.
        value_of: the value to compare.

    Yields:
        One pair, in the order of the file, for each line that starts within another.
    """
    longest: list[MapLine] = []
    for line in sorted(lines, key=lambda line: (line.days.start, line.line)):
        overlapping = [each for each in longest if each.days.stop > line.days.start]
        others = [each for each in overlapping if value_of(each) != value_of(line)]
        if others:
            first, second = sorted((others[0], line), key=attrgetter("line"))
            yield first, second
        top, *rest = sorted((*longest, line), key=lambda each: each.days.stop, reverse=True)
        different = [each for each in rest if value_of(each) != value_of(top)]
        longest = [top, *different[:1]]


def _key(text: str) -> str:
    if not text.strip():
        fix = "Write a value of the usage's organization column, exactly as it is there"
        raise BadValue("no key", fix)
    if text == UNALLOCATED:
        raise BadValue(
            f"{reserved_rule(text)}", "Remove the line: a key without a line is unallocated"
        )
    return one_line(text)


def _day(text: str) -> date:
    day: date = parse_as(KnownDay, text)
    return day


FORM: Final = Form(
    entry="key",
    example="key,organization,product,valid_from,valid_to,owner,cost_center,email",
    columns=(
        *("key", "organization", "product", "valid_from", "valid_to"),
        *("owner", "cost_centre", "cost_center", "email"),
    ),
    required=("key", "organization"),
    parsers={
        "key": _key,
        "organization": name,
        "product": name,
        "valid_from": _day,
        "valid_to": _day,
        "owner": unpadded,
        "cost_centre": unpadded,
        "cost_center": unpadded,
        "email": address,
    },
    size=SIZE,
    numbers=("cost_centre", "cost_center"),
    meant={
        **dict.fromkeys(("team", "account", "tag", "id", "name", "source"), "key"),
        **dict.fromkeys(("org", "department", "business_unit", "unit"), "organization"),
        **dict.fromkeys(("from", "start", "start_date", "since"), "valid_from"),
        **dict.fromkeys(("to", "end", "end_date", "until"), "valid_to"),
        **dict.fromkeys(("mail", "address"), "email"),
        **dict.fromkeys(("responsible", "holder"), "owner"),
    },
)
