"""Changed figures: the lines of `what-changed` on totals, table cells and texts that differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from finops_nb.commands.changed_value import UNSEEN, Printer
from finops_nb.findings.figure_difference import RowDifference, row_differences
from finops_nb.outputs.artifacts import NOT_SHOWN
from finops_nb.report.format import NAME_LENGTH, noun, visible, visible_name
from finops_nb.report.summary_labels import title_case
from finops_nb.report.table_heads import column_of, title_of
from finops_nb.schema import Column
from finops_nb.words import shortened_inside

SUMMARY: Final = "executive_summary"
HEADLINE: Final = "headline"
TOTAL: Final = "total"
"""The dimension of a row of the whole report, in tables that no page prints."""

SUMMARIZED: Final = {
    "total_spend": "Total Spend",
    "budget": "Budget",
    "variance": "Budget Variance",
    "status": "Status",
    "calls": "Calls",
    "customers": "Customers",
}
"""The totals of the executive summary, by what the page calls them."""

SENTENCES: Final = (
    *("concentration", "findings", "forecast_summary", "headline", "key_insights", "outlook"),
    "recommendations",
)
"""Prose: its figures stand in sentences, which change with them."""

SPOKEN: Final = ("label", "value", "detail", "text", "note")
"""The keys of prose that hold what is printed."""

TEXT_TABLES: Final = (
    *(*SENTENCES, "data_quality", "efficiency_summary", "parameters"),
    *NOT_SHOWN,
)
"""What is derived from other tables, or is named among the causes."""

Results = Mapping[str, Any]


@dataclass
class Changed:
    """Lines on what differs.

    Args:
        totals: of the whole report.
        cells: that a table of the report prints, and its rows that are new or gone.
        further: texts, and figures that no table prints.
    """

    totals: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    further: list[str] = field(default_factory=list)


def changed_figures(before: Results, after: Results) -> Changed:
    """Every figure and text that differs.

    Args:
        before: a `results.json` whose tables can be compared.
        after: likewise.

    Example:
        "Cost by Organization · org-beta · Total Cost: $200.00 → $212.40 (+$12.40)" is a cell.
    """
    comparison = _Comparison(before, after)
    if not all(SUMMARY in results["tables"] for results in (before, after)):
        comparison.add_total()
    comparison.add_whole_tables_and_columns()
    for row in row_differences(before, after):
        if row.table == SUMMARY:
            comparison.add_summary(row)
        elif row.table in SENTENCES:
            comparison.add_sentences(row)
        else:
            comparison.add_row(row)
    return comparison.changed


class _Comparison:
    """Collects the lines on two results."""

    def __init__(self, before: Results, after: Results):
        self.changed = Changed()
        self.print = Printer(str(before.get("currency", "")), str(after.get("currency", "")))
        self.results = before, after
        self.whole: set[str] = set()
        """Tables that are new or gone."""
        self.columns: set[tuple[str, str]] = set()
        """Tables and their columns that are new or gone."""

    def add_total(self) -> None:
        """The total cost, for reports without a summary."""
        pair = tuple(results.get("total") for results in self.results)
        text = self.print.change(column_of(SUMMARY, "total_spend", {})[0], *pair)
        if text:
            self.changed.totals.append(f"Total Cost: {text}")

    def add_whole_tables_and_columns(self) -> None:
        """One line for a table, or a column of one, that only one of the results has."""
        before, after = (results["tables"] for results in self.results)
        for table in dict.fromkeys((*after, *before)):
            was, now = before.get(table, ()), after.get(table, ())
            if table in (SUMMARY, *TEXT_TABLES) or not (was or now):
                continue
            if not (was and now):
                self.whole.add(table)
                word = "new" if now else "gone"
                line = f"{title_of(table)}: {word} ({noun(len(now or was), 'row')})"
                self.changed.cells.append(line)
                continue
            self._add_columns(table, {key for row in was for key in row}, [*now, *was])

    def _add_columns(self, table: str, was: set[str], rows: list[Mapping[str, Any]]) -> None:
        now = {key for row in self.results[1]["tables"][table] for key in row}
        for name in dict.fromkeys(key for row in rows for key in row):
            column, printed = self._column(table, name)
            if (name in was) == (name in now):
                continue
            self.columns.add((table, name))
            if printed:
                word = "new" if name in now else "gone"
                self.changed.cells.append(f"{title_of(table)} · {column.label}: {word} column")

    def add_summary(self, row: RowDifference) -> None:
        """The totals of the executive summary."""
        figures = row.figures()
        for name in sorted(figures, key=_place):
            column, _ = self._column(SUMMARY, name)
            text = self._text(column, row, figures[name])
            is_total = name in SUMMARIZED and text != UNSEEN
            lines = self.changed.totals if is_total else self.changed.further
            if text:
                label = SUMMARIZED.get(name, column.label)
                lines.append(f"{title_of(SUMMARY)} · {label}: {text}")

    def add_sentences(self, row: RowDifference) -> None:
        """What a piece of prose says, was it printed otherwise."""
        label = _label(row)
        if row.before is None or row.after is None:
            record = row.after or row.before or {}
            said = " ".join(str(record[key]) for key in ("value", "text") if record.get(key))
            word = "new" if row.before is None else "gone"
            self.changed.further.append(f"{label}: {word}: {_quoted(said)}")
            return
        if row.table == HEADLINE:
            label = f"{title_of(HEADLINE)} · {row.after.get('label')}"
        spoken = [name for name in row.figures() if name in SPOKEN]
        for name in spoken:
            was, now = row.before.get(name), row.after.get(name)
            place = "" if name in ("text", "value") else f" · {title_case(name)}"
            # The first headline repeats the executive summary.
            if name == "value" and row.key.get("figure") != "spend":
                self.changed.totals.append(f"{label}: {visible(f'{was}')} → {visible(f'{now}')}")
            else:
                self.changed.further.append(f"{label}{place}: {_quoted(was)} → {_quoted(now)}")
        if not spoken:
            self.changed.further.append(f"{label}: {UNSEEN}")

    def add_row(self, row: RowDifference) -> None:
        """The cells of a row that differ, or the row if it is new or gone."""
        label, further = _label(row), self.changed.further
        if row.before is None or row.after is None:
            aside = row.table in TEXT_TABLES or row.table in self.whole
            word = "new" if row.before is None else "gone"
            cells = self._cells(row)
            lines = further if aside else self.changed.cells
            lines.append(f"{label}: {word}{f' ({cells})' if cells else ''}")
            return
        for name, pair in row.figures().items():
            column, printed = self._column(row.table, name)
            text = self._text(column, row, pair)
            seen = printed and text != UNSEEN and row.table not in TEXT_TABLES
            aside = not seen or (row.table, name) in self.columns
            if text:
                lines = further if aside else self.changed.cells
                lines.append(f"{label} · {column.label}: {text}")

    def _cells(self, row: RowDifference) -> str:
        """What is printed in a row that is new or gone: "Total Cost $5.00, Calls 1"."""
        record, texts = row.after or row.before or {}, []
        for name, value in record.items():
            column, printed = self._column(row.table, name)
            if printed and name not in row.key and value not in (None, "", [], {}):
                text = self.print.value(column, record, is_after=row.before is None)
                colon = ":" if column.unit == "text" else ""
                texts.append(f"{column.label}{colon} {text}")
        return ", ".join(texts)

    def _text(self, column: Column, row: RowDifference, pair: tuple[Any, Any]) -> str:
        """A figure before and after; empty where both are the same number."""
        ratios = ((record or {}).get("variance_ratio") for record in (row.before, row.after))
        return self.print.change(column, *pair, *ratios)

    def _column(self, table: str, name: str) -> tuple[Column, bool]:
        return column_of(table, name, self.results[1])


def _place(name: str) -> int:
    """The place of a figure of the summary among its totals; others come last."""
    return list(SUMMARIZED).index(name) if name in SUMMARIZED else len(SUMMARIZED)


def _label(row: RowDifference) -> str:
    """The table and the name of a row: "Cost by Organization · org-beta"."""
    names = [
        _key_text(column, name)
        for column, name in row.key.items()
        if name and column != "figure" and (column, row.key.get("dimension")) != ("name", TOTAL)
    ]
    return " · ".join((title_of(row.table), *names))


def _key_text(column: str, name: str) -> str:
    """What names a row, as the page would print it; for tables that no page prints, in words."""
    if column == "dimension":
        return "Total" if name == TOTAL else f"By {name.title()}"
    if column == "from":
        return f"from {name}"
    return (
        title_case(name)
        if column == "effect"
        else shortened_inside(visible_name(name), NAME_LENGTH)
    )


def _plain(name: str) -> str:
    """A name on one line."""
    return visible(" ".join(name.splitlines()))


def _quoted(text: Any) -> str:
    return f'"{_plain(str(text or ""))}"'
