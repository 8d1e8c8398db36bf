"""Changes: what differs between two publications of a month, and its money, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from finops_nb.findings.cost_by_pair import (
    PairChange,
    is_late,
    move,
    pair_changes,
    pair_names,
)
from finops_nb.findings.sentence import Sentence, first_few, sentence
from finops_nb.money import ZERO
from finops_nb.words import shortened

NOT_SET: Final = "(not set)"
VALUE_LENGTH: Final = 80
"""Characters of a parameter's value in a sentence."""

MAPPING_PARAMS: Final = ("dialect", "columns", "sources", "mapping", "timezone", "period")
"""Params that say how usage is read."""

BUDGET_PARAMS: Final = ("organization_budgets", "product_budgets", "budget_versions", "owners")
"""Params that the record of the budgets has too, wherever they come from."""

Results = Mapping[str, Any]
"""The object of a `results.json`, or an object in it."""


class Cause(StrEnum):
    """Where a change comes from, in the order in which `what-changed` lists them."""

    USAGE = "usage"
    MAPPING = "mapping"
    PARAMS = "params"
    BUDGET = "budget"
    DRIVERS = "drivers"
    MONTHS = "months"
    NOTEBOOK = "notebook"
    VERSION = "version"
    UNKNOWN = "unknown"


CAUSE_TEXTS: Final = {
    Cause.USAGE: "changed usage",
    Cause.MAPPING: "a changed usage mapping",
    Cause.NOTEBOOK: "an updated notebook",
    Cause.VERSION: "updated finops-nb code",
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


def changes(before: Results, after: Results) -> tuple[Change, ...]:
    """What changed between two results.

    Args:
        before: the object of the `results.json` of one revision; empty where it is not known.
        after: that of the next. Of their tables, only the cost by organization and product is
            looked at.

    Returns:
        The money of the changes of cost adds up to the difference of the totals.

    Example:
        One more row for org-beta: "+$12.40 late data for org-beta on chat (1 row)".
    """
    try:
        was, now = before["provenance"], after["provenance"]
        cost_changes = list(_cost_changes(before, after))
        explained = {cause for change in cost_changes for cause in change.causes}
        return (
            *cost_changes,
            *_budget_changes(was["budgets"], now["budgets"]),
            *_driver_changes(was.get("drivers"), now.get("drivers")),
            *_params_changes(was["params"], now["params"]),
            *_month_changes(was["months"], now["months"]),
            *_code_changes(was, now, explained),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
        # The results before are missing, or come from a notebook that writes results of its own.
        text = "what changed is not known: the previous revision's results are missing or altered"
        return (Change((Cause.UNKNOWN,), sentence(text)),)


def _cost_changes(before: Results, after: Results) -> Iterator[Change]:
    was, now = before["provenance"], after["provenance"]
    by_name = _differences(before["organizations"], after["organizations"])
    by_name = by_name or _differences(before.get("products", {}), after.get("products", {}))
    pairs = pair_changes(before, after)
    money = Decimal(after["total"]) - Decimal(before["total"])
    rows = after["rows"]["used"] - before["rows"]["used"]
    causes = tuple(_causes_of_cost(was, now))
    if by_name or any(pair.money for pair in pairs or ()):
        if causes == (Cause.USAGE, Cause.MAPPING) and _only_the_file_is_remapped(was, now):
            text = _told_apart(money, pairs, by_name)
        elif pairs:
            text = _pairs_sentence(causes, money, pairs, rows)
        else:
            text = _cost_sentence(causes, money, by_name, rows)
        text = _with_sources(text, before, after)
        yield Change(causes or (Cause.UNKNOWN,), text, money, by_name, rows)
        return
    whose = "organization's cost" if pairs is None else "cost by organization and product"
    if Cause.USAGE in causes:
        yield Change((Cause.USAGE,), _without_money("usage files", whose, rows), money, rows=rows)
    elif _of_inputs(was, "name") != _of_inputs(now, "name"):
        text = sentence("usage files were renamed")
        yield Change((Cause.USAGE,), text, money, rows=rows)
    if _is_remapped(was, now):
        text = _without_money("the mapping file", whose, 0)
        yield Change((Cause.MAPPING,), text, money)


def _with_sources(text: Sentence, before: Results, after: Results) -> Sentence:
    """A change of cost and, where the params name sources, how much each of them changed."""
    by_source = _differences(_cost_by_source(before), _cost_by_source(after))
    if not by_source:
        return text
    more = "{change}; by source: {sources}"
    return sentence(more, change=text, sources=_each_with_money(by_source))


def _cost_by_source(results: Results) -> dict[str, Any]:
    return {row["source"]: row["cost"] for row in results.get("tables", {}).get("sources", ())}


def _without_money(what: str, whose: str, rows: int) -> Sentence:
    """A changed file that changes no cost, with the rows that it has more or fewer."""
    if not rows:
        return sentence(f"{what} changed, but no {whose} did")
    more = "more" if rows > 0 else "fewer"
    text = f"{what} changed ({{rows:count {more} row}}), but no {whose} did"
    return sentence(text, rows=abs(rows))


def _pairs_sentence(
    causes: Sequence[Cause], money: Decimal, pairs: Sequence[PairChange], rows: int
) -> Sentence:
    """A change of cost by organization and product, with its causes."""
    moved = move(pairs)
    if moved:
        origin = _causes_text(causes) if causes else sentence("cause not known")
        return sentence("{moved} ({origin})", moved=moved, origin=origin)
    late = causes == (Cause.USAGE,) and rows > 0 and is_late(pairs)
    text, origin = "{money:change} for {names}, from {origin}", _causes_text(causes)
    if causes == (Cause.USAGE,):
        text = "{money:change} " + ("late data" if late else "changed usage") + " for {names}"
    elif not causes:
        text = "{money:change} for {names}, cause not known"
    if rows and all(pair.rows is None for pair in pairs):
        text += "; {rows:count " + ("more" if rows > 0 else "fewer") + " row}"
    names = pair_names(pairs, late)
    return sentence(text, money=money, names=names, origin=origin, rows=abs(rows))


def _told_apart(
    money: Decimal, pairs: Sequence[PairChange] | None, by_name: Mapping[str, Decimal]
) -> Sentence:
    """Changed usage beside a changed organizations.csv, which changes names but no total."""
    text = (
        "{money:change} from changed usage; the changed mapping file moved cost between names, "
        "so both together are {names}"
    )
    names = pair_names(pairs) if pairs else _each_with_money(by_name)
    return sentence(text, money=money, names=names)


def _causes_text(causes: Sequence[Cause]) -> Sentence:
    """The causes in words, as one where they can't be told apart."""
    text = "{causes}" + (" together" if len(causes) > 1 else "")
    return sentence(text, causes=tuple(sentence(CAUSE_TEXTS[cause]) for cause in causes))


def _each_with_money(by_name: Mapping[str, Decimal]) -> tuple[Sentence, ...]:
    each = [sentence("{name} ({by:change})", name=name, by=by) for name, by in by_name.items()]
    return first_few(each)


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
    """A change of cost by name, for results without the cost by organization and product."""
    names = tuple(by_name) if len(by_name) == 1 else _each_with_money(by_name)
    if causes == (Cause.USAGE,):
        late = rows > 0 and min(by_name.values()) > 0
        text = "{money:change} " + ("late data" if late else "changed usage") + " for {names}"
        return sentence(text, money=money, names=names)
    if not causes:
        return sentence("{money:change} for {names}, cause not known", money=money, names=names)
    text = "{money:change} for {names}, from {causes}"
    return sentence(text, money=money, names=names, causes=_causes_text(causes))


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
            # Amounts that cancel out, as with a renamed organization, are no change of the total.
            template = ("{money:change} in " if money else "") + by + " budgets: {names}"
            text = sentence(template, money=money, names=first_few(amounts))
            yield Change((Cause.BUDGET,), text, money, by_name)


def _budget_sentence(name: str, before: Results, after: Results) -> Sentence:
    """A name with its budget before and after; "none" where there is none."""
    was = "{was:money}" if name in before else "none"
    now = "{now:money}" if name in after else "none"
    amounts = {"was": _amount(before, name), "now": _amount(after, name)}
    return sentence("{name} " + f"{was} → {now}", name=name, **amounts)


def _driver_changes(was: Results | None, now: Results | None) -> Iterator[Change]:
    """Another drivers.csv; a file that is new or gone is a change of the params, too."""
    if was and now and was["sha256"] != now["sha256"]:
        yield Change((Cause.DRIVERS,), sentence("amounts in {file} changed", file=now["name"]))


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
        before, after = _by_name(was.get(key)), _by_name(now.get(key))
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _setting_changes(before, after, f"{prefix}{key}.")
            continue
        texts = {"was": _setting_text(before), "now": _setting_text(after)}
        # A key that a newer version has, and nobody has set, is no change.
        if before != after and set(texts.values()) != {NOT_SET}:
            yield sentence("{key} {was} → {now}", key=f"{prefix}{key}", **texts)


def _by_name(setting: Any) -> Any:
    """A list of sources as a mapping by their names; any other setting as it is."""
    if isinstance(setting, list) and all(isinstance(x, Mapping) and "name" in x for x in setting):
        return {each["name"]: {key: each[key] for key in each if key != "name"} for each in setting}
    return setting


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


def _only_the_file_is_remapped(was: Results, now: Results) -> bool:
    """Usage is read as before, but for organizations.csv."""
    others = (key for key in MAPPING_PARAMS if key != "mapping")
    return all(was["params"].get(key) == now["params"].get(key) for key in others)


def _of_inputs(provenance: Results, key: str) -> list[str]:
    return sorted(file[key] for file in provenance["inputs"])


def _setting_text(value: Any) -> str:
    """A setting in a sentence."""
    if value is None or value in ("", [], {}):
        return NOT_SET
    is_list = isinstance(value, (list, tuple, Mapping))
    return shortened(", ".join(map(str, value)) if is_list else str(value), VALUE_LENGTH)
