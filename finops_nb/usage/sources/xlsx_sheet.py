"""What the XML of a spreadsheet says and its cells do not: errors, formulas, what is hidden.

A reader of cells takes an error, and a formula whose result was never stored, for an empty cell.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from functools import cache
from typing import IO, Final
from xml.etree import ElementTree
from xml.parsers import expat
from zipfile import ZipFile

MORE_XML: Final = re.compile(rb"<!(DOCTYPE|ENTITY)")
"""What no spreadsheet has: a part with it would be read differently by different readers."""


class DamagedSheet(Exception):
    """The file is no whole XLSX file; its text says why."""


@dataclass(slots=True)
class SheetFacts:
    """What the XML of a sheet says about its cells.

    Args:
        errors: the address of each cell with an error, such as C7, and the error.
        not_stored: the address of each formula without a stored result.
        formulas: how many formulas there are.
        merged: the ranges of merged cells, such as A1:C1.
        hidden_rows: the numbers of the hidden rows, from 1.
        hidden_columns: the first and the last number of each run of hidden columns, from 1.
    """

    errors: list[tuple[str, str]] = field(default_factory=list)
    not_stored: list[str] = field(default_factory=list)
    formulas: int = 0
    merged: list[str] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WorkbookFacts:
    """What a workbook says about its sheets.

    Args:
        parts: the part of the archive that holds each sheet, by its name.
        is_calculated_on_load: formulas have no results yet: Excel makes them when it opens the
            file. What is stored for them is nothing, or 0.
    """

    parts: dict[str, str]
    is_calculated_on_load: bool


def workbook_facts(archive: ZipFile) -> WorkbookFacts:
    """What the workbook in an archive says about its sheets.

    Raises:
        DamagedSheet: a part is missing, or is no XML.
    """
    roots = [
        target for kind, target in _relations(archive, "").values() if kind == "officeDocument"
    ]
    if not roots:
        raise DamagedSheet("it has no workbook")
    book = _xml(archive, roots[0])
    relations = _relations(archive, roots[0])
    parts, on_load = {}, False
    for element in book.iter():
        name = _local(element.tag)
        if name == "sheet":
            ids = [value for key, value in element.items() if _local(key) == "id"]
            _, target = relations.get(ids[0] if ids else "", ("", ""))
            parts[element.get("name", "")] = target
        elif name == "calcPr":
            on_load = element.get("fullCalcOnLoad") in ("1", "true")
    return WorkbookFacts(parts, on_load)


def sheet_facts(archive: ZipFile, part: str) -> SheetFacts:
    """What the XML of a sheet says about its cells.

    Args:
        archive: the file.
        part: of the sheet, from `workbook_facts`.

    Raises:
        DamagedSheet: the part is missing, or is no XML.
    """
    try:
        with archive.open(part) as file:
            return _SheetParser().read(file)
    except KeyError as error:
        raise DamagedSheet(f"it has no {part or 'part for the sheet'}: {error}") from None
    except (expat.ExpatError, ValueError) as error:
        raise DamagedSheet(f"{part}: {error}") from error


class _SheetParser:
    """Reads the XML of a sheet element by element; most cells take one look at their start."""

    def __init__(self) -> None:
        self.facts = SheetFacts()
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.row = 0
        self.address = ""
        self.kind = ""
        self.has_formula = self.in_value = False
        self.value = ""

    def read(self, file: IO[bytes]) -> SheetFacts:
        self.parser.ParseFile(file)
        return self.facts

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if name == "c":
            self.address, self.kind = attributes.get("r", ""), attributes.get("t", "")
            self.has_formula, self.value = False, ""
            if self.kind == "e":
                self._watch()
        elif name == "f":
            self.facts.formulas += 1
            self.has_formula = True
            self._watch()
        elif name == "v":
            self.in_value = True
        elif name == "row":
            self.row = int(attributes.get("r", self.row + 1))
            if attributes.get("hidden") in ("1", "true"):
                self.facts.hidden_rows.append(self.row)
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            self.facts.hidden_columns.append((int(attributes["min"]), int(attributes["max"])))
        elif name == "mergeCell":
            self.facts.merged.append(attributes.get("ref", ""))

    def _watch(self) -> None:
        """Look at what follows, up to the end of the cell."""
        self.in_value = False
        self.parser.CharacterDataHandler = self._add_text
        self.parser.EndElementHandler = self._end

    def _add_text(self, text: str) -> None:
        if self.in_value:
            self.value += text

    def _end(self, tag: str) -> None:
        name = _local(tag)
        if name == "v":
            self.in_value = False
        if name != "c":
            return
        self.parser.CharacterDataHandler = self.parser.EndElementHandler = None
        address = self.address or f"in row {self.row}"
        if self.kind == "e":
            self.facts.errors.append((address, self.value))
        elif self.has_formula and not self.value and self.kind != "str":
            # A formula whose result is an empty text has the kind "str" and an empty value.
            self.facts.not_stored.append(address)

    def _refuse_doctype(self, *_: object) -> None:
        raise DamagedSheet("a part has a document type, which no spreadsheet needs")


@cache
def _local(tag: str) -> str:
    """The name of an element or attribute without its namespace."""
    return re.split("[:}]", tag)[-1]


def _xml(archive: ZipFile, part: str) -> ElementTree.Element:
    try:
        data = archive.read(part)
        if MORE_XML.search(data):
            raise DamagedSheet(f"{part} has a document type, which no spreadsheet needs")
        return ElementTree.fromstring(data)
    except KeyError:
        raise DamagedSheet(f"it has no {part}") from None
    except ElementTree.ParseError as error:
        raise DamagedSheet(f"{part}: {error}") from error


def _relations(archive: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """The kind and the part of each relation of a part, by its id; "" is the whole file."""
    folder, name = posixpath.split(part)
    relations = {}
    for element in _xml(archive, posixpath.join(folder, "_rels", f"{name}.rels")):
        kind = element.get("Type", "").rpartition("/")[2]
        target = posixpath.normpath(posixpath.join("/", folder, element.get("Target", "")))
        relations[element.get("Id", "")] = (kind, target.removeprefix("/"))
    return relations
