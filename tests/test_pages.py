"""The pages: accessible, valid, self-contained, and with a steady layout whatever the names."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import html5lib
import pytest
from nbconvert.exporters import HTMLExporter
from PIL import Image
from support.checkout import CHECKOUT
from support.page_checks import OUTSIDE, SIDEWAYS, SPILLS, TILES, invalid, violations
from support.published import page_of

pytestmark = pytest.mark.browser

NAMES = (
    "org-" + "long-" * 30 + "name",
    "x" * 10_000,
    "مرحبا بالعالم العربي",
    "東京オフィス研究開発部門第一課",
    "🚀🚀 rockets 👩‍👩‍👧",
    "‮reversed",
    "$5 vs $6",
    "_under_score_",
)
HEADER = (
    *("timestamp", "provider", "model", "input_tokens", "output_tokens", "cost_usd"),
    *("latency_ms", "customer_id", "organization_id", "product_id", "feature_id"),
    *("task_type", "subscription_tier"),
)
DRAWN_WIDTHS = (
    "[...document.querySelectorAll('img.chart')].map(each => each.getBoundingClientRect().width)"
)
PLACES = """name => {
  const table = document.getElementById(name);
  const shown = [...table.querySelectorAll("thead th")];
  const last = shown.findIndex((head) => head.dataset.column === "variance");
  return Object.fromEntries(shown.slice(0, last + 1).map((head, place) => {
    const column = [...table.querySelectorAll("tr")].map((row) => row.children[place]);
    const boxes = column.map((cell) => cell.getBoundingClientRect());
    const right = Math.max(...boxes.map((box) => box.right));
    return [head.dataset.column, [Math.min(...boxes.map((box) => box.left)), right]];
  }));
}"""
"""A script: how far each column up to the variance reaches, by its name."""

HINTS = """() => [...document.querySelectorAll("figure")].map((figure) => {
  const style = getComputedStyle(figure, "::before");
  return [style.content, figure.scrollWidth > figure.clientWidth, parseFloat(style.width) || 0];
})"""
"""A script: of each chart, the line above it, whether it goes on at the side, the line's width."""

CARD_TOPS = """[...document.querySelectorAll('.headline > div')].map(
  (each) => each.getBoundingClientRect().top
)"""
COLORS = """names => names.map((name) => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color.match(/\\d+/g).map(Number);
})"""
"""Scripts: the widths of charts, the tops of headline cards, the colors of variables."""


