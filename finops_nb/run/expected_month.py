"""The figures that a month's report will have, for runs of later months that need not wait."""

from __future__ import annotations

from finops_nb.errors import FinopsError
from finops_nb.figures.allocation import allocate_within
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import headline, total_of, variance_by
from finops_nb.findings.overview import overview
from finops_nb.home import Home
from finops_nb.notebook.results import Part, not_shown
from finops_nb.outputs.manifest import Manifest, kind_of
from finops_nb.outputs.months import PublishedMonth, month_of
from finops_nb.params.budgets import read_budgets
from finops_nb.params.organizations import read_mapping
from finops_nb.params.params_file import load_params
from finops_nb.report.cost_tables import cost_by, product_breakdown, spend_by_day
from finops_nb.report.prose import executive_summary
from finops_nb.schema import BUDGETED
from finops_nb.usage.model import CELLS_BY_DAY
from finops_nb.usage.reader import read_usage


def expected_month(name: str, home: Home) -> PublishedMonth | None:
    """What `months_before` will find under a NAME once it is published.

    It is computed from the same tables by the same functions. It is an expectation: a run that
    used it is published only if it came true.

    Returns:
        None if nothing is expected: the run will be refused, or its period is not over.
    """
    try:
        params = load_params(home, name)
        mapping = read_mapping(params, home)
        budgets = read_budgets(params, home, mapping=mapping)
        usage = read_usage(params, home, mapping=mapping, detail=CELLS_BY_DAY)
    except (FinopsError, OSError):
        return None
    manifest = Manifest(kind_of(name, params.period), name)
    data = ReportData(params, usage, usage, budgets, manifest)
    variances = [variance_by(data, by) for by in BUDGETED]
    totals = [total_of(data, variance) for variance in variances]
    costs = [cost_by(data, *each) for each in zip(variances, totals, strict=True)]
    parts: tuple[Part, ...] = (spend_by_day(data), executive_summary(data, headline(*totals)))
    results = overview(data)
    costs.append(product_breakdown(data, allocate_within(usage, "organization", "product")))
    results["tables"] = {part.name: part.records() for part in (*parts, *costs)} | not_shown(data)
    results["provenance"] = {"params": params.shared_parameters()}
    return month_of(results, params)
