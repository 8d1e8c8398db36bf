"""Changes: what differs between two publications of a month, from the results of both.

`changes` says in sentences what changed and what it is in money; `figure_differences` lists every
figure that differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from finops_nb.findings.sentence import Sentence, first_few, sentence
from finops_nb.money import ZERO
from finops_nb.words import shortened

VALUE_LENGTH: Final = 80
"""Characters of a parameter's value in a sentence."""

MAPPING_PARAMS: Final = ("dialect", "columns", "mapping", "timezone", "period")
"""Params that say how usage is read."""

BUDGET_PARAMS: Final = ("organization_budgets", "product_budgets", "budget_versions", "owners")
"""Params that the record of the budgets has too, wherever they come from."""

KEY_COLUMNS: Final = (
    *("horizon", "title", "figure", "level", "item", "policy", "version", "dimension"),
    *("organization", "product", "feature", "name", "month", "day", "key"),
)
"""Columns that name the line of a table."""

TEXT_COLUMNS: Final = ("text", "detail", "label")
"""Columns that repeat in words what other columns of the line hold."""

Results = Mapping[str, Any]
"""The object of a `results.json`, or an object in it."""

Tables = Mapping[str, Sequence[Mapping[str, Any]]]
"""Lines by the name of their table."""

Place = tuple[tuple[str, int], str]
"""Of a figure in a table: the name of its line, which of the lines of that name it is, from 1, and
its column."""


class Cause(StrEnum):
    USAGE = "usage"
    MAPPING = "mapping"
    BUDGET = "budget"
    PARAMS = "params"
    MONTHS = "months"
    NOTEBOOK = "notebook"
    VERSION = "version"
    UNKNOWN = "unknown"


CAUSE_TEXTS: Final = {
    Cause.USAGE: "changed usage",
    Cause.MAPPING: "a changed usage mapping",
    Cause.NOTEBOOK: "a changed notebook",
    Cause.VERSION: "changed finops-nb code",
}
"""What may change the cost."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed.

    Args:
        causes: where it comes from; several, where their shares can't be told apart.
        sentence: what changed, without a full stop.
        money: the difference of the cost, or (for `BUDGET`) of the budgets; None where no money
            changed.
        by_name: the difference by organization or product; they add up to `money`.
        rows: how many more rows of usage are in the period.
    """

    causes: tuple[Cause, ...]
    sentence: Sentence
    money: Decimal | None = None
    by_name: Mapping[str, Decimal] = field(default_factory=dict)
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """One figure that differs.

    Args:
        table: its name.
        line: what names its line; empty in a table of one line.
        column: with the position or name of a part, where the column holds several.
        before: as JSON holds it; None where it was n/a, or did not exist.
        after: likewise.
    """

    table: str
    line: str
    column: str
    before: Any
    after: Any