def home_of(root: Path, organizations: list[str], products: list[str]) -> Path:
    """A home whose December has a call by every organization for every product, with budgets."""
    (root / "params").mkdir(parents=True)
    dice = random.Random(4)
    with (root / "calls.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for organization in organizations:
            for product in products:
                cost = f"{dice.expovariate(0.05):.6f}"
                day = dice.randint(1, 31)
                customer = f"c{dice.randint(1, 90)}"
                writer.writerow(call(day, cost, customer, organization, product))
        # The last day has usage, so that the month is complete.
        writer.writerow(call(31, "1", "c1", organizations[0], products[0]))
    params = {
        "period": "2025-12",
        "usage": "calls.csv",
        "notes": {organizations[0]: "A remark."},
        "organization_budgets": budgets_of(organizations),
        "product_budgets": budgets_of(products),
    }
    text = json.dumps(params, ensure_ascii=False)
    (root / "params" / "2025-12.yaml").write_text(text, encoding="utf-8")
    return root


def call(day: int, cost: str, customer: str, organization: str, product: str) -> list[str]:
    """A row of usage with these values and the same others."""
    others = ["p", "m", "1", "1", cost, "1", customer, organization, product, "f", "t", "s"]
    return [f"2025-12-{day:02}", *others]


def budgets_of(names: list[str]) -> dict[str, int]:
    """A budget of 100 for each name that YAML can have as a key on one line."""
    return {name: 100 for name in names if len(name) < 1000}


def command(home: Path, *arguments: str) -> None:
    environment = os.environ | {"FINOPS_NB_HOME": str(home), "SOURCE_DATE_EPOCH": "1767225600"}
    done = subprocess.run(
        [sys.executable, "-m", "finops_nb", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    """The sample's report, mail and index, and the report and mail of unusual names."""
    root = tmp_path_factory.mktemp("pages")
    sample = root / "sample"
    (sample / "params").mkdir(parents=True)
    for month in ("2025-11", "2025-12"):
        (sample / "params" / f"{month}.yaml").write_text(
            (CHECKOUT / "params" / f"{month}.yaml").read_text()
        )
    command(sample, "run", "2025-11", "2025-12")
    hostile = home_of(root / "hostile", [*NAMES], [*NAMES])
    command(hostile, "run", "2025-12")
    for home in (sample, hostile):
        command(home, "mail", "2025-12", "--to", "me@example.com")
    found = {"index": sample / "outputs" / "index.html"}
    for name, home in (("sample", sample), ("hostile", hostile)):
        found[name] = home / "outputs" / "2025-12" / "organizational_alignment.html"
        found[f"{name} mail"] = home / "outputs" / ".mail" / "2025-12" / "preview.html"
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["sample", "hostile", "index", "sample mail", "hostile mail"])
def test_axe_finds_no_violation(visit, pages, name, scheme):
    """No rule of axe is broken, on a phone and on a desktop."""
    for width in (375, 1024):
        assert violations(visit, pages[name], width, scheme) == [], width


def test_the_pages_are_valid_html(pages):
    """html-validate and a strict parser accept them; the mail, with old attributes, the latter."""
    assert invalid(pages["sample"], pages["hostile"], pages["index"]) == ""
    for page in pages.values():
        html5lib.HTMLParser(strict=True).parse(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["sample", "hostile", "index", "sample mail", "hostile mail"])
def test_a_page_loads_nothing_and_keeps_its_layout(visit, pages, name):
    """It loads only itself, never scrolls sideways as a whole, and no text leaves its cell."""
    for width in (375, 1024, 1600):
        seen = visit(width)
        seen.page.goto(pages[name].as_uri())
        assert [url for url in seen.requests if not url.startswith(("file:", "data:"))] == []
        assert seen.errors == []
        assert seen.page.evaluate(SIDEWAYS) <= 0, width
        assert seen.page.evaluate(SPILLS) == [], width
        seen.page.close()


@pytest.mark.parametrize("name", ["sample", "hostile"])
def test_no_label_leaves_its_chart(visit, pages, name):
    """Every text is inside the picture, with long, right-to-left, Chinese and emoji names."""
    charts = page_of(pages[name]).xpath("//img[@class='chart']/@src")
    assert len(charts) == 6
    seen = visit(1024)
    for chart in charts:
        svg = base64.b64decode(chart.split(",", 1)[1]).decode("utf-8")
        assert seen.page.evaluate(OUTSIDE, svg[svg.index("<svg") :]) == []
    seen.page.close()


def test_a_phone_shows_where_to_scroll_and_readable_charts(visit, pages):
    """A table's right edge is shaded until its end is reached; charts are 480 pixels wide."""
    seen = visit(375)
    seen.page.goto(pages["sample"].as_uri())
    table = seen.page.locator("#cost_by_organization")
    edges = []
    for at in (0, 10_000):
        table.evaluate("(each, at) => { each.scrollLeft = at; }", at)
        picture = pixels(table.screenshot())
        edges.append(picture.getpixel((picture.width - 3, picture.height - 3)))
    widths = seen.page.evaluate(DRAWN_WIDTHS)
    seen.page.close()
    assert sum(edges[0]) < sum(edges[1]) == 3 * 255
    assert min(widths) >= 480


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_name_cost_and_variance_without_scrolling(visit, pages, scheme):
    """At 390 pixels, in both tables against budgets; the variance has the color of its status."""
    seen = visit(390, color_scheme=scheme)
    seen.page.goto(pages["sample"].as_uri())
    tables = ["cost_by_organization", "cost_by_product", "chargeback_by_organization"]
    places = {table: seen.page.evaluate(PLACES, table) for table in tables}
    seen.page.close()
    for table, columns in places.items():
        assert {"budget", "variance"} <= columns.keys(), table
        assert all(0 <= left < right <= 390 for left, right in columns.values()), table


def test_a_phone_says_that_a_chart_goes_on(visit, pages):
    """The line above it is wholly in sight; a desktop has neither the line nor a cut chart."""
    hints = {}
    for width in (390, 1280):
        seen = visit(width)
        seen.page.goto(pages["sample"].as_uri())
        hints[width] = seen.page.evaluate(HINTS)
        seen.page.close()
    assert len(hints[390]) == len(hints[1280]) == 6
    for hint, cut, hint_width in hints[390]:
        assert "Scroll" in hint
        assert cut
        assert hint_width <= 390
    assert {(hint, cut) for hint, cut, _ in hints[1280]} == {("none", False)}


def test_the_headline_prints_in_two_columns(visit, pages):
    """Four cards are two by two on A4, with none alone in a line."""
    seen = visit(680)
    seen.page.goto(pages["sample"].as_uri())
    seen.page.emulate_media(media="print")
    tops = seen.page.evaluate(CARD_TOPS)
    seen.page.close()
    assert [tops.count(top) for top in tops] == [2, 2, 2, 2]


@pytest.mark.parametrize("page", ["published", "plain"])
def test_no_tile_of_the_headline_overlaps(visit, pages, tmp_path, page):
    """On our page, and on one that plain nbconvert makes, whose styles float the labels."""
    file = pages["sample"]
    if page == "plain":
        body, _ = HTMLExporter().from_filename(str(file.with_suffix(".ipynb")))
        file = tmp_path / "plain.html"
        file.write_text(body, encoding="utf-8")
    seen = visit(1280)
    seen.page.goto(file.as_uri())
    tiles = seen.page.evaluate(TILES)
    seen.page.close()
    assert tiles == [True] * 4


def pixels(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture)).convert("RGB")


@pytest.mark.parametrize(
    ("scheme", "media"), [("light", "screen"), ("dark", "screen"), ("light", "print")]
)
def test_a_bar_over_budget_marks_the_budget(visit, pages, scheme, media):
    """The bar of 134.8% has a tick in the ink's color, between two lines in the paper's."""
    seen = visit(1024, color_scheme=scheme)
    seen.page.goto(pages["sample"].as_uri())
    seen.page.emulate_media(media=media, color_scheme=scheme)
    names = ["--ink", "--paper", "--bar-over"]
    ink, paper, over = map(tuple, seen.page.evaluate(COLORS, names))
    bar = pixels(seen.page.locator(".used-over .bar").first.screenshot())
    seen.page.close()
    row = [bar.getpixel((x, bar.height // 2)) for x in range(bar.width)]
    assert row[bar.width // 4] == over
    assert {ink, paper} <= set(row[bar.width * 6 // 10 : bar.width * 7 // 10])


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints_without_a_cut_table(visit, pages, paper, tmp_path):
    """The last head of every table, and its figures, are on the paper."""
    from pypdf import PdfReader

    seen = visit(1024)
    seen.page.goto(pages["sample"].as_uri())
    seen.page.pdf(path=str(tmp_path / "x.pdf"), format=paper)
    seen.page.close()
    reader = PdfReader(tmp_path / "x.pdf")
    text = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
    for table in page_of(pages["sample"]).iter("table"):
        assert table.xpath("string(thead/tr/th[last()])").split()[-1] in text
    assert "224,072 100" in text


def test_three_hundred_organizations_with_fifty_products_stay_under_five_megabytes(tmp_path):
    """Long tables are cut; all rows are in the XLSX."""
    home = home_of(
        tmp_path, [f"org-{n:03}" for n in range(300)], [f"product-{n:02}" for n in range(50)]
    )
    command(home, "run", "2025-12")
    assert (
        home / "outputs" / "2025-12" / "organizational_alignment.html"
    ).stat().st_size < 5_000_000
