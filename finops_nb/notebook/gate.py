"""Gate: the checks that an executed notebook must pass before anything of it is published."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from typing import Any, Final
from zipfile import ZipFile, is_zipfile

from nbformat import NotebookNode

from finops_nb.errors import FinopsError
from finops_nb.notebook.execute import Execution
from finops_nb.notebook.preflight import cell_name, code_cells
from finops_nb.outputs.artifacts import (
    DRAFT_LEDGER,
    LEDGER,
    LEDGERS,
    NOT_RECONCILED,
    RESULTS,
    WORKBOOK,
    marker_text,
    read_results,
)
from finops_nb.outputs.ledger_columns import DRAFT
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.period import Period

LOST: Final = (
    "Exception in thread",
    "never retrieved",
    "never awaited",
    "Traceback (most recent call last)",
)
"""What is printed for a failure that no cell raised."""

ERROR_LINE: Final = re.compile(r"[\w.]+(Error|Exception|Exit|Interrupt)\b")
"""The start of the line that names an exception: "duckdb.IOException: no such file"."""

KEEP: Final = "Keep `write_results(show)` as the notebook's last code cell."


def find_faults(
    execution: Execution, manifest: Manifest, period: Period, files: Mapping[str, bytes]
) -> list[str]:
    """Why a run must not be published.

    Args:
        execution: the notebook after its run.
        manifest: which report the run was to make.
        period: the days that the report was to cover.
        files: name and content of each file that the last cell wrote.

    Returns:
        One sentence a fault; empty for a good run.

    Example:
        >>> find_faults(execution, manifest, parse_period("2025-12"), files)
        ['Cell 2 (`1/0`) raised ZeroDivisionError: division by zero']
    """
    notebook = execution.notebook
    if execution.stopped:
        return [f"The notebook was stopped {_place(execution)}: {execution.stopped}."]
    raised = list(_raised(notebook))
    if raised:
        return raised
    not_run = [index for index, cell in code_cells(notebook) if cell.execution_count is None]
    if not_run:
        cell = cell_name(notebook, not_run[0])
        place, cause = _place(execution), _printed_error(execution)
        return [f"The notebook stopped early {place}{cause}; {cell} did not run."]
    return [
        *_background_failures(notebook),
        *_marker_faults(notebook, manifest),
        *_file_faults(manifest, period, files),
    ]


def find_local_paths(notebook: NotebookNode, paths: Iterable[str]) -> list[str]:
    """The cells that show a path of this machine.

    Args:
        notebook: after its run; sources and outputs are searched.
        paths: absolute paths of folders, such as the home.

    Returns:
        One sentence a cell; where paths lie in each other, it names the longest.
    """
    pattern = _any_of(paths)
    faults = []
    for index, cell in code_cells(notebook):
        match = pattern.search(json.dumps(cell, ensure_ascii=False))
        if match:
            name = cell_name(notebook, index)
            faults.append(_local_path_fault(f"{name} shows", match[0]))
    return faults


def find_paths_in_files(files: Mapping[str, bytes], paths: Collection[str]) -> list[str]:
    """The files that contain a path of this machine.

    Args:
        files: content by name; of an XLSX or PDF the unpacked content is searched.
        paths: absolute paths of folders, such as the home.

    Returns:
        One sentence a file; where paths lie in each other, it names the longest.
    """
    pattern = _any_of(paths)
    faults = []
    for name, data in files.items():
        text = _text(data)
        # Most files contain none, and `in` is many times as fast as a pattern.
        match = pattern.search(text) if any(path in text for path in paths) else None
        if match:
            faults.append(_local_path_fault(f"{name} contains", match[0]))
    return faults


def _local_path_fault(place: str, path: str) -> str:
    return f"{place} a path of this machine: {path}. Write it relative to the home."


def _text(data: bytes) -> str:
    """A file as text: of an XLSX the files in it, of a PDF its streams too."""
    parts = [data]
    # An XLSX is a ZIP archive.
    if data.startswith(b"PK") and is_zipfile(BytesIO(data)):
        with ZipFile(BytesIO(data)) as archive:
            parts = [archive.read(name) for name in archive.namelist()]
    if data.startswith(b"%PDF"):
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            with suppress(zlib.error):
                parts.append(zlib.decompressobj().decompress(stream))
    return "\n".join(part.decode("utf-8", "replace") for part in parts)


def _any_of(paths: Iterable[str]) -> re.Pattern[str]:
    """Matches these paths, but not where they are part of a longer name."""
    longest_first = sorted({path for path in paths if len(path) > 1}, key=len, reverse=True)
    if not longest_first:
        return re.compile(r"(?!)")  # matches nothing
    alternatives = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<![\w.-])(?:{alternatives})(?![\w-])")


def _place(execution: Execution) -> str:
    if execution.last is None:
        return "before its first cell"
    return f"in {cell_name(execution.notebook, execution.last)}"


def _printed_error(execution: Execution) -> str:
    """The exception that the last cell printed, where IPython could not show it as an error."""
    cells = [] if execution.last is None else [execution.notebook.cells[execution.last]]
    outputs = [output for cell in cells for output in cell.outputs]
    text = "\n".join(output.text for output in outputs if output.output_type == "stream")
    lines = [line for line in text.splitlines() if ERROR_LINE.match(line)]
    return f": {lines[0]}" if lines else ""


def _outputs(notebook: NotebookNode, kind: str) -> Iterator[tuple[int, NotebookNode]]:
    """Cell position and output of each output of a kind ("error", "stream")."""
    for index, cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == kind:
                yield index, output


def _raised(notebook: NotebookNode) -> Iterator[str]:
    kinds: list[type[FinopsError]] = [FinopsError, *FinopsError.__subclasses__()]
    own = {kind.__name__ for kind in kinds}
    for index, error in _outputs(notebook, "error"):
        cell = cell_name(notebook, index)
        if error.ename in own:
            yield error.evalue
        elif error.ename == "SystemExit":
            yield f"The notebook stopped early in {cell}, which called sys.exit."
        elif error.ename == "StdinNotImplementedError":
            question = f"{_capitalized(cell)} asks for input, but a run has nobody to answer"
            yield f"{question}. Make the answer a parameter."
        else:
            yield f"{_capitalized(cell)} raised {error.ename}: {error.evalue}"


def _background_failures(notebook: NotebookNode) -> Iterator[str]:
    """Failures of threads, futures and tasks, which no cell raises; they are only printed."""
    for index, stream in _outputs(notebook, "stream"):
        sign = next((sign for sign in LOST if sign in stream.text), None)
        if sign:
            cause = _cause(stream.text[stream.text.index(sign) :])
            cell = cell_name(notebook, index)
            yield f"A background task failed in {cell} or in an earlier cell: {cause}"


def _cause(text: str) -> str:
    """The line of a printed traceback that names the exception, or else its first line."""
    lines = [line for line in text.splitlines() if line and not line.startswith(" ")]
    return next((line for line in lines if ERROR_LINE.match(line)), lines[0])


def _marker_faults(notebook: NotebookNode, manifest: Manifest) -> Iterator[str]:
    cells = code_cells(notebook)
    outputs = cells[-1][1].outputs if cells else []
    texts = [output.get("data", {}).get("text/plain") for output in outputs]
    if marker_text(manifest) not in texts:
        yield f"The notebook's last cell did not write the results of this run. {KEEP}"


def _file_faults(manifest: Manifest, period: Period, files: Mapping[str, bytes]) -> Iterator[str]:
    results = read_results(files.get(RESULTS, b""))
    expected = (manifest.name, manifest.key)
    if not results or (results.get("name"), results["provenance"].get("key")) != expected:
        yield f"{RESULTS} is missing or belongs to another run. {KEEP}"
        return
    days = results.get("period")
    bounds = (str(period.start), str(period.end))
    if not isinstance(days, dict) or (days.get("start"), days.get("end")) != bounds:
        yield f"{RESULTS} does not cover {period.text}: a cell changes the parameters."
        return
    if WORKBOOK not in files:
        yield f"{WORKBOOK} is missing. {KEEP}"
    if manifest.kind is Kind.OFFICIAL:
        yield from _ledger_faults(results, files)


def _ledger_faults(results: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    """Why the ledger of an official report is not the one that its results call for."""
    written = [name for name in LEDGERS if name in files]
    if not written:
        fix = "Write `show = Parts(data, book)` in the notebook."
        yield f"{LEDGER} is missing, but an official report needs it. {fix}"
        return
    warnings = results.get("warnings") or ()
    differs = any(str(warning).startswith(NOT_RECONCILED) for warning in warnings)
    is_final = results["period"].get("complete") is True and not differs
    meant = LEDGER if is_final else DRAFT_LEDGER
    if [results.get("ledger")] != written or written != [meant]:
        found = " and ".join(written)
        yield f"The results call for {meant}, but the last cell wrote {found}. {KEEP}"
    elif not is_final and not _is_marked(files[meant]):
        yield f"{meant} has a line that does not end with DRAFT. {KEEP}"


def _is_marked(ledger: bytes) -> bool:
    """Every line of it ends with the mark of a draft."""
    lines = ledger.removesuffix(b"\n").split(b"\n")
    return all(line.endswith(f",{DRAFT}".encode()) for line in lines)


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
