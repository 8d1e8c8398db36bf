"""Outlines: names in a drawing as shapes, for renderers that place each letter alone.

Letters that join, or run from right to left, must be set together.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

import matplotlib
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from finops_nb.report.theme import RC, families_of, undrawable

TEXT: Final = re.compile(
    r'<text style="([^"]*)" x="([^"]*)" y="([^"]*)" transform="([^"]*)">([^<]*)</text>'
)
"""A text as the theme's charts have it: style, anchor, rotation and content."""

SIZE: Final = re.compile(r"([0-9.]+)px")
STEPS: Final = {
    Path.MOVETO: "M",
    Path.LINETO: "L",
    Path.CURVE3: "Q",
    Path.CURVE4: "C",
    Path.CLOSEPOLY: "Z",
}
"""SVG's letters for the steps of a path."""


def outlined(svg: str) -> str:
    """A chart's drawing with outlines for texts whose letters must be set together.

    Args:
        svg: from `Chart`.

    Returns:
        The drawing; all other texts, and those that no installed font covers, stay text.
    """
    return TEXT.sub(_outline, svg)


def _outline(match: re.Match[str]) -> str:
    style, x, y, rotation, content = match.groups()
    text, size = html.unescape(content), SIZE.search(style)
    if size is None or not _is_set_together(text) or undrawable(text):
        return match[0]
    with matplotlib.rc_context():
        # Without the defaults, what the theme leaves open would come from a matplotlibrc.
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        font = FontProperties(family=families_of(text), size=size[1])
        path = TextPath((0, 0), text, prop=font)
    # Text in SVG grows upward against the axis, so the outline is flipped.
    shift = f"translate({x} {y}) translate({_start(style, path):g} 0) scale(1 -1)"
    return f'<path style="{style}" transform="{rotation} {shift}" d="{_steps(path)}"/>'


def _start(style: str, path: Path) -> float:
    """How far the outline is moved, to end, or to have its middle, where its text had."""
    start: float = 0
    left, right = path.get_extents().intervalx
    if "text-anchor: end" in style:
        start = -right
    elif "text-anchor: middle" in style:
        start = -(left + right) / 2
    return start


def _is_set_together(text: str) -> bool:
    """Whether it has letters that run from right to left, or marks that stand on others."""
    return any(
        unicodedata.bidirectional(char) in ("R", "AL") or unicodedata.category(char).startswith("M")
        for char in text
    )


def _steps(path: Path) -> str:
    """The path as SVG writes it: M1 2L3 4Z"""
    texts = []
    for points, code in path.iter_segments(simplify=False):
        step = STEPS[code]
        places = "" if step == "Z" else " ".join(f"{point:g}" for point in points)
        texts.append(step + places)
    return "".join(texts)
