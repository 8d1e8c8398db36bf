"""Sanitize: the executed notebook without what differs between machines or between runs."""

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
OF_ONE_RUN: Final = ("papermill", "execution", "collapsed", "scrolled", "ExecuteTime")
"""Metadata of a cell that describes one run or one screen."""

ADDRESS: Final = re.compile(r" at 0x[0-9a-f]{6,}(?=>)")
"""A memory address, as in "<Chart object at 0x7f3a5c0b1d90>"."""

COMPILED: Final = re.compile(r"(?<![^\s\"'(])[^\s\"'(]*/ipykernel_\d+/\d+\.py")
"""The kernel's file name of a cell, as in "/tmp/ipykernel_6646/378118451.py"."""


PACKAGES: Final = re.compile(
    r"(?<![^\s\"'(])/[^\s\"'(]*/(?:site-packages|python3\.\d+)/(?=\S+\.py\b)"
)
"""The folder of an installed module or of Python's own, as in the warning
"/opt/venv/lib/python3.11/site-packages/pandas/core/frame.py:12: FutureWarning: …"."""


def sanitize(
    notebook: NotebookNode, manifest: Manifest, title: str | None, parameters: Mapping[str, Any]
) -> NotebookNode:
    """The notebook to publish.

    Text outputs lose memory addresses, the kernel's file names of cells and the folders of
    installed modules, and nothing else.

    Args:
        notebook: after a good run; it is not changed.
        manifest: which report this is.
        title: of the page; None leaves it out.
        parameters: what a report may show in place of the injected cell's values.

    Returns:
        A notebook of format 4.5, equal for equal runs.
    """
    from papermill.translators import translate_parameters

    clean = copy.deepcopy(notebook)
    clean.metadata = nbformat.from_dict(_metadata(manifest, title))
    clean.nbformat, clean.nbformat_minor = 4, 5
    for number, cell in enumerate(clean.cells, 1):
        cell.id = f"cell-{number}"
        if INJECTED in cell.metadata.get("tags", ()):
            cell.source = translate_parameters("python3", "python", dict(parameters), "Parameters")
        for name in OF_ONE_RUN:
            cell.metadata.pop(name, None)
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
            for output in cell.outputs:
                _sanitize_text(output)
    return clean


def as_bytes(notebook: NotebookNode) -> bytes:
    """The file of a notebook: UTF-8, sorted keys, LF at line ends."""
    text: str = nbformat.writes(notebook)
    return (text.rstrip("\n") + "\n").encode("utf-8")


def _metadata(manifest: Manifest, title: str | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "kernelspec": dict(KERNELSPEC),
        "language_info": {"name": "python"},
    }
    if title:
        metadata["title"] = title
    metadata["finops_nb"] = {
        "name": manifest.name,
        "kind": str(manifest.kind),
        "key": manifest.key,
    }
    return metadata


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The outputs, with each run of stream outputs joined to one stdout and one stderr.

    How a printed text is cut into outputs depends on timing. nbclient's `coalesce_streams` would
    join them too, but takes hours for a line of some megabytes.
    """
    joined: list[NotebookNode] = []
    for is_stream, group in groupby(outputs, key=lambda output: output.output_type == "stream"):
        pieces = list(group)
        joined += _as_two_streams(pieces) if is_stream else pieces
    return joined


def _as_two_streams(streams: list[NotebookNode]) -> list[NotebookNode]:
    outputs: list[NotebookNode] = []
    for name in ("stdout", "stderr"):
        text = "".join(stream.text for stream in streams if stream.name == name)
        if text:
            outputs.append(nbformat.v4.new_output("stream", name=name, text=text))
    return outputs


def _sanitize_text(output: NotebookNode) -> None:
    if output.output_type == "stream":
        output.text = _without_addresses(output.text)
    elif isinstance(output.get("data", {}).get("text/plain"), str):
        output.data["text/plain"] = _without_addresses(output.data["text/plain"])


def _without_addresses(text: str) -> str:
    return PACKAGES.sub("", COMPILED.sub("cell", ADDRESS.sub("", text)))
