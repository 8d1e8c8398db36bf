"""Names and amounts on the page and in the mail, as a browser lays them out: none is broken."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.homes import files_of
from support.page_checks import SIDEWAYS, SPILLS
from support.usage_files import call, write_calls

from finops_nb.home import Home
from finops_nb.mail.message import Envelope, compose_message, preview
from finops_nb.outputs.artifacts import HTML, RESULTS
from finops_nb.run.run import run

pytestmark = pytest.mark.browser

OFFICE = "Organization for International Cooperation, Development and Statistics, office of "
ORGANIZATIONS = (
    *("Manufacturing", "org-north-america-engineering", "Acme ", ""),
    *(f"{OFFICE}{city}" for city in ("Paris", "Prague")),
    "very_long_identifier_without_any_blank_or_hyphen",
)
PRODUCTS = ("Customer Service", "Document Understanding", "Recommendation")
ENVELOPE = Envelope("a@example.com", ["b@example.com"], datetime(2026, 1, 2, tzinfo=UTC))
BROKEN = """() => {
  const broken = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const isAmount = node.parentElement.closest(".headline b, strong");
    const words = isAmount ? /[^\\s]+/g : /[^\\s-]+/g;
    for (const match of node.textContent.matchAll(words)) {
      const longest = isAmount && /\\d/.test(match[0]) ? 40 : 13;
      const range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      const lines = new Set([...range.getClientRects()].map((each) => Math.round(each.top)));
      if (match[0].length <= longest && lines.size > 1) broken.push(match[0]);
    }
  }
  return broken;
}"""
"""A script: words of up to 13 characters, and figures at the top, that are on two lines."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    """The report of two months that cost some $100,000,000 each, and its mail."""
    home = Home(tmp_path_factory.mktemp("long").resolve())
    home.params.mkdir()
    for month, day in (("2025-11", "30"), ("2025-12", "31")):
        write_calls(
            home.root / "usage" / f"{month}.csv",
            *(
                call(
                    timestamp=f"{month}-{day}",
                    cost_usd=f"{rank * place * int(day) * 33_333}.57",
                    organization_id=organization,
                    product_id=product,
                    feature_id=product,
                )
                for rank, organization in enumerate(ORGANIZATIONS, start=1)
                for place, product in enumerate(PRODUCTS, start=1)
            ),
        )
        budgets = {name: 4_000_000 for name in ORGANIZATIONS if name}
        params = {"period": month, "usage": f"usage/{month}.csv", "organization_budgets": budgets}
        home.params_file(month).write_text(json.dumps(params))
        page = run(month, home)
    message = compose_message(json.loads(files_of(page.parent)[RESULTS]), {}, ENVELOPE)
    mail = home.root / "mail.html"
    mail.write_text(preview(message), encoding="utf-8")
    return {"page": page.parent / HTML, "mail": mail}


@pytest.mark.parametrize("name", ["page", "mail"])
@pytest.mark.parametrize("width", [390, 1280])
def test_words_and_amounts_are_on_one_line(visit, pages, name, width):
    """Only names longer than their place are broken; nothing leaves its place."""
    seen = visit(width)
    seen.page.goto(pages[name].as_uri())
    broken = seen.page.evaluate(BROKEN)
    spills, sideways = seen.page.evaluate(SPILLS), seen.page.evaluate(SIDEWAYS)
    seen.page.close()
    assert broken == []
    assert spills == []
    assert sideways <= 0
