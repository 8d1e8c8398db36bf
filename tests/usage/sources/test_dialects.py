"""Dialects: declared with our names only, and recognised from a header."""

from __future__ import annotations

import pytest

from finops_nb.params.model import AUTO, COLUMNS, DIALECTS, make_params
from finops_nb.usage.sources import dialects
from finops_nb.usage.sources.dialects import recognise

CALLS = [
    "timestamp",
    "provider",
    "model",
    "cost_usd",
    "customer_id",
    "organization_id",
    "product_id",
    "feature_id",
]
MORE = [
    "customer_archetype",
    "tier_price_usd",
    "region",
    "total_tokens",
    "status",
    "error_type",
    "metadata",
]
FOCUS = [
    "BilledCost",
    "BillingCurrency",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargePeriodStart",
    "EffectiveCost",
    "ServiceName",
]
LITELLM = [
    "request_id",
    "call_type",
    "spend",
    "startTime",
    "model",
    "team_id",
    "organization_id",
    "end_user",
]


def params(**keys):
    return make_params({"period": "2025-12", "usage": "u.csv"} | keys)


def test_every_dialect_of_the_params_is_declared_with_columns_the_params_know():
    """It needs a time and a cost at least, and has a name for all it needs, but for the table that the params describe."""
    assert (AUTO, *dialects.DIALECTS) == DIALECTS
    for dialect in dialects.DIALECTS.values():
        assert {"timestamp", "cost"} <= set(dialect.needed) <= set(COLUMNS)
        assert set(dialect.columns) <= set(COLUMNS)
        assert dialect is dialects.TABLE or set(dialect.needed) <= set(dialect.columns)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (CALLS, "calls"),
        (CALLS + MORE, "calls"),
        (FOCUS, "focus"),
        (LITELLM, "litellm"),
        (["date", "amount"], "calls"),
        ([], "calls"),
    ],
)
def test_a_header_is_of_the_dialect_of_which_it_has_most(header, name):
    """One of no dialect is refused as a log of calls, which says what is missing."""
    assert recognise(params(), header).name == name


def test_a_table_is_what_the_params_describe():
    """It takes the file for one where they name its cost, and its header is of no dialect."""
    assert (
        recognise(
            params(columns={"cost": "amount", "timestamp": "date"}), ["date", "amount", "team"]
        ).name
        == "table"
    )
    assert recognise(params(columns={"cost": "BilledCost"}), FOCUS).name == "focus"


def test_the_params_have_the_last_word():
    """It takes the dialect that they name, whatever the header."""
    assert recognise(params(dialect="table"), CALLS).name == "table"
