"""What a mail says of a report: taken from its published results, cut to what fits a mail, printed as the report prints it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from finops_nb import schema
from finops_nb.errors import Failure
from finops_nb.figures.budget_status import Status
from finops_nb.outputs.manifest import Kind
from finops_nb.period import parse_period
from finops_nb.report.budget_tables import driven
from finops_nb.report.format import Format, noun, visible
from finops_nb.report.table import Block, Line, Table
from finops_nb.schema import Column

NAME_LENGTH: Final = 80
SENTENCE_LENGTH: Final = 600
"""Characters of a name and of a sentence in a mail; the report has them whole."""

RIGHT_TO_LEFT: Final = (
    r"\S*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]\S*"
)
RIGHT_TO_LEFT_WORDS: Final = re.compile(rf"{RIGHT_TO_LEFT}(?:\s+{RIGHT_TO_LEFT})*")
"""Hebrew, Arabic and their kin."""


def brief(text: str, length: int = SENTENCE_LENGTH) -> str:
    """`text` on one line, cut at `length` characters, without what would turn the rest of the line around."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= length else line[: length - 1] + "…"


def isolated(text: str) -> str:
    """`text`, in which right-to-left words turn nothing around but themselves; a figure after a name would else stand before it."""
    return RIGHT_TO_LEFT_WORDS.sub(
        "\N{FIRST STRONG ISOLATE}\\g<0>\N{POP DIRECTIONAL ISOLATE}", text
    )


SHOWN: Final = 25
"""Lines of a table in a mail; the smaller ones are one more, "other"."""

NAMES: Final = ("organization", "product", "feature", "customer", "name")
"""Columns of the results that hold names of the usage."""

CHANGES: Final = 8
"""How many changes of a what-if are said; its report has them all."""

ACTUAL: Final = Column("cost", "Actual", "money", "the cost of the period", additive=True)
VARIANCE: Final = Column("variance", "Variance", "money", "actual − budget", additive=True)
LEVELS: Final = {
    "organization": (schema.ORGANIZATION, "Organization Level"),
    "product": (schema.PRODUCT, "Product Level"),
}
"""By dimension: the column that names a line, and the line of the table `budget_tracking` that is the total."""


class Stamp(NamedTuple):
    """What a report that is not the last word bears: a word, a reason of its author's, what it means, and what it changes."""

    word: str
    reason: str
    meaning: str
    changes: str = ""


class MailFigure(NamedTuple):
    """A headline figure: what it is of, the figure, and a few words on it."""

    label: str
    value: str
    detail: str


class MailFinding(NamedTuple):
    """What matters: a few words, its sentence with the full stop, and the commentary on whom it names."""

    title: str
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Body:
    """What a mail says; all of it is text, to be escaped.

    Args:
        subject: stamps, period, total and status; no name of the usage, and no reason.
        label: what the period is called.
        days: its first and last day, and in which zone.
        stamps: those of the report.
        summary: its executive summary.
        status: a word for the whole; empty where there is none.
        figures: its headline.
        findings: the main ones.
        tables: cost against budget by organization and by product.
        key, revision: of the report; the latter is 0 where it has none.
    """

    subject: str
    label: str
    days: str
    stamps: tuple[Stamp, ...]
    summary: tuple[MailFigure, ...]
    status: str
    figures: tuple[MailFigure, ...]
    findings: tuple[MailFinding, ...]
    tables: tuple[Table, ...]
    key: str
    revision: int = 0


