"""The tables on the data: kinds of charge, invoices, unmapped keys, confusable names."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from support.made_usage import SIX, data_of, usage_of
from support.published import text_of

from finops_nb.findings.overview import warnings
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.params.budgets import read_budgets
from finops_nb.params.invoices import reconcile
from finops_nb.params.model import make_params
from finops_nb.report import data_tables
from finops_nb.report.prose import heading
from finops_nb.report.provenance import stamps, title

AWS = [{"issuer": "AWS", "number": "INV-1", "amount": "10.00"}]


def test_kinds_of_charge_add_up_to_the_cost(six, params):
    """12.00 of usage − a credit of 2.00 = 10.00; usage that is not a bill has no such table."""
    assert data_tables.charges_by_kind(data_of(usage=six, params=params())).is_empty
    usage = replace(six, charges=(("Usage", 5, Decimal(12)), ("Credit", 1, Decimal(-2))))
    table = data_tables.charges_by_kind(data_of(usage=usage, params=params()))
    assert [line["charge"] for line in table.records()] == ["Usage", "Credit"]
    assert table.rows(table.printed[0])[-1].cells[-1].text == "$10.00"


def test_what_is_not_from_a_bill_is_a_line_of_its_own(six, params):
    """12.00 of usage on the bill, and 10.00 in all: another source has the -2.00 of one row."""
    usage = replace(six, charges=(("Usage", 5, Decimal(12)),))
    table = data_tables.charges_by_kind(data_of(usage=usage, params=params()))
    assert table.records() == [
        {"charge": "Usage", "rows": 5, "cost": "12"},
        {"charge": "Not from a bill", "rows": 1, "cost": "-2"},
    ]


def test_unmapped_keys_have_their_share(six, params):
    """2.00 of 10.00 is 0.2."""
    usage = replace(six, unmapped=(("team-9", 1, Decimal(2)),), rows_unallocated=1)
    assert data_tables.unallocated_by_key(data_of(usage=usage, params=params())).records() == [
        {"key": "team-9", "rows": 1, "cost": "2", "share": "0.2"}
    ]


def test_rows_without_a_key_are_a_line(six, params):
    """Three unallocated rows cost 2.00: one row with a key 1.50, and two without a key 0.50."""
    usage = replace(six, unmapped=(("team-9", 1, Decimal("1.5")),), rows_unallocated=3)
    last = data_tables.unallocated_by_key(data_of(usage=usage, params=params())).records()[-1]
    assert last == {"key": "no key", "rows": 2, "cost": "0.5", "share": "0.05"}


def test_an_invoice_that_differs_is_stamped_and_warned_about(six, params):
    """10.00 is stated and 9.99 billed: the report says so in its title and its warnings."""
    made = params(invoices=AWS)
    usage = replace(
        six, reconciliation=reconcile(made.invoices, {("AWS", "INV-1"): Decimal("9.99")})
    )
    assert data_tables.invoices(data_of(usage=usage, params=made)).records() == [
        {"invoice": "AWS INV-1", "stated": "10", "billed": "9.99", "difference": "0.01"}
    ]
    manifest = Manifest(Kind.OFFICIAL, "2025-12")
    assert [stamp for stamp, _ in stamps(data_of(usage=usage, params=made, manifest=manifest))] == [
        "NOT RECONCILED"
    ]
    assert title(data_of(usage=usage, params=made, manifest=manifest)).endswith(" · NOT RECONCILED")
    assert (
        "NOT RECONCILED: Invoice amounts differ from the usage data (invoice − usage): "
        "AWS INV-1 +$0.01."
    ) in warnings(data_of(usage=usage, budgets=read_budgets(made), params=made))


def test_an_issuer_in_a_stamp_reorders_no_text(six, params):
    """A control character that turns text around is a mark in the stamp's meaning, too."""
    usage = replace(six, reconciliation=reconcile((), {("AW\u202eS", "1"): Decimal(1)}))
    manifest = Manifest(Kind.OFFICIAL, "2025-12")
    text = text_of(heading(data_of(usage=usage, params=params(), manifest=manifest)))
    assert "AW\N{REPLACEMENT CHARACTER}S 1 -$1.00" in text


def test_an_invoice_that_agrees_has_a_line_and_no_stamp(six, params):
    """Usage has fractions of a cent, invoices have cents: 0.004 is no difference."""
    made = params(invoices=AWS)
    usage = replace(
        six, reconciliation=reconcile(made.invoices, {("AWS", "INV-1"): Decimal("9.996")})
    )
    assert (
        stamps(data_of(usage=usage, params=made, manifest=Manifest(Kind.OFFICIAL, "2025-12"))) == ()
    )
    assert not data_tables.invoices(data_of(usage=usage, params=made)).is_empty


def test_confusable_names_are_listed_with_their_cost(params):
    """They are not merged; their cost is 1.00 + 2.00."""
    usage = usage_of(
        [("org-a", "chat", "ask", "c", "1.00"), ("Org-A", "chat", "ask", "c", "2.00"), SIX[3]]
    )
    costs = {
        line["item"]: line["cost"]
        for line in data_tables.data_quality(
            data_of(usage=usage, budgets=read_budgets(params()), params=params())
        ).records()
    }
    item = 'Organizations that look the same but are counted separately: "Org-A", "org-a"'
    assert costs[item] == "3"


def test_the_notebook_may_have_invoices_too():
    """Amounts are exact decimals."""
    assert make_params({"period": "2025-12", "usage": "u.csv", "invoices": AWS}).invoices[
        0
    ].amount == Decimal("10.00")
