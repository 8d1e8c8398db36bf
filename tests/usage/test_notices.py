"""Notices about rows whose tokens and cost contradict each other."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.usage_files import call, read, write_calls, write_parquet

BELOW = "{} has negative token counts; the tokens used in those rows are not known."
FREE = "{} has rows with tokens but no cost; their price may be missing."
NONE = "{} has rows with a cost but no tokens."


@pytest.fixture(params=["text", "integers", "floats"])
def notices_about(request, tmp_path):
    """The notices about some calls, in CSV and in Parquet: text, rows and money of each."""

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


def test_negative_tokens_have_a_notice(notices_about):
    """Two rows of 1.00 with either kind of token are counted; their cost stays."""
    calls = [call(input_tokens="-1"), call(output_tokens="-300"), call(input_tokens="7")]
    assert notices_about(*calls) == [(BELOW, 2, Decimal(2))]


def test_tokens_without_cost_have_a_notice(notices_about):
    """One row with tokens is free; the other free row has no tokens."""
    calls = [call(cost_usd="0"), call(cost_usd="0.000", input_tokens="0", output_tokens="")]
    assert notices_about(*calls) == [(FREE, 1, Decimal(0))]


def test_a_cost_without_tokens_has_a_notice(notices_about):
    """Rows without either kind of token are priced: 2.00 and −0.50."""
    calls = [
        call(cost_usd="2", input_tokens="0", output_tokens="0"),
        call(cost_usd="-0.5", input_tokens="", output_tokens=""),
    ]
    assert notices_about(*calls, call(output_tokens="0")) == [(NONE, 2, Decimal("1.50"))]


def test_rows_outside_of_the_period_have_no_notice(notices_about):
    """Rows outside of the period have no notice."""
    assert notices_about(call(), call(timestamp="2025-11-30", input_tokens="-1")) == []
