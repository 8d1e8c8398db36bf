"""What a mail says about a report: its published results, cut to the length of a mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from finops_nb import schema
from finops_nb.errors import Failure
from finops_nb.figures.budget_status import Status
from finops_nb.figures.named import SHOWN, named
from finops_nb.findings.overview import LATER_USAGE
from finops_nb.findings.rounding_note import rounding_note
from finops_nb.findings.sentence import sentence
from finops_nb.findings.tense import Tense, tense_of_rates
from finops_nb.mail.names import NAME_LENGTH, brief_name, long_names
from finops_nb.outputs.artifacts import NOT_RECONCILED, REPORT_NAME
from finops_nb.outputs.manifest import Kind
from finops_nb.params.types import Rate, parse_as
from finops_nb.period import parse_period
from finops_nb.report.footing import Line
from finops_nb.report.format import (
    Format,
    noun,
    text_sentence,
    visible,
    visible_name,
)
from finops_nb.report.provenance import stamps_of
from finops_nb.report.scenario_tables import rate_changes
from finops_nb.report.table import Block, Table
from finops_nb.schema import Column
from finops_nb.words import short_names, shortened

SENTENCE_LENGTH: Final = 600
"""Characters of a sentence in a mail; the report has it in full."""

CHANGES: Final = 8
"""Changes of a what-if or a revision that are listed; the report has them all."""

RIGHT_TO_LEFT: Final = (
    r"\S*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]\S*"
)
RIGHT_TO_LEFT_WORDS: Final = re.compile(rf"{RIGHT_TO_LEFT}(?:\s+{RIGHT_TO_LEFT})*")
"""Words in Hebrew, Arabic and the other scripts that run from right to left."""

CUT_ENDS: Final = ("…", "…\N{POP DIRECTIONAL ISOLATE}")
"""How a sentence that was cut ends."""

ACTUAL: Final = Column("cost", "Actual", "money", "the cost of the period", additive=True)
LEVELS: Final = {
    "organization": (schema.ORGANIZATION, "Organization Level"),
    "product": (schema.PRODUCT, "Product Level"),
}
"""By dimension: the column of names, and the row of `budget_tracking` that holds the total."""


class MailStamp(NamedTuple):
    """A mark on a report that is not the final, official one.

    Args:
        word: the mark: "WHAT-IF".
        reason: the author's reason; empty where there is none.
        meaning: one or more sentences.
        changes: what differs from the base or from the earlier revision; may be empty.
    """

    word: str
    reason: str
    meaning: str
    changes: str = ""


class MailFigure(NamedTuple):
    """A headline figure: its label, the figure, and a few words on it."""

    label: str
    value: str
    detail: str


class MailFinding(NamedTuple):
    """A main finding: a few words, its sentence with the full stop, and the commentary on it."""

    title: str
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Body:
    """What a mail says; all of it is text, to be escaped.

    Args:
        subject: stamps, period, total and status; no name of the usage, and no reason.
        label: the period's name: "December 2025".
        days: its first and last day, and their time zone.
        stamps: of the report.
        summary: its executive summary.
        status: of the total cost; empty without a budget.
        figures: the report's headline figures.
        findings: the main ones.
        tables: cost against budget by organization and by product.
        key: of the report.
        revision: of the report, from 1; 0 where it has none.
    """

    subject: str
    label: str
    days: str
    stamps: tuple[MailStamp, ...]
    summary: tuple[MailFigure, ...]
    status: str
    figures: tuple[MailFigure, ...]
    findings: tuple[MailFinding, ...]
    tables: tuple[Table, ...]
    key: str
    revision: int = 0


def body_of(results: Mapping[str, Any], shown: int | None = None) -> Body:
    """The body of the mail of a published report; a part whose table is missing is left out.

    Args:
        results: the object of its `results.json`.
        shown: rows of a table; the others are "other". None: all that the report prints.

    Raises:
        Failure: the results have another shape.
    """
    try:
        return _body(results, shown)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise Failure(
            f"results.json of this report lacks what a mail says ({reason}). "
            "Run it again with --force, so that this version of finops-nb writes it."
        ) from error


def brief(text: str, length: int = SENTENCE_LENGTH) -> str:
    """`text` on one line, cut at `length` characters, without marks that reorder the line."""
    return shortened(visible(" ".join(text.split())), length)


def isolated(text: str) -> str:
    """`text` with its right-to-left words isolated.

    Without that, a figure after a Hebrew name would be shown before it.
    """
    isolate = "\N{FIRST STRONG ISOLATE}\\g<0>\N{POP DIRECTIONAL ISOLATE}"
    return RIGHT_TO_LEFT_WORDS.sub(isolate, text)


def _body(results: Mapping[str, Any], shown: int | None) -> Body:
    params, tables = results["provenance"]["params"], results["tables"]
    fmt = Format(results["currency"])
    label = parse_period(params["period"]).label
    # The end of a period is exclusive in results.json; people read the last day.
    last_day = date.fromisoformat(results["period"]["end"]) - timedelta(days=1)
    summary, tense = _summary_line(results), tense_of_rates(*_all_rates(results))
    stamps = tuple(_stamps(results, fmt))
    budget_tables = [
        _budget_table(by, tables, results["currency"], shown, tense)
        for by in LEVELS
        if tables.get(f"cost_by_{by}")
    ]
    return Body(
        subject=_subject(stamps, label, summary, fmt),
        label=label,
        days=f"{results['period']['start']} to {last_day}, {params['timezone']}",
        stamps=stamps,
        summary=(_spend(summary, fmt, tense), _budget_variance(summary, fmt)),
        status=summary.get("status") or "",
        figures=tuple(_figures(tables)),
        findings=tuple(_findings(tables)),
        tables=tuple(budget_tables),
        key=results["provenance"]["key"],
        revision=(results["provenance"].get("revision") or {}).get("number", 0),
    )


def _summary_line(results: Mapping[str, Any]) -> Line:
    """The line of the executive summary, or the total alone; amounts are numbers."""
    lines = results["tables"].get("executive_summary")
    line: Line
    [line] = lines or [{"total_spend": results["total"], "budget": None}]
    amounts = {name: _decimal(line.get(name)) for name in ("budget", "variance", "variance_ratio")}
    return {**line, **amounts, "total_spend": Decimal(line["total_spend"])}


def _stamps(results: Mapping[str, Any], fmt: Format) -> Iterator[MailStamp]:
    """The stamps of the report's page, then its revision."""
    known = later = ""
    if not results["period"]["complete"]:
        known = _warning(results, "PARTIAL") or "The period is not over."
        later = next((text for text in results["warnings"] if text.startswith(LATER_USAGE)), "")
    unreconciled = _warning(results, NOT_RECONCILED)
    kind, scenario = Kind(results["kind"]), _scenario(results)
    for stamp in stamps_of(kind, scenario, unreconciled, known, later):
        changes = _scenario_changes(results, fmt) if stamp.word == "WHAT-IF" else ""
        reason, meaning = (isolated(brief(text)) for text in (stamp.reason, stamp.meaning))
        yield MailStamp(stamp.word, reason, meaning, changes)
    revision = results["provenance"].get("revision") or {"number": 0}
    if revision["number"] > 1:
        yield MailStamp(
            f"REVISION {revision['number']}",
            isolated(brief(revision["reason"])),
            "It replaces the earlier report.",
            _listed_changes([isolated(brief(each["text"])) for each in revision["changes"]]),
        )


