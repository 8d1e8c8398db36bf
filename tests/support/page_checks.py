"""What tools say of a page: axe-core on accessibility, html-validate on HTML, and a browser on what a page asks for."""

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
SPILLS: Final = """() => [...document.querySelectorAll("th, td, dd, dt, li, p")].filter((each) => {
  const range = document.createRange();
  range.selectNodeContents(each);
  const [text, box] = [range.getBoundingClientRect(), each.getBoundingClientRect()];
  return text.width && (text.right > box.right + 1.5 || text.left < box.left - 1.5);
}).map((each) => each.textContent.slice(0, 60))"""
"""What is wider than its place; a caption and a sparkline may be."""
OUTSIDE: Final = """(svg) => {
  document.body.innerHTML = svg;
  const box = document.querySelector("svg").getBoundingClientRect();
  return [...document.querySelectorAll("svg text")].filter((each) => {
    const text = each.getBoundingClientRect();
    return text.left < box.left - 1 || text.right > box.right + 1 || text.top < box.top - 1 || text.bottom > box.bottom + 1;
  }).map((each) => each.textContent);
}"""


def tool(file: Path) -> Path:
    """A tool of npm; where it is missing, the test is skipped, or fails if the environment says that it is required."""
    if not file.exists():
        required.without(
            f"{file.name} is not installed: npm install --prefix .ci", required.BROWSER
        )
    return file


def violations(visit: Callable[..., Visit], page: Path, width: int, scheme: str) -> list[str]:
    """What axe finds, every rule it has on."""
    axe = tool(AXE)
    seen = visit(width, color_scheme=scheme, bypass_csp=True)
    seen.page.goto(page.as_uri())
    seen.page.add_script_tag(path=str(axe))
    found = seen.page.evaluate("axe.run()")["violations"]
    seen.page.close()
    return [
        f"{each['id']} ({each['impact']}): {node['target']} {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    ]


def invalid(*pages: Path) -> str:
    """What html-validate says of pages, one complaint a line."""
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