def body_of(results: Mapping[str, Any], shown: int = SHOWN) -> Body:
    """The body for a published report; a part whose table the results lack steps aside.

    Args:
        results: the object of its `results.json`.
        shown: how many lines of a table there may be.

    Raises:
        Failure: they are of another shape.
    """
    try:
        params, tables, fmt = (
            results["provenance"]["params"],
            results["tables"],
            Format(results["currency"]),
        )
        label, last_day = (
            parse_period(params["period"]).label,
            date.fromisoformat(results["period"]["end"]) - timedelta(days=1),
        )
        [opened] = tables.get("executive_summary") or [
            {"total_spend": results["total"], "budget": None}
        ]
        opened = opened | {
            name: _decimal(opened.get(name)) for name in ("budget", "variance", "variance_ratio")
        }
        opened["total_spend"] = Decimal(opened["total_spend"])
        stamps = tuple(_stamps(results))
        return Body(
            subject=_subject(stamps, label, opened, fmt),
            label=label,
            days=f"{results['period']['start']} to {last_day}, {params['timezone']} days",
            stamps=stamps,
            summary=tuple(_summary(opened, fmt)),
            status=opened.get("status") or "",
            figures=tuple(_figures(tables)),
            findings=tuple(_findings(tables)),
            tables=tuple(
                _budget_table(by, tables, results["currency"], shown)
                for by in LEVELS
                if tables.get(f"cost_by_{by}")
            ),
            key=results["provenance"]["key"],
            revision=(results["provenance"].get("revision") or {}).get("number", 0),
        )
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        text = (
            f"results.json of this report lacks what a mail says ({type(error).__name__}: {error})."
        )
        raise Failure(
            f"{text} Run it again, with --force: this version of finops-nb then writes it."
        ) from error


def _stamps(results: Mapping[str, Any]) -> Iterator[Stamp]:
    if results["kind"] == Kind.ANALYSIS:
        yield Stamp(
            "ANALYSIS · NOT FOR BOOKING",
            "",
            "Not the official report of a calendar month; it has no ledger.",
        )
    if results["kind"] == Kind.SCENARIO:
        reason = (results["provenance"]["params"].get("scenario") or {}).get("reason", "")
        meaning = "Made on budgets that are not the approved ones; it has no ledger."
        yield Stamp("WHAT-IF", isolated(brief(reason)), meaning, _changes(results))
    if not results["period"]["complete"]:
        known = next(
            (
                said.removeprefix("PARTIAL: ")
                for said in results["warnings"]
                if said.startswith("PARTIAL: ")
            ),
            "",
        )
        yield Stamp(
            "PARTIAL",
            "",
            f"{known[:1].upper()}{known[1:]} Costs are to date, budgets for the whole period.".strip(),
        )
    yield from (
        Stamp("NOT RECONCILED", "", isolated(brief(said)))
        for said in results["warnings"]
        if said.startswith("NOT RECONCILED")
    )
    revision = results["provenance"].get("revision") or {"number": 0}
    if revision["number"] > 1:
        told = "; ".join(
            isolated(brief(change["text"])) for change in revision["changes"][:CHANGES]
        )
        yield Stamp(
            f"REVISION {revision['number']}",
            isolated(brief(revision["reason"])),
            "It takes the place of the report before.",
            told,
        )


def _changes(results: Mapping[str, Any]) -> str:
    """org-gamma $2,000.00 → $2,800.00; usage of all organizations +10%"""
    fmt = Format(results["currency"])
    scenario = results["provenance"]["params"].get("scenario") or {}
    lines = [
        line
        for line in results["tables"].get("scenario_changes", ())
        if line["budget"] != line["budget_before"]
    ]
    told = [_moved(line, fmt) for line in lines]
    growth = _rates(scenario.get("growth", {}))
    prices = {model: _rates(of) for model, of in scenario.get("model_prices", {}).items()}
    told += [isolated(brief(each)) for each in driven(growth, prices, fmt)]
    return "; ".join(
        [*told[:CHANGES], *([f"and {len(told) - CHANGES} more"] if len(told) > CHANGES else [])]
    )


def _moved(line: Mapping[str, Any], fmt: Format) -> str:
    kind = "" if line["dimension"] == "organization" else f"{line['dimension']} "
    before, now = (
        "no budget" if line[part] is None else fmt.money(Decimal(line[part]))
        for part in ("budget_before", "budget")
    )
    return f"{kind}{isolated(brief(line['name'], NAME_LENGTH))} {before} → {now}"


