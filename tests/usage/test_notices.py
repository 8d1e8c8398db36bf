"""What is said of rows that were read, and whose columns contradict each other."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.usage_files import call, read, write_calls, write_parquet

BELOW = "{} has numbers of tokens below zero; no figure is made of tokens."
FREE = "{} has rows with tokens and no cost; their price may be missing."
NONE = "{} has rows with a cost and no tokens."


@pytest.fixture(params=["text", "integers", "floats"])
def said(request, tmp_path):
    """What is said of some calls, in CSV and in Parquet: text, rows and money of each notice."""

    def notices(*calls):
        kinds = {"integers": "INTEGER", "floats": "DOUBLE"}
        if request.param == "text":
            file = write_calls(tmp_path / "calls.csv", *calls)
        else:
            kind = kinds[request.param]
            file = write_parquet(
                tmp_path / "calls.parquet", calls, input_tokens=kind, output_tokens=kind
            )
        return [
            (each.text.replace(file.name, "{}"), each.rows, each.money)
            for each in read(file).notices
        ]

    return notices


def test_tokens_below_zero_are_told(said):
    """It counts two rows of 1.00, of either kind of token, and keeps their cost."""
    calls = [call(input_tokens="-1"), call(output_tokens="-300"), call(input_tokens="7")]
    assert said(*calls) == [(BELOW, 2, Decimal(2))]


def test_tokens_without_cost_are_told(said):
    """It counts one row of nothing, and not the one that had no token."""
    calls = [call(cost_usd="0"), call(cost_usd="0.000", input_tokens="0", output_tokens="")]
    assert said(*calls) == [(FREE, 1, Decimal(0))]


def test_a_cost_without_tokens_is_told(said):
    """It prices the rows without either kind of token: 2.00 and −0.50."""
    calls = [
        call(cost_usd="2", input_tokens="0", output_tokens="0"),
        call(cost_usd="-0.5", input_tokens="", output_tokens=""),
    ]
    assert said(*calls, call(output_tokens="0")) == [(NONE, 2, Decimal("1.50"))]


def test_rows_outside_of_the_period_are_left_to_their_own(said):
    """It tells of the period only."""
    assert said(call(), call(timestamp="2025-11-30", input_tokens="-1")) == []
