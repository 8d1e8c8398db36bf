"""Summary labels: what the summary of the workbook calls its sections and figures."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from typing import Any, Final

SENTENCE_KEYS: Final = ("title", "text", "figure", "label", "value", "detail")
"""The keys of a line of prose that hold its words; all others hold figures."""

HEADINGS: Final = {"headline": "Key Figures", "findings": "What Matters Most"}
"""The headings of prose whose name is not its heading."""

ABOUT: Final = "About This File"
"""The heading of the notes."""

FACTS: Final = ("Period", "First Day", "Last Day", "Currency", "Generated", "Key")
"""The labels of what the report is, after its stamps."""

LABELS: Final = {
    "budget_used": "% Used",
    "change_ratio": "Change %",
    "compared": "Cost Compared",
    "days": "Days Compared",
    "high": "Highest Error",
    "last": "Period End",
    "low": "Lowest Error",
    "money": "Amount",
    "month": "Previous Month",
    "months": "Months Tested",
    "over": "Run Rate − Budget",
    "prior_month.cost": "Cost of Previous Month",
    "prior_period.cost": "Cost of Previous Period",
    "seen": "Days Included",
    "variance_ratio": "Variance %",
}
"""The label of a figure whose name is not its label, by its name, or by its line and name."""

SMALL_WORDS: Final = ("and", "by", "for", "in", "of", "on", "per", "the", "to")
"""Words that a title has in lower case, unless it begins with one."""

NOTES: Final = (
    "Cells hold unrounded amounts; only their display is rounded, so printed amounts may seem "
    "to differ from a total in their last digit.",
    "Charge is the unrounded cost; the report rounds it as the ledger does. "
    "Booked is the amount in the ledger.",
    "Excel keeps 15 digits; results.json has all of them. An empty cell is n/a in the report.",
)


def heading_of(name: str) -> str:
    """The heading of a piece of prose."""
    return HEADINGS.get(name) or title_case(name)


def title_case(name: str) -> str:
    """A name as a title, as the report writes it.

    >>> title_case("executive_summary"), title_case("cost_by_product")
    ('Executive Summary', 'Cost by Product')
    """
    words = [word.lower() for word in name.split("_")]
    return " ".join(
        word if place and word in SMALL_WORDS else word.capitalize()
        for place, word in enumerate(words)
    )


def with_detail(value: str, detail: str) -> str:
    """A figure with its detail, the first sentence of which continues it.

    >>> with_detail("$2.00", "$1.00 under the $3.00 budget. Includes May only")
    '$2.00 ($1.00 under the $3.00 budget). Includes May only'
    >>> with_detail("+$2.00 (+50.0%)", "First 18 days of each month")
    '+$2.00 (+50.0%); first 18 days of each month'
    """
    first, stop, others = detail.partition(". ")
    word, *rest = first.split(" ")
    if word.istitle() and word.rstrip(",") not in calendar.month_name:
        first = " ".join([word.lower(), *rest])
    begun = f"{value}; {first}" if value.endswith(")") else f"{value} ({first})"
    return f"{begun}{stop}{others}"


def label_of(name: str, line: Mapping[str, Any]) -> str:
    """The label of a figure of a line of prose.

    >>> label_of("cost", {"figure": "prior_month"}), label_of("budget_used", {})
    ('Cost of Previous Month', '% Used')
    """
    of_line = f"{line.get('figure', '')}.{name}"
    return LABELS.get(of_line) or LABELS.get(name) or title_case(name)
