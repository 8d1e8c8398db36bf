"""The published notebook has nothing that differs between runs or machines."""

from __future__ import annotations

import copy

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from support.homes import make_notebook

from finops_nb.notebook.preflight import INJECTED
from finops_nb.notebook.sanitize import as_bytes, sanitize
from finops_nb.outputs.manifest import Kind, Manifest

MANIFEST = Manifest(Kind.SCENARIO, "scenarios/x", "ab" * 32, "2026-01-01T00:00:00Z")


def executed(*outputs: NotebookNode) -> NotebookNode:
    """A notebook as papermill leaves it."""
    notebook = make_notebook(["6"])
    notebook.cells.insert(
        1, new_code_cell("usage = ['/home/ann/a.csv']", metadata={"tags": [INJECTED]})
    )
    notebook.cells[2].outputs = list(outputs)
    notebook.metadata["papermill"] = {"input_path": "/home/ann/n.ipynb", "start_time": "now"}
    notebook.metadata["widgets"] = {"state": {}}
    for cell in notebook.cells:
        cell.metadata["papermill"] = {"duration": 0.1}
        cell.metadata["execution"] = {"iopub.status.busy": "now"}
        cell.metadata.setdefault("tags", [])
    return notebook


def clean(notebook: NotebookNode) -> NotebookNode:
    return sanitize(notebook, MANIFEST, "What if", {"usage": ["a.csv"]})


def test_the_metadata_is_the_same_for_equal_runs():
    """The language, the title and the report's name, kind and key stay; the time does not."""
    assert clean(executed()).metadata == {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
        "title": "What if",
        "finops_nb": {"name": "scenarios/x", "kind": "scenario", "key": "ab" * 32},
    }
    assert "title" not in sanitize(executed(), MANIFEST, None, {}).metadata


def test_cells_keep_only_their_tags():
    """Cells are numbered, and lose timing and empty tags."""
    notebook = clean(executed())
    assert [cell.id for cell in notebook.cells] == ["cell-1", "cell-2", "cell-3", "cell-4"]
    assert [cell.metadata for cell in notebook.cells] == [
        {"tags": ["parameters"]},
        {"tags": [INJECTED]},
        {},
        {},
    ]


def test_injected_parameters_are_those_that_may_be_shown():
    """The injected cell gets the parameters without local paths."""
    assert clean(executed()).cells[1].source == '# Parameters\nusage = ["a.csv"]\n'


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<finops_nb.Chart object at 0x7f3a5c0b1d90>", "<finops_nb.Chart object>"),
        ("[<A at 0x7f3a5c>, <B at 0x7f3a5d>]", "[<A>, <B>]"),
        ("/tmp/ipykernel_6646/378118451.py:1: UserWarning: old", "cell:1: UserWarning: old"),
        ('File "/tmp/ipykernel_1/2.py", line 3', 'File "cell", line 3'),
        (
            "/opt/venv/lib/python3.11/site-packages/pandas/core/frame.py:12: FutureWarning: old",
            "pandas/core/frame.py:12: FutureWarning: old",
        ),
        (
            "/usr/lib/python3.13/json/decoder.py:3: ResourceWarning: x",
            "json/decoder.py:3: ResourceWarning: x",
        ),
        (
            "in /home/ada/usage/site-packages/calls.csv",
            "in /home/ada/usage/site-packages/calls.csv",
        ),
        ("x" * 1_000_000, "x" * 1_000_000),
        ("sold at 0x7f3a5c", "sold at 0x7f3a5c"),
        ("$1,234.50", "$1,234.50"),
    ],
    ids=[
        *("one", "two", "warning", "traceback", "pandas", "json", "folder"),
        *("long", "prose", "money"),
    ],
)
def test_addresses_are_removed_from_text(text, kept):
    """Text outputs lose addresses, names of cells, folders of modules, and nothing else."""
    cell = clean(
        executed(
            new_output("execute_result", {"text/plain": text, "text/html": text}),
            new_output("stream", text=text),
        )
    ).cells[2]
    assert [cell.outputs[0].data["text/plain"], cell.outputs[1].text] == [kept, kept]
    assert cell.outputs[0].data["text/html"] == text


def test_pieces_of_a_stream_are_joined():
    """Consecutive streams become one stdout and one stderr, whatever their order was."""
    pieces = [("stderr", "e1 "), ("stdout", "o1 "), ("stdout", "o2 "), ("stderr", "e2 ")]
    value = new_output("execute_result", {"text/plain": "6"})
    streams = [new_output("stream", name=name, text=text) for name, text in pieces]
    outputs = clean(executed(*streams, value, new_output("stream", text="o3"))).cells[2].outputs
    assert [(output.get("name"), output.get("text")) for output in outputs] == [
        ("stdout", "o1 o2 "), ("stderr", "e1 e2 "), (None, None), ("stdout", "o3"),
    ]  # fmt: skip


def test_the_given_notebook_is_not_changed():
    """The published notebook is a copy."""
    notebook = executed(new_output("stream", text="x at 0x7f3a5c>"))
    before = copy.deepcopy(notebook)
    clean(notebook)
    assert notebook == before


def test_the_file_is_valid_and_plain():
    """It is a valid notebook of format 4.5 in UTF-8, with LF line ends and one at the end."""
    raw = as_bytes(clean(executed(new_output("stream", text="ä\r\n"))))
    nbformat.validate(nbformat.reads(raw.decode("utf-8"), as_version=nbformat.NO_CONVERT))
    assert raw.endswith(b"\n}\n")
    assert b"\r" not in raw
    assert "ä".encode() in raw
