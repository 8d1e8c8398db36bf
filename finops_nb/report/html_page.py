"""Export: an executed notebook as one HTML file, through nbconvert and the package's own template, proven inert."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from nbconvert.exporters import HTMLExporter
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from traitlets import default
from traitlets.config import Config

from finops_nb.errors import Failure

TEMPLATES: Final = Path(__file__).parent / "templates"
NOT_SHOWN: Final = ("parameters", "injected-parameters", "lab-only")
"""Tags of cells that are for the analyst, not for the reader of the report."""

SHOWN: Final = (
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/markdown",
    "text/latex",
    "text/plain",
)
"""Kinds of output, the one that is shown first; none that needs a script."""

FORBIDDEN: Final = frozenset(
    (
        "script",
        "iframe",
        "frame",
        "frameset",
        "object",
        "embed",
        "applet",
        "form",
        "input",
        "button",
        "link",
        "base",
        "audio",
        "video",
        "source",
    )
)
LOCAL: Final = re.compile(r"#|data:image/(png|jpeg|svg\+xml);base64,[A-Za-z0-9+/=]+\Z")
RELATIVE: Final = re.compile(r"(?!/)(?!(?:.*/)?\.\.(?:/|\Z))[A-Za-z0-9._~%/-]+\Z")
"""A link to a file beside the page, or below it."""
LOADING: Final = re.compile(r"url\s*\(|@import|expression\s*\(|javascript:", re.IGNORECASE)
REFERENCES: Final = frozenset(
    (
        "href",
        "src",
        "srcset",
        "action",
        "formaction",
        "data",
        "poster",
        "background",
        "cite",
        "longdesc",
        "manifest",
        "ping",
        "xlink:href",
    )
)


class ReportExporter(HTMLExporter):
    """The report; `jupyter nbconvert --to finops_report NOTEBOOK.ipynb`."""

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

    @default("template_name")
    def _template_name_default(self) -> str:
        return "report"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self) -> list[str]:
        return [str(TEMPLATES)]

    @default("exclude_input")
    def _exclude_input_default(self) -> bool:
        return True

    def default_filters(self) -> Iterator[tuple[str, Callable[..., Any]]]:
        yield from super().default_filters()  # type: ignore[no-untyped-call]  # nbconvert's is not typed
        yield ("alt", alt_text)
        yield ("ansi_less", strip_ansi)
        yield ("text_base64", _base64)

    # A page is text: nbconvert overrides its own type likewise.
    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Mapping[str, Any] | None = None, **kw: Any
    ) -> tuple[str, Any]:
        resources = dict(resources or {}) | {
            "title": nb.metadata.get("title", "Organizational alignment · DRAFT"),
            "key": nb.metadata.get("finops_nb", {}).get("key", ""),
            "contents": contents(nb),
            "css": "\n".join(
                (TEMPLATES / "report" / file).read_text(encoding="utf-8")
                for file in ("finops.css", "report.css")
            ),
        }
        return super().from_notebook_node(_with_all_warnings(nb), resources, **kw)


def export_html(notebook: NotebookNode) -> str:
    """The report of an executed notebook.

    Returns:
        One HTML document that runs nothing and loads nothing.

    Raises:
        Failure: something in the notebook would run, or load from outside; it names the element.
    """
    page, _ = _exporter().from_notebook_node(notebook)
    found = audit(page)
    if found:
        raise Failure(
            f"The report would not be inert: {'; '.join(found[:5])}. Remove that output from the notebook."
        )
    return page


@cache
def _exporter() -> ReportExporter:
    """One for all reports of a process: its templates are compiled once."""
    return ReportExporter()  # type: ignore[no-untyped-call]  # nor is how it is made


def contents(notebook: NotebookNode) -> list[tuple[str, str]]:
    """The second-level headings of a notebook's prose, each with nbconvert's anchor of it."""
    shown = (
        cell
        for cell in notebook.cells
        if cell.cell_type == "markdown" and not set(NOT_SHOWN) & set(cell.metadata.get("tags", []))
    )
    texts = [
        match[1].strip()
        for cell in shown
        for match in re.finditer(r"^## +(.+)$", cell.source, re.MULTILINE)
    ]
    return [(text.replace(" ", "-"), text) for text in texts]


def _with_all_warnings(notebook: NotebookNode) -> NotebookNode:
    """The notebook whose cells that are not shown are reduced to what they said on stderr: it may be that figures are incomplete."""
    cells = []
    for cell in notebook.cells:
        said = [output for output in cell.get("outputs", ()) if output.get("name") == "stderr"]
        hidden = set(NOT_SHOWN) & set(cell.metadata.get("tags", []))
        cells.append(
            NotebookNode(cell, metadata=NotebookNode(), outputs=said) if hidden and said else cell
        )
    return NotebookNode(notebook, cells=cells)


def alt_text(output: NotebookNode, kind: str) -> str:
    """What an image says to readers who do not see it; its plain text where the notebook gave no other."""
    text: str = (
        output.metadata.get(kind, {}).get("alt")
        or output.metadata.get("alt")
        or output.data.get("text/plain", "Chart")
    )
    return text


def audit(page: str, links: bool = False) -> list[str]:
    """Everything in an HTML page that runs, or refers to anything outside of it; and images without alt text.

    Args:
        page: the document.
        links: whether `<a>` may lead to files beside the page or below it.
    """
    auditor = _Auditor(links)
    auditor.feed(page)
    auditor.close()
    return auditor.found


class _Auditor(HTMLParser):
    def __init__(self, links: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.links = links
        self.found: list[str] = []
        self.in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.in_style = tag == "style"
        if tag in FORBIDDEN or (
            tag == "meta" and values.get("http-equiv", "").lower() == "refresh"
        ):
            self.found.append(f"<{tag}>")
        if tag == "img" and not values.get("alt", "").strip():
            self.found.append("<img> without alt text")
        for name, value in values.items():
            if name.startswith("on"):
                self.found.append(f"<{tag} {name}>")
            beside = self.links and (tag, name) == ("a", "href") and RELATIVE.match(value)
            if name in REFERENCES and not beside and not LOCAL.match(value.strip()):
                self.found.append(f'<{tag} {name}="{value[:60]}">')
            if name == "style" and LOADING.search(value):
                self.found.append(f'<{tag} style="{value[:60]}">')

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False

    def handle_data(self, data: str) -> None:
        if self.in_style and LOADING.search(data):
            self.found.append("a style sheet that loads something")


def _base64(text: str) -> str:
    import base64

    return base64.b64encode(text.encode("utf-8")).decode("ascii")
