"""The compared period: as many whole months, before the report's own."""

from __future__ import annotations

import pytest

from finops_nb.errors import Refusal
from finops_nb.params.model import make_params


@pytest.mark.parametrize(
    ("period", "compare"),
    [
        ("2025-12", "2024-12"),
        ("2025-12", "2025-11"),
        ("2025-Q4", "2024-Q4"),
        ("2025", "2024"),
        ("2025-Q4", "2024-07-01/2024-10-01"),
    ],
)
def test_it_may_be_any_earlier_period_as_long(period, compare):
    """However it is written."""
    params = make_params({"period": period, "usage": "sample:", "compare": compare})
    assert params.compare == compare


@pytest.mark.parametrize(
    ("period", "compare", "message"),
    [
        ("2025-12", "2025-Q3", 'not as long as the period, which has 1 month (found "2025-Q3")'),
        ("2025-Q4", "2024-12", 'Write a period of 3 months, such as "2025-Q3"'),
        ("2025-12", "2026-01", "it does not end before December 2025 starts"),
        ("2025-Q4", "2025-09-01/2025-12-01", "it does not end before Q4 2025 starts"),
        ("2025-12", "2025-10-15/2025-11-15", "not as long as the period, which has 1 month"),
        (
            "2025-12-05/2026-01-05",
            "2024-12",
            "is not made of whole months, so it can't be compared",
        ),
        ("2025-12", "last year", "not a period"),
    ],
)
def test_anything_else_is_refused_with_a_period_to_write(period, compare, message):
    """The message names the key."""
    with pytest.raises(Refusal) as refused:
        make_params({"period": period, "usage": "sample:", "compare": compare})
    assert message in str(refused.value)
    assert [problem.column for problem in refused.value.problems] == ["compare"]


def test_the_period_that_a_refusal_names_is_accepted():
    """As its text says, literally."""
    with pytest.raises(Refusal) as refused:
        make_params({"period": "2025-Q1", "usage": "sample:", "compare": "2024"})
    named = str(refused.value).split('such as "')[1].split('"')[0]
    made = make_params({"period": "2025-Q1", "usage": "sample:", "compare": named})
    assert made.compare == "2024-Q4"
