"""No share: why there is no allocated share, in the words that every sentence on it uses."""

from __future__ import annotations

from finops_nb.money import ZERO
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import Usage


def why_no_share(usage: Usage) -> str:
    """Why the allocated share is n/a, to follow a clause; empty where there is one, or no cost.

    Args:
        usage: of the report.

    Example:
        org-a has 5.00 of cost and 8.00 of credits: "; there is no share because credits exceed the
        cost of an organization"
    """
    frame = usage.groups["organization",]
    below = {
        name for name, cost in zip(frame["organization"], frame["cost"], strict=True) if cost < ZERO
    }
    if not below:
        return ""
    whose = "cost without an organization" if below == {UNALLOCATED} else "cost of an organization"
    return f"; there is no share because credits exceed the {whose}"
