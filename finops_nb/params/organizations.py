"""organizations.csv: which organization and product a key of the source belongs to, from when to when, and who answers for it.

    key,organization,product,valid_from,valid_to,owner,cost_centre,email
    team-17,org-a,chat,,2025-11-15,,,
    team-17,org-b,chat,2025-11-15,,Ada,4711,ada@example.com
    Team 17,org-b,chat,2025-11-15,,,,

Several keys of one organization are merged by it: that is how two spellings become one. A key is the text of the source
as it stands there, to the blank. Its lines hold on different days, so that no cost is counted twice.
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
from typing import Final

from finops_nb.errors import Problem
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
from finops_nb.params.types import KnownDay, parse_as
from finops_nb.period import Period
from finops_nb.schema import UNALLOCATED

ABOUT: Final = ("owner", "cost_centre", "email")
"""What the lines of an organization say about it."""

SIZE: Final = 10_000_000
"""Some hundred thousand lines; a source with more keys has a column for what they belong to."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for an organization; empty where nothing is said."""

    owner: str = ""
    cost_centre: str = ""
    email: str = ""


@dataclass(frozen=True)
class MapLine:
    """One line of the file.

    Args:
        key: a value of the source, as it stands there.
        organization: whose it is.
        product: of which product; None where the line does not say.
        valid_from: the first day on which it holds; None is since ever.
        valid_to: the first day on which it holds no more; None is for ever.
        about: what it says of the organization; an empty field says nothing.
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
        file: what messages call it.
        sha256: of its bytes.
    """

    lines: tuple[MapLine, ...]
    file: str
    sha256: str

    def line_of(self, key: str, day: date) -> MapLine | None:
        """The one line that maps the key on that day; None where it maps nowhere."""
        return next(
            (line for line in self._by_key.get(key, ()) if day.toordinal() in line.days), None
        )

    def owner_of(self, organization: str, day: date) -> Owner:
        """Who answers for the organization on that day: what the lines that hold then say, which is one thing or nothing."""
        about = [
            line.about
            for line in self._by_organization.get(organization, ())
            if day.toordinal() in line.days
        ]
        return Owner(*(next(filter(None, map(attrgetter(field), about)), "") for field in ABOUT))

    def said_last(self, period: Period, *fields: str) -> dict[str, str]:
        """What is said last in a period of each organization: the first of these fields of `Owner` that says something, if any does."""
        days = [
            period.start,
            *(day - timedelta(1) for day in self.boundaries(period)),
            period.last_day,
        ]
        about = [(name, self.owner_of(name, day)) for day in days for name in self._by_organization]
        return {
            name: said
            for name, each in about
            if (said := next(filter(None, (getattr(each, field) for field in fields)), ""))
        }

    def boundaries(self, period: Period) -> tuple[date, ...]:
        """The days after the period's first, and in it, on which a line begins or ceases to hold, sorted.

        Between two of them, and before the first and from the last on, every key maps as on any other day there.
        """
        days = {day for line in self.lines for day in (line.valid_from, line.valid_to) if day}
        return tuple(sorted(day for day in days if period.start < day < period.end))

    @cached_property
    def _by_key(self) -> Mapping[str, list[MapLine]]:
        return _grouped(self.lines, attrgetter("key"))

    @cached_property
    def _by_organization(self) -> Mapping[str, list[MapLine]]:
        return _grouped(self.lines, attrgetter("organization"))


def read_organization_map(path: Path, shown: str) -> OrganizationMap:
    """What an organizations.csv says.

    Args:
        path: the file.
        shown: what messages call it.

    Raises:
        Refusal: unreadable, too big, not UTF-8, not CSV; or all that is wrong with its lines at once: a field, a key
            that two of them map on one day, an organization of which two say different things on one day.
    """
    text = read_text(path, shown, FORM)
    found = parse_records(text, shown, FORM)
    # A line that is wrong in another field may clash as well: all at once.
    lines = [
        _map_line(record)
        for record in found.records
        if None not in map(record.values.get, ("key", "valid_from", "valid_to"))
    ]
    clashes = _clashes([line for line in lines if line.days], found.header, shown)
    refuse(
        (
            *found.problems,
            *_header_problems(found, shown),
            *_endings(found.records, shown),
            *clashes,
        )
    )
    # UTF-8 is read strictly, so that the text encodes to the very bytes that were read.
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return OrganizationMap(
        tuple(sorted(lines, key=lambda line: (line.key, line.days.start))), shown, digest
    )


