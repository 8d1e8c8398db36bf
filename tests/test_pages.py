"""The pages that people get: accessible, valid, asking for nothing, and holding their layout whatever the names."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import html5lib
import pytest
from PIL import Image
from support.checkout import CHECKOUT
from support.lab import Visit, browser
from support.page_checks import OUTSIDE, SIDEWAYS, SPILLS, invalid, violations
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
    "timestamp",
    "provider",
    "model",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "latency_ms",
)
HEADER += (
    "customer_id",
    "organization_id",
    "product_id",
    "feature_id",
    "task_type",
    "subscription_tier",
)


def home_of(root: Path, organizations: list[str], products: list[str]) -> Path:
    """A home whose December has a call of every organization for every product, with budgets for all of them."""
    (root / "params").mkdir(parents=True)
    dice = random.Random(4)
    with (root / "calls.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for organization in organizations:
            for product in products:
                cost = f"{dice.expovariate(0.05):.6f}"
                day = dice.randint(1, 31)
                writer.writerow(
                    [
                        f"2025-12-{day:02}",
                        "p",
                        "m",
                        1,
                        1,
                        cost,
                        1,
                        f"c{dice.randint(1, 90)}",
                        organization,
                        product,
                        "f",
                        "t",
                        "s",
                    ]
                )
        writer.writerow(
            [
                "2025-12-31",
                "p",
                "m",
                1,
                1,
                "1",
                1,
                "c1",
                organizations[0],
                products[0],
                "f",
                "t",
                "s",
            ]
        )
    # YAML holds no longer key on one line.
    short = [[name for name in names if len(name) < 1000] for names in (organizations, products)]
    budgets = {
        f"{by}_budgets": dict.fromkeys(names, 100)
        for by, names in zip(("organization", "product"), short, strict=True)
    }
    params = {
        "period": "2025-12",
        "usage": "calls.csv",
        "notes": {organizations[0]: "A remark."},
    } | budgets
    (root / "params" / "2025-12.yaml").write_text(
        json.dumps(params, ensure_ascii=False), encoding="utf-8"
    )
    return root


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
def visit() -> Iterator[Callable[..., Visit]]:
    with browser() as visit:
        yield visit


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    """The sample's report, mail and index, and the report and mail of hostile names."""
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
    """It breaks no rule of axe, on a phone and on a desk."""
    for width in (375, 1024):
        assert violations(visit, pages[name], width, scheme) == [], width


def test_the_pages_are_valid_html(pages):
    """It has no complaint of html-validate, nor any parse error; the mail is held to the second only, since mail needs old attributes."""
    assert invalid(pages["sample"], pages["hostile"], pages["index"]) == ""
    for page in pages.values():
        html5lib.HTMLParser(strict=True).parse(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["sample", "hostile", "index", "sample mail", "hostile mail"])
def test_a_page_asks_for_nothing_and_holds_its_layout(visit, pages, name):
    """It loads itself alone, never scrolls sideways as a whole, and no text leaves its cell."""
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
    """It draws every text within the picture, long, right-to-left, Chinese and emoji names too."""
    charts = page_of(pages[name]).xpath("//img[@class='chart']/@src")
    assert len(charts) == 6
    seen = visit(1024)
    for chart in charts:
        svg = base64.b64decode(chart.split(",", 1)[1]).decode("utf-8")
        assert seen.page.evaluate(OUTSIDE, svg[svg.index("<svg") :]) == []
    seen.page.close()


def test_a_phone_shows_that_a_table_goes_on_and_charts_that_can_be_read(visit, pages):
    """It shades the right edge of a table until that is scrolled to its end; no chart is drawn smaller than 480 pixels across."""
    seen = visit(375)
    seen.page.goto(pages["sample"].as_uri())
    table = seen.page.locator("#cost_by_organization")
    edges = []
    for at in (0, 10_000):
        table.evaluate("(each, at) => { each.scrollLeft = at; }", at)
        picture = pixels(table.screenshot())
        edges.append(picture.getpixel((picture.width - 3, picture.height - 3)))
    charts = seen.page.evaluate(
        "[...document.querySelectorAll('img.chart')].map(each => each.getBoundingClientRect().width)"
    )
    seen.page.close()
    assert sum(edges[0]) < sum(edges[1]) == 3 * 255
    assert min(charts) >= 480


def test_the_headline_prints_in_two_columns(visit, pages):
    """It has no card alone in a line of A4: four of them stand two by two."""
    seen = visit(680)
    seen.page.goto(pages["sample"].as_uri())
    seen.page.emulate_media(media="print")
    places = seen.page.evaluate(
        "[...document.querySelectorAll('.headline > div')].map(each => each.getBoundingClientRect().top)"
    )
    seen.page.close()
    assert [places.count(top) for top in places] == [2, 2, 2, 2]


def pixels(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture)).convert("RGB")


@pytest.mark.parametrize(
    ("scheme", "media"), [("light", "screen"), ("dark", "screen"), ("light", "print")]
)
def test_the_bar_of_what_is_over_has_its_budget_marked(visit, pages, scheme, media):
    """It holds a tick in the ink's colour across the bar of 134.8 %, between two lines of the paper's, on screen and on paper."""
    seen = visit(1024, color_scheme=scheme)
    seen.page.goto(pages["sample"].as_uri())
    seen.page.emulate_media(media=media, color_scheme=scheme)
    names = ("--ink", "--paper", "--bar-over")
    script = """names => names.map((name) => {
      const probe = document.body.appendChild(document.createElement("i"));
      probe.style.color = `var(${name})`;
      return getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    })"""
    ink, paper, over = map(tuple, seen.page.evaluate(script, list(names)))
    bar = pixels(seen.page.locator(".used-over .bar").first.screenshot())
    seen.page.close()
    row = [bar.getpixel((x, bar.height // 2)) for x in range(bar.width)]
    assert row[bar.width // 4] == over
    assert {ink, paper} <= set(row[bar.width * 6 // 10 : bar.width * 7 // 10])


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints_without_a_cut_table(visit, pages, paper, tmp_path):
    """It has the last head of every table, and its figures, on the paper."""
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
    """It is small, and the sample under 300 KB: long tables are cut, and all lines are in the XLSX."""
    home = home_of(
        tmp_path, [f"org-{n:03}" for n in range(300)], [f"product-{n:02}" for n in range(50)]
    )
    command(home, "run", "2025-12")
    assert (
        home / "outputs" / "2025-12" / "organizational_alignment.html"
    ).stat().st_size < 5_000_000
