"""Params of months: those of the months whose budgets a quarter or a year adds up."""

from __future__ import annotations

from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home
from finops_nb.params.model import Params
from finops_nb.params.params_file import load_params
from finops_nb.words import listing


def params_of_months(params: Params, home: Home) -> dict[str, Params]:
    """The params of each month of a period, by month.

    Args:
        params: of a period of whole months, with `budgets: "months:"`.
        home: whose params.

    Raises:
        Refusal: all months that have no params file, that are for another period, or in another
            currency.

    Example:
        period: "2025-Q4"
        budgets: "months:"
    """
    _refuse_missing(params, home)
    months: dict[str, Params] = {}
    problems: list[Problem] = []
    for month in params.window.months:
        try:
            months[month] = _params_of_month(month, params, home)
        except Refusal as refusal:
            problems += refusal.problems
    if problems:
        raise Refusal(problems)
    return months


def _refuse_missing(params: Params, home: Home) -> None:
    months = params.window.months
    paths = [home.params_file(month) for month in months]
    missing = [home.shown(path) for path in paths if not path.is_file()]
    if missing:
        exist = "does not exist" if len(missing) == 1 else "do not exist"
        rule = f"it adds up the budgets of {len(months)} months, but {listing(missing)} {exist}"
        fix = (
            f"Write {'that file' if len(missing) == 1 else 'those files'}, or replace this line by "
            f"organization_budgets and product_budgets of {params.window.label}"
        )
        raise Refusal(Problem(rule, fix, column="budgets", value=params.budgets))


def _params_of_month(month: str, params: Params, home: Home) -> Params:
    """The params of a month whose budgets can be added.

    Raises:
        Refusal: they can't be read, are for another period, or in another currency.
    """
    part = load_params(home, home.check_name(month))
    if part.period != month:
        rule = f"params/{month}.yaml is for {part.period}, not for {month}"
        fix = "Move that file to params/analysis/, or write its period as the month again"
        raise Refusal(Problem(rule, fix, column="budgets", value=params.budgets))
    if part.currency != params.currency:
        rule = f"the budgets of {month} are in {part.currency}, this report is in {params.currency}"
        fix = "Use one currency in all of them: budgets of two currencies can't be added"
        raise Refusal(Problem(rule, fix, column="currency", value=params.currency))
    return part
