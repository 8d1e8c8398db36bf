"""The HTML page: it shows every kind of output, and nothing on it runs or loads."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from support.published import page_of

from finops_nb.errors import Failure
from finops_nb.report import html_export
from finops_nb.report.html_export import _nbconvert_templates, audit, export_html

PIXEL = base64.b64encode(b"\x89PNG not really").decode("ascii")


def notebook_of(*outputs, tags=(), prose="## Cost\n\nWhat it is."):
    cell = new_code_cell(
        "secret_source()", outputs=list(outputs), metadata={"tags": list(tags)}, execution_count=1
    )
    return new_notebook(cells=[new_markdown_cell(prose), cell])


def display(data, **metadata):
    return new_output("display_data", data, metadata=metadata)


@pytest.mark.parametrize(
    ("output", "seen"),
    [
        (display({"text/plain": "a < b"}), "a &lt; b"),
        (
            display({"text/html": "<table><tr><td>4</td></tr></table>", "text/plain": "frame"}),
            "<td>4</td>",
        ),
        (display({"text/markdown": "**bold** claim"}), "<strong>bold</strong>"),
        (display({"text/latex": "$x$"}), "$x$"),
        (display({"application/x-unknown": "?", "text/plain": "a thing"}), "a thing"),
        (new_output("execute_result", {"text/plain": "42"}, execution_count=1), "42"),
        (new_output("stream", name="stdout", text="said"), "said"),
        (
            new_output("stream", name="stderr", text="numbers are incomplete"),
            "numbers are incomplete",
        ),
    ],
)
def test_each_kind_of_output_is_on_the_page(output, seen):
    """Text, tables, Markdown, formulas, unknown kinds, results and both streams are shown."""
    assert seen in export_html(notebook_of(output))


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "image/svg+xml"])
def test_an_image_carries_its_alt_text(kind):
    """The alt text comes from the output's metadata, escaped."""
    data = "<svg xmlns='http://www.w3.org/2000/svg'/>" if kind == "image/svg+xml" else PIXEL
    [image] = page_of(
        export_html(notebook_of(display({kind: data}, **{kind: {"alt": 'Cost of "a" < b'}})))
    ).iter("img")
    assert image.get("alt") == 'Cost of "a" < b'
    assert image.get("src").startswith(f"data:{kind};base64,")


def test_a_warning_on_stderr_stands_out():
    """A library's warning is shown as a warning, not as a figure."""
    page = page_of(export_html(notebook_of(new_output("stream", name="stderr", text="careful"))))
    assert page.xpath("//*[@role='note']/strong/text()") == ["Warning"]


def test_no_code_is_on_the_page():
    """The code of every cell is left out, and everything of a cell for the analyst."""
    assert "secret_source" not in export_html(notebook_of(display({"text/plain": "kept"})))
    assert "dropped" not in export_html(
        notebook_of(display({"text/plain": "dropped"}), tags=["lab-only"])
    )


@pytest.mark.parametrize("tag", ["lab-only", "parameters"])
def test_a_warning_of_a_hidden_cell_is_shown(tag):
    """Only its stderr is shown, and the notebook is not changed."""
    notebook = notebook_of(
        new_output("stream", name="stderr", text="17 rows are missing"),
        display({"text/plain": "dropped"}),
        tags=[tag],
    )
    page = export_html(notebook)
    assert [note.text_content() for note in page_of(page).find_class("warning")] == [
        "Warning17 rows are missing"
    ]
    assert "dropped" not in page
    assert len(notebook.cells[1].outputs) == 2


def test_the_contents_lead_to_the_sections():
    """Every second-level heading has a link to its anchor."""
    notebook = notebook_of(display({"text/html": "<h1>Report</h1>"}), tags=["heading"])
    notebook.cells.append(
        new_markdown_cell("## Cost by Organization\n\n### Detail\n\n## Key Insights")
    )
    page = page_of(export_html(notebook))
    links = [link.get("href") for link in page.xpath("//nav//a")]
    assert links == ["#Cost", "#Cost-by-Organization", "#Key-Insights"]
    assert all(page.xpath(f"//h2[@id='{link[1:]}']") for link in links)