def read_mapping(params: Params, home: Home | None = None) -> OrganizationMap | None:
    """The organizations.csv that the params name; None where they name none.

    Args:
        home: what a relative path starts from; found by `find_home` if None.

    Raises:
        Refusal: as for `read_organization_map`.
    """
    if not params.mapping:
        return None
    root = Path("/") if Path(params.mapping).is_absolute() else (home or find_home()).root
    path = root / params.mapping
    return read_organization_map(
        path, path.name if Path(params.mapping).is_absolute() else params.mapping
    )


def _grouped(lines: Iterable[MapLine], by: Callable[[MapLine], str]) -> Mapping[str, list[MapLine]]:
    groups = defaultdict(list)
    for line in lines:
        groups[by(line)].append(line)
    return groups


def _map_line(record: CsvRow) -> MapLine:
    said = record.values
    about = Owner(said["owner"], said["cost_centre"] or said["cost_center"], said["email"])
    product, valid_from, valid_to = (
        said[column] or None for column in ("product", "valid_from", "valid_to")
    )
    return MapLine(
        said["key"], said["organization"], product, valid_from, valid_to, about, record.line
    )


def _header_problems(found: Records, shown: str) -> Iterator[Problem]:
    if {"cost_centre", "cost_center"} <= set(found.header):
        yield Problem(
            "the column stands twice, as cost_centre too",
            "Keep one of them",
            shown,
            found.header_line,
            "cost_center",
        )


def _endings(records: Iterable[CsvRow], shown: str) -> Iterator[Problem]:
    """Lines that hold on no day."""
    for record in records:
        first, end = record.values["valid_from"], record.values["valid_to"]
        if first and end and end <= first:
            rule = f"valid_to is not after valid_from, which is {first}"
            fix = "Write the first day on which the line holds no more, or leave it empty"
            yield Problem(rule, fix, shown, record.line, "valid_to", str(end))


def _clashes(lines: Iterable[MapLine], header: Sequence[str], shown: str) -> Iterator[Problem]:
    """What two lines of one key, or of one organization, say of one day, where only one of them can be true."""
    for each in _grouped(lines, attrgetter("key")).values():
        for first, second in _overlaps(each, attrgetter("line")):
            rule = f"a second line of the key for the same days, the first is line {first.line}"
            fix = (
                "Keep one of the two, or let one end (valid_to) where the other begins (valid_from)"
            )
            yield Problem(rule, fix, shown, second.line, "key", second.key)
    for each in _grouped(
        filter(attrgetter("organization"), lines), attrgetter("organization")
    ).values():
        for field in ABOUT:
            said = attrgetter(f"about.{field}")
            for first, second in _overlaps(filter(said, each), said):
                column = field if field in header else "cost_center"
                rule = (
                    f"the organization has another {column} for the same days in line {first.line}"
                )
                yield Problem(
                    rule,
                    "Write one of the two in both lines, or leave one empty",
                    shown,
                    second.line,
                    column,
                    said(second),
                )


def _overlaps(
    lines: Iterable[MapLine], said: Callable[[MapLine], object]
) -> Iterator[tuple[MapLine, MapLine]]:
    """Pairs of lines, in the order of the file, that share a day and say different things: one for each that begins within another.

    Swept by first day: of all lines before, the two that hold longest and say different things are enough to find such a pair.
    """
    longest: list[MapLine] = []
    for line in sorted(lines, key=lambda line: (line.days.start, line.line)):
        other = next(
            (
                each
                for each in longest
                if said(each) != said(line) and each.days.stop > line.days.start
            ),
            None,
        )
        if other:
            yield (other, line) if other.line < line.line else (line, other)
        top, *rest = sorted((*longest, line), key=lambda each: each.days.stop, reverse=True)
        longest = [top, *[each for each in rest if said(each) != said(top)][:1]]


def _key(text: str) -> str:
    if not text.strip():
        raise ValueError("no key; write a value of the source, as it stands there")
    if text == UNALLOCATED:
        raise ValueError(
            f"{UNALLOCATED} is the report's word for cost without a name; what has no line here is unallocated"
        )
    return text


def _day(text: str) -> date:
    day: date = parse_as(KnownDay, text)
    return day


FORM: Final = Form(
    entry="key",
    example="key,organization,product,valid_from,valid_to,owner,cost_centre,email",
    columns=(
        "key",
        "organization",
        "product",
        "valid_from",
        "valid_to",
        "owner",
        "cost_centre",
        "cost_center",
        "email",
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
)