def _scenario(results: Mapping[str, Any]) -> Mapping[str, Any]:
    """Author, date, base and reason of a what-if, and what it changes; empty for other reports."""
    if results["kind"] != Kind.SCENARIO:
        return {}
    scenario: Mapping[str, Any] = results["provenance"]["params"]["scenario"]
    if not scenario:
        # Without it there would be no stamp, and the what-if would look like the official report.
        raise ValueError("a what-if without its scenario")
    return scenario


def _warning(results: Mapping[str, Any], word: str) -> str:
    """The warning that begins with a stamp's word, without that word; empty without one."""
    for warning in results["warnings"]:
        if warning.startswith(f"{word}: "):
            text: str = warning.removeprefix(f"{word}: ")
            return text[:1].upper() + text[1:]
    return ""


def _scenario_changes(results: Mapping[str, Any], fmt: Format) -> str:
    """org-gamma $2,000.00 → $2,800.00; usage of all organizations +10%"""
    changes = [
        _budget_change(line, fmt)
        for line in results["tables"].get("scenario_changes", ())
        if line["budget"] != line["budget_before"]
    ]
    changes += [isolated(brief(text)) for text in rate_changes(*_all_rates(results), fmt)]
    return _listed_changes(changes)


def _all_rates(
    results: Mapping[str, Any],
) -> tuple[Mapping[str, Decimal], Mapping[str, Mapping[str, Decimal]]]:
    """The changes of usage and of prices in a what-if; empty for other reports."""
    scenario = _scenario(results)
    prices = {model: _rates(rates) for model, rates in scenario.get("model_prices", {}).items()}
    return _rates(scenario.get("growth", {})), prices


def _budget_change(line: Mapping[str, Any], fmt: Format) -> str:
    """product chat $4.00 → no budget"""
    kind = "" if line["dimension"] == "organization" else f"{line['dimension']} "
    name = isolated(brief_name(line["name"]))
    return f"{kind}{name} {_budget(line['budget_before'], fmt)} → {_budget(line['budget'], fmt)}"


def _budget(amount: str | None, fmt: Format) -> str:
    return "no budget" if amount is None else fmt.money(Decimal(amount))


def _rates(rates: Mapping[str, str]) -> Mapping[str, Decimal]:
    return {scope: parse_as(Rate, rate) for scope, rate in rates.items()}


