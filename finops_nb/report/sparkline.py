"""A sparkline: a few figures as a small line in a table, in the color of bars."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from markupsafe import Markup

from finops_nb.report.format import visible

WIDTH: Final = 88
HEIGHT: Final = 22
INSET: Final = 3
"""In CSS pixels; the inset keeps the ends of the line and its last dot inside."""

COLOR: Final = "#0072b2"
"""The color of bars, where no style sheet sets another: in a PDF it can't reach into a drawing."""


def sparkline(values: Sequence[Decimal | None], alt: str) -> Markup:
    """Figures as a small inline SVG; the last one has a dot.

    The line starts at zero, or at the lowest figure if that is below zero.

    Args:
        values: in their order; None leaves a gap.
        alt: for readers who do not see it: what the figures are, with the first and the last.

    Returns:
        The drawing; nothing if fewer than two figures are known.
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(Decimal(0), *known), max(Decimal(0), *known)
    points = [
        None if value is None else (_across(place, len(values)), _up(value, low, high))
        for place, value in enumerate(values)
    ]
    last = next(point for point in reversed(points) if point)
    return Markup(
        '<svg class="spark" role="img" aria-label="{}" '
        'viewBox="0 0 {} {}" width="{}" height="{}">'
        '<path d="{}" fill="none" stroke="{}" stroke-width="1.5" '
        'stroke-linejoin="round" stroke-linecap="round"></path>'
        '<circle cx="{}" cy="{}" r="2.2" fill="{}"></circle></svg>'
    ).format(visible(alt), WIDTH, HEIGHT, WIDTH, HEIGHT, _path(points), COLOR, *last, COLOR)


def _path(points: Sequence[tuple[str, str] | None]) -> str:
    """The points as an SVG path; after a gap, the pen moves without drawing."""
    steps, pen = [], "M"
    for point in points:
        if point:
            steps.append(f"{pen}{point[0]} {point[1]}")
        pen = "L" if point else "M"
    return "".join(steps)


def _across(place: int, places: int) -> str:
    return _pixels(Decimal(place) / (places - 1) * (WIDTH - 2 * INSET) + INSET)


def _up(value: Decimal, low: Decimal, high: Decimal) -> str:
    share = (value - low) / (high - low) if high > low else Decimal(0)
    return _pixels((1 - share) * (HEIGHT - 2 * INSET) + INSET)


def _pixels(length: Decimal) -> str:
    return f"{length.quantize(Decimal('0.1')).normalize():f}"
