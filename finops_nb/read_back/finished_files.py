"""Finished files against what the notebook computed: nothing else may be published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

import nbformat
from nbformat import NotebookNode

from finops_nb.outputs.artifacts import (
    HTML,
    LEDGERS,
    NOT_SHOWN,
    NOTEBOOK,
    PDF,
    RESULTS,
    WORKBOOK,
    read_results,
)
from finops_nb.read_back.ledger_file import ledger_faults
from finops_nb.read_back.page import Page, read_page
from finops_nb.read_back.printed_prose import prose_faults
from finops_nb.read_back.printed_tables import table_faults
from finops_nb.read_back.results_file import results_faults
from finops_nb.read_back.sheets import sheet_faults
from finops_nb.read_back.shown_outputs import page_faults
from finops_nb.read_back.xlsx_file import Unreadable, read_xlsx
from finops_nb.report.format import Format

FAULTS_SHOWN: Final = 3
"""How many faults of a file a message names."""

WAY_OUT: Final = (
    "The finished files do not say what the notebook computed. Run again; if it fails again, "
    "see what changes them on this machine: finops-nb status --doctor"
)


def finished_faults(files: Mapping[str, bytes], notebook: NotebookNode) -> list[str]:
    """What finished files say other than the notebook that they were made from.

    The notebook's last cell wrote results.json, which must add up in itself. Its outputs must
    stand in the page as they are, and each table of the page, the sheets, the ledger and the PDF
    must have the figures of results.json. Results without tables are a notebook's own: they have
    no figures to compare.

    Args:
        files: content of every file to publish, by name.
        notebook: that the page was exported from.

    Returns:
        One sentence for each fault, then how to fix it; empty if there is no fault.
    """
    results = read_results(files[RESULTS])
    if "tables" not in results:
        faults = [*_faults_of_page(files, notebook)]
    else:
        faults = [*_each(RESULTS, lambda: results_faults(results))]
        # The other files are compared with results that add up.
        faults = faults or [
            *_faults_of_page(files, notebook),
            *_faults_of_figures(files, results),
        ]
    return [*faults, WAY_OUT] if faults else []


def _faults_of_page(files: Mapping[str, bytes], notebook: NotebookNode) -> Iterator[str]:
    """What the files that a reader opens lack of the notebook."""
    page = files[HTML].decode("utf-8", "replace")
    yield from _each(NOTEBOOK, lambda: _notebook_faults(files[NOTEBOOK], notebook))
    yield from _each(HTML, lambda: page_faults(page, notebook))
    if PDF in files:
        # Imported late: few reports have a PDF.
        from finops_nb.read_back.pdf_file import pdf_faults

        yield from _each(PDF, lambda: pdf_faults(files[PDF], page))


def _faults_of_figures(files: Mapping[str, bytes], results: Mapping[str, Any]) -> Iterator[str]:
    """What the files say other than the results."""
    page = read_page(files[HTML].decode("utf-8", "replace"))
    yield from _each(HTML, lambda: _printed_faults(page, results))
    yield from _each(WORKBOOK, lambda: _sheet_faults(files[WORKBOOK], page, results))
    for name in LEDGERS:
        if name in files:
            yield from _each(name, partial(ledger_faults, files[name], results))


def _each(file: str, check: Callable[[], Iterable[str]]) -> Iterator[str]:
    """The first faults of a file, which may have any structure."""
    try:
        faults = list(check())
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        faults = [f"it has another structure: {type(error).__name__}: {error}"]
    shown = [fault.removeprefix(f"{file}: ").rstrip(".") for fault in faults[:FAULTS_SHOWN]]
    if len(faults) > len(shown):
        shown.append(f"{len(faults) - len(shown):,} more faults")
    yield from (f"{file}: {fault}." for fault in shown)


def _notebook_faults(data: bytes, notebook: NotebookNode) -> Iterator[str]:
    if nbformat.v4.reads(data.decode("utf-8")) != notebook:
        yield "it is not the notebook that ran"


def _printed_faults(page: Page, results: Mapping[str, Any]) -> Iterator[str]:
    """What the page's tables and prose say other than the results."""
    fmt = Format(results["currency"])
    for name, records in results["tables"].items():
        if not records or name in NOT_SHOWN:
            continue
        table = page.tables.get(name)
        if name not in page.parts:
            yield f"{name} of {RESULTS} is not shown"
        elif table is not None:
            yield from (f"table {name}: {each}" for each in table_faults(table, records, fmt))
        else:
            yield from (
                f"{name}: {each}" for each in prose_faults(name, page.parts[name], records, fmt)
            )


def _sheet_faults(data: bytes, page: Page, results: Mapping[str, Any]) -> Iterator[str]:
    try:
        sheets = read_xlsx(data)
    except Unreadable as error:
        yield f"it can't be read: {error}"
        return
    yield from sheet_faults(sheets, page, results)
