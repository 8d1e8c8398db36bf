"""The HTML page: an executed notebook as one file, by nbconvert and the package's own template."""

# What is on the page is decided elsewhere. A section is a heading and cells of
# notebooks/organizational_alignment.ipynb; its tables are named in report/tables.py, its text is
# in report/prose.py.

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from html.parser import HTMLParser
from importlib.metadata import files
from pathlib import Path
from typing import Any, Final

from nbconvert.exporters import HTMLExporter
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from traitlets import default
from traitlets.config import Config

from finops_nb.errors import Failure
from finops_nb.outputs.artifacts import REPORT_NAME

TEMPLATES: Final = Path(__file__).parent / "templates"
SHELL: Final = "html_shell"
"""The nbconvert template of the page, a folder of `TEMPLATES`."""
STYLE_SHEETS: Final = ("finops.css", "report.css")

NOT_SHOWN: Final = ("parameters", "injected-parameters", "lab-only")
"""Tags of cells for the analyst, not for the reader of the report."""

SHOWN: Final = (
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/markdown",
    "text/latex",
    "text/plain",
)
"""Kinds of output, the preferred one first; none needs a script."""

FORBIDDEN: Final = frozenset(
    (
        *("script", "iframe", "frame", "frameset", "object", "embed", "applet"),
        *("form", "input", "button", "link", "base", "audio", "video", "source"),
    )
)
"""Elements that run, load or send something."""

REFERENCES: Final = frozenset(
    (
        *("href", "src", "srcset", "action", "formaction", "data", "poster", "background"),
        *("cite", "longdesc", "manifest", "ping", "xlink:href"),
    )
)
"""Attributes that may name another file."""

LOCAL: Final = re.compile(r"#|data:image/(png|jpeg|svg\+xml);base64,[A-Za-z0-9+/=]+\Z")
"""A reference within the page, or an image in it."""

RELATIVE: Final = re.compile(r"(?!/)(?!(?:.*/)?\.\.(?:/|\Z))[A-Za-z0-9._~%/-]+\Z")
"""A link to a file in the page's folder, or below it."""

LOADING: Final = re.compile(r"url\s*\(|@import|expression\s*\(|javascript:", re.IGNORECASE)
"""What makes a style load or run something."""

VALUE_LENGTH: Final = 60
"""Characters of a value that a message quotes."""

FAULTS_SHOWN: Final = 5


class ReportExporter(HTMLExporter):
    """The report as an nbconvert exporter.

    Example:
        jupyter nbconvert --to finops_report NOTEBOOK.ipynb
    """

    export_from_notebook = "FinOps report"

    @property
    def default_config(self) -> Config:
        own = Config(
            TagRemovePreprocessor={"enabled": True, "remove_cell_tags": set(NOT_SHOWN)},
            HTMLExporter={"anchor_link_text": "#"},
            NbConvertBase={"display_data_priority": list(SHOWN)},
        )
        inherited: Config = super().default_config.copy()
        inherited.merge(own)
        return inherited

    def __init__(self, **_: Any):
        # Neither a machine's nor a user's configuration of Jupyter may change the page: nbconvert
        # would pass it here, from files and from the command line.
        super().__init__(config=Config())  # type: ignore[no-untyped-call]  # nbconvert has no types

    @default("template_name")
    def _template_name_default(self) -> str:
        return SHELL

    @default("template_paths")
    def _template_paths_default(self) -> list[str]:
        # By default nbconvert also looks into every Jupyter data path of the machine, where a
        # folder called as one of ours would take the place of ours.
        return [
            str(TEMPLATES / SHELL),
            str(_nbconvert_templates() / "base"),
            str(_nbconvert_templates()),
        ]

    def get_template_names(self) -> list[str]:
        return [SHELL, "base"]

    @default("exclude_input")
    def _exclude_input_default(self) -> bool:
        return True

    def default_filters(self) -> Iterator[tuple[str, Callable[..., Any]]]:
        # nbconvert has no types for this method.
        yield from super().default_filters()  # type: ignore[no-untyped-call]
        yield ("alt", alt_text)
        yield ("ansi_less", strip_ansi)
        yield ("text_base64", _base64)

    # A page is text: nbconvert's own exporters override the type of the base class likewise.
    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Mapping[str, Any] | None = None, **kw: Any
    ) -> tuple[str, Any]:
        own = {
            "title": nb.metadata.get("title", f"{REPORT_NAME} · DRAFT"),
            "key": nb.metadata.get("finops_nb", {}).get("key", ""),
            "contents": contents(nb),
            "css": style_sheets(),
        }
        page = _with_warnings_of_hidden_cells(nb)
        return super().from_notebook_node(page, dict(resources or {}) | own, **kw)


