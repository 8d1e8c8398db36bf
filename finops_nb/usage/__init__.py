"""The usage of a period, read from CSV and Parquet files: checked row by row, summed exactly, every row accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finops_nb.usage.model import GROUPINGS, Grouping, InputFile, Notice, Usage
from finops_nb.usage.sources import Source, fingerprint, resolve_inputs

if TYPE_CHECKING:
    from finops_nb.usage.reader import columns_found, read_usage

__all__ = [
    "GROUPINGS",
    "Grouping",
    "InputFile",
    "Notice",
    "Source",
    "Usage",
    "columns_found",
    "fingerprint",
    "read_usage",
    "resolve_inputs",
]


def __getattr__(name: str) -> Any:
    """The reader, imported when it is asked for: the runner only fingerprints, and needs neither DuckDB nor pandas."""
    if name not in ("columns_found", "read_usage"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from finops_nb.usage import reader

    return getattr(reader, name)
