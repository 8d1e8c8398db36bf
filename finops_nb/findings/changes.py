"""Revision: what changed between two publications of a month, and what that is in money, told from the results of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.money import ZERO

NAMED: Final = 5
"""How many names one sentence has; the others are counted."""

LENGTH: Final = 80
"""Characters of a parameter's value in a sentence."""

MAPPING: Final = ("dialect", "columns", "mapping", "timezone", "period")
"""Params that say how usage is read."""

OF_BUDGETS: Final = ("organization_budgets", "product_budgets", "budget_versions", "owners")
"""Params that the record of the budgets has too, wherever they come from."""


class Cause(StrEnum):
    USAGE = "usage"
    MAPPING = "mapping"
    BUDGET = "budget"
    PARAMS = "params"
    MONTHS = "months"
    NOTEBOOK = "notebook"
    VERSION = "version"
    UNKNOWN = "unknown"


WORDS: Final = {
    Cause.USAGE: "changed usage",
    Cause.MAPPING: "another mapping of the usage",
    Cause.NOTEBOOK: "another notebook",
    Cause.VERSION: "other code of finops-nb",
}
"""What may move the cost."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed.

    Args:
        causes: what it comes of; several, where their shares can't be told apart.
        said: it as a fact.
        money: the difference, of the cost or (of `BUDGET`) of the budgets; None where it is of no money.
        by_name: the difference by organization or product; they add up to `money`.
        rows: how many more rows of usage are in the period.
    """

    causes: tuple[Cause, ...]
    said: Sentence
    money: Decimal | None = None
    by_name: Mapping[str, Decimal] = field(default_factory=dict)
    rows: int | None = None


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """What changed between two results; the money of the changes of cost adds up to the difference of the totals.

    Args:
        before: the object of the `results.json` of one revision; empty where it is not known.
        after: that of the next; of its tables none is looked at.
    """
    try:
        was, now = before["provenance"], after["provenance"]
        cost = [*_cost(before, after)]
        explained = {cause for change in cost for cause in change.causes}
        return (
            *cost,
            *_budgets(was["budgets"], now["budgets"]),
            *_params(was["params"], now["params"]),
            *_origin(was, now, explained),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
        # Gone, or of a notebook that hands over results of its own.
        return (
            Change(
                (Cause.UNKNOWN,),
                sentence(
                    "what changed is not known: the results of the revision before are gone or altered"
                ),
            ),
        )


def _cost(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    was, now = before["provenance"], after["provenance"]
    moved = _moved(before["organizations"], after["organizations"])
    money = Decimal(after["total"]) - Decimal(before["total"])
    rows = after["rows"]["used"] - before["rows"]["used"]
    causes = tuple(_causes(was, now))
    if moved:
        yield Change(
            causes or (Cause.UNKNOWN,), _cost_said(causes, money, moved, rows), money, moved, rows
        )
    elif Cause.USAGE in causes:
        yield Change(
            (Cause.USAGE,),
            sentence("the files of usage changed, and the cost of no organization"),
            money,
            rows=rows,
        )
    elif _remapped(was, now):
        yield Change(
            (Cause.MAPPING,),
            sentence("the file of the mapping changed, and the cost of no organization"),
            money,
            rows=rows,
        )
    elif _files(was, "name") != _files(now, "name"):
        yield Change(
            (Cause.USAGE,), sentence("the files of usage have other names"), money, rows=rows
        )


def _causes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Cause]:
    """Everything that may have moved the cost."""
    if _files(was, "sha256") != _files(now, "sha256"):
        yield Cause.USAGE
    if _remapped(was, now) or any(
        was["params"].get(key) != now["params"].get(key) for key in MAPPING
    ):
        yield Cause.MAPPING
    if was["notebook"] != now["notebook"]:
        yield Cause.NOTEBOOK
    if was["code"] != now["code"]:
        yield Cause.VERSION


def _cost_said(
    causes: Sequence[Cause], money: Decimal, moved: Mapping[str, Decimal], rows: int
) -> Sentence:
    who = (
        tuple(moved)
        if len(moved) == 1
        else _named(
            sentence("{name} ({by:change})", name=name, by=by) for name, by in moved.items()
        )
    )
    if causes == (Cause.USAGE,):
        late = "late" if rows > 0 and min(moved.values()) > 0 else "changed"
        return sentence("{money:change} " + late + " usage of {who}", money=money, who=who)
    why = tuple(sentence(WORDS[cause]) for cause in causes)
    how = (
        "by {why} together"
        if len(why) > 1
        else "by {why}"
        if why
        else "which nothing on record explains"
    )
    return sentence("{money:change} of {who}, " + how, money=money, who=who, why=why)


def _budgets(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    if was == now:
        return
    found = [*_amounts(was, now)]
    if was["version"] != now["version"]:
        found.append(
            Change(
                (Cause.BUDGET,),
                sentence("budgets {was} → {now}", was=was["version"], now=now["version"]),
            )
        )
    found += [
        Change((Cause.BUDGET,), said)
        for said in _settings({"owners": was["owners"]}, {"owners": now["owners"]})
    ]
    yield from found or [Change((Cause.BUDGET,), sentence("another record of the same budgets"))]


def _amounts(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    for by in ("organization", "product"):
        before, after = (each["versions"][-1][f"{by}_budgets"] for each in (was, now))
        moved = _moved(before, after, absent_is_zero=False)
        each = [
            sentence(
                "{name} {was:money} → {now:money}",
                name=name,
                was=_amount(before, name),
                now=_amount(after, name),
            )
            for name in moved
        ]
        money = sum(moved.values(), ZERO)
        if len(each) == 1:
            yield Change(
                (Cause.BUDGET,), sentence("budget of {each}", each=tuple(each)), money, moved
            )
        elif each:
            said = sentence(
                "{money:change} budgets by " + by + ": {each}", money=money, each=_named(each)
            )
            yield Change((Cause.BUDGET,), said, money, moved)


def _params(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    for cause, mine in ((Cause.MAPPING, True), (Cause.PARAMS, False)):
        keys = [
            key
            for key in dict.fromkeys((*was, *now))
            if (key in MAPPING) is mine and key not in OF_BUDGETS
        ]
        before, after = ({key: each[key] for key in keys if key in each} for each in (was, now))
        yield from (Change((cause,), said) for said in _settings(before, after))


def _settings(
    was: Mapping[str, Any], now: Mapping[str, Any], place: str = ""
) -> Iterator[Sentence]:
    """What differs between two mappings of settings, key by key and name by name."""
    for key in dict.fromkeys((*was, *now)):
        before, after = was.get(key), now.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _settings(before, after, f"{place}{key}.")
        elif before != after:
            yield sentence(
                "{key} {was} → {now}", key=f"{place}{key}", was=_text(before), now=_text(after)
            )


def _origin(
    was: Mapping[str, Any], now: Mapping[str, Any], explained: set[Cause]
) -> Iterator[Change]:
    """What else it is made of; a notebook, or code, that moved the cost was named with it."""
    before, after = was["months"], now["months"]
    new, gone = (
        [name for name in one if name not in other]
        for one, other in ((after, before), (before, after))
    )
    other = [name for name in after if name in before and before[name] != after[name]]
    for names, text in (
        (other, "other published figures of {months}"),
        (new, "{months} published meanwhile"),
        (gone, "{months} not published any more"),
    ):
        if names:
            yield Change((Cause.MONTHS,), sentence(text, months=tuple(names)))
    if was["notebook"] != now["notebook"] and Cause.NOTEBOOK not in explained:
        yield Change((Cause.NOTEBOOK,), sentence(WORDS[Cause.NOTEBOOK]))
    versions = [*_settings(was["versions"], now["versions"])]
    yield from (Change((Cause.VERSION,), said) for said in versions)
    if (
        was["code"] != now["code"]
        and Cause.VERSION not in explained
        and was["versions"]["finops-nb"] == now["versions"]["finops-nb"]
    ):
        yield Change((Cause.VERSION,), sentence(WORDS[Cause.VERSION]))


def _moved(
    before: Mapping[str, Any], after: Mapping[str, Any], absent_is_zero: bool = True
) -> dict[str, Decimal]:
    """The difference of each name that has one, largest first; with budgets, also a new one of 0."""
    names = dict.fromkeys((*before, *after))
    found = {
        name: (_amount(after, name) or ZERO) - (_amount(before, name) or ZERO) for name in names
    }
    other = {name for name in names if not absent_is_zero and (name in before) != (name in after)}
    return {
        name: found[name]
        for name in sorted(names, key=lambda name: (-abs(found[name]), name))
        if found[name] or name in other
    }


def _amount(amounts: Mapping[str, Any], name: str) -> Decimal | None:
    return Decimal(amounts[name]) if name in amounts else None


def _named(each: Iterable[Any]) -> tuple[Any, ...]:
    """The first of them, and how many more there are."""
    those = tuple(each)
    return (
        those
        if len(those) <= NAMED
        else (*those[:NAMED], sentence("{more:count other}", more=len(those) - NAMED))
    )


def _remapped(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Another organizations.csv; results of before there was such a file have none."""
    return bool(was.get("mapping") != now.get("mapping"))


def _files(made: Mapping[str, Any], part: str) -> list[str]:
    return sorted(file[part] for file in made["inputs"])


def _text(value: Any) -> str:
    """A setting in a sentence."""
    if value is None or value in ("", [], {}):
        return "(not set)"
    said = ", ".join(map(str, value)) if isinstance(value, (list, tuple, Mapping)) else str(value)
    return said if len(said) <= LENGTH else f"{said[: LENGTH - 1]}…"


NAMING: Final = (
    *("horizon", "title", "figure", "level", "item", "policy", "version", "dimension"),
    *("organization", "product", "feature", "name", "month", "day", "key"),
)
"""Columns that say which line of a table a line is."""

PROSE: Final = ("text", "detail", "label")
"""Columns that say again, in words, what stands beside them."""

Tables = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """One figure that differs.

    Args:
        table: its name.
        line: what names its line; empty in a table of one line.
        column: of it; with the position or name of a part, where it holds several.
        before: as JSON holds it; None where it was n/a, or was not there.
        after: likewise.
    """

    table: str
    line: str
    column: str
    before: Any
    after: Any


def figure_differences(before: Tables, after: Tables) -> Iterator[FigureDifference]:
    """What differs, table by table in the order of `after`; what is only in `before` comes last.

    Args:
        before: lines by the name of their table.
        after: likewise.
    """
    for table in dict.fromkeys((*after, *before)):
        was, now = _figures(before.get(table, ())), _figures(after.get(table, ()))
        for place in dict.fromkeys((*now, *was)):
            if was.get(place) != now.get(place):
                (line, _), column = place
                yield FigureDifference(table, line, column, was.get(place), now.get(place))


def _figures(lines: Sequence[Mapping[str, Any]]) -> dict[tuple[tuple[str, int], str], Any]:
    """The figures of a table by line and column; lines of the same name are told apart by their order."""
    found: dict[tuple[tuple[str, int], str], Any] = {}
    seen: dict[str, int] = {}
    for line in lines:
        names = [column for column in NAMING if isinstance(line.get(column), str)]
        name = " · ".join(filter(None, (line[column] for column in names)))
        seen[name] = seen.get(name, 0) + 1
        rest = {column: value for column, value in line.items() if column not in (*names, *PROSE)}
        found |= {((name, seen[name]), column): value for column, value in _parts("", rest)}
    return found


def _parts(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A value, or the parts of one that holds several, each with its place."""
    if isinstance(value, Mapping | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value, 1)
        for key, part in items:
            yield from _parts(f"{place} {key}".strip(), part)
    else:
        yield place, value
