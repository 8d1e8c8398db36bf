"""The table of models: what each cost, and its tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pandas as pd

from finops_nb import schema
from finops_nb.figures.models import NO_MODEL, sums_of_models
from finops_nb.figures.named import Named, named
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.report.table import Block, Table
from finops_nb.report.table_columns import how_to_read
from finops_nb.schema import Column
from finops_nb.usage.model import CELLS

TOKEN_COLUMNS: Final = (schema.INPUT_TOKENS, schema.OUTPUT_TOKENS)
MODEL_COLUMNS: Final = (
    *(schema.MODEL, schema.COST, schema.SHARE, schema.CHANGE, schema.CALLS, *TOKEN_COLUMNS),
    schema.COST_PER_MILLION_TOKENS,
)
SHOWN: Final = 25
"""Printed lines, "other" included."""


def cost_by_model(data: ReportData, models: pd.DataFrame) -> Table:
    """Cost, calls and tokens by model.

    Args:
        data: the report data.
        models: from `figures.models.cost_by_model`.

    Returns:
        A table without the columns that no model has a figure for; the cached share is beneath the
        input tokens. A sentence if the usage names no models, and in a scenario that changes usage.

    Example:
        cost_by_model(data, models)
    """
    lines: list[dict[str, Any]] = models.to_dict("records")
    columns = tuple(column for column in MODEL_COLUMNS if _is_known(column, lines))
    explained = tuple(each for each in (*columns, schema.CACHED_SHARE) if _is_known(each, lines))
    block = Block(lines, sums_of_models(models), names=_printed(lines)) if lines else None
    empty = "Not available because the usage names no models."
    if CELLS not in data.usage.groups:
        empty = "Not available in a scenario with growth or price changes."
    return Table(
        "cost_by_model",
        "Cost by model, highest cost first",
        columns,
        (block,) if block else (),
        data.params.currency,
        intro=(*how_to_read(explained), *_not_known(lines, columns)) if lines else (),
        empty=empty,
    )


def _is_known(column: Column, lines: list[dict[str, Any]]) -> bool:
    """Whether a column has a figure to print."""
    always = column in (schema.MODEL, schema.COST, schema.SHARE)
    return always or any(line[column.name] is not None for line in lines)


def _printed(lines: list[dict[str, Any]]) -> Named:
    """The models that are printed by name: those with the most cost; and cost without a model."""
    models = named((line for line in lines if line["model"] != NO_MODEL), "model", SHOWN)
    return replace(models, kept={*models.kept, NO_MODEL})


def _not_known(lines: list[dict[str, Any]], columns: tuple[Column, ...]) -> tuple[Sentence, ...]:
    """A sentence on the rows of which some usage does not tell all of the printed tokens."""
    counts = [column.name for column in columns if column in TOKEN_COLUMNS]
    rows = sum(any(line[count] is None for count in counts) for line in lines)
    if not rows:
        return ()
    text = (
        "Tokens are n/a in {rows:count row}, and so in the total: "
        "some usage there has no token counts."
    )
    return (sentence(text, rows=rows),)
