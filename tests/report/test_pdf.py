"""The PDF: every figure of the page, no torn table, nothing that runs, always the same bytes."""

from __future__ import annotations

import base64
import html
import io
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import lxml.etree
import lxml.html
import pypdf
import pytest
from cssselect2.tree import ElementWrapper
from support.checkout import CHECKOUT

from finops_nb import schema
from finops_nb.errors import Refusal
from finops_nb.report.html_export import TEMPLATES
from finops_nb.report.pdf import check_pdf, pdf_of
from finops_nb.report.table import Block, Table
from finops_nb.schema import Column

ACTIVE = {
    "/JS",
    "/JavaScript",
    "/OpenAction",
    "/AA",
    "/Launch",
    "/URI",
    "/GoToR",
    "/EmbeddedFiles",
    "/EF",
    "/SubmitForm",
    "/RichMedia",
}
PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
    "<title>{}</title><style>{}</style></head><body>{}</body></html>"
)
STYLE = (
    "tbody { break-inside: avoid } thead { display: table-header-group } tr { break-inside: avoid }"
)
"""The rules of the report's style for printed tables."""


def without_space(text: str) -> str:
    """A text without line breaks and without the marks of its direction."""
    return re.sub(r"[\s\u2066-\u2069\u200e\u200f]", "", text)


def pages_of(made: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages]


def table_of(name: str, lines: int) -> str:
    """A table with a heading, lines and a total, each with the table's name."""
    kinds = [
        ("heading", f"{name}-heading"),
        *(("line", f"{name}-line-{number}") for number in range(lines)),
        ("total", f"{name}-total"),
    ]
    rows = "".join(f'<tr class="{kind}"><th>{text}</th></tr>' for kind, text in kinds)
    return f"<table><thead><tr><th>{name}-head</th></tr></thead><tbody>{rows}</tbody></table>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, weasyprint) -> Path:
    """The published sample month, with `pdf: true` in its params."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(CHECKOUT / "params", home / "params")
    with (home / "params" / "2025-12.yaml").open("a", encoding="utf-8") as file:
        file.write("pdf: true\n")
    done = subprocess.run(
        [sys.executable, "-m", "finops_nb", "run", "2025-12"],
        env=os.environ | {"FINOPS_NB_HOME": str(home), "SOURCE_DATE_EPOCH": "1767225600"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return home / "outputs" / "2025-12"


@pytest.fixture(scope="module")
def page(folder) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring((folder / "organizational_alignment.html").read_bytes())


@pytest.fixture(scope="module")
def reader(folder) -> pypdf.PdfReader:
    return pypdf.PdfReader(folder / "organizational_alignment.pdf")


@pytest.fixture(scope="module")
def text(reader) -> str:
    return without_space("".join(page.extract_text() for page in reader.pages))


@pytest.mark.slow
def test_every_figure_of_the_page_is_on_paper(page, text):
    """Every text of every cell is there, and each amount as often as in the page's tables."""
    cells = [
        without_space(content)
        for cell in page.iter("td", "th")
        for content in cell.itertext()
        if content.strip()
    ]
    assert len(cells) > 300
    assert [cell for cell in cells if cell not in text] == []
    amounts = [cell for cell in cells if re.fullmatch(r"-?\$[\d,]+\.\d\d", cell)]
    assert len(amounts) > 100
    assert [amount for amount in set(amounts) if text.count(amount) < amounts.count(amount)] == []


def test_every_text_of_every_chart_is_on_paper(page, text):
    """The labels of charts are text in the PDF, and the page's prose is there."""
    data = "data:image/svg+xml;base64,"
    charts = [
        image.get("src").removeprefix(data)
        for image in page.iter("img")
        if image.get("src").startswith(data)
    ]
    drawn = [lxml.etree.fromstring(base64.b64decode(chart)) for chart in charts]
    labels = [
        without_space("".join(label.itertext()))
        for chart in drawn
        for label in chart.iter("{http://www.w3.org/2000/svg}text")
    ]
    assert len(charts) > 3
    assert [label for label in labels if label not in text] == []
    content = [
        without_space("".join(item.itertext()))
        for item in page.iter("h2", "h3", "li")
        if not list(item.iterancestors("nav"))
    ]
    assert [
        item for item in content if item.removesuffix("#") not in text and item != "Contents"
    ] == []


def test_it_is_accessible(reader, page):
    """It is tagged as PDF/UA, with a language, a title and an alt text for each image."""
    root = reader.trailer["/Root"]
    assert reader.metadata.title == page.findtext(".//title")
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"], "/StructTreeRoot" in root) == (
        "en",
        True,
        True,
    )
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid" in root["/Metadata"].get_data()
    figures = [each for each in dictionaries(reader) if each.get("/S") == "/Figure"]
    assert len(figures) >= len(list(page.iter("img")))
    assert all(str(each.get("/Alt", "")).strip() for each in figures)


