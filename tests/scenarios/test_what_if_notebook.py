"""The what-if's notebook as a table: under papermill, on an exported page, without the widgets."""

from __future__ import annotations

import os
import subprocess
import sys

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from support.published import page_of

from finops_nb.api import open_what_if
from finops_nb.home import CHECKOUT
from finops_nb.report.html_export import ReportExporter, audit

NOTEBOOK = CHECKOUT / "notebooks" / "budget_what_if.ipynb"
FIRST_LINE = [
    "org-alpha",
    "$3,504.94",
    "$5,000.00",
    "$5,000.00",
    "$0.00",
    "-$1,495.06",
    "70.1%",
    "UNDER",
]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook, run by papermill from the command line."""
    out = tmp_path_factory.mktemp("papermill") / "out.ipynb"
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(NOTEBOOK),
        str(out),
        "-p",
        "author",
        "Ana",
        "--no-progress-bar",
    ]
    subprocess.run(command, cwd=NOTEBOOK.parent, check=True, capture_output=True, timeout=120)
    return nbformat.read(out, as_version=4)


def lines(page: str) -> list[list[str]]:
    return [
        [cell.text_content().strip("▲▼◆○\xa0 ") for cell in row] for row in page_of(page).iter("tr")
    ]


@pytest.mark.slow
def test_under_papermill_it_is_a_table(executed):
    """It has one output of HTML and text, and no panel, which would need a kernel."""
    (output,) = executed.cells[-1].outputs
    assert set(output.data) == {"text/html", "text/plain"}
    assert (
        output.data["text/plain"]
        == "What if? December 2025: No change; total budget $10,000.00, 13.3% unspent"
    )
    assert FIRST_LINE in lines(output.data["text/html"])


@pytest.mark.parametrize("exporter", [ReportExporter, HTMLExporter])
def test_on_the_exported_page_it_is_that_table(executed, exporter):
    """With our template, which is inert, and with nbconvert's own."""
    page, _ = exporter().from_notebook_node(executed)
    assert FIRST_LINE in lines(page)
    assert (audit(page) == []) is (exporter is ReportExporter)


def test_a_panel_that_was_saved_in_a_notebook_is_exported_as_its_table(executed):
    """JupyterLab saves both; the report leaves out the one that needs a script."""
    saved = nbformat.from_dict(executed)
    saved.cells[-1].outputs[0].data["application/vnd.jupyter.widget-view+json"] = {
        "model_id": "x",
        "version_major": 2,
    }
    page, _ = ReportExporter().from_notebook_node(saved)
    assert FIRST_LINE in lines(page)


def test_without_the_widgets_it_says_how_to_install_them(monkeypatch):
    """The table is shown all the same."""
    monkeypatch.setenv("FINOPS_NB_HOME", str(CHECKOUT))
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "finops_nb.scenarios.widget", raising=False)
    shown = open_what_if("2025-12")
    assert 'pip install "finops-nb[lab]"' in shown._repr_html_()
    assert "finops-nb[lab]" in repr(shown)
    assert FIRST_LINE in lines(shown._repr_html_())


@pytest.mark.slow
def test_a_kernel_without_the_widgets_shows_the_table(tmp_path):
    """It needs neither anywidget nor ipywidgets, which DuckDB imports in a notebook."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    block = "import sys\nsys.modules |= dict.fromkeys(('ipywidgets', 'anywidget'))"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(block))
    nbformat.write(notebook, tmp_path / "in.ipynb")
    command = [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb", "--no-progress-bar"]
    environment = os.environ | {"FINOPS_NB_HOME": str(CHECKOUT)}
    subprocess.run(
        command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=120
    )
    (output,) = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[-1].outputs
    assert 'pip install "finops-nb[lab]"' in output.data["text/html"]
    assert FIRST_LINE in lines(output.data["text/html"])
