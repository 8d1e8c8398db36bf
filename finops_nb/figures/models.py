"""Models: what each model cost, and its tokens.

Cached tokens are part of the input, so they are in the sum of its tokens once:

    cost per million tokens = cost ÷ (input tokens + output tokens) × 1,000,000
    share of cached tokens  = cached tokens ÷ input tokens
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from finops_nb.figures.bridge import bridged_from
from finops_nb.figures.exact_columns import exact_column
from finops_nb.figures.report_data import ReportData
from finops_nb.money import ZERO, portion, ratio, total
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.model import CELLS
from finops_nb.usage.sources.dialects import TOKENS

NO_MODEL: Final = "(no model)"
"""The line of all cost that names no model, whoever provides it."""

MILLION: Final = 1_000_000

COUNTS: Final = ("calls", *TOKENS)
"""Numbers that are None where the usage does not say."""

COLUMNS: Final = (
    *("provider", "model", "cost", "share", "change", "calls", *TOKENS),
    *("cached_share", "cost_per_million_tokens"),
)

Key = tuple[str, str]
"""A provider and a model."""


def cost_by_model(data: ReportData) -> pd.DataFrame:
    """The cost, calls and tokens of each model, with the change of its cost from the period before.

    Args:
        data: for its usage, read by cells, and the published months.

    Returns:
        Columns `provider` (empty if not named), `model`, `cost`, `share` (fraction of the period's
        cost; None where that is not above zero), `change` (cost − the cost of the period before;
        None where `bridged_from` has none, and in a period in progress), `calls`, `input_tokens`,
        `cached_tokens`, `output_tokens` (None if any usage of the model does not say) and the two
        ratios of `with_ratios`. Highest cost first, equals by name, then `NO_MODEL`; models of the
        period before alone have cost 0. `cost` adds up to the usage, `change` to its change. No row
        where usage was not read by cells, and where it names no model.

    Example:
        `cost_by_model(data)`
    """
    if CELLS not in data.usage.groups:
        return pd.DataFrame(columns=list(COLUMNS), dtype=object)
    now = _by_model(data.usage.groups[CELLS].to_dict("records"))
    if all(model == NO_MODEL for _, model in now):
        return pd.DataFrame(columns=list(COLUMNS), dtype=object)
    before = _costs_before(data)
    known = [count for count in COUNTS if any(row[count] is not None for row in now.values())]
    nothing = {"cost": ZERO} | {count: 0 if count in known else None for count in COUNTS}
    lines = []
    for key in sorted({*now, *(before or ())}):
        row = now.get(key, nothing)
        change = None if before is None else row["cost"] - before.get(key, ZERO)
        share = ratio(row["cost"], data.usage.cost)
        names = {"provider": key[0], "model": key[1]}
        lines.append(names | with_ratios(row) | {"share": share, "change": change})
    lines.sort(key=lambda line: (line["model"] == NO_MODEL, -line["cost"]))
    frame = pd.DataFrame(index=range(len(lines)))
    for column in COLUMNS:
        frame[column] = exact_column((line[column] for line in lines), frame)
    return frame


def sums_of_models(models: pd.DataFrame) -> dict[str, Any]:
    """The sums of all models, and the ratios of these sums.

    Args:
        models: from `cost_by_model`, with at least one row.

    Returns:
        As its columns, without the names; a sum is None where a model has None.
    """
    sums: dict[str, Any] = {"cost": total(models["cost"])}
    for column in ("change", *COUNTS):
        values = list(models[column])
        sums[column] = None if None in values else sum(values)
    return with_ratios(sums) | {"share": ratio(sums["cost"], sums["cost"])}


def with_ratios(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with what a million of its tokens cost, and which share of its input was cached.

    Args:
        row: with `cost` and the numbers of tokens, which may be None.

    Returns:
        The row with `cost_per_million_tokens` (None without tokens, or if they are not known) and
        `cached_share` (a fraction; None likewise, and for more cached tokens than were read).

    Example:
        3.00 for 400,000 tokens in and 100,000 out is 6.00; of 400,000, 100,000 cached are 25%.
    """
    read, cached, written = (row[column] for column in TOKENS)
    tokens = None if read is None or written is None else Decimal(read + written)
    cached_share = None if None in (read, cached) else portion(Decimal(cached), Decimal(read))
    return {
        **row,
        "cached_share": cached_share,
        "cost_per_million_tokens": ratio(row["cost"] * MILLION, tokens),
    }


def _by_model(cells: Iterable[Mapping[Hashable, Any]]) -> dict[Key, dict[str, Any]]:
    """Cost and numbers of each model; a number that one of its cells does not have is None."""
    models: dict[Key, dict[str, Any]] = {}
    for cell in cells:
        key = _key(cell["provider"], cell["model"])
        row = models.setdefault(key, {"cost": ZERO} | dict.fromkeys(COUNTS, 0))
        row["cost"] += cell["cost"]
        for count in COUNTS:
            known = row[count] is not None and cell[count] is not None
            row[count] = row[count] + int(cell[count]) if known else None
    return models


def _costs_before(data: ReportData) -> dict[Key, Decimal] | None:
    """The cost of each model in the month before; None where there is nothing to compare with."""
    month = bridged_from(data)
    if month is None or month.cells is None or not data.usage.covers_period:
        return None
    costs: dict[Key, Decimal] = {}
    for cell in month.cells:
        key = _key(cell.provider, cell.model)
        costs[key] = costs.get(key, ZERO) + cell.cost
    return costs


def _key(provider: str, model: str) -> Key:
    """A provider and a model; all cost without a model is one."""
    if model in (UNALLOCATED, NO_MODEL):
        return "", NO_MODEL
    return "" if provider == UNALLOCATED else provider, model
