"""Dialects: what each kind of source calls the columns we read, one small declaration each, and which one a header is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from finops_nb.params.model import AUTO, ColumnName, Params

NAMED: Final[tuple[ColumnName, ...]] = ("organization", "product", "feature", "customer")
"""Our columns that hold a name, or nothing."""

NEEDED: Final[tuple[ColumnName, ...]] = ("timestamp", "cost", *NAMED)
"""Our columns of a source that tells all there is to report."""

DETAIL: Final[tuple[ColumnName, ...]] = ("model",)
"""Our columns that are read only where a what-if asks for them."""

FACTS: Final[tuple[ColumnName, ...]] = (
    *(
        "calls",
        "currency",
        "charge_category",
        "charge_class",
        "charge_end",
        "billing_period",
        "billed_cost",
        "request",
    ),
    *("invoice_issuer", "invoice", "input_tokens", "output_tokens"),
)
"""Our columns that say more about a row where a source has them."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of source.

    Args:
        name: its name in `params.dialect`.
        columns: our name of a column and what the source calls it; of several names, the first that a file has.
        needed: those without which it is refused.
        counts_calls: one row is one call; else calls are what the column of that name says, or are not known.
        nothing: text that the source writes for no value.
    """

    name: str
    columns: Mapping[ColumnName, tuple[str, ...]]
    needed: tuple[ColumnName, ...]
    counts_calls: bool = False
    nothing: str = ""


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
        "input_tokens": ("input_tokens",),
        "output_tokens": ("output_tokens",),
        "currency": ("currency",),
    },
    NEEDED,
    counts_calls=True,
)
"""One row a call of a language model; its other columns are not read, be they 13 in all or 19."""

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
"""FOCUS cost and usage, 1.0 to 1.4 (https://focus.finops.org): one row a charge of a bill."""

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
)
"""LiteLLM's SpendLogs: one row a request through its proxy."""

TABLE: Final = Dialect(
    "table",
    {"timestamp": ("timestamp",), "currency": ("currency", "BillingCurrency")},
    ("timestamp", "cost"),
    counts_calls=True,
)
"""Any other table, whose columns the params name, but for those of a plain name; one row is one call unless a column says how many."""

FEW: Final = 2
"""A table whose cost the params name is of no dialect where it has fewer columns of one: `timestamp` alone says nothing."""

DIALECTS: Final = {dialect.name: dialect for dialect in (CALLS, FOCUS, LITELLM, TABLE)}


def recognise(params: Params, found: Sequence[str]) -> Dialect:
    """The dialect that the params name, or else the one of which the header has most; `TABLE` where it has next to nothing of any.

    Args:
        params: `columns` of theirs say nothing about a dialect, but that a table is described where they name its cost.
        found: the header of a file.
    """
    if params.dialect != AUTO:
        return DIALECTS[params.dialect]
    best = max((CALLS, FOCUS, LITELLM), key=lambda dialect: _own(dialect, params, found))
    return TABLE if _own(best, params, found) < FEW and "cost" in params.columns else best


def _own(dialect: Dialect, params: Params, found: Sequence[str]) -> int:
    """How many of its needed columns a header has, but for those that the params name."""
    return sum(
        any(name in found for name in dialect.columns[ours])
        for ours in dialect.needed
        if ours not in params.columns
    )
