"""Dialects: declared with known column names only, and recognized from a header."""

from __future__ import annotations

import pytest

from finops_nb.params.column_names import COLUMNS
from finops_nb.params.model import make_params
from finops_nb.params.sources import AUTO, DIALECTS
from finops_nb.usage.sources import dialects
from finops_nb.usage.sources.dialects import recognize

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
    return make_params({"period": "2025-12", "usage": "u.csv"} | keys).each_source[0]


def test_every_dialect_of_the_params_is_declared_with_columns_the_params_know():
    """Each needs a time and a cost, and has a name for every column it needs.

    Only the columns of a `TABLE` are named by the params.
    """
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
def test_the_dialect_with_the_most_columns_wins(header, name):
    """A header of no dialect counts as a log of calls; the refusal lists what is missing."""
    assert recognize(params(), header).name == name


def test_a_table_is_what_the_params_describe():
    """A file is a table if the params name its cost and its header is of no dialect."""
    assert (
        recognize(
            params(columns={"cost": "amount", "timestamp": "date"}), ["date", "amount", "team"]
        ).name
        == "table"
    )
    assert recognize(params(columns={"cost": "BilledCost"}), FOCUS).name == "focus"


def test_the_dialect_in_the_params_wins():
    """The dialect in the params wins, whatever the header."""
    assert recognize(params(dialect="table"), CALLS).name == "table"
