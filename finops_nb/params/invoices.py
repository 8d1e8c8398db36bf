"""Invoices: what a provider charged by its invoices, next to what the usage says was billed.

invoices:
  - {issuer: Amazon Web Services, number: EUINV25-1042, amount: 8123.45}
  - {issuer: Microsoft, amount: 310.00}
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from finops_nb.errors import BadValue
from finops_nb.money import ZERO, total
from finops_nb.params.types import Amount, Text, parse_as

Number: TypeAlias = tuple[str, str]
"""An issuer and the number of an invoice, as in the usage; "" where there is no number."""

HALF: Final = Decimal("0.5")


def _number(value: Any) -> Any:
    return "" if value == "" else parse_as(Text, value)


class Invoice(BaseModel):
    """One invoice, or, without a number, all that its issuer charged for the period."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Text = Field(description="who issued the invoice, as named in the usage")
    number: Annotated[str, BeforeValidator(_number)] = Field(
        default="",
        description="its number in quotes; without one, the amount is all of the issuer's invoices",
    )
    amount: Amount = Field(
        description="the amount of the invoice, with its taxes and credits if the usage has them; "
        "negative for a credit note"
    )


def _checked(invoices: tuple[Invoice, ...]) -> tuple[Invoice, ...]:
    """The invoices themselves.

    Raises:
        BadValue: one is stated twice, or an issuer's both by number and in one amount.
    """
    first: dict[Number, int] = {}
    faults = []
    for place, invoice in enumerate(invoices):
        known = first.setdefault((invoice.issuer, invoice.number), place)
        if known != place:
            faults.append(f"item {place + 1} is the same invoice as item {known + 1}")
    for (issuer, number), place in first.items():
        whole = first.get((issuer, ""))
        if number and whole is not None:
            faults.append(
                f"item {place + 1} has a number, and item {whole + 1} of the same issuer has none"
            )
    if faults:
        fix = (
            "List each invoice once. For one issuer, list either every invoice with its number, "
            "or one amount for all of them"
        )
        raise BadValue(", ".join(faults), fix)
    return invoices


Invoices = Annotated[tuple[Invoice, ...], AfterValidator(_checked)]
"""The key `invoices` of a params file."""


@dataclass(frozen=True, slots=True)
class ReconciledInvoice:
    """An invoice as it is stated and as it is billed in the usage.

    Args:
        issuer: who issued it.
        number: its number. "" is all of the issuer's invoices where they are stated as one amount;
            else what the usage bills without a number.
        stated: its amount; None where the params do not state it.
        billed: the sum of its charges; None where the usage has none.
    """

    issuer: str
    number: str
    stated: Decimal | None
    billed: Decimal | None

    @property
    def name(self) -> str:
        """Its issuer and its number, as a reader sees them."""
        return " ".join(filter(None, (self.issuer or "no issuer", self.number)))

    @property
    def difference(self) -> Decimal:
        """Stated less billed, unrounded; below zero where the usage has more than the invoice.

        A missing side is 0.
        """
        return (self.stated or ZERO) - (self.billed or ZERO)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Invoices against usage.

    Args:
        invoices: each stated one, in the order stated, then each one only in the usage, sorted.
        decimals: of the currency; 2 for cents.
    """

    invoices: tuple[ReconciledInvoice, ...]
    decimals: int

    @property
    def matched(self) -> tuple[ReconciledInvoice, ...]:
        """Both stated and in the usage."""
        return tuple(
            each for each in self.invoices if each.stated is not None and each.billed is not None
        )

    @property
    def differing(self) -> tuple[ReconciledInvoice, ...]:
        """Those that differ, either way, by at least half of the currency's smallest unit."""
        limit = HALF.scaleb(-self.decimals)
        return tuple(each for each in self.invoices if abs(each.difference) >= limit)

    @property
    def difference(self) -> Decimal:
        """All that is stated less all that is billed."""
        return total(each.difference for each in self.invoices)

    @property
    def reconciled(self) -> bool:
        """No invoice differs by half a cent or more.

        One that is missing on a side differs by its whole amount.
        """
        return not self.differing


def reconcile(
    invoices: Sequence[Invoice], billed: Mapping[Number, Decimal], decimals: int = 2
) -> Reconciliation:
    """Compare stated invoices with what the usage billed, one by one and exactly.

    An invoice is reconciled where |stated - billed| is below half a cent: usage is metered in
    fractions of a cent, and an invoice is in whole cents. Neither side is rounded, and differences
    do not offset each other.

    Args:
        invoices: as `Invoices` has them: each once, and of an issuer all with numbers or one
            without.
        billed: the sum of BilledCost by issuer and invoice number, "" where the usage has no
            number.
        decimals: of the currency; 2 for cents.

    Returns:
        A line for each invoice of either side; where an issuer is stated without a number, one for
        all of its numbers.

    Example:
        reconcile(invoices, {("Microsoft", "E0400"): Decimal("310.00")}).reconciled
    """
    whole = {invoice.issuer for invoice in invoices if not invoice.number}
    sums: dict[Number, Decimal] = defaultdict(lambda: ZERO)
    for (issuer, number), amount in billed.items():
        sums[issuer, "" if issuer in whole else number] += amount
    stated = {(invoice.issuer, invoice.number): invoice.amount for invoice in invoices}
    lines = [
        ReconciledInvoice(*number, stated.get(number), sums.get(number))
        for number in (*stated, *sorted(sums.keys() - stated.keys()))
    ]
    return Reconciliation(tuple(lines), decimals)
