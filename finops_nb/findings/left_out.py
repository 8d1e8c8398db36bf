"""Left out: why an earlier month is not beside this one, in words."""

from __future__ import annotations

from finops_nb.figures.report_data import ReportData
from finops_nb.period import parse_period


def why_not_compared(data: ReportData, month: str) -> str:
    """Why a report has no figures of an earlier month, as a sentence without its period.

    Args:
        data: of the report.
        month: text like 2025-11.

    Example:
        "The November 2025 report is PARTIAL, so it is not compared"
    """
    label, reason = parse_period(month).label, data.left_out.get(month)
    if reason is None:
        return f"No {label} report was published"
    return f"The {label} report is {reason}, so it is not compared"
