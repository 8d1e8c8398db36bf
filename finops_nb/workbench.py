"""The workbench: what a notebook of the kit works with, in one import; each name is explained where it is defined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from finops_nb import charts, narrative, tables
from finops_nb.allocation import allocate, allocate_within
from finops_nb.chargeback import charges, cross_usage, ledger_of
from finops_nb.edition import current_edition
from finops_nb.efficiency import rank_efficiency, unit_costs
from finops_nb.insights import find_insights
from finops_nb.params import Params, make_params
from finops_nb.recommendations import recommend
from finops_nb.results import hand_over
from finops_nb.theme import style_sheet
from finops_nb.usage import read_usage
from finops_nb.variance import budget_variance, headline, total_variance

__all__ = [
    "Style",
    "allocate",
    "allocate_within",
    "budget_variance",
    "charges",
    "charts",
    "cross_usage",
    "current_edition",
    "find_insights",
    "hand_over",
    "headline",
    "ledger_of",
    "narrative",
    "rank_efficiency",
    "read_usage",
    "recommend",
    "set_params",
    "tables",
    "total_variance",
    "unit_costs",
]


def set_params(**values: Any) -> Params:
    """The parameters of a notebook's cell, checked as those of a params file are.

    Raises:
        Refusal: everything that is wrong with them, by key.
    """
    return make_params(values)


@dataclass(frozen=True)
class Style:
    """The looks of tables and prose in JupyterLab; the report has them in its head."""

    def __repr__(self) -> str:
        return "<style>"

    def _repr_html_(self) -> str:
        return f"<style>{style_sheet()}</style>"
