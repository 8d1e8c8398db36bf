"""Outlines: the names in a drawing whose letters join or run from right to left, as shapes, for who draws letters one by one."""

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
"""As the theme's charts have it: where it is anchored, and how it is turned."""

SIZE: Final = re.compile(r"([0-9.]+)px")
STEPS: Final = {
    Path.MOVETO: "M",
    Path.LINETO: "L",
    Path.CURVE3: "Q",
    Path.CURVE4: "C",
    Path.CLOSEPOLY: "Z",
}


def outlined(svg: str) -> str:
    """A chart's drawing in which every text that must be set as a whole is an outline; all others stay text.

    Args:
        svg: from `Chart`.

    Returns:
        The drawing; as it was where a text has a character that no font of this machine draws.
    """
    return TEXT.sub(_outline, svg)


def _outline(found: re.Match[str]) -> str:
    style, x, y, turn, text = found[1], found[2], found[3], found[4], html.unescape(found[5])
    size = SIZE.search(style)
    if size is None or not _is_set_as_a_whole(text) or undrawable(text):
        return found[0]
    with matplotlib.rc_context(RC):
        path = TextPath((0, 0), text, prop=FontProperties(family=families_of(text), size=size[1]))
    left, right = path.get_extents().intervalx
    start = (
        -right
        if "text-anchor: end" in style
        else -(left + right) / 2
        if "text-anchor: middle" in style
        else 0
    )
    return f'<path style="{style}" transform="{turn} translate({x} {y}) translate({start:g} 0) scale(1 -1)" d="{_steps(path)}"/>'


def _is_set_as_a_whole(text: str) -> bool:
    """It has letters that run from right to left, or marks that stand on others."""
    return any(
        unicodedata.bidirectional(each) in ("R", "AL") or unicodedata.category(each).startswith("M")
        for each in text
    )


def _steps(path: Path) -> str:
    drawn = ((STEPS[code], points) for points, code in path.iter_segments(simplify=False))
    return "".join(
        step + ("" if step == "Z" else " ".join(f"{each:g}" for each in points))
        for step, points in drawn
    )
