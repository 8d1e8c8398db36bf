"""Checks of a page: accessibility by axe-core, HTML by html-validate, layout by a browser."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from support import required
from support.checkout import CHECKOUT
from support.lab import Visit

TOOLS: Final = CHECKOUT / ".ci"
AXE: Final = TOOLS / "node_modules" / "axe-core" / "axe.min.js"
VALIDATOR: Final = TOOLS / "node_modules" / ".bin" / "html-validate"
SIDEWAYS: Final = "document.scrollingElement.scrollWidth - innerWidth"
TILES: Final = """() => [...document.querySelectorAll(".headline > div")].map((tile) => {
  const style = getComputedStyle(tile);
  const inner = tile.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const [term, text] = [...tile.children].map((each) => each.getBoundingClientRect());
  const isWhole = [term, text].every((each) => Math.abs(each.width - inner) < 1);
  return isWhole && term.bottom <= text.top + 1;
})"""
"""For each tile of the headline, whether its label stands above its figure, both in full width."""

SPILLS: Final = """() => [...document.querySelectorAll("th, td, dd, dt, li, p")].filter((each) => {
  const range = document.createRange();
  range.selectNodeContents(each);
  const [text, box] = [range.getBoundingClientRect(), each.getBoundingClientRect()];
  return text.width && (text.right > box.right + 1.5 || text.left < box.left - 1.5);
}).map((each) => each.textContent.slice(0, 60))"""
"""A script: the texts that are wider than their place; captions and sparklines may be."""
OUTSIDE: Final = """(svg) => {
  document.body.innerHTML = svg;
  const box = document.querySelector("svg").getBoundingClientRect();
  return [...document.querySelectorAll("svg text")].filter((each) => {
    const text = each.getBoundingClientRect();
    const sideways = text.left < box.left - 1 || text.right > box.right + 1;
    return sideways || text.top < box.top - 1 || text.bottom > box.bottom + 1;
  }).map((each) => each.textContent);
}"""
"""A script: the texts of a drawing that leave its frame."""


def tool(file: Path) -> Path:
    """A tool of npm; the test is skipped without it, or fails where the tool is required."""
    if not file.exists():
        required.without(
            f"{file.name} is not installed: npm install --prefix .ci", required.BROWSER
        )
    return file


def violations(visit: Callable[..., Visit], page: Path, width: int, scheme: str) -> list[str]:
    """The violations that axe finds, with all its default rules."""
    axe = tool(AXE)
    seen = visit(width, color_scheme=scheme, bypass_csp=True)
    seen.page.goto(page.as_uri())
    seen.page.add_script_tag(path=str(axe))
    rules = seen.page.evaluate("axe.run()")["violations"]
    seen.page.close()
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']} {node['failureSummary']}"
        for rule in rules
        for node in rule["nodes"]
    ]


def invalid(*pages: Path) -> str:
    """The complaints of html-validate about pages, one a line."""
    command = [
        str(tool(VALIDATOR)),
        "--config",
        str(TOOLS / "htmlvalidate.json"),
        "-f",
        "text",
        *map(str, pages),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=TOOLS)
    return done.stdout + done.stderr
