"""Column names: what a column of a source may mean; the keys of `columns`."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

# fmt: off
ColumnName: TypeAlias = Literal[
    "timestamp", "cost", "organization", "product", "feature", "customer", "provider", "model",
    "task_type", "input_tokens", "cached_tokens", "output_tokens", "calls", "currency",
    "charge_category", "charge_class", "charge_end", "billing_period", "billed_cost",
    "request", "invoice_issuer", "invoice",
]
# fmt: on
COLUMNS: Final[tuple[ColumnName, ...]] = get_args(ColumnName)
"""Our names for what a source column may mean; the keys of `columns`."""
