"""The warnings of a report that was just published, for whoever ran it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from finops_nb.outputs.artifacts import RESULTS, read_results
from finops_nb.report.format import noun, visible

SHOWN: Final = 3
"""How many warnings are printed; the rest are counted."""


def warnings_text(folder: Path) -> str:
    """The first warnings of a published report, one a line; empty without any.

    Args:
        folder: where it is published.

    Example:
        Published with 1 warning:
          A budget for org-gama, which has no usage; did you mean org-gamma?
    """
    try:
        warnings = read_results((folder / RESULTS).read_bytes()).get("warnings", ())
    except OSError:
        return ""  # moved away since; the report itself is published
    if not warnings:
        return ""
    lines = [f"Published with {noun(len(warnings), 'warning')}:"]
    lines += (f"  {visible(' '.join(warning.split()))}" for warning in warnings[:SHOWN])
    if len(warnings) > SHOWN:
        lines.append(f"  and {len(warnings) - SHOWN:,} more, on the page")
    return "\n".join(lines)