def export_html(notebook: NotebookNode) -> str:
    """The report of an executed notebook.

    Returns:
        One HTML document that runs nothing and loads nothing.

    Raises:
        Failure: an output would run or load something, or is an image without alt text.
    """
    page, _ = _exporter().from_notebook_node(notebook)
    if faults := audit(page):
        named = "; ".join(faults[:FAULTS_SHOWN])
        raise Failure(
            f"The report has content that can't be published: {named}. "
            "Remove that output from the notebook."
        )
    return page


@cache
def _nbconvert_templates() -> Path:
    """The templates that came with the installed nbconvert, wherever its data files are."""
    own = "share/jupyter/nbconvert/templates/base/display_priority.j2"
    installed = [file.locate() for file in files("nbconvert") or () if str(file).endswith(own)]
    # A package of the system may come without the list of its files.
    [file, *_] = installed or [Path(sys.prefix, own)]
    return Path(file).resolve().parent.parent


def contents(notebook: NotebookNode) -> list[tuple[str, str]]:
    """The second-level headings of the notebook's text, each with the anchor nbconvert gives it."""
    texts = [
        match[1].strip()
        for cell in notebook.cells
        if cell.cell_type == "markdown" and not _is_hidden(cell)
        for match in re.finditer(r"^## +(.+)$", cell.source, re.MULTILINE)
    ]
    return [(text.replace(" ", "-"), text) for text in texts]


def alt_text(output: NotebookNode, kind: str) -> str:
    """The alt text of an image: from its metadata, else its plain text."""
    text: str = (
        output.metadata.get(kind, {}).get("alt")
        or output.metadata.get("alt")
        or output.data.get("text/plain", "Chart")
    )
    return text


def audit(page: str, links: bool = False) -> list[str]:
    """What an HTML page runs, loads or refers to outside itself, and its images without alt text.

    Args:
        page: the document.
        links: whether `<a>` may lead to files in the page's folder or below it.

    Returns:
        The elements, such as `<script>`; empty if there are none.
    """
    auditor = _Auditor(links)
    auditor.feed(page)
    auditor.close()
    return auditor.faults


class _Auditor(HTMLParser):
    def __init__(self, links: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.links = links
        self.faults: list[str] = []
        self.in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.in_style = tag == "style"
        reloads = tag == "meta" and values.get("http-equiv", "").lower() == "refresh"
        if tag in FORBIDDEN or reloads:
            self.faults.append(f"<{tag}>")
        if tag == "img" and not values.get("alt", "").strip():
            self.faults.append("<img> without alt text")
        for name, value in values.items():
            self._check_attribute(tag, name, value)

    def _check_attribute(self, tag: str, name: str, value: str) -> None:
        quoted = f'<{tag} {name}="{value[:VALUE_LENGTH]}">'
        if name.startswith("on"):
            self.faults.append(f"<{tag} {name}>")
        is_allowed_link = self.links and (tag, name) == ("a", "href") and RELATIVE.match(value)
        if name in REFERENCES and not is_allowed_link and not LOCAL.match(value.strip()):
            self.faults.append(quoted)
        if name == "style" and LOADING.search(value):
            self.faults.append(quoted)

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False

    def handle_data(self, data: str) -> None:
        if self.in_style and LOADING.search(data):
            self.faults.append("a style sheet that loads something")


@cache
def _exporter() -> ReportExporter:
    """One for all reports of a process, so that its templates are compiled once."""
    return ReportExporter()


def style_sheets() -> str:
    """The styles of the page."""
    folder = TEMPLATES / SHELL
    return "\n".join((folder / file).read_text(encoding="utf-8") for file in STYLE_SHEETS)


def _is_hidden(cell: NotebookNode) -> bool:
    return bool(set(NOT_SHOWN) & set(cell.metadata.get("tags", [])))


def _with_warnings_of_hidden_cells(notebook: NotebookNode) -> NotebookNode:
    """The notebook with hidden cells reduced to their stderr, and shown if they have any.

    A warning may mean that figures are incomplete, so a reader must see it.
    """
    cells = []
    for cell in notebook.cells:
        warnings = [output for output in cell.get("outputs", ()) if output.get("name") == "stderr"]
        if _is_hidden(cell) and warnings:
            cell = NotebookNode(cell, metadata=NotebookNode(), outputs=warnings)
        cells.append(cell)
    return NotebookNode(notebook, cells=cells)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
