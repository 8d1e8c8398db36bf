"""The table of anomalies: the days of a month that are out of line, and what drove them."""

from __future__ import annotations

from typing import Any, Final

from finops_nb import schema
from finops_nb.figures.anomalies import Anomaly, why_not_judged
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.days_out_of_line import material_anomalies
from finops_nb.findings.materiality import least_material
from finops_nb.report.format import Format
from finops_nb.report.table import Block, Table
from finops_nb.schema import ALL, Column

DAYS: Final = Column("days", "Days", "count", "how many days in a row, from this one on")
COST: Final = Column("cost", "Cost", "money", "the cost of the name on these days")
USUAL: Final = Column(
    "usual", "Usual", "money", "what such a day of the week costs in the weeks around it"
)
DIFFERENCE: Final = Column(
    "difference",
    "Difference",
    "change",
    f"cost − usual{schema.ROUNDED}",
    difference=("cost", "usual"),
)
DRIVER: Final = Column("driver", "Mostly", "text", "the name with most of the difference")
COLUMNS: Final = (schema.DAY, DAYS, schema.NAME, COST, USUAL, DIFFERENCE, DRIVER)

NAMES: Final = " · "
"""Between the organization, product and model of a line."""

SHOWN: Final = 15
"""How many are printed; the others are counted."""


def anomalies(data: ReportData) -> Table:
    """The days that are out of line, each event once under the narrowest name that explains it.

    Args:
        data: of the report.

    Returns:
        A table of one line for each event, by day; a sentence if there is none.
    """
    found = material_anomalies(data)
    columns = [
        column for column in COLUMNS if column is not DAYS or any(each.days > 1 for each in found)
    ]
    least = Format(data.params.currency).money(least_material(data.usage.cost, data.params))
    rule = (
        f"its cost differs from the usual cost of its weekday by {least} or more, and by much more "
        "than other days do"
    )
    return Table(
        "anomalies",
        f"A day is listed if {rule}",
        tuple(columns),
        (Block([_line(each) for each in found]),),
        data.params.currency,
        title="Days out of Line",
        empty=why_not_judged(data) or f"No day was out of line. A day is out of line if {rule}.",
        shown=SHOWN,
    )


def _line(anomaly: Anomaly) -> dict[str, Any]:
    line: dict[str, Any] = {
        "day": anomaly.day,
        "days": anomaly.days,
        "name": NAMES.join(name for name in anomaly.scope if name is not None) or ALL,
        **anomaly.scope._asdict(),
        "cost": anomaly.cost,
        "usual": anomaly.usual,
        "difference": anomaly.difference,
        "driver": anomaly.driver,
    }
    return line | {"note": f"{anomaly.driver} is new"} if anomaly.is_new else line
