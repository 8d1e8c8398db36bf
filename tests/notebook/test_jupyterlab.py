"""The what-if as an analyst meets it: in JupyterLab, in a browser, by mouse and by keyboard."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import nbformat
import pytest
from support.lab import Server, Visit, running_lab
from support.page_checks import TILES

from finops_nb.home import Home, packaged_notebooks
from finops_nb.params.params_file import load_params

pytestmark = pytest.mark.browser

BASE = """\
period: "2025-12"
usage: "sample:"
organization_budgets: {org-alpha: 5000, org-beta: 3000, org-gamma: 2000}
product_budgets: {product-ai-chat: 4000, product-code-assistant: 3000, product-doc-analyzer: 3000}
"""
RAISED = "org-gamma +$800.00 → 96.3% used; total budget $10,800.00, 19.7% unspent"
"""2,695.75 / 2,800 = 0.9628; (10,800 − 8,669.89) / 10,800 = 0.1972."""
REFUSED = "Finish or fix the budget of org-gamma: the figures use its last valid value."
AS_IT_WAS = "No change; total budget $10,000.00, 13.3% unspent"

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "'\"><b>bold</b>",
    "日本 👩\u200d🚀",
    "\u202egpj",
    "org-" + "x" * 150,
    "=1+1",
    "constructor",
)
MANY = 300

OPEN = 'from finops_nb.api import open_what_if\nwhat_if = open_what_if("2025-12")\n'
HEADLINE = """\
period, usage = "2025-12", "sample:"
from finops_nb.api import *
data = read_report_data(read_parameters(globals()))
totals = (total_of(data, variance_by(data, by)) for by in ("organization", "product"))
display(Style(), prose.headline_figures(data, headline(*totals)))
"""
SLOW = """\
import time
view = what_if._state.view
what_if._state.view = lambda: (time.sleep(0.3), view())[1]
display(what_if)
what_if
"""
"""A slow kernel, and two views of one panel."""

CONTRASTS = """() => {
  const canvas = document.createElement("canvas");
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  const rgb = (color) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const ground = (each) => {
    const color = rgb(getComputedStyle(each).backgroundColor);
    return color[3] === 255 ? color : ground(each.parentElement);
  };
  const light = (color) => {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = color.slice(0, 3).map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const all = [...document.querySelectorAll(".finops-what-if *")];
  const isShown = (each) => each.offsetParent && !each.closest("[aria-disabled=true]");
  const isText = (node) => node.nodeType === 3 && node.data.trim();
  const hasText = (each) => each.value || [...each.childNodes].some(isText);
  return all.filter((each) => isShown(each) && hasText(each)).map((each) => {
    const [ink, paper] = [light(rgb(getComputedStyle(each).color)), light(ground(each))];
    const contrast = Math.max(ink, paper) / Math.min(ink, paper);
    return [each.className + " " + (each.value || each.textContent), contrast];
  });
}"""
"""Each text in the panel and its contrast by WCAG's formula; disabled controls need none."""

UNNAMED = """() => {
  const labelled = (each) => (each.matches("button") ? each : each.labels[0]);
  const name = (each) => each.ariaLabel || labelled(each)?.textContent.trim();
  const controls = document.querySelectorAll(".finops-what-if :is(input, select, button)");
  return [...controls].filter((each) => !name(each)).length;
}"""
"""How many controls have no name for a screen reader."""

WATCH_ADDED = """() => {
  window.added = 0;
  const isElement = (node) => node.nodeType === 1;
  const count = (changes) => changes.forEach((each) => {
    window.added += [...each.addedNodes].filter(isElement).length;
  });
  const panel = document.querySelector(".finops-what-if");
  new MutationObserver(count).observe(panel, { childList: true, subtree: true });
}"""
"""Counts in `window.added` the elements that are added to the panel."""

FITS = """() => [...document.querySelectorAll(".finops-what-if, .jp-OutputArea-output")]
  .every((each) => each.scrollWidth <= each.clientWidth + 1)"""
"""Whether the panel is no wider than the page."""


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("lab") / "work"


@pytest.fixture(scope="module")
def server(visit, root) -> Iterator[Server]:
    root.mkdir()
    with running_lab(root, root.parent / "own") as server:
        yield server


def make_home(folder: Path, *cells: str, params: str = BASE) -> Home:
    """A home with one month and the package's notebooks, and `cells.ipynb` with these cells."""
    shutil.copytree(packaged_notebooks(), folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
    (folder / "params").mkdir()
    (folder / "params" / "2025-12.yaml").write_text(params, encoding="utf-8")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    # Without a kernelspec, JupyterLab asks for one.
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["kernelspec"] = kernelspec
    nbformat.write(notebook, folder / "notebooks" / "cells.ipynb")
    return Home(folder)


def write_usage(home: Home, organizations: Sequence[str]) -> None:
    """Write one call of $1 for each organization, on the last day of the month."""
    lines = ["timestamp,cost_usd,organization_id,product_id,feature_id,customer_id"]
    for name in organizations:
        quoted = name.replace('"', '""')
        lines.append(f'2025-12-31T00:00:00Z,1.00,"{quoted}",chat,ask,c1')
    (home.root / "usage").mkdir()
    (home.root / "usage" / "calls.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def assert_nothing_left_the_machine(visit: Visit, server: Server) -> None:
    """Every request goes to this JupyterLab or to the page itself; the console has no error."""
    own = (server.url, server.url.replace("http:", "ws:", 1), "data:", f"blob:{server.url}")

    assert len(visit.requests) > 10
    assert [address for address in visit.requests if not address.startswith(own)] == []
    assert visit.errors == []


def row(page, name: str):
    return page.locator(".finops-what-if tr").filter(
        has=page.get_by_label(f"Budget of {name}", exact=True)
    )


def button(page, name: str):
    return page.locator(".finops-what-if").get_by_role("button", name=name)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_budget_is_edited_saved_and_reported(visit, tmp_path, theme):
    """An analyst gets from the notebook to the published what-if, in both themes."""
    from playwright.sync_api import expect

    home = make_home(tmp_path / "work" / "home")
    with running_lab(tmp_path / "work", tmp_path / "own", theme) as server:
        seen = visit()
        seen.open_notebook(server, "home/notebooks/budget_what_if.ipynb")
        page = seen.page
        sentence = page.locator(".finops-what-if output")
        gamma = page.get_by_label("Budget of org-gamma")
        expect(sentence).to_have_text(AS_IT_WAS)
        expect(row(page, "org-gamma").locator(".status")).to_have_text("OVER")

        gamma.click()
        gamma.press("Control+a")
        for typed in ("2", "2,", "2,8", "2,80", "2,800"):
            gamma.press(typed[-1])
            expect(gamma).to_have_class(re.compile("unfinished"))
            expect(sentence).to_have_text(AS_IT_WAS)
            expect(row(page, "org-gamma").locator(".status")).to_have_text("OVER")
        gamma.press("Enter")
        expect(row(page, "org-gamma").locator(".status")).to_have_text("UNDER")
        expect(sentence).to_have_text(RAISED)

        button(page, "Undo").click()
        expect(sentence).to_have_text(AS_IT_WAS)
        expect(gamma).to_have_value("2000")
        button(page, "Redo").click()
        expect(sentence).to_have_text(RAISED)
        expect(gamma).to_have_value("2800")

        button(page, "Report this scenario").click()
        expect(page.locator(".finops-what-if .message")).to_contain_text("Save first")
        button(page, "Save scenario").click()
        expect(page.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
        page.get_by_label("Scenario name").fill("more-gamma")
        page.get_by_label("Author").fill("Ana")
        page.get_by_label("Reason").fill("growth")
        button(page, "Save scenario").click()
        expect(page.locator(".finops-what-if .message")).to_contain_text(
            "params/scenarios/more-gamma.yaml"
        )
        assert page.evaluate(UNNAMED) == 0
        contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) > 50
        assert [each for each in contrasts if each[1] < 4.5] == []

        saved = load_params(home, "scenarios/more-gamma").scenario
        assert saved.organization_budgets == {"org-gamma": Decimal(2800)}
        assert (saved.base, saved.author, saved.reason) == ("2025-12", "Ana", "growth")

        button(page, "Report this scenario").click()
        expect(page.locator(".finops-what-if .message")).to_contain_text("Publishing the report")
        report = "outputs/scenarios/more-gamma/organizational_alignment.html"
        expect(page.locator(".finops-what-if .message")).to_contain_text(report, timeout=60_000)
        assert_nothing_left_the_machine(seen, server)

        page.goto((home.root / report).as_uri())
        expect(page.locator("body")).to_contain_text("WHAT-IF")
        assert [
            address
            for address in seen.requests
            if not address.startswith((server.url, "ws://127.0.0.1:", "data:", "blob:", "file:"))
        ] == []


def test_it_is_used_by_keyboard_alone(visit, server, root):
    """Enter and arrows move between budgets, Escape and Ctrl+Z undo; JupyterLab gets no key."""
    from playwright.sync_api import expect

    make_home(root / "keys", OPEN + "what_if")
    seen = visit()
    seen.open_notebook(server, "keys/notebooks/cells.ipynb")
    page = seen.page
    alpha, gamma, beta = (
        page.get_by_label(f"Budget of org-{name}") for name in ("alpha", "gamma", "beta")
    )
    sentence = page.locator(".finops-what-if output")
    prompt = page.locator(".jp-CodeCell .jp-InputPrompt").first

    alpha.focus()
    page.keyboard.press("Enter")
    expect(gamma).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(beta).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Budget of product-doc-analyzer")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+Enter")
    expect(gamma).to_be_focused()

    page.keyboard.type("99")  # the text was selected on arrival
    expect(gamma).to_have_class(re.compile("unfinished"))
    expect(sentence).to_have_text(AS_IT_WAS)
    page.keyboard.press("Escape")
    expect(gamma).to_have_value("2000")
    expect(sentence).to_have_text(AS_IT_WAS)
    expect(gamma).to_be_focused()

    page.keyboard.press("Control+a")
    page.keyboard.type("2800")
    page.keyboard.press("Control+Enter")
    expect(beta).to_be_focused()
    page.keyboard.type("1")
    expect(button(page, "Undo")).to_have_attribute("aria-disabled", "false")
    page.keyboard.press("Control+z")
    expect(beta).to_have_value("3000")
    expect(sentence).to_have_text(RAISED)
    page.keyboard.press("Control+z")
    expect(sentence).to_have_text(AS_IT_WAS)
    page.keyboard.press("Control+Shift+z")
    expect(sentence).to_have_text(RAISED)

    button(page, "Copy").focus()
    page.keyboard.type("xddab")  # in command mode: cut, delete, new cells
    button(page, "Undo").focus()
    page.keyboard.press("Enter")
    expect(sentence).to_have_text(AS_IT_WAS)
    expect(button(page, "Undo")).to_be_focused()
    assert page.locator(".jp-Cell").count() == 1
    expect(prompt).to_have_text("[1]:")
    assert_nothing_left_the_machine(seen, server)


def test_a_slider_and_its_field_are_one_value(visit, server, root):
    """Ten presses of a key are 10% and one step to undo; each organization has its own rate."""
    from playwright.sync_api import expect

    make_home(root / "sliders", OPEN + "what_if")
    seen = visit()
    seen.open_notebook(server, "sliders/notebooks/cells.ipynb")
    page = seen.page
    slider = page.get_by_label("Growth of usage, slider")
    field = page.get_by_label("Growth of usage", exact=True)

    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(field).to_have_value("10")
    expect(page.locator(".finops-what-if .summary")).to_contain_text("+10%")
    page.keyboard.press("Control+z")
    expect(field).to_have_value("0")
    expect(slider).to_have_value("0")

    field.fill("-20.5")
    field.press("Enter")
    expect(slider).to_have_value(re.compile(r"-2[01]"))
    expect(field).to_have_value("-20.5")
    field.fill("much")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("^not a percentage"))
    field.fill("10%")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "false")
    expect(field).to_have_value("10")
    page.get_by_label("Change them for").select_option("org-beta")
    field.fill("25")
    field.press("Enter")
    expect(page.locator(".finops-what-if .summary")).to_contain_text("org-beta +25%")
    page.get_by_label("Change them for").select_option("(all)")
    expect(field).to_have_value("10")
    button(page, "Reset").click()
    expect(field).to_have_value("0")
    assert_nothing_left_the_machine(seen, server)


