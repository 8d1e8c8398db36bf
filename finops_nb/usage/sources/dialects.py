"""Dialects: what each kind of source calls the columns we read, and which kind a header is of.

`DIALECTS` below says what else a new dialect, a new name of a column or a new column needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from finops_nb.params.column_names import ColumnName
from finops_nb.params.sources import AUTO, Basis, Source

NAMED: Final[tuple[ColumnName, ...]] = ("organization", "product", "feature", "customer")
"""Our columns that hold a name, or nothing."""

NEEDED: Final[tuple[ColumnName, ...]] = ("timestamp", "cost", *NAMED)
"""Our columns in a source that has everything a report shows."""

DETAIL: Final[tuple[ColumnName, ...]] = ("provider", "model", "task_type")
"""Our columns that hold a name, and that are read if a finer summary needs them."""

TOKENS: Final[tuple[ColumnName, ...]] = ("input_tokens", "cached_tokens", "output_tokens")
"""Our columns that count tokens; cached ones are part of the input."""

EXTRA: Final[tuple[ColumnName, ...]] = (
    "calls",
    "currency",
    "charge_category",
    "charge_class",
    "charge_end",
    "billing_period",
    "billed_cost",
    "request",
    "invoice_issuer",
    "invoice",
    *TOKENS,
)
"""Our columns that are read wherever a source has them."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of source.

    Args:
        name: its name in `params.dialect`.
        columns: what the source calls each of our columns; of several names, the first in the file
            is read. Unless it is needed, the currency is found in any spelling of these names, and
            by the names in `usage/sources/similar_columns.py` (`CURRENCIES`).
        needed: our columns without which a file is refused.
        counts_calls: one row is one call. Otherwise the column `calls` says how many, or nobody
            knows.
        nothing: text that the source writes for "no value".
        basis: whether the cost is what a provider bills, or is computed from prices.
    """

    name: str
    columns: Mapping[ColumnName, tuple[str, ...]]
    needed: tuple[ColumnName, ...]
    counts_calls: bool = False
    nothing: str = ""
    basis: Basis = "billed"


CALLS: Final = Dialect(
    "calls",
    {
        "timestamp": ("timestamp",),
        "cost": ("cost_usd",),
        "organization": ("organization_id",),
        "product": ("product_id",),
        "feature": ("feature_id",),
        "customer": ("customer_id",),
        "provider": ("provider",),
        "model": ("model",),
        "task_type": ("task_type",),
        "input_tokens": ("input_tokens",),
        "cached_tokens": ("cached_tokens",),
        "output_tokens": ("output_tokens",),
        "currency": ("currency",),
    },
    NEEDED,
    counts_calls=True,
    basis="estimate",
)
"""One row is one call of a language model. Other columns are ignored: some logs have 13, some 19.

    timestamp,cost_usd,organization_id,product_id,feature_id,customer_id
    2025-12-31T10:00:00Z,0.0123,org-alpha,product-ai-chat,ask,c1
"""

FOCUS: Final = Dialect(
    "focus",
    {
        "timestamp": ("ChargePeriodStart",),
        "cost": ("EffectiveCost",),
        "organization": ("SubAccountName",),
        "product": ("ServiceName",),
        "feature": ("ServiceSubcategory", "ServiceCategory"),
        "provider": ("ServiceProviderName", "ProviderName"),
        "currency": ("BillingCurrency",),
        "charge_category": ("ChargeCategory",),
        "charge_class": ("ChargeClass",),
        "charge_end": ("ChargePeriodEnd",),
        "billing_period": ("BillingPeriodStart",),
        "billed_cost": ("BilledCost",),
        "invoice_issuer": ("InvoiceIssuerName",),
        "invoice": ("InvoiceId",),
    },
    (
        "timestamp",
        "cost",
        "organization",
        "product",
        "currency",
        "charge_category",
        "billing_period",
    ),
    nothing="NULL",
)
"""FOCUS cost and usage, 1.0 to 1.4 (https://focus.finops.org): one row is one charge of a bill."""

LITELLM: Final = Dialect(
    "litellm",
    {
        "timestamp": ("startTime",),
        "cost": ("spend",),
        "organization": ("team_id",),
        "product": ("model_group", "model"),
        "feature": ("call_type",),
        "customer": ("end_user",),
        "provider": ("custom_llm_provider",),
        "model": ("model",),
        "input_tokens": ("prompt_tokens",),
        "output_tokens": ("completion_tokens",),
        "request": ("request_id",),
    },
    ("timestamp", "cost", "organization", "product"),
    counts_calls=True,
    basis="estimate",
)
"""LiteLLM's SpendLogs: one row is one request through its proxy."""

TABLE: Final = Dialect(
    "table",
    {"timestamp": ("timestamp",), "currency": ("currency", "BillingCurrency")},
    ("timestamp", "cost"),
    counts_calls=True,
)
"""Any other table: the params name its columns. One row is one call unless a column counts them."""

DIALECTS: Final = {dialect.name: dialect for dialect in (CALLS, FOCUS, LITELLM, TABLE)}
"""A new dialect is listed here and in `recognize` below.

Its name also goes into `DialectName` and the description of `dialect` in `params/sources.py`, and
into the parameters of the notebook; a new column of ours into `ColumnName` in
`params/column_names.py`, and into `usage/sources/source_table.py`. The README of the folder
`params` lists all of them, and every name of a column. What holds for FOCUS alone is in
`usage/compatibility.py`, `usage/notices.py`, `usage/sources/source_table.py` and
`usage/sources/columns.py` (`PROVIDER_NAMES`).
"""

FEW_MATCHES: Final = 2
"""With fewer columns of a dialect than this, a header may be a `TABLE`.

`timestamp` alone, for one, says nothing about the dialect.
"""


def recognize(params: Source, header: Sequence[str]) -> Dialect:
    """The dialect that the params name, or else the one with the most columns in the header.

    Args:
        params: columns that they name say nothing about the dialect, with one exception: where they
            name the cost and the header has next to nothing of any dialect, it is a `TABLE`.
        header: column names of a file.

    Example:
        The header "startTime,spend,team_id,model" is of `LITELLM`; so is any header with the params
        line "dialect: litellm".
    """
    if params.dialect != AUTO:
        return DIALECTS[params.dialect]
    matches = {
        dialect.name: _matching_columns(dialect, params, header)
        for dialect in (CALLS, FOCUS, LITELLM)
    }
    best = max(matches, key=lambda name: matches[name])
    if matches[best] < FEW_MATCHES and "cost" in params.columns:
        return TABLE
    return DIALECTS[best]


def _matching_columns(dialect: Dialect, params: Source, header: Sequence[str]) -> int:
    """How many needed columns of a dialect a header has, not counting columns the params name."""
    return sum(
        any(name in header for name in dialect.columns[column])
        for column in dialect.needed
        if column not in params.columns
    )
