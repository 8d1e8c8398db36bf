"""The charts of a mail: drawn from its tables, as pictures that every mail program shows."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import pandas as pd

from finops_nb.params.model import Params
from finops_nb.report.table import Table


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as PNG.

    Args:
        name: of its file, without suffix.
        alt: for readers who do not see it.
        caption: what to know about it; empty where there is nothing.
        png: the picture.
    """

    name: str
    alt: str
    caption: str
    png: bytes = field(repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as it is shown, in CSS pixels: half of those it has."""
        width, height = struct.unpack(">II", self.png[16:24])
        return width // 2, height // 2


def picture(table: Table) -> Picture:
    """Cost against budget as bars; a name that no font of this machine draws is called by its line in the table."""
    from finops_nb.report.charts import budget_vs_actual
    from finops_nb.report.theme import elided, undrawable

    by = table.columns[0].name
    frame = pd.DataFrame(table.blocks[0].lines, dtype=object)[[by, "cost", "budget", "status"]]
    params = Params.model_construct(currency=table.currency)  # all that the chart asks them for
    chart, caption = budget_vs_actual(frame, params), ""
    alt = chart.alt
    labels = [f"line {place}" if undrawable(elided(name)) else name for place, name in enumerate(frame[by], start=1)]
    if labels != list(frame[by]):
        chart = budget_vs_actual(frame.assign(**{by: labels}), params)
        first = next(label for label, name in zip(labels, frame[by], strict=True) if label != name)
        caption = f'"{first}" is the {by} in that line of the table: this picture has no letters for such a name.'
    return Picture(f"{by}s", alt, caption, chart.png())
