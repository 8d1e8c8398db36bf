"""Policies: rules a spend must keep, and who or what does not keep them."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from finops_nb.allocation import highest_first
from finops_nb.params import Params
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import Usage


def unapproved(usage: Usage, params: Params) -> pd.DataFrame:
    """Products that spent more than `approval_limit` in a calendar month with no approval on record.

    Returns:
        Columns `month` (text like 2025-12), `product`, `cost`, `calls`; highest cost first.
    """
    spend = usage.groups["month", "product"]
    exempt = {UNALLOCATED, *params.approvals}
    asked = [cost > params.approval_limit and name not in exempt for cost, name in zip(spend["cost"], spend["product"], strict=True)]
    return highest_first(spend[pd.Series(asked, index=spend.index, dtype=bool)], "product")


def without_owner(names: Iterable[str], params: Params) -> tuple[str, ...]:
    """The names for which `owners` has no entry, in the order given; cost without a name has none to have."""
    return tuple(name for name in names if name != UNALLOCATED and name not in params.owners)
