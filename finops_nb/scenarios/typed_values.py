"""Typed values: what a person types into the what-if, read as an amount or a rate.

No other place reads it: the page sends texts, and shows the texts that it gets back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Final, TypeAlias

from finops_nb.errors import BadValue
from finops_nb.findings.money_text import money_text
from finops_nb.money import AMOUNT, SIGNS, parse_amount, plain
from finops_nb.params.three_decimals import check_decimals, with_clear_decimals
from finops_nb.params.types import NO_BUDGET

Key: TypeAlias = tuple[str, ...]
"""The place of a value in a scenario: ("organization_budgets", "org-a"), ("growth", "(all)") or
("model_prices", "gpt-4", "org-a")."""

BUDGETS: Final = ("organization_budgets", "product_budgets")

GROUPED: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
"""A number with a comma between each three digits; a comma elsewhere may be a decimal one."""

EXACT: Final = 60
"""Digits of the product of two amounts, which have at most 27 each."""


@dataclass(frozen=True, slots=True)
class TypedValues:
    """Reads what is typed into the fields of one what-if.

    Args:
        currency: of the report; amounts may be typed with its sign.
        approved: the approved budgets, of which a percentage may be typed.

    Example:
        >>> typed = TypedValues("USD", {("product_budgets", "chat"): Decimal(2000)})
        >>> [typed.budget(("product_budgets", "chat"), text) for text in ("$2,800.00", "25%")]
        ['2800.00', '500']
    """

    currency: str = ""
    approved: Mapping[Key, Decimal] = field(default_factory=dict)

    def budget(self, key: Key, text: str) -> str:
        """A budget as a scenario's file has it: the amount, or "none" for an empty text.

        Raises:
            BadValue: it is neither an amount nor a percentage of an approved budget.
        """
        text = text.strip()
        if text in ("", NO_BUDGET):
            return NO_BUDGET
        if text.endswith("%"):
            return f"{self._part_of_approved(key, text):f}"
        amount = parse_amount(self._digits(text))
        if self.currency:
            check_decimals(amount, self.currency)
        return f"{amount:f}"

    def rate(self, text: str) -> Decimal:
        """A rate in percent; it may be typed with "%".

        Raises:
            BadValue: it is not a number.
        """
        return parse_amount(_without_commas(text.strip().removesuffix("%").rstrip()))

    def _part_of_approved(self, key: Key, text: str) -> Decimal:
        """A percentage of an approved budget; as an exact amount."""
        if text[0] in "+-":
            rule = "a percentage with a sign, which may be a share or a change"
            raise BadValue(rule, "Write 125% for a quarter more, or 75% for a quarter less")
        percent = self._percent(text)
        if key not in self.approved:
            raise BadValue("a percentage, but no budget is approved", "Write an amount")
        with localcontext(prec=EXACT):
            amount = self.approved[key] * percent / 100
            return with_clear_decimals(parse_amount(plain(amount)), self.currency)

    def _percent(self, text: str) -> Decimal:
        try:
            return self.rate(text)
        except BadValue as error:
            raise (self._not_an_amount() if error.rule.startswith("not ") else error) from None

    def _digits(self, text: str) -> str:
        """The digits of an amount, without the currency's sign and commas."""
        minus, amount = ("-", text[1:]) if text.startswith("-") else ("", text)
        for sign in filter(None, (SIGNS.get(self.currency), self.currency)):
            if amount.startswith(sign):
                amount = amount.removeprefix(sign).lstrip()
                break
        digits = _without_commas(minus + amount)
        if not AMOUNT.fullmatch(digits):
            raise self._not_an_amount()
        return digits

    def _not_an_amount(self) -> BadValue:
        example = f" or {money_text(Decimal(2800), self.currency)}" if self.currency else ""
        fix = f"Write an amount, such as 2,800{example}, or a share of the approved budget: 25%"
        return BadValue("not an amount", fix)


def _without_commas(text: str) -> str:
    """A number without the commas between its thousands."""
    return text.replace(",", "") if GROUPED.fullmatch(text) else text
