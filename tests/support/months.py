"""Published months of one organization and product, and the report of a December after them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from support.made_usage import Call, data_of, usage_of

from finops_nb.figures.report_data import ReportData
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import make_params
from finops_nb.period import parse_period


def month(name: str, cost: str, budget: str | None = None) -> PublishedMonth:
    """A published month of org-a and chat alone."""
    amount = Decimal(cost)
    days = dict.fromkeys(parse_period(name).days, amount / 30)
    budgets = {"organization": {"org-a": Decimal(budget)} if budget else {}}
    pairs = {("org-a", "chat"): amount}
    return PublishedMonth(
        name,
        amount,
        1,
        days,
        organizations={"org-a": amount},
        products={"chat": amount},
        budgets=budgets,
        pairs=pairs,
    )


def december(*months: PublishedMonth, start: int = 1, ahead=None, **usage) -> ReportData:
    """10.00 in December of a budget of 12.00."""
    made = usage_of([Call("org-a", "chat", "f", "c", "10", "2025-12-31")], **usage)
    params = make_params(
        {
            "period": "2025-12",
            "usage": "sample:",
            "fiscal_year_start": start,
            "organization_budgets": {"org-a": "12"},
        }
    )
    budgets = replace(read_budgets(params), ahead=ahead or {})
    return data_of(usage=made, params=params, budgets=budgets, months=months)
