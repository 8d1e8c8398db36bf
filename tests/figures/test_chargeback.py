"""Chargeback: what each name is charged, and a ledger in whole cents that adds up both ways."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.made_usage import data_of

from finops_nb.figures.allocation import allocate, allocate_within
from finops_nb.figures.budget_status import Status
from finops_nb.figures.chargeback import charges, cross_usage, ledger, ledger_csv, ledger_of
from finops_nb.figures.crossings import budget_alerts
from finops_nb.figures.variance import budget_variance
from finops_nb.money import rounded, total
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.params.budgets import read_budgets
from finops_nb.schema import UNALLOCATED

CENT = Decimal("0.01")
NO_ALERTS = pd.DataFrame(
    [], columns=["dimension", "name", "budget", "threshold", "day"], dtype=object
)

calls = st.lists(
    st.tuples(
        st.sampled_from(["", "a", "b", "c"]),
        st.sampled_from(["", "x", "y"]),
        st.just("f"),
        st.just("c"),
        st.decimals(-9, 9, places=4).map(str),
    ),
    min_size=1,
    max_size=15,
)
THIRDS = [
    ("a", "x", "f", "c", "0.003333"),
    ("b", "x", "f", "c", "0.003333"),
    ("c", "x", "f", "c", "0.003334"),
]
"""0.01 in all, and less than half a cent each."""


def rows(frame) -> list[tuple]:
    return list(frame.itertuples(index=False, name=None))


def variance_of(usage, by, **budgets):
    return budget_variance(
        allocate(usage, by),
        {name: Decimal(budget) for name, budget in budgets.items()},
        Decimal("0.8"),
        True,
        "USD",
    )


def test_it_books_a_line_for_each_pair(six):
    """Sorted by name, cost without an organization last; whole cents need no rounding."""
    assert rows(ledger(six, "USD")) == [
        ("org-a", "chat", Decimal("4.00")),
        ("org-a", "search", Decimal("2.00")),
        ("org-b", "chat", Decimal("0.50")),
        ("org-b", "search", Decimal("1.50")),
        (UNALLOCATED, "chat", Decimal("2.00")),
    ]


def test_it_books_a_line_at_zero_too(usage_of):
    """A pair with usage is in the ledger, even if its cent went to another."""
    book = ledger(usage_of(THIRDS), "USD")

    assert len(book) == 3
    assert total(book["amount"]) == CENT
    assert sorted(map(str, book["amount"])) == ["0.00", "0.00", "0.01"]


@pytest.mark.parametrize(("currency", "amount"), [("USD", "1.23"), ("JPY", "1"), ("KWD", "1.235")])
def test_it_books_in_the_minor_unit(usage_of, currency, amount):
    """Cents, whole yen, thousandths of a dinar."""
    assert str(ledger(usage_of([("a", "x", "f", "c", "1.2345")]), currency)["amount"][0]) == amount


@given(calls)
def test_it_adds_up_both_ways_and_to_the_printed_total(usage_of, calls):
    """By organization and by product within a cent of exact; in total what the report prints."""
    usage = usage_of(calls)
    book = ledger(usage, "USD")

    assert total(book["amount"]) == rounded(usage.cost, 2)
    pairs = list(zip(book["organization"], book["product"], strict=True))
    assert len(pairs) == len(set(pairs))
    for by in ("organization", "product"):
        exact = allocate(usage, by).set_index(by)["cost"]
        booked = book.groupby(by)["amount"].agg(total)
        assert set(booked.index) == set(exact.index)
        assert total(booked) == total(book["amount"])
        assert all(abs(booked[name] - exact[name]) < CENT for name in exact.index)


def test_it_charges_each_organization_beside_its_budget(six):
    """The exact charge, the booked amount, and where it stands against the budget; by name."""
    frame = charges(
        variance_of(six, "organization", **{"org-b": "1", "org-a": "8"}),
        ledger(six, "USD"),
        NO_ALERTS,
    )

    assert rows(frame) == [
        (
            "org-a",
            Decimal("6.00"),
            Decimal("6.00"),
            Decimal(8),
            Decimal("-2.00"),
            Decimal("-0.25"),
            Status.UNDER,
            None,
            None,
        ),
        (
            "org-b",
            Decimal("2.00"),
            Decimal("2.00"),
            Decimal(1),
            Decimal("1.00"),
            Decimal("1.00"),
            Status.OVER,
            None,
            None,
        ),
        (
            UNALLOCATED,
            Decimal("2.00"),
            Decimal("2.00"),
            None,
            Decimal("2.00"),
            None,
            Status.NO_BUDGET,
            None,
            None,
        ),
    ]
    columns = [
        "organization",
        "charge",
        "booked",
        "budget",
        "variance",
        "variance_ratio",
        "status",
        "crossed",
        "crossed_on",
    ]
    assert list(frame.columns) == columns


def test_it_has_the_highest_threshold_that_was_reached(six, params):
    """6.00 of 8 is 75%: above 50%; 2.00 of 1 is above 100%; without a budget there is none."""
    budgets = read_budgets(params(organization_budgets={"org-a": "8", "org-b": "1"}))
    alerts = budget_alerts(data_of(usage=six, budgets=budgets, params=params()))
    frame = charges(variance_of(six, "organization", **{"org-b": "1", "org-a": "8"}), None, alerts)

    assert list(frame["crossed"]) == [Decimal("0.5"), Decimal("1.0"), None]
    assert list(frame["crossed_on"]) == [date(2025, 12, 31), date(2025, 12, 31), None]


def test_the_booked_amount_is_the_sum_of_the_ledger_lines(usage_of):
    """The charge stays exact, by organization and by product."""
    usage = usage_of(THIRDS)
    book = ledger(usage, "USD")

    assert total(charges(variance_of(usage, "organization"), book, NO_ALERTS)["booked"]) == CENT
    assert rows(charges(variance_of(usage, "product"), book, NO_ALERTS))[0][:3] == (
        "x",
        Decimal("0.010000"),
        CENT,
    )


def test_it_books_nothing_for_a_budget_without_usage(six):
    """A name with only a budget is charged 0 and booked 0."""
    frame = charges(
        variance_of(six, "organization", idle="5"), ledger(six, "USD"), NO_ALERTS
    ).set_index("organization")

    assert (frame.at["idle", "charge"], frame.at["idle", "booked"]) == (0, 0)


def test_it_books_nothing_without_a_ledger(six):
    """A report of another kind has charges but no booked amounts."""
    assert list(charges(variance_of(six, "product"), None, NO_ALERTS)["booked"]) == [None, None]
    assert set(cross_usage(allocate_within(six, "organization", "product"), None)["booked"]) == {
        None
    }


def test_it_lists_what_an_organization_is_charged_for_each_product(six):
    """In the order of the breakdown, with the ledger's line beside each."""
    breakdown = allocate_within(six, "organization", "product")
    book = ledger(six, "USD")
    frame = cross_usage(breakdown, book)

    assert list(frame.columns) == ["organization", "product", "charge", "booked"]
    assert rows(frame[["organization", "product"]]) == rows(breakdown[["organization", "product"]])
    assert list(frame["charge"]) == list(breakdown["cost"])
    assert sorted(rows(frame[["organization", "product", "booked"]])) == sorted(rows(book))


