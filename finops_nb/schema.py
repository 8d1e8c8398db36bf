"""Each column, once: its name in a frame, the head a reader sees, its unit and its meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

# fmt: off
Unit: TypeAlias = Literal[
    "text", "status", "day", "date", "rank", "count", "share", "percent", "signed share",
    "money", "estimate", "change", "variance", "unit cost", "calls per money", "gap", "quantity",
]
# fmt: on
TotalIs: TypeAlias = Literal["", "ratio", "distinct count", "status"]
Dimension: TypeAlias = Literal["organization", "product", "feature", "customer"]

BUDGETED: Final[tuple[Dimension, ...]] = ("organization", "product")
"""The dimensions by which budgets are set."""

UNALLOCATED: Final = "(unallocated)"
"""The name of cost without a name; reserved, so no name in the data may be it."""

ADDED_UP: Final = r"other (?:[A-Z ]+ )?\([0-9,]+\)"
"""What the names that a table does not print are called together, as a pattern; reserved, too."""

ALL: Final = "(all)"
"""In a scenario: every organization that has no rate of its own."""


def reserved_rule(name: str) -> str | None:
    """Why nothing in the data may have this name; None if it may.

    >>> reserved_rule("other (12)")
    "other (12) is the report's word for names that it adds up"
    """
    if name == UNALLOCATED:
        return f"{UNALLOCATED} is the report's word for cost without a name"
    if re.fullmatch(ADDED_UP, name):
        return f"{name} is the report's word for names that it adds up"
    return None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one table.

    Args:
        name: identifier in frames and in results.json.
        label: the head a reader sees.
        unit: how it is printed (`format.FORMATTERS`).
        meaning: one sentence with the formula, for the glossary of the report.
        additive: the column's lines add up to its total.
        total_is: what its total is, if its lines do not add up to it; empty: it has no total.
        difference: the columns it is the difference of, minuend first; an amount that is not set
            counts as 0. If the printed amounts differ by another cent, "Rounding" under the
            printed difference says by how much.
    """

    name: str
    label: str
    unit: Unit
    meaning: str
    additive: bool = False
    total_is: TotalIs = ""
    difference: tuple[str, str] | None = None


ORGANIZATION: Final = Column(
    "organization", "Organization", "text", "the organization that caused the cost"
)
PRODUCT: Final = Column("product", "Product", "text", "the product that caused the cost")
FEATURE: Final = Column("feature", "Feature", "text", "the feature that caused the cost")
DAY: Final = Column("day", "Day", "day", "the day of the charge, in the report's time zone")
COST: Final = Column("cost", "Total Cost", "money", "the sum of all costs", additive=True)
SHARE: Final = Column("share", "Share", "share", "cost ÷ the total it is part of", total_is="ratio")
BUDGET: Final = Column(
    "budget", "Budget", "money", "the amount approved for the period", additive=True
)
ROUNDED: Final = "; Rounding: how far it is from the printed amounts, which are rounded one by one"
"""The end of the meaning of each difference."""
VARIANCE: Final = Column(
    "variance",
    "Variance",
    "money",
    f"actual − budget; a missing budget counts as 0; a positive variance is unfavorable{ROUNDED}",
    additive=True,
    difference=("cost", "budget"),
)
VARIANCE_OF_BUDGET: Final = Column(
    "variance",
    "Variance",
    "variance",
    f"actual − budget, and in parentheses its fraction of the budget{ROUNDED}",
    additive=True,
    difference=("actual", "budget"),
)
VARIANCE_OF_CHARGE: Final = replace(VARIANCE_OF_BUDGET, difference=("charge", "budget"))
BUDGET_USED: Final = Column("budget_used", "% Used", "share", "actual ÷ budget", total_is="ratio")
STATUS: Final = Column(
    "status",
    "Status",
    "status",
    "UNDER: cost is at or below budget. OVER: cost is above budget. AT RISK (period in progress): "
    "cost is within budget, but it has reached the at_risk share of the budget or its run rate is "
    "above budget. NO BUDGET: no budget is set. An excess that rounds to zero does not count as "
    "OVER.",
    total_is="status",
)
CALLS: Final = Column("calls", "Calls", "count", "the number of calls", additive=True)
CUSTOMERS: Final = Column(
    "customers",
    "Customers",
    "count",
    "distinct customers; a customer is counted in every row in which it has usage, so the column "
    "can add up to more than its total",
    total_is="distinct count",
)
AVERAGE_COST: Final = Column(
    "cost_per_call", "Avg Cost/Call", "unit cost", "cost ÷ calls", total_is="ratio"
)
COST_PER_CALL: Final = replace(AVERAGE_COST, label="Cost/Call")
COST_PER_CUSTOMER: Final = Column(
    "cost_per_customer", "Cost/Customer", "money", "cost ÷ distinct customers", total_is="ratio"
)
EFFICIENCY: Final = Column(
    "calls_per_unit",
    "Efficiency Score",
    "calls per money",
    "calls ÷ cost: calls per unit of currency; higher is better",
    total_is="ratio",
)
RANK: Final = Column(
    "rank", "Rank", "rank", "1 has the most calls per unit of currency; ties share a rank"
)
MODEL: Final = Column("model", "Model", "text", "the model that answered the calls")
PROVIDER: Final = Column("provider", "Provider", "text", "who provides the model")
INPUT_TOKENS: Final = Column(
    "input_tokens", "Input Tokens", "count", "tokens that the model read", additive=True
)
CACHED_TOKENS: Final = Column(
    "cached_tokens", "Cached Tokens", "count", "input tokens read from a cache", additive=True
)
CACHED_SHARE: Final = Column(
    "cached_share", "% Cached", "share", "cached tokens ÷ input tokens", total_is="ratio"
)
OUTPUT_TOKENS: Final = Column(
    "output_tokens", "Output Tokens", "count", "tokens that the model wrote", additive=True
)
COST_PER_MILLION_TOKENS: Final = Column(
    "cost_per_million_tokens",
    "Cost/1M Tokens",
    "unit cost",
    "cost ÷ (input tokens + output tokens) × 1,000,000",
    total_is="ratio",
)
INVOICE: Final = Column("invoice", "Invoice", "text", "issuer and number")
STATED: Final = Column("stated", "Invoice Amount", "money", "what the invoice says", additive=True)
BILLED: Final = Column(
    "billed", "Usage Amount", "money", "the billed cost of its usage data", additive=True
)
DIFFERENCE: Final = Column(
    "difference",
    "Difference",
    "change",
    f"invoice amount − usage amount{ROUNDED}",
    additive=True,
    difference=("stated", "billed"),
)
SOURCE: Final = Column("source", "Source", "text", "a source of usage in the params file")
DIALECT: Final = Column("dialect", "Dialect", "text", "the kind of its files")
BASIS: Final = Column(
    "basis", "Basis", "text", "billed by a provider, or an estimate computed from prices"
)
CURRENCY: Final = Column("currency", "Currency", "text", "the currency of its costs")
SOURCE_KEY: Final = Column("key", "Source Key", "text", "a team id, account or tag value")
CHARGE_KIND: Final = Column(
    "charge", "Charge Type", "text", "as in the bill; a correction belongs to an earlier charge"
)
CHARGE: Final = Column("charge", "Charge", "money", "the cost charged back", additive=True)