def _listed_changes(changes: Sequence[str]) -> str:
    """The first changes, with semicolons between them since names may have commas."""
    more = len(changes) - CHANGES
    return "; ".join([*changes[:CHANGES], *([f"and {more:,} more"] if more > 0 else [])])


def _subject(stamps: Sequence[MailStamp], label: str, summary: Line, fmt: Format) -> str:
    """PARTIAL · Organizational Alignment · December 2025: $4.50, AT RISK, $0.50 of budget left"""
    title = " · ".join([*(stamp.word for stamp in stamps), REPORT_NAME, label])
    return brief(f"{title}: {fmt.money(summary['total_spend'])}, {_standing(summary, fmt)}")


def _standing(summary: Line, fmt: Format) -> str:
    """UNDER budget by $1,330.11"""
    if summary["budget"] is None:
        return "no budget"
    distance = fmt.money(abs(summary["variance"]))
    if summary["status"] == Status.AT_RISK:
        return f"AT RISK, {distance} of budget left"
    return f"{summary['status']} budget by {distance}"


def _spend(summary: Line, fmt: Format, tense: Tense) -> MailFigure:
    """Total spend, with the numbers of calls and customers that the usage has: a bill has none."""
    counts = [
        noun(summary[name], name.removesuffix("s"))
        for name in ("calls", "customers")
        if summary.get(name) is not None
    ]
    label, amount = tense.title("Total Spend"), fmt.money(summary["total_spend"])
    return MailFigure(label, amount, " from ".join(counts))


def _budget_variance(summary: Line, fmt: Format) -> MailFigure:
    if summary["budget"] is None:
        return MailFigure("Budget Variance", "n/a", "No budget is set.")
    variance = fmt.variance(summary["variance"], summary["variance_ratio"])
    against = "AT RISK against" if summary["status"] == Status.AT_RISK else summary["status"]
    budget = f"the {fmt.money(summary['budget'])} budget (version: {summary['budget_version']})"
    note = rounding_note(summary["total_spend"], summary["budget"], fmt.currency)
    rounding = text_sentence(sentence(note.text, rounding=note.rounding), fmt)
    return MailFigure("Budget Variance", variance, f"{against} {budget}{rounding}")


def _figures(tables: Mapping[str, Any]) -> Iterator[MailFigure]:
    """The headline figures; spend against budget only if the executive summary does not say it."""
    names = long_names(tables)
    for line in tables.get("headline", ()):
        if line["figure"] == "spend" and tables.get("executive_summary"):
            continue
        yield MailFigure(*(_sentence(line[part], names) for part in MailFigure._fields))


def _findings(tables: Mapping[str, Any]) -> Iterator[MailFinding]:
    names = long_names(tables)
    for line in tables.get("findings", ()):
        parts = (line.get(part) or "" for part in MailFinding._fields)
        title, text, note = (_sentence(part, names) for part in parts)
        yield MailFinding(title, text if text.endswith(CUT_ENDS) else f"{text}.", note)


def _sentence(text: str, names: Mapping[str, str]) -> str:
    """A sentence of the results; its names are cut first, so that its figures have room."""
    for name, short in names.items():
        text = text.replace(name, short)
    return isolated(brief(text))


def _budget_table(
    by: str, tables: Mapping[str, Any], currency: str, shown: int | None, tense: Tense
) -> Table:
    column, level = LEVELS[by]
    results = tables[f"cost_by_{by}"]
    short = short_names((visible_name(line[by]) for line in results), NAME_LENGTH)
    lines = [_table_line(line, "cost") | {by: short[visible_name(line[by])]} for line in results]
    totals = [
        _table_line(line, "actual")
        for line in tables.get("budget_tracking", ())
        if line["level"] == level
    ]
    # The report prints the names of the most and the least efficient organization, too.
    rows = [
        line | {"calls": _decimal(of_report.get("calls"))}
        for line, of_report in zip(lines, results, strict=True)
    ]
    names = named(rows, by, shown and min(shown, SHOWN[by]))
    actual = replace(ACTUAL, label="What-If") if tense.supposed else ACTUAL
    has_budgets = any(line["budget"] is not None for line in lines)
    against = (schema.BUDGET, schema.VARIANCE, schema.BUDGET_USED, schema.STATUS)
    return Table(
        name=f"cost_by_{by}",
        caption=f"Cost {'Against Budget ' if has_budgets else ''}by {column.label}",
        columns=(column, actual, *(against if has_budgets else ())),
        blocks=(Block(lines, totals[0] if totals else None, names=names),),
        currency=currency,
        explains_rounding=True,
    )


def _table_line(line: Mapping[str, Any], cost: str) -> dict[str, Any]:
    """A row of the mail's table, from a row of the results whose cost is in the column `cost`."""
    figures = {name: _decimal(line[name]) for name in ("budget", "variance", "budget_used")}
    return figures | {"cost": _decimal(line[cost]), "status": line["status"]}


def _decimal(text: str | int | None) -> Decimal | None:
    return None if text is None else Decimal(text)
