"""PDF: the report's page on paper, by WeasyPrint, which is an extra and takes Pango from the system."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib import import_module
from pathlib import Path
from typing import Final

from finops_nb.errors import Problem, Refusal

STYLE: Final = Path(__file__).parent / "templates" / "report" / "pdf.css"
PIP: Final = 'pip install "finops-nb[pdf]"'
PANGO: Final = "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 on Debian, brew install pango on macOS"

DRAWING: Final = re.compile(r"(?<=data:image/svg\+xml;base64,)[A-Za-z0-9+/=]+")


def check_pdf() -> None:
    """See that a PDF can be made here.

    Raises:
        Refusal: WeasyPrint, or what it takes from the system, is not there.
    """
    none = "or take `pdf: true`, and pdf of `mail: {attachment: ...}`, out of the params"
    try:
        import_module("weasyprint")
    except ModuleNotFoundError as error:
        rule = "a PDF is asked for, and WeasyPrint, which makes it, is not installed"
        raise Refusal(Problem(rule, f"Install it: {PIP}; {none}")) from error
    except OSError as error:
        rule = "a PDF is asked for, and Pango, which WeasyPrint draws text with, is not installed"
        raise Refusal(Problem(rule, f"Install it: {PANGO}; {none}")) from error


def pdf_of(page: str) -> bytes:
    """The PDF of a report's page: A4, tagged, with numbered pages; nothing is loaded for it.

    Args:
        page: the report, from `export_html`.

    Returns:
        The file; the same bytes for the same page.
    """
    from weasyprint import CSS, HTML
    from weasyprint.urls import URLFetcher

    page = DRAWING.sub(_outlined, page)
    fetcher = URLFetcher(allowed_protocols=("data",))
    foot = f"@page {{ @bottom-left {{ content: {_quoted(_title(page))} }} }}"
    styles = [CSS(string=STYLE.read_text(encoding="utf-8") + foot, url_fetcher=fetcher)]
    identifier = hashlib.sha256(page.encode("utf-8")).digest()[:16]
    document = HTML(string=page, url_fetcher=fetcher)
    written: bytes = document.write_pdf(
        stylesheets=styles, pdf_variant="pdf/ua-1", pdf_identifier=identifier
    )
    return written


def _outlined(drawing: re.Match[str]) -> str:
    """A chart whose names WeasyPrint can draw: in a drawing it sets each letter by itself, from left to right."""
    from finops_nb.report.svg_outlines import outlined

    return base64.b64encode(
        outlined(base64.b64decode(drawing[0]).decode("utf-8")).encode("utf-8")
    ).decode("ascii")


def _title(page: str) -> str:
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def _quoted(text: str) -> str:
    """A text as CSS writes one, whatever is in it."""
    return '"' + "".join(f"\\{ord(char):06x}" for char in text) + '"'
