"""The oracle of the faults: reads back what is published, file by file, and says of which truth it is, or what is amiss."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import nbformat
import openpyxl
from faults.home import NAME, TRUTHS, Truth, code_of
from support.homes import FILES
from support.published import amount, page_of, sections_of

from finops_nb.outputs.artifacts import STEM

CENT = Fraction(1, 100)


class Lost(Exception):
    """A file is missing or cannot be read: a report is gone, or torn."""


class Wrong(Exception):
    """A figure is of no truth, or files of two reports stand side by side."""


def rounded(exact: Fraction) -> Decimal:
    """To the cent, half away from zero; of nothing below it."""
    return Decimal((exact * 200 + 1) // 2) / 100


def read_folder(folder: Path, name: str = NAME) -> str:
    """Which truth a published folder shows, in all its files.

    Returns:
        "old" or "new"; "none" where there is no folder.

    Raises:
        Lost: it is not whole.
        Wrong: it shows anything else.
    """
    if not folder.exists():
        return "none"
    try:
        return read_files({file.name: file.read_bytes() for file in sorted(folder.iterdir())}, name)
    except OSError as error:
        raise Lost(str(error)) from error


def read_files(files: Mapping[str, bytes], name: str = NAME) -> str:
    """The same of the files' bytes."""
    if tuple(sorted(files)) != FILES:
        raise Lost(f"{name} holds {sorted(files)}")
    return _read(tuple(sorted(files.items())), name)


@cache
def _read(files: tuple[tuple[str, bytes], ...], name: str) -> str:
    content = dict(files)
    try:
        results = json.loads(content["results.json"])
        book = [*csv.DictReader(io.StringIO(content["chargeback.csv"].decode()))]
        sheets = openpyxl.load_workbook(io.BytesIO(content[f"{STEM}.xlsx"]), read_only=True)
        cells = {sheet.title: [*sheet.iter_rows(values_only=True)] for sheet in sheets}
        notebook = nbformat.reads(content[f"{STEM}.ipynb"].decode(), as_version=4)
        text = content[f"{STEM}.html"].decode()
        if not text.rstrip().endswith("</html>"):
            raise ValueError("the page has no end")
    except Exception as error:  # whatever a parser makes of half a file
        raise Lost(f"{name} cannot be read: {type(error).__name__}: {error}") from error
    try:
        _check_keys(results, notebook, text, cells)
        which = next(
            (
                label
                for label, truth in TRUTHS[name].items()
                if Fraction(results["total"]) == truth.total
            ),
            None,
        )
        if which is None:
            raise Wrong(f"{name} shows {results['total']}")
        truth = TRUTHS[name][which]
        _check_results(results, truth)
        _check_ledger(book, truth)
        _check_page(text, truth)
        _check_workbook(cells, truth)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise Wrong(f"{name} is of another shape: {type(error).__name__}: {error}") from error
    return which


def _same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise Wrong(f"{what}: {found} instead of {expected}")


def _check_keys(
    results: dict, notebook: nbformat.NotebookNode, text: str, cells: dict[str, list[tuple]]
) -> None:
    key = results["provenance"]["key"]
    _same("key of the notebook", notebook.metadata["finops_nb"]["key"], key)
    _same("key in its last cell", code_of(notebook)[-1].outputs[-1].data["text/plain"][-64:], key)
    [meta] = page_of(text).xpath("//meta[@name='finops-nb-key']")
    _same("key of the page", meta.get("content"), key)
    _same(
        "key in the workbook",
        any(key in map(str, row) for rows in cells.values() for row in rows),
        True,
    )


def _check_results(results: dict, truth: Truth) -> None:
    for dimension in ("organizations", "products"):
        _same(
            dimension,
            {name: Fraction(cost) for name, cost in results[dimension].items()},
            getattr(truth, dimension),
        )
    _same("rows", results["rows"]["used"], truth.rows)
    table = {
        line["organization"]: Fraction(line["cost"])
        for line in results["tables"]["cost_by_organization"]
        if line["organization"]
    }
    _same(
        "table by organization",
        {name: table.get(name) for name in truth.organizations},
        truth.organizations,
    )


def _check_ledger(book: list[dict[str, str]], truth: Truth) -> None:
    lines = {(line["organization"], line["product"]): Fraction(line["amount"]) for line in book}
    _same("lines of the ledger", sorted(lines), sorted(truth.pairs))
    for pair, booked in lines.items():
        if abs(booked - truth.pairs[pair]) >= CENT:
            raise Wrong(f"the ledger books {booked} for {pair}, whose cost is {truth.pairs[pair]}")
    for name, exact in truth.organizations.items():
        if abs(sum(booked for pair, booked in lines.items() if pair[0] == name) - exact) >= CENT:
            raise Wrong(f"the ledger does not add up to the cost of {name}")
    _same(
        "sum of the ledger",
        Decimal(str(float(sum(lines.values())))).quantize(Decimal("0.01")),
        rounded(truth.total),
    )


def _check_page(text: str, truth: Truth) -> None:
    sections = sections_of(page_of(text))
    [rows, *_] = sections["Cost by Organization"].rows.values()
    printed = {row.name: amount(row.cells["Total Cost"]) for row in rows if row.kind == "line"}
    _same(
        "lines of the page",
        printed,
        {name: rounded(cost) for name, cost in truth.organizations.items()},
    )
    _same(
        "total of the page",
        [amount(row.cells["Total Cost"]) for row in rows if row.kind == "total"],
        [rounded(truth.total)],
    )
    parts = sum(
        (amount(row.cells["Total Cost"]) or Decimal(0) for row in rows if row.kind != "total"),
        Decimal(0),
    )
    _same("lines of the page and their rounding", parts, rounded(truth.total))
    _same(
        "spend in the summary",
        f"Total Spend: ${rounded(truth.total):,}" in sections["Executive Summary"].text,
        True,
    )


def _check_workbook(cells: dict[str, list[tuple]], truth: Truth) -> None:
    table = {
        row[0]: Fraction(str(row[1]))
        for row in cells["Cost by organization"]
        if row[0] in truth.organizations
    }
    _same("workbook by organization", table, truth.organizations)


def digest(folder: Path) -> str:
    """One digest of all files in a folder."""
    return hashlib.sha256(
        repr([(file.name, file.read_bytes()) for file in sorted(folder.iterdir())]).encode()
    ).hexdigest()
