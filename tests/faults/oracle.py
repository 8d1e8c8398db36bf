"""The oracle: it reads published files back, and says which report they show or what is wrong."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
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
    """A figure is wrong, or files of two reports are in one folder."""


def rounded(exact: Fraction) -> Decimal:
    """An amount of zero or more to the cent, half away from zero."""
    return Decimal((exact * 200 + 1) // 2) / 100


def read_folder(folder: Path, name: str = NAME) -> str:
    """The report that all files of a published folder show.

    Returns:
        "old" or "new"; "none" where there is no folder.

    Raises:
        Lost: it is incomplete.
        Wrong: it shows anything else.
    """
    if not folder.exists():
        return "none"
    try:
        return read_files({file.name: file.read_bytes() for file in sorted(folder.iterdir())}, name)
    except OSError as error:
        raise Lost(str(error)) from error


def read_files(files: Mapping[str, bytes], name: str = NAME) -> str:
    """As `read_folder`, from the files' bytes by name."""
    if tuple(sorted(files)) != FILES:
        raise Lost(f"{name} holds {sorted(files)}")
    return _read(tuple(sorted(files.items())), name)


@dataclass(frozen=True)
class Content:
    """What the files of a report hold."""

    results: dict
    ledger: list[dict[str, str]]
    sheets: dict[str, list[tuple]]
    notebook: nbformat.NotebookNode
    page: str


@cache
def _read(files: tuple[tuple[str, bytes], ...], name: str) -> str:
    try:
        content = _parsed(dict(files))
    except Exception as error:  # parsers raise anything on half a file
        raise Lost(f"{name} can't be read: {type(error).__name__}: {error}") from error
    try:
        return _checked(content, name)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise Wrong(f"{name} has another structure: {type(error).__name__}: {error}") from error


def _parsed(files: Mapping[str, bytes]) -> Content:
    workbook = openpyxl.load_workbook(io.BytesIO(files[f"{STEM}.xlsx"]), read_only=True)
    page = files[f"{STEM}.html"].decode()
    if not page.rstrip().endswith("</html>"):
        raise ValueError("the page has no end")
    return Content(
        results=json.loads(files["results.json"]),
        ledger=[*csv.DictReader(io.StringIO(files["chargeback.csv"].decode()))],
        sheets={sheet.title: [*sheet.iter_rows(values_only=True)] for sheet in workbook},
        notebook=nbformat.reads(files[f"{STEM}.ipynb"].decode(), as_version=4),
        page=page,
    )


def _checked(content: Content, name: str) -> str:
    """The report, "old" or "new", whose figures all files have."""
    _check_keys(content)
    total = Fraction(content.results["total"])
    labels = [label for label, truth in TRUTHS[name].items() if truth.total == total]
    if not labels:
        raise Wrong(f"{name} shows {content.results['total']}")
    truth = TRUTHS[name][labels[0]]
    _check_results(content.results, truth)
    _check_ledger(content.ledger, truth)
    _check_page(content.page, truth)
    _check_workbook(content.sheets, truth)
    return labels[0]


def _same(what: str, shown: object, expected: object) -> None:
    if shown != expected:
        raise Wrong(f"{what}: {shown} instead of {expected}")


def _check_keys(content: Content) -> None:
    """All files have one key."""
    key = content.results["provenance"]["key"]
    last_cell = code_of(content.notebook)[-1]
    [meta] = page_of(content.page).xpath("//meta[@name='finops-nb-key']")
    rows = [row for rows in content.sheets.values() for row in rows]
    in_workbook = any(key in map(str, row) for row in rows)
    _same("key of the notebook", content.notebook.metadata["finops_nb"]["key"], key)
    _same("key in its last cell", last_cell.outputs[-1].data["text/plain"][-64:], key)
    _same("key of the page", meta.get("content"), key)
    _same("key in the workbook", in_workbook, True)


def _check_results(results: dict, truth: Truth) -> None:
    for dimension in ("organizations", "products"):
        costs = {name: Fraction(cost) for name, cost in results[dimension].items()}
        _same(dimension, costs, getattr(truth, dimension))
    _same("rows", results["rows"]["used"], truth.rows)
    rows = results["tables"]["cost_by_organization"]
    table = {row["organization"]: Fraction(row["cost"]) for row in rows if row["organization"]}
    costs = {name: table.get(name) for name in truth.organizations}
    _same("table by organization", costs, truth.organizations)


def _check_ledger(ledger: list[dict[str, str]], truth: Truth) -> None:
    lines = {(line["organization"], line["product"]): Fraction(line["amount"]) for line in ledger}
    _same("lines of the ledger", sorted(lines), sorted(truth.pairs))
    for pair, booked in lines.items():
        if abs(booked - truth.pairs[pair]) >= CENT:
            raise Wrong(f"the ledger books {booked} for {pair}, whose cost is {truth.pairs[pair]}")
    for name, exact in truth.organizations.items():
        booked = sum(amount for pair, amount in lines.items() if pair[0] == name)
        if abs(booked - exact) >= CENT:
            raise Wrong(f"the ledger does not add up to the cost of {name}")
    booked = Decimal(str(float(sum(lines.values())))).quantize(Decimal("0.01"))
    _same("sum of the ledger", booked, rounded(truth.total))


def _check_page(page: str, truth: Truth) -> None:
    sections = sections_of(page_of(page))
    [rows, *_] = sections["Cost by Organization"].rows.values()
    printed = [(row.kind, row.name, amount(row.cells["Total Cost"])) for row in rows]
    lines = {name: cost for kind, name, cost in printed if kind == "line"}
    totals = [cost for kind, _, cost in printed if kind == "total"]
    parts = [cost or Decimal(0) for kind, _, cost in printed if kind != "total"]
    costs = {name: rounded(cost) for name, cost in truth.organizations.items()}
    total = rounded(truth.total)
    _same("lines of the page", lines, costs)
    _same("total of the page", totals, [total])
    _same("lines of the page and their rounding", sum(parts, Decimal(0)), total)
    spend = f"Total Spend: ${total:,}"
    _same("spend in the summary", spend in sections["Executive Summary"].text, True)


def _check_workbook(sheets: dict[str, list[tuple]], truth: Truth) -> None:
    rows = [row for row in sheets["Cost by organization"] if row[0] in truth.organizations]
    table = {row[0]: Fraction(str(row[1])) for row in rows}
    _same("workbook by organization", table, truth.organizations)


def digest(folder: Path) -> str:
    """One digest of all files in a folder."""
    files = [(file.name, file.read_bytes()) for file in sorted(folder.iterdir())]
    return hashlib.sha256(repr(files).encode()).hexdigest()