def test_the_sentence_is_copied_or_else_selected(visit, server, root):
    """Without access to the clipboard, it is selected and a message says what to press."""
    from playwright.sync_api import expect

    make_home(root / "copies", OPEN + "what_if")
    seen = visit(permissions=["clipboard-read", "clipboard-write"])
    seen.open_notebook(server, "copies/notebooks/cells.ipynb")
    page = seen.page

    button(page, "Copy").click()
    expect(page.locator(".finops-what-if .copied")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == AS_IT_WAS
    page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no right')); }"
    )
    button(page, "Copy").click()
    expect(page.locator(".finops-what-if .copied")).to_contain_text("Selected")
    assert page.evaluate("getSelection().toString()") == AS_IT_WAS
    assert_nothing_left_the_machine(seen, server)


def test_only_figures_of_what_stands_in_the_fields_are_copied(visit, server, root):
    """What is typed is finished first; what is refused stops the copy, with a sentence."""
    from playwright.sync_api import expect

    make_home(root / "stops", OPEN + "what_if")
    seen = visit(permissions=["clipboard-read", "clipboard-write"])
    seen.open_notebook(server, "stops/notebooks/cells.ipynb")
    page = seen.page
    gamma, copied = page.get_by_label("Budget of org-gamma"), page.locator(".copied")

    gamma.fill("$2,800.00")
    button(page, "Copy").click()
    expect(copied).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == RAISED
    expect(gamma).to_have_value("2800.00")
    gamma.fill("2,80")
    button(page, "Copy").click()
    expect(copied).to_have_text(f"Not copied. {REFUSED}")
    assert page.evaluate("navigator.clipboard.readText()") == RAISED
    expect(gamma).to_have_attribute("aria-invalid", "true")
    button(page, "Report this scenario").click()
    expect(page.locator(".finops-what-if .message")).to_have_text(f"Not reported. {REFUSED}")
    gamma.fill("140%")
    button(page, "Copy").click()
    expect(copied).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == RAISED
    expect(gamma).to_have_value("2800")  # 2,000 × 1.4
    assert_nothing_left_the_machine(seen, server)


