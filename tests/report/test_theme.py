"""Theme: charts look alike on every machine, show their alt text, and keep names as text."""

from __future__ import annotations

import locale
import shutil
import warnings
import xml.etree.ElementTree as ET

import matplotlib
import pytest
from matplotlib import font_manager
from matplotlib.font_manager import FontProperties

from finops_nb.report import theme
from finops_nb.report.theme import (
    FONT,
    LABEL_LENGTH,
    WIDTH,
    Chart,
    drawn,
    families_of,
    labels_of,
    style_sheet,
    themed,
    undrawable,
)

FOREIGN = {
    "text.usetex": True,
    "text.parse_math": True,
    "svg.fonttype": "path",
    "svg.hashsalt": None,
    "font.size": 30,
    "font.family": ["serif"],
    "axes.formatter.use_locale": True,
    "axes.unicode_minus": True,
    "axes.xmargin": 0.4,
    "savefig.dpi": 300,
    "savefig.facecolor": "red",
    "figure.figsize": [2.0, 2.0],
    "lines.linewidth": 9,
}
"""Settings that a machine, or an earlier cell, may have made."""


def draw(label: str = "a") -> Chart:
    with themed(2) as axes:
        axes.barh([0], [-1234.5], label=label)
        axes.set_yticks([0], [label])
        axes.figure.legend()
        return drawn(axes, f"Bars of {label}.")


def test_it_draws_the_same_bytes_twice():
    """There is no date, no random id and no trace of the run."""
    assert draw().svg == draw().svg
    assert "<dc:date>" not in draw().svg


def test_it_draws_the_same_bytes_under_other_settings():
    """The theme overrides all rcParams while it draws, and restores them afterwards."""
    here = draw().svg
    with matplotlib.rc_context(FOREIGN):
        assert draw().svg == here
        assert {key: matplotlib.rcParams[key] for key in FOREIGN} == FOREIGN


def test_it_draws_the_same_bytes_under_another_locale(monkeypatch):
    """The decimal comma of a machine's locale does not reach an axis."""
    here = draw().svg
    conventions = locale.localeconv() | {"decimal_point": ",", "thousands_sep": "."}
    monkeypatch.setattr(locale, "localeconv", lambda: conventions)
    monkeypatch.setattr(locale, "format_string", lambda *_, **__: "1.234,5")

    assert draw().svg == here


def test_it_restores_settings_after_an_error():
    """A chart that fails leaves no settings behind."""
    before = dict(matplotlib.rcParams)
    with pytest.raises(ZeroDivisionError), themed(2):
        _ = 1 / 0

    assert dict(matplotlib.rcParams) == before


def test_it_is_as_wide_as_the_page():
    """Every chart has the same width, so that a report's charts line up."""
    svg = ET.fromstring(draw().svg)

    assert (svg.get("width"), svg.get("height")) == (f"{WIDTH * 72:g}pt", f"{2 * 72:g}pt")


@pytest.fixture
def another_font(tmp_path, monkeypatch) -> str:
    """A machine whose only font, beside matplotlib's own, is STIX."""
    stix = font_manager.findfont(FontProperties(family="STIXGeneral"))
    fonts, own = font_manager.fontManager, str(matplotlib.get_data_path())
    monkeypatch.setattr(fonts, "ttflist", [f for f in fonts.ttflist if f.fname.startswith(own)])
    fonts.addfont(shutil.copy(stix, tmp_path))
    theme._fonts.cache_clear()
    yield "STIXGeneral"
    theme._fonts.cache_clear()


def test_a_picture_measures_its_texts_in_the_fonts_that_draw_them(another_font):
    """A name that only a fallback font covers has its glyphs before the ticks are laid out."""
    name = "\N{LATIN SMALL LETTER K WITH PALATAL HOOK} team"
    chart = draw(name)
    assert families_of(name) == [FONT, another_font]
    assert not undrawable(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # "Glyph … missing" is a warning
        first = chart.png()
    assert draw(name).png() == first


def test_a_picture_is_the_same_after_a_picture_with_other_fonts(another_font):
    """The fallback fonts of one chart do not reach the next."""
    plain = draw("team").png()
    draw("\N{LATIN SMALL LETTER K WITH PALATAL HOOK} team").png()
    assert draw("team").png() == plain


@pytest.mark.parametrize(
    "name",
    [
        "$5 vs $6",
        "$\\foo$",
        "a_b^c",
        "Zoë 日本 👩‍🚀",
        "<script>alert(1)</script>",
        "a & b",
        "\u202egpj",
        "a\x00b\x1b[31m",
        "\ufffe",
        "a--b",
        "-->",
    ],
)
@pytest.mark.filterwarnings("error")
def test_it_keeps_names_as_text(name):
    """A label is never a formula, never an element, and the drawing stays well-formed."""
    [label] = labels_of([name])
    svg = ET.fromstring(draw(label).svg)

    assert label in {
        "".join(element.itertext()).strip()
        for element in svg.iter("{http://www.w3.org/2000/svg}text")
    }
    assert not list(svg.iter("{http://www.w3.org/2000/svg}script"))


def test_it_puts_a_label_on_one_short_line():
    """Line breaks are marks; a label that is too long keeps its beginning and its end."""
    assert labels_of(["a\nb\t c"]) == ["a␣b␣␣c"]
    assert labels_of(["x" * LABEL_LENGTH]) == ["x" * LABEL_LENGTH]
    # 26 characters: 13, the ellipsis, 12.
    assert labels_of(["x" * 500 + "y" * 12]) == ["x" * 13 + "…" + "y" * 12]


def test_labels_of_names_that_differ_in_a_blank_or_the_middle_differ():
    """A blank at the end is a mark; a letter in the middle makes the two labels longer."""
    assert labels_of(["Acme", "Acme "]) == ["Acme", "Acme␣"]
    first, second = labels_of(["x" * 15 + each + "x" * 15 for each in "ab"])
    assert first != second
    assert len(first) == len(second) <= 2 * LABEL_LENGTH


def test_it_shows_itself_with_its_alt_text():
    """It is SVG with the alt text as metadata; as text, only the alt text."""
    chart = Chart("Bars.", "<svg/>")

    assert repr(chart) == "Bars."
    assert chart._repr_mimebundle_() == (
        {"image/svg+xml": "<svg/>", "text/plain": "Bars."},
        {"image/svg+xml": {"alt": "Bars."}},
    )


def test_its_alt_text_has_no_control_characters():
    """HTML can't hold them, not even in an attribute."""
    with themed(2) as axes:
        assert drawn(axes, "Bars of a\x00b.").alt == "Bars of a\ufffdb."


def test_its_style_sheet_loads_nothing():
    """The CSS of tables and prose is one file of the package."""
    css = style_sheet()

    assert ".finops" in css
    assert not [word for word in ("url(", "@import", "http", "expression") if word in css]
