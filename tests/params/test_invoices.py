"""Invoices: stated in the params, and compared with the usage one by one and exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from finops_nb.errors import Refusal
from finops_nb.money import total
from finops_nb.params.invoices import Invoice, Invoices, ReconciledInvoice, reconcile
from finops_nb.params.validation import validated, validated_document
from finops_nb.params.yaml_file import read_document

CENT = Decimal("0.01")


class Month(BaseModel):
    """Params that have this key only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    invoices: Invoices = Field(
        default=(), description="a list of {issuer: AWS, number: A-1, amount: 8123.45}"
    )


def stated(*invoices: tuple[str, str, str]) -> tuple[Invoice, ...]:
    """Invoices of issuer, number and amount."""
    keys = ("issuer", "number", "amount")
    values = [dict(zip(keys, each, strict=True)) for each in invoices]
    return validated(Month, {"invoices": values}).invoices


@pytest.fixture
def refusal_of(tmp_path):
    """The problems of a params file, as text."""

    def refusal_of(text: str) -> list[str]:
        path = tmp_path / "m.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(Refusal) as refused:
            validated_document(Month, read_document(path, "m.yaml"), "m.yaml")
        return [str(problem) for problem in refused.value.problems]

    return refusal_of


def test_it_reads_invoices_exactly(tmp_path):
    """A number keeps its zeros and may be missing; an amount keeps its decimals and sign."""
    path = tmp_path / "m.yaml"
    path.write_text(
        "invoices:\n- {issuer: AWS, number: 0042, amount: 0.10}\n"
        "- issuer: Azure\n  amount: -5.005\n",
        encoding="utf-8",
    )

    one, other = validated_document(Month, read_document(path, "m.yaml"), "m.yaml").invoices

    assert (one.issuer, one.number, str(one.amount)) == ("AWS", "0042", "0.10")
    assert (other.issuer, other.number, str(other.amount)) == ("Azure", "", "-5.005")


def test_it_passes_through_a_notebooks_parameters_unchanged():
    """In JSON an amount is text, never a float."""
    month = Month(invoices=stated(("AWS", "A-1", "0.1"), ("Azure", "", "10.000000000001")))
    parameters = month.model_dump(mode="json")

    assert parameters == {
        "invoices": [
            {"issuer": "AWS", "number": "A-1", "amount": "0.1"},
            {"issuer": "Azure", "number": "", "amount": "10.000000000001"},
        ]
    }
    assert validated(Month, parameters) == month


def test_every_problem_has_its_line_and_key(refusal_of):
    """Keys that are unknown or missing, bad amounts and an empty number are reported."""
    text = (
        "invoices:\n- {issuer: AWS, amont: 5, amount: 5}\n- {number: A-1, amount: 5k}\n"
        "- issuer: ' '\n  number:\n  amount: 1\n"
    )

    assert refusal_of(text) == [
        'm.yaml, line 2, invoices, item 1, amont: an unknown key. Did you mean "amount"?',
        "m.yaml, line 3, invoices, item 2, issuer: the key is missing. "
        "Add it: who issued the invoice, as named in the usage.",
        'm.yaml, line 3, invoices, item 2, amount: not a plain amount (found "5k"). Write digits '
        "and a decimal point only, such as 5000 or 5000.50, without thousands separator, currency "
        "sign, unit or exponent.",
        'm.yaml, line 4, invoices, item 3, issuer: not text (found " "). Write text in quotes.',
        "m.yaml, line 5, invoices, item 3, number: no value. Write text in quotes.",
    ]


@pytest.mark.parametrize("value", ["5", "AWS", "{issuer: AWS, amount: 5}"])
def test_it_is_a_list(refusal_of, value):
    """A single invoice is a list of one; the message shows how to write it."""
    (problem,) = refusal_of(f"invoices: {value}\n")

    assert problem.startswith("m.yaml, line 1, invoices: not a list")
    assert problem.endswith("Write a list of {issuer: AWS, number: A-1, amount: 8123.45}.")


