"""The PDF against the page: every figure of the page stands in its text."""

from __future__ import annotations

import base64
import html
import io
import re
import zlib
from collections.abc import Iterator
from typing import Final

from finops_nb.read_back.figures import figures_in
from finops_nb.read_back.page import read_page
from finops_nb.report.pdf import DRAWING, with_outlines

NAMES: Final = re.compile(r"<(bdi|code|nav)\b.*?</\1>", re.DOTALL)
"""What a PDF breaks within a word, or leaves out: names, hashes, and the table of contents."""

HASH: Final = re.compile(r"<code\b.*?</code>", re.DOTALL)
WHOLES: Final = re.compile(r"<(?:h[123]|caption|code)\b.*?</(?:h[123]|caption|code)>", re.DOTALL)
"""Headings, captions and hashes, which are looked up as a whole."""

DRAWN: Final = re.compile(r"<text\b[^>]*>([^<]*)</text>")
FOOTER: Final = re.compile(r"\d+ / \d+\s*$")
NUMBER: Final = re.compile(r"^\d+\.\s*$", re.MULTILINE)
"""The numbers that a PDF has besides: of its pages, and of the items of a list."""

SHORT: Final = 4
"""Characters of a figure that may stand by chance where two others meet."""

HASH_LENGTH: Final = 16
"""Characters of a code that can be nothing but a hash."""

STREAM: Final = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


def pdf_faults(pdf: bytes, page: str) -> Iterator[str]:
    """What a PDF lacks of the page that it was made from, a phrase each.

    It must have every heading, caption and hash, and every figure as often as the page.

    Args:
        pdf: the file.
        page: its text.
    """
    try:
        text = _text_of(pdf)
    # The errors of pypdf have no class in common with those of zlib.
    except Exception as error:
        yield f"it can't be read: {error or type(error).__name__}"
        return
    shown = _page_text(page)
    missing = figures_in(shown) - figures_in(_without_hashes(text, page))
    within, whole = _squeezed(text), _squeezed(shown)
    for title in WHOLES.findall(page):
        if _squeezed(read_page(title).text) not in within:
            yield f'it lacks "{read_page(title).text}"'
    for found in missing:
        # A figure may be broken between two lines, as part of a long text.
        if len(found) < SHORT or within.count(found) < whole.count(found):
            yield f'it lacks "{found}" of the page'


def _text_of(pdf: bytes) -> str:
    """The text of all pages, without what a PDF has besides the page."""
    from pypdf import PdfReader

    if not pdf.rstrip().endswith(b"%%EOF"):
        raise ValueError("it has no end")
    for stream in STREAM.findall(pdf):
        # pypdf reads as much of a damaged stream as it can.
        if stream[:1] == b"\x78":
            unpacking = zlib.decompressobj()
            unpacking.decompress(stream)
            if not unpacking.eof:
                raise ValueError("a part of it is cut off")
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf), strict=True).pages]
    if not pages:
        raise ValueError("it has no page")
    text = "\n".join(NUMBER.sub("", FOOTER.sub("", page)) for page in pages)
    # A line may end after a hyphen.
    return text.replace("-\n", "-")


def _page_text(page: str) -> str:
    """The words of a page that its PDF must have, with those of its charts."""
    drawings = DRAWING.findall(with_outlines(page))
    drawn = [
        html.unescape(text)
        for drawing in drawings
        for text in DRAWN.findall(base64.b64decode(drawing).decode("utf-8"))
    ]
    return " \n ".join((read_page(NAMES.sub(" ", page)).text, *drawn))


def _without_hashes(text: str, page: str) -> str:
    """The text without the page's hashes, whose digits are no figures."""
    codes = {read_page(code[0]).text for code in HASH.finditer(page)}
    for code in (each for each in codes if len(each) >= HASH_LENGTH):
        text = re.sub(r"\s*".join(map(re.escape, code)), " ", text)
    return text


def _squeezed(text: str) -> str:
    return "".join(text.split())
