"""Theme: how charts look, and a chart as a value that shows itself with its alt text."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from finops_nb.report.format import visible

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

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
WIDTH: Final = 6.0
FONT: Final = "DejaVu Sans"
"""Comes with matplotlib, and so is on every machine."""

PNG_WIDTH: Final = 5.52
PNG_DENSITY: Final = 200
"""In inches and in pixels an inch: twice the pixels that a mail shows, narrow enough for its text to be read on a phone."""

PNG_LABEL: Final = 38
"""Characters of an axis' label on one line of that."""

BLANK: Final = ("last resort", "lastresort", "color emoji")
"""What is in the names of fonts that hold a character without drawing it."""

RC: Final[dict[RcKeyType, Any]] = {
    # Names of the data are text, never formulas: without this, "$5 vs $6" loses its dollars and "$\foo$" raises.
    "text.parse_math": False,
    "text.usetex": False,
    # Text stays text: it is sharp at any size, can be searched, and takes the reader's fonts for any script.
    "svg.fonttype": "none",
    "svg.hashsalt": "finops_nb",
    "font.family": [FONT],
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
        svg: the drawing; empty where there is nothing to draw, and nothing is shown then.
        figure: what was drawn.
    """

    alt: str
    svg: str = field(default="", repr=False)
    figure: Figure | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        if not self.svg:
            return {"text/html": "", "text/plain": ""}, {}
        return {"image/svg+xml": self.svg, "text/plain": self.alt}, {
            "image/svg+xml": {"alt": self.alt}
        }

    def png(self) -> bytes:
        """The drawing as pixels on white, for readers whose program shows no SVG; the same bytes for the same figures.

        It has this machine's fonts, not the reader's: see `undrawable`.
        """
        assert self.figure is not None
        families = families_of("".join(text.get_text() for text in self.figure.findobj(Text)))
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(RC | {"font.family": families})
            self.figure.set_size_inches(PNG_WIDTH, self.figure.get_size_inches()[1])
            for axes in self.figure.axes:
                axes.set_xlabel(
                    "\n".join(
                        textwrap.fill(line, PNG_LABEL) for line in axes.get_xlabel().split("\n")
                    )
                )
                _thin_ticks(axes)
            for text in self.figure.findobj(Text):
                text.set_fontfamily(families)
            pixels = io.BytesIO()
            self.figure.savefig(
                pixels,
                format="png",
                dpi=PNG_DENSITY,
                facecolor="white",
                metadata={"Software": None},
            )
        return pixels.getvalue()


@contextmanager
def themed(height: float) -> Iterator[Axes]:
    """Axes of a new figure, under the theme whatever settings the machine has; end with `drawn`.

    Args:
        height: in inches; every chart is `WIDTH` wide.
    """
    with matplotlib.rc_context(), warnings.catch_warnings():
        # A glyph that the measuring font lacks is still drawn, by the reader's own fonts.
        warnings.filterwarnings(
            "ignore", message="Glyph .* missing from font", category=UserWarning
        )
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield Figure(figsize=(WIDTH, height), layout="constrained").add_subplot()


def drawn(axes: Axes, alt: str) -> Chart:
    """The figure of `axes` as a chart; the same bytes for the same figures."""
    drawing = io.StringIO()
    _thin_ticks(axes)
    _figure_of(axes).savefig(
        drawing, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
    )
    return Chart(visible(alt), drawing.getvalue(), _figure_of(axes))


def elided(name: str) -> str:
    """`name` as a label: on one line, and cut where it would take the chart's place."""
    line = visible(" ".join(name.split()))
    return line if len(line) <= LABEL_LENGTH else line[: LABEL_LENGTH - 1] + "…"


def undrawable(text: str) -> bool:
    """`text` has a character that no font of this machine draws; in a PNG it would be a box."""
    return bool(_fonts(text)[1])


def _figure_of(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def families_of(text: str) -> list[str]:
    """The families of fonts that draw a text together, the theme's first."""
    return list(_fonts(text)[0])


def _thin_ticks(axes: Axes) -> None:
    """As many ticks from left to right as have room for their labels; where they are given one by one, those."""
    layout = _figure_of(axes).get_layout_engine()
    assert layout is not None
    for ticks in range(6, 0, -1) if isinstance(axes.xaxis.get_major_locator(), MaxNLocator) else ():
        axes.xaxis.set_major_locator(MaxNLocator(ticks))
        layout.execute(_figure_of(axes))
        boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
        if all(left.x1 + left.height < right.x0 for left, right in pairwise(boxes)):
            break


@cache
def _fonts(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The families of fonts that draw a text, the theme's first, and the characters that none of this machine's draws."""
    own = str(matplotlib.get_data_path())
    upright = (
        font
        for font in font_manager.fontManager.ttflist
        if font.style == "normal" and font.weight in (400, "normal", "regular")
    )
    installed = {font.name for font in upright if not font.fname.startswith(own)}
    families, left = [FONT], _missing(set(text), FONT)
    for family in sorted(installed):
        if left and not any(word in family.lower() for word in BLANK):
            still = _missing(left, family)
            families += [family] if still != left else []
            left = still
    return tuple(families), frozenset(left)


def _missing(characters: set[str], family: str) -> set[str]:
    font = font_manager.get_font(font_manager.findfont(FontProperties(family=family)))
    return {
        character
        for character in characters
        if character != "\n" and not font.get_char_index(ord(character))
    }


def style_sheet() -> str:
    """The CSS of tables and prose, for the notebook; the report has it in its head."""
    return (Path(__file__).parent / "templates" / "report" / "finops.css").read_text(
        encoding="utf-8"
    )


@dataclass(frozen=True)
class Style:
    """The looks of tables and prose in JupyterLab; the report has them in its head."""

    def __repr__(self) -> str:
        return "<style>"

    def _repr_html_(self) -> str:
        return f"<style>{style_sheet()}</style>"
