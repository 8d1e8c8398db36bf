"""What an executed notebook must show before anything of it is published."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from typing import Final
from zipfile import ZipFile, is_zipfile

from nbformat import NotebookNode

from finops_nb.errors import FinopsError
from finops_nb.notebook.execute import Execution
from finops_nb.notebook.preflight import cell_name, code_cells
from finops_nb.outputs.artifacts import LEDGER, RESULTS, WORKBOOK, marker_text, read_results
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.period import Period

LOST: Final = (
    "Exception in thread",
    "never retrieved",
    "never awaited",
    "Traceback (most recent call last)",
)
"""What a failure says that no cell raised."""


def find_faults(
    execution: Execution, manifest: Manifest, period: Period, handed_over: Mapping[str, bytes]
) -> list[str]:
    """Why a run must not be published: one sentence a fault, and none for a good one.

    Args:
        execution: the notebook as it ended.
        manifest: what it was to be.
        period: the days it was to cover.
        handed_over: name and content of the files that its last cell wrote.
    """
    notebook = execution.notebook
    where = (
        "before its first cell"
        if execution.last is None
        else f"in {cell_name(notebook, execution.last)}"
    )
    if execution.stopped:
        return [f"The notebook was stopped {where}: {execution.stopped}."]
    raised = list(_raised(notebook))
    if raised:
        return raised
    skipped = [index for index, cell in code_cells(notebook) if cell.execution_count is None]
    if skipped:
        return [
            f"The notebook stopped before its end {where}; {cell_name(notebook, skipped[0])} did not run."
        ]
    return [
        *_lost(notebook),
        *_unmarked(notebook, manifest),
        *_not_handed_over(manifest, period, handed_over),
    ]


def find_local_paths(notebook: NotebookNode, paths: Iterable[str]) -> list[str]:
    """A sentence for each cell that shows one of these folders' paths."""
    pattern = _any_path(paths)
    return [
        f"{cell_name(notebook, index)} shows a path of this machine: {found[0]}. Show it relative to the home."
        for index, cell in code_cells(notebook)
        if (found := pattern.search(json.dumps(cell, ensure_ascii=False)))
    ]


def find_paths_in_files(files: Mapping[str, bytes], paths: Iterable[str]) -> list[str]:
    """A sentence for each file that holds one of these folders' paths."""
    pattern = _any_path(paths)
    found = {name: pattern.search(_text(data)) for name, data in files.items()}
    return [
        f"{name} holds a path of this machine: {match[0]}. Name it relative to the home."
        for name, match in found.items()
        if match
    ]


def _text(data: bytes) -> str:
    """A file as text; of an XLSX the files in it, of a PDF its streams too."""
    parts = [data]
    if data.startswith(b"PK") and is_zipfile(BytesIO(data)):
        with ZipFile(BytesIO(data)) as packed:
            parts = [packed.read(name) for name in packed.namelist()]
    if data.startswith(b"%PDF"):
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            with suppress(zlib.error):
                parts.append(zlib.decompressobj().decompress(stream))
    return "\n".join(part.decode("utf-8", "replace") for part in parts)


def _any_path(paths: Iterable[str]) -> re.Pattern[str]:
    """These paths where they stand as paths, not as a part of a longer name."""
    known = sorted({path for path in paths if len(path) > 1}, key=len, reverse=True)
    return (
        re.compile(r"(?<![\w.-])(?:" + "|".join(map(re.escape, known)) + r")(?![\w-])")
        if known
        else re.compile(r"(?!)")
    )


def _outputs(notebook: NotebookNode, kind: str) -> Iterator[tuple[int, NotebookNode]]:
    for index, cell in code_cells(notebook):
        yield from ((index, output) for output in cell.outputs if output.output_type == kind)


def _raised(notebook: NotebookNode) -> Iterator[str]:
    kinds: tuple[type[FinopsError], ...] = (FinopsError, *FinopsError.__subclasses__())
    own = {kind.__name__ for kind in kinds}
    for index, error in _outputs(notebook, "error"):
        if error.ename in own:
            yield error.evalue
        elif error.ename == "SystemExit":
            yield f"The notebook stopped before its end in {cell_name(notebook, index)}, which called sys.exit."
        elif error.ename == "StdinNotImplementedError":
            yield f"{_capital(cell_name(notebook, index))} asks for input, and nobody is there to answer. Make it a parameter."
        else:
            yield f"{_capital(cell_name(notebook, index))} raised {error.ename}: {error.evalue}"


def _lost(notebook: NotebookNode) -> Iterator[str]:
    for index, stream in _outputs(notebook, "stream"):
        sign = next((sign for sign in LOST if sign in stream.text), None)
        if sign:
            lines = [
                line
                for line in stream.text[stream.text.index(sign) :].splitlines()
                if line and not line.startswith(" ")
            ]
            why = next(
                (
                    line
                    for line in lines
                    if re.match(r"[\w.]+(Error|Exception|Exit|Interrupt)\b", line)
                ),
                lines[0],
            )
            yield f"Something failed unseen, in the background of {cell_name(notebook, index)} or of one before it: {why}"


def _unmarked(notebook: NotebookNode, manifest: Manifest) -> Iterator[str]:
    cells = code_cells(notebook)
    marker = marker_text(manifest)
    if not cells or not any(
        output.get("data", {}).get("text/plain") == marker for output in cells[-1][1].outputs
    ):
        yield "The notebook's last cell did not hand over the results of this run. Keep `hand_over(...)` as its last code cell."


def _not_handed_over(
    manifest: Manifest, period: Period, files: Mapping[str, bytes]
) -> Iterator[str]:
    results = read_results(files.get(RESULTS, b""))
    if not results or (results.get("name"), results["provenance"].get("key")) != (
        manifest.name,
        manifest.key,
    ):
        yield f"{RESULTS} was not handed over, or is of another run."
        return
    days = results.get("period")
    if not isinstance(days, dict) or (days.get("start"), days.get("end")) != (
        str(period.start),
        str(period.end),
    ):
        yield f"{RESULTS} is of another period than {period.text}: a cell changes the params on the way."
    if WORKBOOK not in files:
        yield f"{WORKBOOK} was not handed over. Keep `hand_over(...)` as the notebook's last code cell."
    if manifest.kind is Kind.OFFICIAL and LEDGER not in files:
        yield f"{LEDGER} was not handed over, and an official report has a ledger."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
