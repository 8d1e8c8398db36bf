"""A sparkline: the shape of a few figures, in the color of bars."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from finops_nb.report.sparkline import HEIGHT, WIDTH, sparkline


def values(*texts: str | None) -> list[Decimal | None]:
    return [None if text is None else Decimal(text) for text in texts]


def test_it_draws_from_zero_to_the_highest():
    """0 is at the bottom and 10 at the top, in equal steps: 3 to 85 across, 19 up to 3."""
    drawn = sparkline(values("0", "5", "10"), "rising")
    assert 'd="M3 19L44 11L85 3"' in drawn
    assert '<circle cx="85" cy="3"' in drawn
    assert 'role="img" aria-label="rising"' in drawn


def test_it_has_a_color_of_its_own():
    """It is blue in a PDF, too, whose style sheet can't reach into a drawing."""
    drawn = sparkline(values("1", "2"), "")
    assert (drawn.count('"#0072b2"'), "currentColor" in drawn) == (2, False)


def test_it_leaves_a_gap_where_nothing_is_known():
    """The line has a gap there, and the dot is at the last known figure."""
    drawn = sparkline(values("1", None, "1", None), "")
    assert 'd="M3 3M57.7 3"' in drawn
    assert '<circle cx="57.7"' in drawn


def test_it_needs_two_figures():
    """One figure, or none, draws nothing."""
    assert (
        sparkline(values("1"), "x") == sparkline(values(None, "2"), "x") == sparkline([], "x") == ""
    )


def test_its_alt_text_is_escaped():
    """Markup in it stays text."""
    assert 'aria-label="&lt;b&gt; &#34;q&#34;"' in sparkline(values("1", "2"), '<b> "q"')


@given(st.lists(st.decimals(-(10**14), 10**14, places=6), min_size=2, max_size=40))
def test_every_point_lies_inside(amounts):
    """Any figures, with credits and huge ones, fit into its width and height."""
    path = sparkline(amounts, "").split(' d="')[1].split('"')[0]
    points = [tuple(map(Decimal, point.split())) for point in path.replace("L", "M").split("M")[1:]]
    assert len(points) == len(amounts)
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in points)
