"""The usage of a period, read from CSV and Parquet files: checked row by row, summed exactly, every row accounted for."""

from finops_nb.usage.model import GROUPINGS, Grouping, InputFile, Notice, Usage
from finops_nb.usage.reader import columns_found, read_usage
from finops_nb.usage.sources import Source, fingerprint, resolve_inputs

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
