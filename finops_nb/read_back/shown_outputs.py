"""The page against the notebook it was made from: every output as it is, and no other word."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from markupsafe import escape
from nbconvert.filters import markdown2html, strip_ansi
from nbformat import NotebookNode

from finops_nb.read_back.page import words
from finops_nb.report.html_export import NOT_SHOWN, SHOWN, alt_text, contents, style_sheets

QUOTED: Final = 60
"""Characters that a message quotes."""

TEXT: Final = "'"
"""The beginning of a line of text; that of a tag begins with "<"."""

UNKNOWN: Final = "This output can't be shown in a report."


def page_faults(page: str, notebook: NotebookNode) -> list[str]:
    """What a page lacks of its notebook, or shows besides, as sentences.

    Every table, text and chart of an output, and the notebook's own text, must stand in the page
    as they are, to the last digit and attribute, in the order of the notebook. The words that are
    left must be the title and the contents.

    Args:
        page: its text.
        notebook: that it was exported from.
    """
    if not page.rstrip().endswith("</html>"):
        return ["it has no end"]
    whole, place, rest = _tokens(page), 0, []
    for owner, piece in _pieces(notebook):
        sought = _tokens(piece)
        found = whole.find(sought, place)
        if found < 0:
            return [f"it does not have {owner} as the notebook has it"]
        rest.append(whole[place:found])
        place = found + len(sought)
    left = "\n".join((*rest, whole[place:])).split("\n")
    said = [line.removeprefix(TEXT) for line in left if line.startswith(TEXT)]
    meant = [str(notebook.metadata.get("title", "")), *_contents(notebook)]
    if said != [words(text) for text in meant if text]:
        extra = [text for text in said if text not in meant] or meant
        return [f'it has other words between its outputs: "{" ".join(extra)[:QUOTED]}"']
    return []


def _pieces(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """What the page must have of the notebook, as HTML, each with its name in messages."""
    yield "its styles", f"<style>{style_sheets()}</style>"
    for number, cell in enumerate(notebook.cells, 1):
        is_hidden = bool(set(NOT_SHOWN) & set(cell.metadata.get("tags", [])))
        if cell.cell_type == "markdown" and not is_hidden:
            yield f"the text of cell {number}", _section(cell.source)
        for output in cell.get("outputs", ()):
            is_warning = output.get("name") == "stderr"
            if is_warning or not is_hidden:
                yield f"the output of cell {number}", _output(output)


def _output(output: NotebookNode) -> str:
    """The HTML of an output."""
    if output.output_type == "stream":
        text = _pre(output.text)
        return f"<strong>Warning</strong>{text}" if output.name == "stderr" else text
    kind = next((kind for kind in SHOWN if kind in output.data), "")
    content = output.data.get(kind, UNKNOWN)
    if kind == "text/html":
        return str(content)
    if kind == "text/markdown":
        return _section(content)
    if not kind.startswith("image/"):
        return _pre(content)
    if kind == "image/svg+xml":
        content = base64.b64encode(content.encode("utf-8")).decode("ascii")
    source = f"data:{kind};base64,{content}".replace("\n", "")
    return f'<img class="chart" src="{source}" alt="{escape(alt_text(output, kind))}">'


def _section(markdown: str) -> str:
    return f'<section class="text">{markdown2html(markdown)}</section>'


def _pre(text: str) -> str:
    plain = strip_ansi(text)  # type: ignore[no-untyped-call]  # nbconvert has no types
    return f"<pre>{escape(plain)}</pre>"


def _contents(notebook: NotebookNode) -> list[str]:
    """The words of the table of contents, once for each cell that is a heading."""
    headings = [text for _, text in contents(notebook)]
    tagged = [cell for cell in notebook.cells if "heading" in cell.metadata.get("tags", [])]
    return ["Contents", *headings] * len(tagged) if headings else []


def _tokens(html: str) -> str:
    """The start tags and the texts of a page, a line each, whatever the order of attributes.

    nbconvert rewrites the page: it sorts attributes and closes open tags.
    """
    reader = _Tokens()
    reader.feed(html)
    reader.close()
    reader.end_text()
    return "".join(f"{line}\n" for line in reader.lines)


class _Tokens(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.text: list[str] = []
        self.in_anchor = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.end_text()
        values = {name: words(value or "") for name, value in attrs}
        # Each heading has a link to itself, whose sign is nbconvert's.
        self.in_anchor = tag == "a" and values.get("class") == "anchor-link"
        if not self.in_anchor:
            self.lines.append(f"<{tag} {sorted(values.items())}")

    def handle_endtag(self, tag: str) -> None:
        self.end_text()
        self.in_anchor = self.in_anchor and tag != "a"

    def handle_data(self, data: str) -> None:
        if not self.in_anchor:
            self.text.append(data)

    def end_text(self) -> None:
        """Add the text since the last tag."""
        text = words(self.text)
        self.lines += [TEXT + text] if text else []
        self.text = []