def changes(before: Results, after: Results) -> tuple[Change, ...]:
    """What changed between two results.

    Args:
        before: the object of the `results.json` of one revision; empty where it is not known.
        after: that of the next; its tables are not looked at.

    Returns:
        The money of the changes of cost adds up to the difference of the totals.

    Example:
        One more row for org-beta: "+$12.40 late data for org-beta".
    """
    try:
        was, now = before["provenance"], after["provenance"]
        cost_changes = list(_cost_changes(before, after))
        explained = {cause for change in cost_changes for cause in change.causes}
        return (
            *cost_changes,
            *_budget_changes(was["budgets"], now["budgets"]),
            *_params_changes(was["params"], now["params"]),
            *_month_changes(was["months"], now["months"]),
            *_code_changes(was, now, explained),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
        # The results before are missing, or come from a notebook that writes results of its own.
        text = "what changed is not known: the previous revision's results are missing or altered"
        return (Change((Cause.UNKNOWN,), sentence(text)),)


def figure_differences(before: Tables, after: Tables) -> Iterator[FigureDifference]:
    """Every figure that differs, table by table.

    Args:
        before: the tables of one `results.json`.
        after: the same of the next.

    Returns:
        In the order of `after`; what is only in `before` comes last.
    """
    for table in dict.fromkeys((*after, *before)):
        was, now = _figures(before.get(table, ())), _figures(after.get(table, ()))
        for place in dict.fromkeys((*now, *was)):
            if was.get(place) != now.get(place):
                (line, _), column = place
                yield FigureDifference(table, line, column, was.get(place), now.get(place))


def _cost_changes(before: Results, after: Results) -> Iterator[Change]:
    was, now = before["provenance"], after["provenance"]
    by_name = _differences(before["organizations"], after["organizations"])
    money = Decimal(after["total"]) - Decimal(before["total"])
    rows = after["rows"]["used"] - before["rows"]["used"]
    causes = tuple(_causes_of_cost(was, now))
    if by_name:
        text = _cost_sentence(causes, money, by_name, rows)
        yield Change(causes or (Cause.UNKNOWN,), text, money, by_name, rows)
    elif Cause.USAGE in causes:
        text = sentence("usage files changed, but no organization's cost did")
        yield Change((Cause.USAGE,), text, money, rows=rows)
    elif _is_remapped(was, now):
        text = sentence("the mapping file changed, but no organization's cost did")
        yield Change((Cause.MAPPING,), text, money, rows=rows)
    elif _of_inputs(was, "name") != _of_inputs(now, "name"):
        text = sentence("usage files were renamed")
        yield Change((Cause.USAGE,), text, money, rows=rows)


def _causes_of_cost(was: Results, now: Results) -> Iterator[Cause]:
    """Everything that may have changed the cost."""
    if _of_inputs(was, "sha256") != _of_inputs(now, "sha256"):
        yield Cause.USAGE
    reads_differently = any(
        was["params"].get(key) != now["params"].get(key) for key in MAPPING_PARAMS
    )
    if _is_remapped(was, now) or reads_differently:
        yield Cause.MAPPING
    if was["notebook"] != now["notebook"]:
        yield Cause.NOTEBOOK
    if was["code"] != now["code"]:
        yield Cause.VERSION


def _cost_sentence(
    causes: Sequence[Cause], money: Decimal, by_name: Mapping[str, Decimal], rows: int
) -> Sentence:
    names = tuple(by_name)
    if len(by_name) > 1:
        each = [sentence("{name} ({by:change})", name=name, by=by) for name, by in by_name.items()]
        names = first_few(each)
    if causes == (Cause.USAGE,):
        is_late = rows > 0 and min(by_name.values()) > 0
        text = "{money:change} " + ("late data" if is_late else "changed usage") + " for {names}"
        return sentence(text, money=money, names=names)
    if not causes:
        return sentence("{money:change} for {names}, cause not known", money=money, names=names)
    text = "{money:change} for {names}, from {causes}"
    if len(causes) > 1:
        text += " together"
    cause_texts = tuple(sentence(CAUSE_TEXTS[cause]) for cause in causes)
    return sentence(text, money=money, names=names, causes=cause_texts)


def _budget_changes(was: Results, now: Results) -> Iterator[Change]:
    if was == now:
        return
    texts = []
    if was["version"] != now["version"]:
        versions = {"was": was["version"], "now": now["version"]}
        texts.append(sentence("budget version {was} → {now}", **versions))
    texts += _setting_changes({"owners": was["owners"]}, {"owners": now["owners"]})
    budget_changes = [
        *_budget_amount_changes(was, now),
        *(Change((Cause.BUDGET,), text) for text in texts),
    ]
    details = sentence("budget details changed, but no amount, owner or version did")
    yield from budget_changes or [Change((Cause.BUDGET,), details)]


def _budget_amount_changes(was: Results, now: Results) -> Iterator[Change]:
    for by in ("organization", "product"):
        before, after = (record["versions"][-1][f"{by}_budgets"] for record in (was, now))
        by_name = _differences(before, after, with_new_zeros=True)
        amounts = [_budget_sentence(name, before, after) for name in by_name]
        money = sum(by_name.values(), ZERO)
        if len(amounts) == 1:
            text = sentence("budget of {name}", name=amounts[0])
            yield Change((Cause.BUDGET,), text, money, by_name)
        elif amounts:
            template = "{money:change} in " + by + " budgets: {names}"
            text = sentence(template, money=money, names=first_few(amounts))
            yield Change((Cause.BUDGET,), text, money, by_name)


def _budget_sentence(name: str, before: Results, after: Results) -> Sentence:
    """A name with its budget before and after; "none" where there is none."""
    was = "{was:money}" if name in before else "none"
    now = "{now:money}" if name in after else "none"
    amounts = {"was": _amount(before, name), "now": _amount(after, name)}
    return sentence("{name} " + f"{was} → {now}", name=name, **amounts)


def _params_changes(was: Results, now: Results) -> Iterator[Change]:
    """The params of the mapping first; budgets are looked at apart from the params."""
    keys = [key for key in dict.fromkeys((*was, *now)) if key not in BUDGET_PARAMS]
    mapping = [key for key in keys if key in MAPPING_PARAMS]
    others = [key for key in keys if key not in MAPPING_PARAMS]
    for cause, part in ((Cause.MAPPING, mapping), (Cause.PARAMS, others)):
        before = {key: was[key] for key in part if key in was}
        after = {key: now[key] for key in part if key in now}
        for text in _setting_changes(before, after):
            yield Change((cause,), text)


def _setting_changes(was: Results, now: Results, prefix: str = "") -> Iterator[Sentence]:
    """What differs between two mappings of settings, key by key and name by name."""
    for key in dict.fromkeys((*was, *now)):
        before, after = was.get(key), now.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _setting_changes(before, after, f"{prefix}{key}.")
        elif before != after:
            texts = {"was": _setting_text(before), "now": _setting_text(after)}
            yield sentence("{key} {was} → {now}", key=f"{prefix}{key}", **texts)


def _month_changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    """What changed in the earlier months, by the fingerprint of each as it was published."""
    new = [name for name in after if name not in before]
    gone = [name for name in before if name not in after]
    altered = [name for name in after if name in before and before[name] != after[name]]
    for names, text in (
        (altered, "published figures of {months} changed"),
        (new, "{months} published since"),
        (gone, "{months} no longer published"),
    ):
        if names:
            yield Change((Cause.MONTHS,), sentence(text, months=tuple(names)))


def _code_changes(was: Results, now: Results, explained: set[Cause]) -> Iterator[Change]:
    """Another notebook or other code, unless a change of cost has named it already."""
    if was["notebook"] != now["notebook"] and Cause.NOTEBOOK not in explained:
        yield Change((Cause.NOTEBOOK,), sentence(CAUSE_TEXTS[Cause.NOTEBOOK]))
    for text in _setting_changes(was["versions"], now["versions"]):
        yield Change((Cause.VERSION,), text)
    same_version = was["versions"]["finops-nb"] == now["versions"]["finops-nb"]
    if was["code"] != now["code"] and Cause.VERSION not in explained and same_version:
        yield Change((Cause.VERSION,), sentence(CAUSE_TEXTS[Cause.VERSION]))


def _differences(
    before: Results, after: Results, with_new_zeros: bool = False
) -> dict[str, Decimal]:
    """The difference of each name that has one, largest first.

    Args:
        before: amount by name.
        after: likewise.
        with_new_zeros: also names with an amount of 0 that is new or gone, such as a budget of 0.
    """
    names = list(dict.fromkeys((*before, *after)))
    amounts = {
        name: (_amount(after, name) or ZERO) - (_amount(before, name) or ZERO) for name in names
    }
    names.sort(key=lambda name: (-abs(amounts[name]), name))
    return {
        name: amounts[name]
        for name in names
        if amounts[name] or (with_new_zeros and (name in before) != (name in after))
    }


def _amount(amounts: Results, name: str) -> Decimal | None:
    return Decimal(amounts[name]) if name in amounts else None


def _is_remapped(was: Results, now: Results) -> bool:
    """Another organizations.csv; results from before that file was known have none."""
    return bool(was.get("mapping") != now.get("mapping"))


def _of_inputs(provenance: Results, key: str) -> list[str]:
    return sorted(file[key] for file in provenance["inputs"])


def _setting_text(value: Any) -> str:
    """A setting in a sentence."""
    if value is None or value in ("", [], {}):
        return "(not set)"
    is_list = isinstance(value, (list, tuple, Mapping))
    return shortened(", ".join(map(str, value)) if is_list else str(value), VALUE_LENGTH)


def _figures(lines: Iterable[Mapping[str, Any]]) -> dict[Place, Any]:
    """The figures of a table; lines with the same name are numbered in their order."""
    figures: dict[Place, Any] = {}
    counts: dict[str, int] = {}
    for line in lines:
        keys = [column for column in KEY_COLUMNS if isinstance(line.get(column), str)]
        name = " · ".join(filter(None, (line[column] for column in keys)))
        counts[name] = counts.get(name, 0) + 1
        not_figures = (*keys, *TEXT_COLUMNS)
        rest = {column: value for column, value in line.items() if column not in not_figures}
        for column, value in _parts("", rest):
            figures[(name, counts[name]), column] = value
    return figures


def _parts(column: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A value, or the parts of one that holds several, each with its place."""
    if not isinstance(value, Mapping | list):
        yield column, value
        return
    items = value.items() if isinstance(value, Mapping) else enumerate(value, 1)
    for key, part in items:
        yield from _parts(f"{column} {key}".strip(), part)