def test_a_slow_kernel_loses_no_keystroke(visit, server, root):
    """Text typed before an answer comes stays in its field; the figures follow the last of it."""
    from playwright.sync_api import expect

    make_home(root / "slow", OPEN + SLOW)
    seen = visit()
    seen.open_notebook(server, "slow/notebooks/cells.ipynb")
    page = seen.page
    first, second = (page.locator(".finops-what-if").nth(each) for each in (0, 1))

    first.get_by_label("Budget of org-alpha").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("6000.2", delay=40)
    page.keyboard.press("Enter")
    page.keyboard.type("2800", delay=40)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    page.keyboard.type("5", delay=40)
    first.get_by_label("Scenario name").focus()
    page.keyboard.type("more-for-all", delay=40)
    for panel in (first, second):
        # 6,000.25 − 5,000 = 1,000.25
        expect(panel.locator("output")).to_contain_text("org-alpha +$1,000.25")
        expect(panel.locator("output")).to_contain_text("org-gamma +$800.00")
        expect(panel.get_by_label("Budget of org-alpha")).to_have_value("6000.25")
        expect(panel.get_by_label("Budget of org-gamma")).to_have_value("2800")
    expect(first.get_by_label("Scenario name")).to_have_value("more-for-all")
    assert_nothing_left_the_machine(seen, server)


