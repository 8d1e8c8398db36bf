"""Left out: why an earlier period is not beside this one, in words."""

from __future__ import annotations

from finops_nb.figures.report_data import ReportData
from finops_nb.period import parse_period, spelled_months


def why_not_compared(data: ReportData, period: str) -> str:
    """Why a report has no figures of an earlier period, as a sentence without its full stop.

    Args:
        data: of the report.
        period: text like 2025-11 or 2025-Q3, of months that are not all published.

    Example:
        "The November 2025 report is PARTIAL, so it is not compared"
    """
    published = {month.name for month in data.months}
    missing = [month for month in parse_period(period).months if month not in published]
    unknown = [month for month in missing if month not in data.left_out]
    parts = []
    if len(unknown) == 1:
        parts.append(f"no {parse_period(unknown[0]).label} report was published")
    elif unknown:
        parts.append(f"no reports were published for {spelled_months(unknown)}")
    parts += [
        f"the {parse_period(month).label} report is {data.left_out[month]}, so it is not compared"
        for month in missing
        if month in data.left_out
    ]
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]
