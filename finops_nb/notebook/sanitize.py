"""The executed notebook as it is published: without what differs from machine to machine and from run to run."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

import nbformat
from nbformat import NotebookNode

from finops_nb.notebook.preflight import INJECTED
from finops_nb.outputs.manifest import Manifest

KERNELSPEC: Final = {"display_name": "Python 3", "language": "python", "name": "python3"}
PASSING: Final = ("papermill", "execution", "collapsed", "scrolled", "ExecuteTime")
"""Metadata of a cell that tell of a run or of a screen."""

ADDRESS: Final = re.compile(r" at 0x[0-9a-f]{6,}(?=>)")
COMPILED: Final = re.compile(r"(?<![^\s\"'(])[^\s\"'(]*/ipykernel_\d+/\d+\.py")


def sanitize(
    notebook: NotebookNode, manifest: Manifest, title: str | None, parameters: Mapping[str, Any]
) -> NotebookNode:
    """The notebook to publish; the one given is not changed.

    Memory addresses and the kernel's names for cells are taken out of its text outputs; nothing else of them changes.

    Args:
        notebook: after a good run.
        manifest: what it is.
        title: of the page.
        parameters: those of the run, as a report may show them; they stand in the injected cell then.
    """
    from papermill.translators import translate_parameters

    fair = copy.deepcopy(notebook)
    described: dict[str, Any] = {
        "kernelspec": dict(KERNELSPEC),
        "language_info": {"name": "python"},
    }
    described |= {"title": title} if title else {}
    described["finops_nb"] = {
        "name": manifest.name,
        "kind": str(manifest.kind),
        "key": manifest.key,
    }
    fair.metadata = nbformat.from_dict(described)
    fair.nbformat, fair.nbformat_minor = 4, 5
    for number, cell in enumerate(fair.cells, 1):
        cell.id = f"cell-{number}"
        if INJECTED in cell.metadata.get("tags", ()):
            cell.source = translate_parameters("python3", "python", dict(parameters), "Parameters")
        for name in PASSING:
            cell.metadata.pop(name, None)
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
            for output in cell.outputs:
                _without_passing(output)
    return fair


def as_bytes(notebook: NotebookNode) -> bytes:
    """The file of a notebook: sorted keys, LF, UTF-8."""
    text: str = nbformat.writes(notebook)
    return (text.rstrip("\n") + "\n").encode("utf-8")


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Streams that follow each other as one of each name: how a text arrives in pieces depends on the clock.

    nbclient's `coalesce_streams` would do it, but takes hours for a line of some megabytes.
    """
    joined: list[NotebookNode] = []
    for is_stream, run in groupby(outputs, key=lambda output: output.output_type == "stream"):
        pieces = list(run)
        if is_stream:
            texts = {
                name: "".join(piece.text for piece in pieces if piece.name == name)
                for name in ("stdout", "stderr")
            }
            pieces = [
                nbformat.v4.new_output("stream", name=name, text=text)
                for name, text in texts.items()
                if text
            ]
        joined += pieces
    return joined


def _without_passing(output: NotebookNode) -> None:
    if output.output_type == "stream":
        output.text = _constant(output.text)
    elif isinstance(output.get("data", {}).get("text/plain"), str):
        output.data["text/plain"] = _constant(output.data["text/plain"])


def _constant(text: str) -> str:
    return COMPILED.sub("cell", ADDRESS.sub("", text))
