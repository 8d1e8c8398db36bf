"""Outlines of a chart's names whose letters must be set together."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import matplotlib
import pytest

from finops_nb.report.svg_outlines import outlined
from finops_nb.report.theme import drawn, themed, undrawable

HEBREW = "ארגון הכספים"
ARABIC = "منظمة البيانات"


def drawing(*names: str) -> str:
    """A chart with these names at its bars."""
    with themed(2) as axes:
        axes.barh(range(len(names)), [1] * len(names))
        axes.set_yticks(range(len(names)), names)
        return drawn(axes, "Bars.").svg


def texts(svg: str) -> list[str]:
    return [
        "".join(each.itertext())
        for each in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


@pytest.mark.parametrize("name", [HEBREW, ARABIC, "A\u0301ngstro\u0308m", f"abc {HEBREW} 12"])
def test_a_name_whose_letters_join_is_an_outline(name):
    """It becomes a shape in the same place and color; figures and other names stay text."""
    before = drawing("plain", name)
    after = outlined(before)
    assert (texts(before).count(name), texts(after).count(name), texts(after).count("plain")) == (
        1,
        0,
        1,
    )
    assert len(texts(after)) == len(texts(before)) - 1
    (path,) = re.findall(
        r'<path style="[^"]*fill: #374151" transform="[^"]*" d="(M[-MLQCZe0-9. ]+)"/>', after
    )
    assert path.count("M") == path.count("Z") >= len(name) / 2


def test_letters_run_from_right_to_left_and_join():
    """A Hebrew name starts at the right, and Arabic letters have their joined shapes."""
    path = r'<path style="[^"]*" transform="[^"]*" d="([^"]*)"/>'
    both, second = (re.findall(path, outlined(drawing(name)))[0] for name in ("אב", "ב"))
    assert both.startswith(second)
    alone, joined = (re.findall(path, outlined(drawing(name)))[0] for name in ("ن ظ", "نظ"))
    assert sorted(re.findall("Q", alone)) != sorted(re.findall("Q", joined))


def test_a_drawing_without_such_a_name_is_unchanged():
    """Plain names, markup, and names that no installed font covers stay as they are."""
    for names in (["plain", "<b> & co", "$5 vs $6"], ["\u05d0\U000f0000"]):
        assert undrawable("".join(names)) == (len(names) == 1)
        assert outlined(drawing(*names)) == drawing(*names)


def test_an_outline_ends_where_its_text_did():
    """It is moved left by its own width, about half a font size per letter, as its text was."""
    shift = re.search(r"translate\((-[0-9.]+) 0\)", outlined(drawing(HEBREW)))
    assert shift is not None
    assert 4 * len(HEBREW) < -float(shift[1]) < 8 * len(HEBREW)


def test_settings_of_the_machine_do_not_change_an_outline():
    """A matplotlibrc may have set anything; what the theme leaves open is matplotlib's default."""
    before = drawing(HEBREW)
    expected = outlined(before)
    with matplotlib.rc_context(
        {"font.weight": "bold", "font.style": "italic", "text.hinting": "none"}
    ):
        assert outlined(before) == expected