LEVEL: Final = Column("level", "Level", "text", "the budgets that are summed")
TOTAL_BUDGET: Final = Column("budget", "Total Budget", "money", "the sum of the budgets")
TOTAL_ACTUAL: Final = Column("actual", "Total Actual", "money", "the cost of the period")
ITEM: Final = Column("item", "Item", "text", "what the row counts")
ROWS: Final = Column("rows", "Rows", "count", "input rows", additive=True)
MONEY: Final = Column("cost", "Amount", "money", "the cost of those rows")
KEY: Final = Column("key", "Key", "text", "a key of the params file")
VALUE: Final = Column("value", "Value", "text", "what it was set to")

NAME: Final = Column("name", "Name", "text", "an organization or a product")
COST_TO_DATE: Final = Column(
    "cost_to_date", "Cost to Date", "money", "the cost of the days covered so far", additive=True
)
BUDGET_TO_DATE: Final = Column(
    "budget_to_date",
    "Budget to Date",
    "money",
    "budget × days covered ÷ days of the period",
    additive=True,
)
RUN_RATE: Final = Column(
    "run_rate",
    "Run Rate",
    "money",
    "the cost at the period's end if each day of the week continues as so far",
    additive=True,
)
RUN_RATE_VARIANCE: Final = Column(
    "run_rate_variance",
    "Run Rate − Budget",
    "change",
    f"a missing budget counts as 0; a positive variance is unfavorable{ROUNDED}",
    additive=True,
    difference=("run_rate", "budget"),
)
USED_UP: Final = Column(
    "used_up",
    "Budget Used Up",
    "day",
    "the day on which cost reaches the budget at the run rate; n/a: not in this period",
)
MONTH: Final = Column("month", "Month", "text", "a calendar month")
ACTUAL: Final = Column("actual", "Actual", "money", "the final cost of the month")
ERROR: Final = Column("error", "Error", "signed share", "(run rate − actual) ÷ actual")
BUDGET_BEFORE: Final = Column(
    "budget_before", "Approved Budget", "money", "the amount without the scenario", additive=True
)
BUDGET_CHANGE: Final = Column(
    "budget_change",
    "Budget Change",
    "change",
    f"budget − approved budget{ROUNDED}",
    additive=True,
    difference=("budget", "budget_before"),
)
COST_CHANGE: Final = Column(
    "cost_change",
    "Cost Change",
    "change",
    f"cost − cost without the scenario{ROUNDED}",
    additive=True,
    difference=("cost", "cost_before"),
)
CHANGE: Final = Column(
    "change", "Change", "change", f"cost − the cost of the period before{ROUNDED}", additive=True
)
AMOUNT: Final = Column(
    "amount", "Amount", "money", "the cost, or the budget, that the breach is about"
)
ACTION: Final = Column("action", "What to Do", "text", "how to comply with the policy")
