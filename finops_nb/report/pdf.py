"""PDF: the report's page on paper, by WeasyPrint (an extra), which needs Pango on the system."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib import import_module
from pathlib import Path
from typing import Final

from finops_nb.errors import Problem, Refusal

STYLE: Final = Path(__file__).parent / "templates" / "html_shell" / "pdf.css"
INSTALL_WEASYPRINT: Final = 'pip install "finops-nb[pdf]"'
MODULES: Final = {"weasyprint": "WeasyPrint", "pypdf": "pypdf"}
"""What makes a PDF, and what reads it back, by the name of its module."""

INSTALL_PANGO: Final = (
    "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 on Debian, "
    "brew install pango on macOS"
)
WITHOUT_PDF: Final = "or remove `pdf: true`, and pdf in `mail: {attachment: ...}`, from the params"

DRAWING: Final = re.compile(r"(?<=data:image/svg\+xml;base64,)[A-Za-z0-9+/=]+")
"""A chart in the page, in Base64."""

IDENTIFIER_LENGTH: Final = 16
"""Bytes of a PDF's identifier."""


def check_pdf() -> None:
    """See that a PDF can be made on this machine, and read back.

    Raises:
        Refusal: WeasyPrint, the Pango that it needs, or pypdf is not installed.
    """
    try:
        for module in MODULES:
            import_module(module)
    except ModuleNotFoundError as error:
        rule = f"PDFs can't be made: {MODULES.get(error.name or '', error.name)} is not installed"
        fix = f"Install it: {INSTALL_WEASYPRINT}; {WITHOUT_PDF}"
        raise Refusal(Problem(rule, fix)) from error
    except OSError as error:
        rule = "PDFs can't be made: Pango, which WeasyPrint needs, is not installed"
        fix = f"Install it: {INSTALL_PANGO}; {WITHOUT_PDF}"
        raise Refusal(Problem(rule, fix)) from error


def pdf_of(page: str) -> bytes:
    """The PDF of a report's page: A4, tagged, with page numbers; it loads nothing.

    Args:
        page: the report, from `export_html`.

    Returns:
        The file; the same bytes for the same page.
    """
    from weasyprint import CSS, HTML
    from weasyprint.urls import URLFetcher

    page = with_outlines(page)
    fetcher = URLFetcher(allowed_protocols=("data",))
    footer = f"@page {{ @bottom-left {{ content: {_quoted(_title(page))} }} }}"
    style = CSS(string=STYLE.read_text(encoding="utf-8") + footer, url_fetcher=fetcher)
    # By default the identifier is random, and the same page would have other bytes.
    identifier = hashlib.sha256(page.encode("utf-8")).digest()[:IDENTIFIER_LENGTH]
    document = HTML(string=page, url_fetcher=fetcher)
    made: bytes = document.write_pdf(
        stylesheets=[style], pdf_variant="pdf/ua-1", pdf_identifier=identifier
    )
    return made


def with_outlines(page: str) -> str:
    """The page with charts whose names WeasyPrint can draw."""
    return DRAWING.sub(_outlined, page)


def _outlined(drawing: re.Match[str]) -> str:
    """A chart whose names WeasyPrint can draw.

    In a drawing it places each letter by itself, from left to right, which breaks Hebrew, Arabic
    and accents.
    """
    # Imported late: it brings matplotlib, and most pages have no chart to change.
    from finops_nb.report.svg_outlines import outlined

    svg = outlined(base64.b64decode(drawing[0]).decode("utf-8"))
    return base64.b64encode(svg.encode("utf-8")).decode("ascii")


def _title(page: str) -> str:
    match = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    return html.unescape(match[1]) if match else ""


def _quoted(text: str) -> str:
    """A text as a CSS string: every character is escaped, so that none can end it."""
    return '"' + "".join(f"\\{ord(char):06x}" for char in text) + '"'
