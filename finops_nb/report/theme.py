"""Theme: how charts look, and a chart as a value that shows itself with its alt text."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator, Sequence
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

from finops_nb.report.format import visible, visible_name
from finops_nb.words import short_names

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

ACTUAL: Final = "#0072B2"
OVER: Final = "#D55E00"
INK: Final = "#374151"
OTHER: Final = "#9CA3AF"
"""The color of "other", and of names without a budget."""

SERIES: Final = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"),
    *("#999933", "#882255", "#44AA99", "#AA4499", "#117733", "#88CCEE"),
)
"""Okabe and Ito's colors, which color-blind readers can tell apart, then Paul Tol's."""

LABEL_LENGTH: Final = 26
"""Characters of a name in a chart."""

WIDTH: Final = 6.0
"""Inches of a chart in the report."""

FONT: Final = "DejaVu Sans"
"""Comes with matplotlib, so every machine has it."""

PNG_WIDTH: Final = 5.52
"""Inches of a chart in a mail: narrow enough for its text to be readable on a phone."""

PNG_DENSITY: Final = 200
"""Pixels per inch: twice as many as a mail shows, so that it is sharp on dense screens."""

PNG_LABEL: Final = 38
"""Characters of an axis label on one line in a mail."""

MOST_TICKS: Final = 6
"""Ticks of an axis from left to right, where their labels have room."""

BLANK: Final = ("last resort", "lastresort", "color emoji")
"""In the names of fonts that have a character without drawing it."""

RC: Final[dict[RcKeyType, Any]] = {
    # Names are text, not formulas: else "$5 vs $6" loses its dollars and "$\foo$" raises.
    "text.parse_math": False,
    "text.usetex": False,
    # Text stays text: sharp at any size, searchable, and in the reader's fonts for any script.
    "svg.fonttype": "none",
    # With a fixed salt the ids in a drawing, and so its bytes, are the same every time.
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
    """A drawing with the text that says what it shows.

    Args:
        alt: for readers who do not see it.
        svg: the drawing; empty where there is nothing to draw, and then nothing is shown.
        figure: the figure that was drawn.
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
        """The drawing as pixels on white, for mail programs, which show no SVG.

        It uses this machine's fonts, not the reader's: see `undrawable`.

        Returns:
            The same bytes for the same figures.
        """
        assert self.figure is not None
        texts = self.figure.findobj(Text)
        families = families_of("".join(text.get_text() for text in texts))
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(RC | {"font.family": families})
            # Before the layout: it measures every text, in the fonts that the text has then.
            _set_families(self.figure, families)
            self.figure.set_size_inches(PNG_WIDTH, self.figure.get_size_inches()[1])
            for axes in self.figure.axes:
                axes.set_xlabel(_wrapped(axes.get_xlabel()))
                _thin_ticks(axes)
            return _pixels(self.figure)


@dataclass(frozen=True)
class Style:
    """The looks of tables and prose in JupyterLab; the report has them in its head."""

    def __repr__(self) -> str:
        return "<style>"

    def _repr_html_(self) -> str:
        return f"<style>{style_sheet()}</style>"


def style_sheet() -> str:
    """The CSS of tables and prose."""
    file = Path(__file__).parent / "templates" / "html_shell" / "finops.css"
    return file.read_text(encoding="utf-8")


@contextmanager
def themed(height: float) -> Iterator[Axes]:
    """Axes of a new figure in the theme, whatever settings the machine has; end with `drawn`.

    Args:
        height: in inches; every chart is `WIDTH` wide.
    """
    with matplotlib.rc_context(), warnings.catch_warnings():
        # The font that measures lacks some glyphs; the reader's own fonts draw them.
        warnings.filterwarnings(
            "ignore", message="Glyph .* missing from font", category=UserWarning
        )
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield Figure(figsize=(WIDTH, height), layout="constrained").add_subplot()


def drawn(axes: Axes, alt: str) -> Chart:
    """The figure of `axes` as a chart; the same bytes for the same figures."""
    figure = _figure_of(axes)
    _thin_ticks(axes)
    drawing = io.StringIO()
    without_time = {"Date": None, "Creator": None}
    figure.savefig(drawing, format="svg", transparent=True, metadata=without_time)
    return Chart(visible(alt), drawing.getvalue(), figure)


def labels_of(names: Sequence[str]) -> list[str]:
    """Each name as a label: on one line, and shortened where it would take the chart's place.

    Args:
        names: of one chart; labels of different names differ.
    """
    shown = [visible_name(name) for name in names]
    short = short_names(shown, LABEL_LENGTH)
    return [short[name] for name in shown]


def undrawable(text: str) -> bool:
    """Whether no installed font covers a character of `text`: in a PNG it would be a box."""
    return bool(_fonts(text)[1])


def families_of(text: str) -> list[str]:
    """The font families that draw a text together, the theme's first."""
    return list(_fonts(text)[0])


def _figure_of(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def _set_families(figure: Figure, families: Sequence[str]) -> None:
    """Let every text of a figure be drawn, and measured, with these fonts."""
    for text in figure.findobj(Text):
        text.set_fontfamily(list(families))


def _wrapped(label: str) -> str:
    return "\n".join(textwrap.fill(line, PNG_LABEL) for line in label.split("\n"))


def _pixels(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(
        file,
        format="png",
        dpi=PNG_DENSITY,
        facecolor="white",
        metadata={"Software": None},  # else matplotlib's version would be in the bytes
    )
    return file.getvalue()


def _thin_ticks(axes: Axes) -> None:
    """Set as many ticks from left to right as have room for their labels.

    Ticks that a chart set one by one stay.
    """
    if not isinstance(axes.xaxis.get_major_locator(), MaxNLocator):
        return
    figure = _figure_of(axes)
    layout = figure.get_layout_engine()
    assert layout is not None
    for ticks in range(MOST_TICKS, 0, -1):
        axes.xaxis.set_major_locator(MaxNLocator(ticks))
        layout.execute(figure)
        boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
        if all(left.x1 + left.height < right.x0 for left, right in pairwise(boxes)):
            return


@cache
def _fonts(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The font families that draw a text, the theme's first, and the characters none covers."""
    families, missing = [FONT], _missing(set(text), FONT)
    for family in _installed_families():
        if not missing:
            break
        still_missing = _missing(missing, family)
        if still_missing != missing:
            families.append(family)
        missing = still_missing
    return tuple(families), frozenset(missing)


def _installed_families() -> list[str]:
    """The upright families of this machine, without matplotlib's own and those that draw blanks."""
    own = str(matplotlib.get_data_path())
    families = {
        font.name
        for font in font_manager.fontManager.ttflist
        if font.style == "normal"
        and font.weight in (400, "normal", "regular")
        and not font.fname.startswith(own)
    }
    return sorted(name for name in families if not any(word in name.lower() for word in BLANK))


def _missing(characters: set[str], family: str) -> set[str]:
    """The characters that a family does not cover."""
    font = font_manager.get_font(font_manager.findfont(FontProperties(family=family)))
    return {
        character
        for character in characters
        if character != "\n" and not font.get_char_index(ord(character))
    }