@pytest.mark.parametrize(
    "active",
    [
        "<script>alert(1)</script>",
        "<img src='x.png' alt='a'>",
        "<img src='data:image/png;base64,AAAA' alt=''>",
        "<p onclick='x()'>a</p>",
        "<a href='javascript:x()'>a</a>",
        "<a href='https://example.org/'>a</a>",
        "<iframe></iframe>",
        "<form></form>",
        "<link rel='stylesheet' href='x.css'>",
        "<p style='background: url(x.png)'>a</p>",
        "<style>@import 'x.css';</style>",
        "<meta http-equiv='refresh' content='1'>",
        "<object data='x'></object>",
        "<svg><a xlink:href='http://x'>a</a></svg>",
    ],
)
def test_what_would_run_or_load_is_refused(active):
    """The element is named, in an output and in text."""
    assert audit(active)
    for notebook in (
        notebook_of(display({"text/html": active})),
        notebook_of(prose=f"## Cost\n\n{active}"),
    ):
        with pytest.raises(Failure, match=r"can't be published: (<|a style sheet)"):
            export_html(notebook)


def test_escaped_names_that_look_active_are_allowed():
    """Only elements and attributes count, not text."""
    text = "<p>&lt;script&gt; onclick=x url(</p><a href='#x'>a</a>"
    assert audit(text + "<img src='data:image/png;base64,AAAA' alt='a'>") == []


@pytest.mark.slow
def test_nbconvert_knows_the_exporter(tmp_path):
    """`jupyter nbconvert --to finops_report` makes a page that is a draft."""
    nbformat.write(notebook_of(display({"text/plain": "kept"})), tmp_path / "draft.ipynb")
    command = [
        sys.executable,
        "-m",
        "nbconvert",
        "--to",
        "finops_report",
        str(tmp_path / "draft.ipynb"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    text = Path(tmp_path / "draft.html").read_text(encoding="utf-8")
    assert "<title>Organizational Alignment · DRAFT</title>" in text
    assert audit(text) == []


@pytest.mark.parametrize(
    ("link", "allowed"),
    [
        ("2025-12/organizational_alignment.html", True),
        ("analysis/a%23b.html", True),
        ("#here", True),
        ("https://example.com/x", False),
        ("//example.com/x", False),
        ("/etc/passwd", False),
        ("../x.html", False),
        ("a/../../x.html", False),
        ("a/..", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("a b.html", False),
    ],
)
def test_a_page_may_be_allowed_to_link_to_files_below_it(link, allowed):
    """The index may link below itself, but not up, elsewhere or to scripts; a report may not."""
    page = f'<a href="{link}">x</a>'
    assert (audit(page, links=True) == []) is allowed
    assert (audit(page) == []) is (link == "#here")
    assert audit(page.replace("<a href", "<img alt='x' src"), links=True) != [] or link == "#here"


HOSTILE_TEMPLATE = "nothing of the report"
HOSTILE_CONFIG = """
c.TemplateExporter.template_name = "lab"
c.TemplateExporter.exclude_output = True
c.TemplateExporter.template_file = "other.j2"
c.HTMLExporter.preprocessors = ["nbconvert.preprocessors.ClearOutputPreprocessor"]
c.NbConvertBase.display_data_priority = ["text/plain"]
"""


def test_nbconvert_may_have_no_list_of_its_files(monkeypatch):
    """Its templates are then where Python's data files are."""
    expected = _nbconvert_templates()
    monkeypatch.setattr(html_export, "files", lambda name: None)
    assert _nbconvert_templates.__wrapped__() == expected
    assert (expected / "base" / "display_priority.j2").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["html_shell", "base"])
def test_no_template_of_the_machine_takes_the_place_of_ours(tmp_path, name):
    """A folder of that name in a Jupyter data path, or a user's configuration, changes no byte."""
    notebook = tmp_path / "n.ipynb"
    nbformat.write(notebook_of(display({"text/html": "<p>$1.25</p>"})), notebook)
    templates = tmp_path / "data" / "nbconvert" / "templates" / name
    templates.mkdir(parents=True)
    for file in ("index.html.j2", "display_priority.j2", "null.j2"):
        (templates / file).write_text(HOSTILE_TEMPLATE)
    config = tmp_path / "config"
    config.mkdir()
    (config / "jupyter_nbconvert_config.py").write_text(HOSTILE_CONFIG)

    def page(**variables: str) -> str:
        command = [sys.executable, "-m", "nbconvert", "--to", "finops_report", "--stdout", notebook]
        done = subprocess.run(
            command, env=os.environ | variables, capture_output=True, text=True, check=True
        )
        return done.stdout

    hostile = page(JUPYTER_PATH=str(tmp_path / "data"), JUPYTER_CONFIG_DIR=str(config))
    assert hostile == page()
    assert "$1.25" in hostile
