"""Every table of the report, in one namespace for the notebook: `tables.cost_by(...)`.

A section of the report is a heading and cells of notebooks/organizational_alignment.ipynb that show
tables of this module and texts of `prose.py`, which says what a new text needs.

The tables are made in `cost_tables`, `bridge_tables`, `budget_bridge_tables`, `model_tables`,
`anomaly_tables`, `budget_tables`, `scenario_tables`, `unit_cost_tables` and `data_tables`, from
what functions of `figures/` return; the notebook has those from `api.py`. A new table is added
there and named here. It also goes into:

* `schema.py`: its columns. What a reader should know of a column is in `table_columns`; what is
  printed beneath a figure is in `beneath` and `sheet_texts` (`EXTRA_COLUMNS`)
* `supposed_heads` (`OF_COST`): a cost that a scenario changes, which is headed "What-If Cost"
* `table_heads`: its title and its columns for `what-changed`
* findings/figure_difference.py (`KEY_COLUMNS`, `OWN_KEYS`): a new column that names its rows; if
  the names are from usage, also templates/table.html.j2, read_back/figures.py (`NAMES`) and
  mail/names.py (`NAME_COLUMNS`)
* read_back/results_file.py (`DIVIDED`, `TOTALS`), if its amounts add up to the cost

If the arguments of a table change, workbench.py still takes those of old notebooks, and
run/expected_month.py calls some of them.

A table that is renamed, reshaped or removed is also read by its name in outputs/months.py (a month
without it is not compared any more), outputs/reports.py, mail/body.py, findings/cost_by_pair.py,
commands/budget_proposal.py, read_back/ledger_file.py and read_back/results_file.py. "See Invoices"
is printed by findings/draft_ledger.py and `provenance`; a mail has "Executive Summary" of its own.
"""

from __future__ import annotations

from finops_nb.report.anomaly_tables import anomalies
from finops_nb.report.bridge_tables import cost_bridge
from finops_nb.report.budget_bridge_tables import variance_from_budget
from finops_nb.report.budget_tables import (
    budget_alerts,
    budget_versions,
    policies,
    run_rate_misses,
    running_period,
)
from finops_nb.report.change_tables import change_by_name
from finops_nb.report.cost_tables import (
    budget_tracking,
    chargeback_by,
    cost_by,
    cost_by_feature,
    cost_by_month,
    cross_organization_usage,
    efficiency,
    product_breakdown,
    spend_by_day,
)
from finops_nb.report.data_tables import (
    charges_by_kind,
    data_quality,
    invoices,
    parameters,
    rows_account,
    sources,
    unallocated_by_key,
)
from finops_nb.report.model_tables import cost_by_model
from finops_nb.report.outlook_tables import months_ahead, next_month, year
from finops_nb.report.scenario_tables import scenario_changes
from finops_nb.report.unit_cost_tables import unit_costs

__all__ = [
    "anomalies",
    "budget_alerts",
    "budget_tracking",
    "budget_versions",
    "change_by_name",
    "chargeback_by",
    "charges_by_kind",
    "cost_bridge",
    "cost_by",
    "cost_by_feature",
    "cost_by_model",
    "cost_by_month",
    "cross_organization_usage",
    "data_quality",
    "efficiency",
    "invoices",
    "months_ahead",
    "next_month",
    "parameters",
    "policies",
    "product_breakdown",
    "rows_account",
    "run_rate_misses",
    "running_period",
    "scenario_changes",
    "sources",
    "spend_by_day",
    "unallocated_by_key",
    "unit_costs",
    "variance_from_budget",
    "year",
]