def test_it_is_a4_with_a_foot_on_each_page(reader, page):
    """Each page has its number, the number of pages, and the title."""
    pages = list(reader.pages)
    assert {(round(each.mediabox.width), round(each.mediabox.height)) for each in pages} == {
        (595, 842)
    }
    for number, each in enumerate(pages, 1):
        content = without_space(each.extract_text())
        assert f"{number}/{len(pages)}" in content
        assert without_space(page.findtext(".//title")) in content


def test_nothing_in_it_runs_or_leads_outside(reader):
    """It has no script, action, attachment or outside link."""
    active = [key for each in dictionaries(reader) for key in each if key in ACTIVE]
    assert active == []
    assert {each["/S"] for each in dictionaries(reader) if each.get("/Type") == "/Action"} <= {
        "/GoTo"
    }


def dictionaries(reader: pypdf.PdfReader) -> Iterator[dict]:
    """Every dictionary of a PDF, including nested ones."""
    numbers = range(1, int(reader.trailer["/Size"]))
    waiting = [reader.get_object(number) for number in numbers]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def test_small_tables_are_not_torn(weasyprint):
    """A small table moves to a new page as a whole, wherever it starts."""
    tables = [table_of(f"t{number}", 3 + number % 4) for number in range(30)]
    pages = pages_of(pdf_of(PAGE.format("x", STYLE, "".join(tables))))
    assert len(pages) > 3
    for number in range(30):
        [place] = [each for each, content in enumerate(pages) if f"t{number}-heading" in content]
        assert all(f"t{number}-line-{line}" in pages[place] for line in range(3 + number % 4))
        assert f"t{number}-total" in pages[place]


@pytest.mark.slow
def test_the_style_of_a_table_takes_time_by_its_cells(weasyprint, monkeypatch):
    """Four times the rows: about four times as many elements are looked at, not sixteen times."""
    looked_at = 0
    iter_subtree = ElementWrapper.iter_subtree

    def counted(element: ElementWrapper) -> Iterator[ElementWrapper]:
        nonlocal looked_at
        for each in iter_subtree(element):
            looked_at += 1
            yield each

    monkeypatch.setattr(ElementWrapper, "iter_subtree", counted)
    head, row = "<th>A</th>" * 30, "<tr><th>n</th>" + "<td>1</td>" * 29 + "</tr>"
    table = '<div class="finops table"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
    counts = []
    for rows in (10, 40):
        looked_at = 0
        pdf_of(PAGE.format("t", STYLE, f"{table.format(head, row * rows)}</div>"))
        counts.append(looked_at)
    assert counts[1] < 5 * counts[0]


@pytest.mark.slow
def test_a_long_table_has_its_head_on_each_page(weasyprint):
    """A long table is split, but not after its heading and not before its total."""
    for lines in range(95, 125, 3):
        pages = pages_of(pdf_of(PAGE.format("x", STYLE, table_of("t", lines))))
        assert len(pages) > 1
        assert all("t-head\n" in content for content in pages)
        assert all(content in pages[0] for content in ("t-heading\n", "t-line-0\n"))
        assert all(content in pages[-1] for content in (f"t-line-{lines - 1}\n", "t-total\n"))


@pytest.mark.slow
def test_no_table_is_wider_than_the_paper(weasyprint):
    """Long names are broken, and every figure stays within the margins, in up to 27 columns.

    From 11 columns on, the paper is turned: a heat map has a column for each product.
    """
    columns = [Column(f"cost{number}", f"Cost {number}", "money", "a cost") for number in range(26)]
    counts = (1, 2, 3, 4, 6, 8, 13, 16, 20, 26)
    names = ("x" * 150, "many words " * 14, "Ομάδα " * 12, "a")
    lines = [
        {"name": name, "note": "a note " * 40}
        | {column.name: Decimal("1234567.89") for column in columns}
        for name in names
    ]
    tables = [
        Table("t", "Costs", (schema.NAME, *columns[:count]), (Block(lines, None, "y" * 150),))
        for count in counts
    ]
    style = "".join(
        (TEMPLATES / "html_shell" / file).read_text(encoding="utf-8")
        for file in ("finops.css", "report.css")
    )
    made = pdf_of(
        PAGE.format(
            "x", style, "<main>" + "".join(table._repr_html_() for table in tables) + "</main>"
        )
    )
    pages = pypdf.PdfReader(io.BytesIO(made)).pages
    ends = [
        (begin + width, page.mediabox.width) for page in pages for begin, width in amounts_of(page)
    ]
    assert len(ends) == 4 * sum(counts)
    # A margin is 15 mm, of 72 ÷ 25.4 points each; A4 has 595 points, or 842 where it is turned.
    assert {round(paper) for _, paper in ends} == {595, 842}
    assert all(end < paper - 42.5 for end, paper in ends)


