"""Invoices: stated in the params, compared with what the usage billed, exactly and one by one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from finops_nb.errors import Refusal
from finops_nb.params.invoices import Invoice, Invoices, ReconciledInvoice, reconcile
from finops_nb.params.validation import validated, validated_document
from finops_nb.params.yaml_file import read_document

CENT = Decimal("0.01")


class Month(BaseModel):
    """Params with this key alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    invoices: Invoices = Field(
        default=(), description="a list of {issuer: AWS, number: A-1, amount: 8123.45}"
    )


def stated(*invoices: tuple[str, str, str]) -> tuple[Invoice, ...]:
    """Invoices of issuer, number and amount."""
    return validated(
        Month,
        {
            "invoices": [
                dict(zip(("issuer", "number", "amount"), each, strict=True)) for each in invoices
            ]
        },
    ).invoices


@pytest.fixture
def refusal_of(tmp_path):
    """What is said of a params file."""

    def refusal_of(text: str) -> list[str]:
        path = tmp_path / "m.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(Refusal) as refused:
            validated_document(Month, read_document(path, "m.yaml"), "m.yaml")
        return [str(problem) for problem in refused.value.problems]

    return refusal_of


def test_it_reads_invoices_exactly(tmp_path):
    """A number is text with its zeros, an amount keeps its decimals and may be below zero, and the number may be left out."""
    path = tmp_path / "m.yaml"
    path.write_text(
        "invoices:\n- {issuer: AWS, number: 0042, amount: 0.10}\n- issuer: Azure\n  amount: -5.005\n",
        encoding="utf-8",
    )

    one, other = validated_document(Month, read_document(path, "m.yaml"), "m.yaml").invoices

    assert (one.issuer, one.number, str(one.amount)) == ("AWS", "0042", "0.10")
    assert (other.issuer, other.number, str(other.amount)) == ("Azure", "", "-5.005")


def test_it_goes_through_a_notebooks_parameters_unchanged():
    """As JSON and back: an amount is text in it, never a float."""
    month = Month(invoices=stated(("AWS", "A-1", "0.1"), ("Azure", "", "10.000000000001")))
    parameters = month.model_dump(mode="json")

    assert parameters == {
        "invoices": [
            {"issuer": "AWS", "number": "A-1", "amount": "0.1"},
            {"issuer": "Azure", "number": "", "amount": "10.000000000001"},
        ]
    }
    assert validated(Month, parameters) == month


def test_every_fault_is_told_with_its_line_and_key(refusal_of):
    """An unknown key with the one that was meant, a missing one, an amount that is none, a number that is nothing."""
    text = "invoices:\n- {issuer: AWS, amont: 5, amount: 5}\n- {number: A-1, amount: 5k}\n- issuer: ' '\n  number:\n  amount: 1\n"

    assert refusal_of(text) == [
        'm.yaml, line 2, invoices.0.amont: an unknown key. Did you mean "amount"?',
        "m.yaml, line 3, invoices.1.issuer: the key is missing. Write issuer: who issued it, as the usage calls it.",
        'm.yaml, line 3, invoices.1.amount: not a plain amount (found "5k"). Write digits and a decimal point only, such as 5000 or '
        "5000.50, without thousands separator, currency sign, unit or exponent.",
        'm.yaml, line 4, invoices.2.issuer: not text (found " "). Write text in quotes.',
        'm.yaml, line 5, invoices.2.number: not text (found "nothing"). Write text in quotes.',
    ]


@pytest.mark.parametrize("value", ["5", "AWS", "{issuer: AWS, amount: 5}"])
def test_it_is_a_list(refusal_of, value):
    """One invoice is a list of one; the refusal shows how it is written."""
    (said,) = refusal_of(f"invoices: {value}\n")

    assert said.startswith("m.yaml, line 1, invoices: not what this key holds")
    assert said.endswith("Write a list of {issuer: AWS, number: A-1, amount: 8123.45}.")


def test_an_invoice_is_stated_once_and_an_issuer_in_one_way(refusal_of):
    """Both are told at once: otherwise an amount would be compared with charges that another one counts already."""
    text = "invoices:\n- {issuer: A, number: N, amount: 1}\n- {issuer: A, number: N, amount: 1}\n- {issuer: B, number: M, amount: 1}\n"
    text += "- {issuer: B, amount: 1}\n"

    assert refusal_of(text) == [
        "m.yaml, line 1, invoices: invoices.1 is stated already, as invoices.0, invoices.2 has a number, and invoices.3 of the same issuer "
        "has none. State an invoice once, and of one issuer either each with its number or one amount for all."
    ]


@pytest.mark.parametrize(
    "two",
    [
        (("A", "N", "1"), ("A", "M", "1")),
        (("A", "N", "1"), ("B", "N", "1")),
        (("A", "", "1"), ("B", "", "1")),
        (("A", "", "1"), ("B", "N", "1")),
    ],
)
def test_another_number_or_issuer_is_another_invoice(two):
    """The same number of two issuers is two invoices."""
    assert len(stated(*two)) == 2


issuers = st.sampled_from(["A", "B", "C"])
billings = st.dictionaries(
    st.tuples(issuers, st.sampled_from(["", "1", "2"])),
    st.decimals(-1000, 1000, places=12),
    max_size=9,
)
statements = st.dictionaries(
    issuers,
    st.one_of(
        st.decimals(-1000, 1000, places=2).map(lambda amount: {"": amount}),
        st.dictionaries(st.sampled_from(["1", "2"]), st.decimals(-1000, 1000, places=2)),
    ),
).map(
    lambda of: tuple(
        Invoice(issuer=issuer, number=number, amount=amount)
        for issuer in of
        for number, amount in of[issuer].items()
    )
)


