"""Theme: how charts look, and a chart as a value that shows itself with its alt text."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from finops_nb.format import visible

ACTUAL: Final = "#0072B2"
OVER: Final = "#D55E00"
BUDGET: Final = "#6B7280"
INK: Final = "#374151"
SERIES: Final = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#999933",
    "#882255",
    "#44AA99",
    "#AA4499",
    "#117733",
    "#88CCEE",
)
"""Okabe and Ito's colours, told apart by colour-blind readers too, then Tol's; grey is for "other"."""
OTHER: Final = "#9CA3AF"
LABEL_LENGTH: Final = 26
WIDTH: Final = 7.2

RC: Final[dict[str, Any]] = {
    # Names of the data are text, never formulas: without this, "$5 vs $6" loses its dollars and "$\foo$" raises.
    "text.parse_math": False,
    "text.usetex": False,
    # Text stays text: it is sharp at any size, can be searched, and takes the reader's fonts for any script.
    "svg.fonttype": "none",
    "svg.hashsalt": "finops_nb",
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "axes.edgecolor": "#9CA3AF",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.unicode_minus": False,
    "axes.formatter.use_locale": False,
    "grid.color": "#D1D5DB",
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Chart:
    """A figure, drawn, with the text that says what it shows.

    Args:
        alt: for readers who do not see it.
        svg: the drawing.
    """

    alt: str
    svg: str = field(repr=False)

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        return {"image/svg+xml": self.svg, "text/plain": self.alt}, {"image/svg+xml": {"alt": self.alt}}


@contextmanager
def themed(height: float) -> Iterator[Axes]:
    """Axes of a new figure, under the theme whatever settings the machine has; end with `drawn`.

    Args:
        height: in inches; every chart is `WIDTH` wide.
    """
    with matplotlib.rc_context(), warnings.catch_warnings():
        # A glyph that the measuring font lacks is still drawn, by the reader's own fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield Figure(figsize=(WIDTH, height), layout="constrained").add_subplot()


def drawn(axes: Axes, alt: str) -> Chart:
    """The figure of `axes` as a chart; the same bytes for the same figures."""
    drawing = io.StringIO()
    axes.figure.savefig(drawing, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return Chart(visible(alt), drawing.getvalue())


def elided(name: str) -> str:
    """`name` as a label: on one line, and cut where it would take the chart's place."""
    line = visible(" ".join(name.split()))
    return line if len(line) <= LABEL_LENGTH else line[: LABEL_LENGTH - 1] + "…"


def style_sheet() -> str:
    """The CSS of tables and prose, for the notebook; the report has it in its head."""
    return (Path(__file__).parent / "templates" / "report" / "finops.css").read_text(encoding="utf-8")