def test_no_tile_of_the_headline_overlaps(visit, server, root):
    """JupyterLab floats the terms of a list; the label of a figure stands above it all the same."""
    make_home(root / "tiles", HEADLINE)
    seen = visit()
    seen.open_notebook(server, "tiles/notebooks/cells.ipynb")
    seen.page.wait_for_selector(".headline")
    assert seen.page.evaluate(TILES) == [True] * 4


def test_many_names_and_hostile_ones(visit, server, root):
    """300 rows change in place; a name is only text, and its length does not break the page."""
    from playwright.sync_api import expect

    params = 'period: "2025-12"\nusage: usage/calls.csv\norganization_budgets: {org-000: 2}\n'
    home = make_home(root / "many", OPEN + "what_if", params=params)
    write_usage(home, [*HOSTILE, *(f"org-{number:03}" for number in range(MANY - len(HOSTILE)))])
    seen = visit(width=700)
    seen.open_notebook(server, "many/notebooks/cells.ipynb")
    page = seen.page
    panel = page.locator(".finops-what-if")

    expect(panel.locator("input.budget")).to_have_count(MANY + 1)  # and one product
    assert {
        name for name in panel.locator("tbody th bdi").all_text_contents() if name in HOSTILE
    } == set(HOSTILE)
    assert panel.locator("img, b, script").count() == 0
    assert page.evaluate(FITS)

    page.evaluate(WATCH_ADDED)
    field = panel.get_by_label("Budget of <img src=x onerror=alert(1)>")
    field.focus()
    page.keyboard.type("0.5")
    page.keyboard.press("Enter")
    # 1.00 against 0.50
    status = row(page, "<img src=x onerror=alert(1)>").locator(".status")
    expect(status).to_have_text("OVER")
    field.focus()
    page.keyboard.type("x")
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert page.evaluate("window.added") == 0
    assert_nothing_left_the_machine(seen, server)