def test_an_invoice_is_stated_once_and_an_issuer_in_one_way(refusal_of):
    """Both are reported together; otherwise a charge would count for two invoices."""
    text = (
        "invoices:\n- {issuer: A, number: N, amount: 1}\n- {issuer: A, number: N, amount: 1}\n"
        "- {issuer: B, number: M, amount: 1}\n- {issuer: B, amount: 1}\n"
    )

    assert refusal_of(text) == [
        "m.yaml, line 1, invoices: item 2 is the same invoice as item 1, item 3 has a "
        "number, and item 4 of the same issuer has none. List each invoice once. For one "
        "issuer, list either every invoice with its number, or one amount for all of them."
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
    """One number from two issuers is two invoices."""
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
    """The differences add up to stated less billed, over all and over the matched ones."""
    result = reconcile(invoices, billed)
    all_stated, all_billed = total(each.amount for each in invoices), total(billed.values())

    assert total(each.stated for each in result.invoices if each.stated is not None) == all_stated
    assert total(each.billed for each in result.invoices if each.billed is not None) == all_billed
    assert result.difference == all_stated - all_billed
    both = result.matched
    assert total(each.difference for each in both) == (
        total(each.stated for each in both) - total(each.billed for each in both)
    )
    one_sided = [each for each in result.invoices if None in (each.stated, each.billed)]
    assert sorted(map(repr, (*both, *one_sided))) == sorted(map(repr, result.invoices))
    assert all((each.stated, each.billed) != (None, None) for each in one_sided)


@given(statements, billings, st.randoms())
def test_the_order_of_the_usage_changes_nothing(invoices, billed, random):
    """Stated invoices keep their order, and those only in the usage are sorted."""
    shuffled = list(billed.items())
    random.shuffle(shuffled)

    assert reconcile(invoices, dict(shuffled)) == reconcile(invoices, billed)


@given(statements)
def test_what_is_billed_as_stated_is_reconciled_until_a_cent_is_missing(invoices):
    """One cent of any one invoice is enough."""
    billed = {(each.issuer, each.number): each.amount for each in invoices}
    assert reconcile(invoices, billed).reconciled

    for number in billed:
        result = reconcile(invoices, billed | {number: billed[number] - CENT})
        assert not result.reconciled
        assert [(each.issuer, each.number, each.difference) for each in result.differing] == [
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
def test_half_a_cent_is_a_difference_and_less_is_not(billed, difference, reconciled):
    """Of 100.00 stated, half a cent counts; the difference itself is not rounded."""
    result = reconcile(stated(("AWS", "A-1", "100.00")), {("AWS", "A-1"): Decimal(billed)})

    assert result.invoices == (ReconciledInvoice("AWS", "A-1", Decimal("100.00"), Decimal(billed)),)
    assert result.invoices[0].difference == Decimal(difference)
    assert result.reconciled is reconciled


@pytest.mark.parametrize(("decimals", "reconciled"), [(0, True), (2, False), (3, False)])
def test_the_smallest_unit_is_the_currencys(decimals, reconciled):
    """0.49 is less than half a yen, and is 49 cents or 490 fils."""
    result = reconcile(stated(("A", "1", "500")), {("A", "1"): Decimal("500.49")}, decimals)
    assert result.reconciled is reconciled


def test_differences_do_not_offset_each_other():
    """A cent too much and a cent too little add up to 0, and neither is reconciled."""
    result = reconcile(
        stated(("A", "1", "10.00"), ("A", "2", "20.00")),
        {("A", "1"): Decimal("9.99"), ("A", "2"): Decimal("20.01")},
    )

    assert (result.difference, len(result.differing), result.reconciled) == (Decimal(0), 2, False)


def test_an_issuer_without_number_is_compared_with_all_its_invoices():
    """310.00 less 200.00, 100.00 and 9.50 leaves 0.50; another issuer is apart."""
    billed = {
        ("A", "1"): Decimal("200.00"),
        ("A", "2"): Decimal("100.00"),
        ("A", ""): Decimal("9.50"),
        ("B", "1"): Decimal("7.00"),
    }
    result = reconcile(stated(("A", "", "310.00"), ("B", "1", "7.00")), billed)

    assert result.invoices == (
        ReconciledInvoice("A", "", Decimal("310.00"), Decimal("309.50")),
        ReconciledInvoice("B", "1", Decimal("7.00"), Decimal("7.00")),
    )
    assert [each.difference for each in result.invoices] == [Decimal("0.50"), Decimal(0)]


def test_an_invoice_that_is_missing_on_a_side_differs_by_all_of_it():
    """B-9 is only stated, and A's charges without a number are only in the usage."""
    result = reconcile(
        stated(("B", "B-9", "40.00"), ("A", "A-1", "10.00")),
        {("A", "A-1"): Decimal(10), ("A", ""): Decimal("2.50")},
    )

    assert [(each.issuer, each.number, each.difference) for each in result.invoices] == [
        ("B", "B-9", Decimal("40.00")),
        ("A", "A-1", Decimal("0.00")),
        ("A", "", Decimal("-2.50")),
    ]
    assert [each.number for each in result.invoices if each.billed is None] == ["B-9"]
    assert [each.number for each in result.invoices if each.stated is None] == [""]
    assert not result.reconciled


def test_free_usage_needs_no_invoice():
    """A charge of zero without a number is not a difference."""
    assert reconcile(
        stated(("A", "1", "10.00")), {("A", "1"): Decimal(10), ("A", ""): Decimal(0)}
    ).reconciled