@given(statements, billings)
def test_nothing_is_lost_and_nothing_counted_twice(invoices, billed):
    """The differences add up to what is stated less what is billed, over all of them and over those that matched."""
    found = reconcile(invoices, billed)

    stated_total = sum((each.amount for each in invoices), Decimal(0))
    assert (
        sum((each.stated for each in found.invoices if each.stated is not None), Decimal(0))
        == stated_total
    )
    assert sum(
        (each.billed for each in found.invoices if each.billed is not None), Decimal(0)
    ) == sum(billed.values(), Decimal(0))
    assert found.difference == stated_total - sum(billed.values(), Decimal(0))
    assert sum(each.difference for each in found.matched) == sum(
        each.stated for each in found.matched
    ) - sum(each.billed for each in found.matched)
    assert sorted(map(repr, (*found.matched, *found.not_billed, *found.not_stated))) == sorted(
        map(repr, found.invoices)
    )


@given(statements, billings, st.randoms())
def test_the_order_of_the_usage_changes_nothing(invoices, billed, random):
    """What is stated keeps its order, what only the usage has is sorted."""
    shuffled = list(billed.items())
    random.shuffle(shuffled)

    assert reconcile(invoices, dict(shuffled)) == reconcile(invoices, billed)


@given(statements)
def test_what_is_billed_as_stated_is_reconciled_until_a_cent_is_missing(invoices):
    """One cent, of any one invoice."""
    billed = {(each.issuer, each.number): each.amount for each in invoices}
    assert reconcile(invoices, billed).reconciled

    for number in billed:
        found = reconcile(invoices, billed | {number: billed[number] - CENT})
        assert not found.reconciled
        assert [(each.issuer, each.number, each.difference) for each in found.differing] == [
            (*number, CENT)
        ]


@pytest.mark.parametrize(
    ("billed", "difference", "reconciled"),
    [
        ("100.00", "0.00", True),
        ("100.0049999", "-0.0049999", True),
        ("99.9950000001", "0.0049999999", True),
        ("100.005", "-0.005", False),
        ("99.995", "0.005", False),
        ("99.99", "0.01", False),
    ],
)
def test_half_a_cent_is_a_difference_and_less_is_none(billed, difference, reconciled):
    """Of 100.00 stated; the difference itself is not rounded."""
    found = reconcile(stated(("AWS", "A-1", "100.00")), {("AWS", "A-1"): Decimal(billed)})

    assert found.invoices == (ReconciledInvoice("AWS", "A-1", Decimal("100.00"), Decimal(billed)),)
    assert found.invoices[0].difference == Decimal(difference)
    assert found.reconciled is reconciled


@pytest.mark.parametrize(("decimals", "reconciled"), [(0, True), (2, False), (3, False)])
def test_the_smallest_unit_is_the_currencys(decimals, reconciled):
    """0.49 of a yen is less than half of one; it is 49 cents, and 490 fils."""
    assert (
        reconcile(stated(("A", "1", "500")), {("A", "1"): Decimal("500.49")}, decimals).reconciled
        is reconciled
    )


def test_differences_do_not_offset_each_other():
    """A cent too much in one and a cent too little in another: 0.01 - 0.01 = 0, and neither is reconciled."""
    found = reconcile(
        stated(("A", "1", "10.00"), ("A", "2", "20.00")),
        {("A", "1"): Decimal("9.99"), ("A", "2"): Decimal("20.01")},
    )

    assert (found.difference, len(found.differing), found.reconciled) == (Decimal(0), 2, False)


def test_an_issuer_without_number_is_compared_with_all_its_invoices():
    """310.00 against 200.00 + 100.00 + 9.50 without a number: 0.50 are missing. Another issuer's are its own."""
    billed = {
        ("A", "1"): Decimal("200.00"),
        ("A", "2"): Decimal("100.00"),
        ("A", ""): Decimal("9.50"),
        ("B", "1"): Decimal("7.00"),
    }
    found = reconcile(stated(("A", "", "310.00"), ("B", "1", "7.00")), billed)

    assert found.invoices == (
        ReconciledInvoice("A", "", Decimal("310.00"), Decimal("309.50")),
        ReconciledInvoice("B", "1", Decimal("7.00"), Decimal("7.00")),
    )
    assert [each.difference for each in found.invoices] == [Decimal("0.50"), Decimal(0)]


def test_what_is_missing_on_a_side_differs_by_all_of_it():
    """B-9 is stated and not in the usage; A's charges without a number are in the usage and on no invoice."""
    found = reconcile(
        stated(("B", "B-9", "40.00"), ("A", "A-1", "10.00")),
        {("A", "A-1"): Decimal(10), ("A", ""): Decimal("2.50")},
    )

    assert [(each.issuer, each.number, each.difference) for each in found.invoices] == [
        ("B", "B-9", Decimal("40.00")),
        ("A", "A-1", Decimal("0.00")),
        ("A", "", Decimal("-2.50")),
    ]
    assert (
        [each.number for each in found.not_billed],
        [each.number for each in found.not_stated],
    ) == (["B-9"], [""])
    assert not found.reconciled


def test_charges_of_nothing_need_no_invoice():
    """Free usage without a number is no difference."""
    assert reconcile(
        stated(("A", "1", "10.00")), {("A", "1"): Decimal(10), ("A", ""): Decimal(0)}
    ).reconciled