def amounts_of(page: pypdf.PageObject) -> list[tuple[float, float]]:
    """Where each amount of a page starts, and its approximate width, in points."""
    amounts = []

    def visit(text, matrix, text_matrix, font, size) -> None:
        for amount in re.findall(r"\$1,234,567\.89", text):
            start = matrix[0] * text_matrix[4] + matrix[4]
            width = 0.57 * size * matrix[0] * text_matrix[0] * len(amount)
            amounts.append((start, width))

    page.extract_text(visitor_text=visit)
    return amounts


# Only letters that every machine's fonts have: pypdf can't read missing glyphs.
@pytest.mark.parametrize(
    "title",
    ["a\"b'c\\", "} @page { size: A6 } x {", "</style><b>", "x" * 400, "Ωμέγα مرحبا · WHAT-IF: é"],
    ids=ascii,
)
def test_a_title_is_text_in_the_footer(weasyprint, title):
    """It is printed unchanged, and one that is too long does not cover the page number."""
    page = PAGE.format(html.escape(title), "", "<p>text</p>")
    made = pypdf.PdfReader(io.BytesIO(pdf_of(page)))
    assert made.metadata.title == title
    assert round(made.pages[0].mediabox.width) == 595
    content = without_space(made.pages[0].extract_text())
    assert "1/1" in content
    assert without_space(title)[:80] in content or not title.isascii()


def test_nothing_is_loaded(weasyprint):
    """It loads no image, style or font, from the network or from a file."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        place = f"http://127.0.0.1:{server.getsockname()[1]}"
        style = f"@import url({place}/a.css); body {{ background: url({place}/b.png) }}"
        style += f"@font-face {{ font-family: f; src: url({place}/f.ttf) }}"
        body = f'<link rel="stylesheet" href="{place}/e.css"><img src="{place}/c.png" alt="c">'
        body += '<img src="file:///etc/hostname" alt="d"><p style="font-family: f">text</p>'
        made = pdf_of(PAGE.format("x", style, body))
        with pytest.raises(TimeoutError):
            server.accept()
    assert pypdf.PdfReader(io.BytesIO(made)).pages[0].images.keys() == []


@pytest.mark.slow
def test_the_same_page_is_the_same_bytes(folder):
    """Process, time zone, language, hash seed and time change nothing."""
    program = """
import pathlib, sys
from finops_nb.report.pdf import pdf_of
sys.stdout.buffer.write(pdf_of(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")))
"""
    variables = {
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "7",
        "SOURCE_DATE_EPOCH": "1",
    }
    command = [
        sys.executable,
        "-X",
        "utf8",
        "-c",
        program,
        str(folder / "organizational_alignment.html"),
    ]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, check=True)
    assert done.stdout == (folder / "organizational_alignment.pdf").read_bytes()


def test_without_weasyprint_it_says_how_to_get_it(monkeypatch):
    """The refusal names the package to install, and the key to remove otherwise."""
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    text = (
        r"^PDFs can't be made: WeasyPrint is not installed\. "
        r'Install it: pip install "finops-nb\[pdf\]"; or remove `pdf: true`'
    )
    with pytest.raises(Refusal, match=text):
        check_pdf()


def test_without_pango_it_says_how_to_get_it(monkeypatch, tmp_path):
    """The refusal names the system's packages if WeasyPrint is there but can't be used."""
    (tmp_path / "weasyprint.py").write_text(
        "raise OSError(\"cannot load library 'libpango-1.0-0'\")\n"
    )
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        Refusal,
        match=r"Pango, which WeasyPrint needs, is not installed\. "
        r"Install it: apt install libpango-1\.0-0 .*, brew install pango",
    ):
        check_pdf()


def test_weasyprint_is_imported_late():
    """Only a run that makes a PDF imports it."""
    program = (
        "import sys, finops_nb.run.run, finops_nb.report.pdf; print('weasyprint' in sys.modules)"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
        == "False\n"
    )


def test_the_names_of_a_chart_are_set_as_a_whole(weasyprint):
    """A Hebrew name is a shape: WeasyPrint would reverse its letters. A plain name is text."""
    from finops_nb.report.theme import drawn, themed

    with themed(2) as axes:
        axes.barh([0, 1], [1, 2])
        axes.set_yticks([0, 1], ["plain", "ארגון"])
        svg = base64.b64encode(drawn(axes, "Bars.").svg.encode("utf-8")).decode("ascii")
    image = f'<img alt="Bars." src="data:image/svg+xml;base64,{svg}">'
    (text,) = pages_of(pdf_of(PAGE.format("x", "", image)))
    assert "plain" in text
    assert not set("ארגון") & set(text)
