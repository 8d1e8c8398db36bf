"""Theme: charts look alike on every machine, show themselves with their alt text, and keep names as text."""

from __future__ import annotations

import locale
import xml.etree.ElementTree as ET

import matplotlib
import pytest

from finops_nb.report.theme import LABEL_LENGTH, WIDTH, Chart, drawn, elided, style_sheet, themed

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
"""Settings that a machine, or a cell before, may have made."""


def draw(label: str = "a") -> Chart:
    with themed(2) as axes:
        axes.barh([0], [-1234.5], label=label)
        axes.set_yticks([0], [label])
        axes.figure.legend()
        return drawn(axes, f"Bars of {label}.")


def test_it_draws_the_same_bytes_twice():
    """No date, no random id, no trace of the run."""
    assert draw().svg == draw().svg
    assert "<dc:date>" not in draw().svg


def test_it_draws_the_same_bytes_under_other_settings():
    """Whatever rcParams are set, the theme is drawn; and they are as they were afterwards."""
    here = draw().svg
    with matplotlib.rc_context(FOREIGN):
        assert draw().svg == here
        assert {key: matplotlib.rcParams[key] for key in FOREIGN} == FOREIGN


def test_it_draws_the_same_bytes_under_another_locale(monkeypatch):
    """A decimal comma of the machine's locale does not reach an axis."""
    here = draw().svg
    conventions = locale.localeconv() | {"decimal_point": ",", "thousands_sep": "."}
    monkeypatch.setattr(locale, "localeconv", lambda: conventions)
    monkeypatch.setattr(locale, "format_string", lambda *_, **__: "1.234,5")

    assert draw().svg == here


def test_it_restores_settings_after_an_error():
    """A chart that could not be drawn leaves no settings behind."""
    before = dict(matplotlib.rcParams)
    with pytest.raises(ZeroDivisionError), themed(2):
        _ = 1 / 0

    assert dict(matplotlib.rcParams) == before


def test_it_is_as_wide_as_the_page():
    """Every chart has one width, so that a report's charts line up; the height is its own."""
    svg = ET.fromstring(draw().svg)

    assert (svg.get("width"), svg.get("height")) == (f"{WIDTH * 72:g}pt", f"{2 * 72:g}pt")


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
    svg = ET.fromstring(draw(elided(name)).svg)

    assert elided(name) in {
        "".join(element.itertext()).strip()
        for element in svg.iter("{http://www.w3.org/2000/svg}text")
    }
    assert not list(svg.iter("{http://www.w3.org/2000/svg}script"))


def test_it_puts_a_label_on_one_short_line():
    """Line breaks are blanks; what is longer than the chart has room for is cut, and marked so."""
    assert elided("a\n b\t c") == "a b c"
    assert elided("x" * LABEL_LENGTH) == "x" * LABEL_LENGTH
    assert elided("x" * 500) == "x" * (LABEL_LENGTH - 1) + "…"


def test_it_shows_itself_with_its_alt_text():
    """As SVG with the alt text beside it; as text, the alt text alone."""
    chart = Chart("Bars.", "<svg/>")

    assert repr(chart) == "Bars."
    assert chart._repr_mimebundle_() == (
        {"image/svg+xml": "<svg/>", "text/plain": "Bars."},
        {"image/svg+xml": {"alt": "Bars."}},
    )


def test_its_alt_text_has_no_control_characters():
    """HTML can't hold them, in an attribute as little as in a cell."""
    with themed(2) as axes:
        assert drawn(axes, "Bars of a\x00b.").alt == "Bars of a\ufffdb."


def test_its_style_sheet_loads_nothing():
    """The CSS of tables and prose is a file of the package, and asks for no other."""
    css = style_sheet()

    assert ".finops" in css
    assert not [word for word in ("url(", "@import", "http", "expression") if word in css]
