"""Tense: what was spent is a fact; what a scenario's growth or prices make of it is supposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from finops_nb.figures.projection import changes_usage
from finops_nb.params.model import Params


@dataclass(frozen=True, slots=True)
class Tense:
    """How a report speaks of its costs.

    Args:
        supposed: they are those of a scenario with other usage or prices.
    """

    supposed: bool

    def verb(self, fact: str, infinitive: str) -> str:
        """The verb of a sentence on costs.

        >>> FACT.verb("spent", "spend"), SUPPOSED.verb("spent", "spend")
        ('spent', 'would spend')
        """
        return f"would {infinitive}" if self.supposed else fact

    def negated(self, fact: str, infinitive: str) -> str:
        """The verb of a sentence on what is not so.

        >>> FACT.negated("is not", "be"), SUPPOSED.negated("is not", "be")
        ('is not', 'would not be')
        """
        return f"would not {infinitive}" if self.supposed else fact

    def title(self, title: str) -> str:
        """A title, or the head of a column.

        >>> SUPPOSED.title("Total Cost"), FACT.title("Total Cost")
        ('What-If Cost', 'Total Cost')
        """
        return f"What-If {title.removeprefix('Total ')}" if self.supposed else title

    def highest(self, dimension: str) -> str:
        """The title of the name with the highest cost.

        >>> SUPPOSED.highest("product"), FACT.highest("product")
        ('Product with the Highest What-If Cost', 'Highest Cost Product')
        """
        name = dimension.title()
        return f"{name} with the Highest What-If Cost" if self.supposed else f"Highest Cost {name}"

    def caption(self, caption: str) -> str:
        """A caption, which has a capital at its beginning alone.

        >>> SUPPOSED.caption("Cost by feature")
        'What-if cost by feature'
        """
        return f"What-if {caption[0].lower()}{caption[1:]}" if self.supposed else caption


FACT: Final = Tense(False)
SUPPOSED: Final = Tense(True)


def tense_of(params: Params) -> Tense:
    """The tense of a report: a scenario that changes budgets alone leaves its costs facts."""
    return tense_of_rates(params.growth, params.model_prices)


def tense_of_rates(
    growth: Mapping[str, Decimal], prices: Mapping[str, Mapping[str, Decimal]]
) -> Tense:
    """The tense of costs with these changes of usage and prices, as in `project`."""
    return SUPPOSED if changes_usage(growth, prices) else FACT