@pytest.mark.parametrize(
    ("kind", "period", "books"),
    [
        (Kind.OFFICIAL, "2025-12", True),
        (Kind.DRAFT, "2025-12", True),
        (Kind.DRAFT, "2025-Q4", False),
        (Kind.DRAFT, "2025-12-01/2026-01-01", False),
        (Kind.ANALYSIS, "2025-12", False),
        (Kind.SCENARIO, "2025-12", False),
    ],
)
def test_it_has_a_ledger_where_one_may_be_booked(usage_of, kind, period, books):
    """Official reports have one, and drafts of a month show what it would be; others have none."""
    usage = usage_of([("a", "x", "f", "c", "1")], period)
    book = ledger_of(data_of(usage=usage, manifest=Manifest(kind=kind)))

    assert (book is not None) is books


@pytest.mark.parametrize("name", ["a\r=1+1", "a\nb", "a\r\nb", 'a "b", c'])
def test_a_name_does_not_tear_the_ledger(six, name):
    """Also not one with a lone carriage return, which Python 3.11's writer would leave bare."""
    book = pd.DataFrame(
        [(name, "p", Decimal("1.50"))], columns=["organization", "product", "amount"]
    )
    text = ledger_csv(data_of(usage=six), book)
    period = "2025-12-01,2026-01-01"
    quoted = name.replace('"', '""')

    assert text.partition("\n")[2] == f'{period},"{quoted}",p,1.50,USD\n'
    assert [row[2:4] for row in csv.reader(io.StringIO(text, newline=""))][1:] == [[name, "p"]]