def _rates(rates: Mapping[str, str]) -> Mapping[str, Decimal]:
    return {scope: Decimal(rate) for scope, rate in rates.items()}


def _subject(stamps: tuple[Stamp, ...], label: str, opened: Line, fmt: Format) -> str:
    """ANALYSIS · NOT FOR BOOKING · Organizational alignment · December 2025: $8,669.89, UNDER budget by $1,330.11"""
    title = " · ".join([*(stamp.word for stamp in stamps), "Organizational alignment", label])
    return brief(f"{title}: {fmt.money(opened['total_spend'])}, {_standing(opened, fmt)}")


def _standing(opened: Line, fmt: Format) -> str:
    if opened["budget"] is None:
        return "no budget"
    distance = fmt.money(abs(opened["variance"]))
    return (
        f"AT RISK, {distance} of the budget left"
        if opened["status"] == Status.AT_RISK
        else f"{opened['status']} budget by {distance}"
    )


def _summary(opened: Line, fmt: Format) -> Iterator[MailFigure]:
    # A bill tells neither.
    known = (
        noun(opened[each], each.removesuffix("s"))
        for each in ("calls", "customers")
        if opened.get(each) is not None
    )
    yield MailFigure("Total Spend", fmt.money(opened["total_spend"]), " of ".join(known))
    if opened["budget"] is None:
        yield MailFigure("Budget Variance", "n/a", "No budget is set.")
    else:
        against = f"{opened['status']}; the budget is {fmt.money(opened['budget'])} (version: {opened['budget_version']})"
        yield MailFigure(
            "Budget Variance", fmt.variance(opened["variance"], opened["variance_ratio"]), against
        )


def _figures(tables: Mapping[str, Any]) -> Iterator[MailFigure]:
    """The headline; without the spend against its budget, which the executive summary says."""
    names = _long_names(tables)
    for line in tables.get("headline", ()):
        if line["figure"] != "spend" or not tables.get("executive_summary"):
            yield MailFigure(*(_said(line[part], names) for part in MailFigure._fields))


def _findings(tables: Mapping[str, Any]) -> Iterator[MailFinding]:
    names = _long_names(tables)
    for line in tables.get("findings", ()):
        title, text, note = (_said(line.get(part) or "", names) for part in MailFinding._fields)
        yield MailFinding(
            title,
            text if text.endswith(("…", "…\N{POP DIRECTIONAL ISOLATE}")) else f"{text}.",
            note,
        )


def _long_names(tables: Mapping[str, Any]) -> Collection[str]:
    """Names that a sentence has no room for, the longest first: one may be the beginning of another."""
    names = {line.get(key) for lines in tables.values() for line in lines for key in NAMES}
    return sorted(
        (name for name in names if isinstance(name, str) and len(name) > NAME_LENGTH),
        key=len,
        reverse=True,
    )


def _said(text: str, names: Collection[str]) -> str:
    """A sentence of the results, its names cut, so that its figures have room."""
    for name in names:
        text = text.replace(name, brief(name, NAME_LENGTH))
    return isolated(brief(text))


def _budget_table(by: str, tables: Mapping[str, Any], currency: str, shown: int) -> Table:
    column, level = LEVELS[by]
    lines = [
        _line(line, "cost") | {by: brief(line[by], NAME_LENGTH)} for line in tables[f"cost_by_{by}"]
    ]
    total = next(
        (
            _line(line, "actual")
            for line in tables.get("budget_tracking", ())
            if line["level"] == level
        ),
        None,
    )
    columns = (column, ACTUAL, schema.BUDGET, VARIANCE, schema.BUDGET_USED, schema.STATUS)
    return Table(
        f"cost_by_{by}",
        f"Cost against budget by {by}",
        columns,
        (Block(lines, total),),
        currency,
        shown=shown,
    )


def _line(line: Mapping[str, Any], cost: str) -> dict[str, Any]:
    figures = {part: _decimal(line[part]) for part in ("budget", "variance", "budget_used")}
    return figures | {"cost": _decimal(line[cost]), "status": line["status"]}


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
