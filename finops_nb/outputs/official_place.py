"""The place of an official report: only another official report may be published there."""

from __future__ import annotations

from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home
from finops_nb.outputs.artifacts import LEDGERS
from finops_nb.outputs.manifest import Kind, kind_of


def refuse_other_kind(home: Home, name: str, period: str) -> None:
    """See that an official report is not replaced by an analysis.

    Args:
        home: the home.
        name: a checked NAME.
        period: of its params.

    Raises:
        Refusal: `outputs/NAME` is an official report, and a report of this period would be none.
    """
    has_ledger = any((home.outputs / name / ledger).exists() for ledger in LEDGERS)
    if has_ledger and kind_of(name, period) is not Kind.OFFICIAL:
        rule = f"outputs/{name} is an official report, and only an official one may replace it"
        fix = f"Move this file to params/analysis/, or set its period to {name} again"
        raise Refusal(Problem(rule, fix, f"params/{name}.yaml", column="period", value=period))
