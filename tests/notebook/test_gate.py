"""Nothing is published of a notebook that did not get to its end, whole and of the right period."""

from __future__ import annotations

import io
import json
import zipfile
import zlib

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_output
from support.homes import make_notebook

from finops_nb.notebook.execute import Execution
from finops_nb.notebook.gate import find_faults, find_local_paths, find_paths_in_files
from finops_nb.outputs.artifacts import marker_text
from finops_nb.outputs.manifest import Kind, Manifest
from finops_nb.period import parse_period

EDITION = Manifest(Kind.OFFICIAL, "2025-12", "ab" * 32)
DECEMBER = parse_period("2025-12")
RESULTS = {
    "name": "2025-12",
    "period": {"start": "2025-12-01", "end": "2026-01-01"},
    "provenance": {"key": "ab" * 32},
}
WORKBOOK = "organizational_alignment.xlsx"
FILES = {
    "results.json": json.dumps(RESULTS).encode(),
    WORKBOOK: b"",
    "chargeback.csv": b"organization\n",
}


def executed(*sources: str) -> NotebookNode:
    """A notebook of `parameters`, these cells and the last one, as it is after a good run."""
    notebook = make_notebook(sources or ["6"], "period = '2025-12'")
    for number, cell in enumerate(notebook.cells, 1):
        cell.execution_count = number
    notebook.cells[-1].outputs = [
        new_output("execute_result", {"text/plain": marker_text(EDITION)})
    ]
    return notebook


def faults(
    notebook: NotebookNode,
    files: dict[str, bytes] = FILES,
    manifest: Manifest = EDITION,
    stopped: str | None = None,
) -> list[str]:
    return find_faults(Execution(notebook, stopped, 1), manifest, DECEMBER, files)


def test_a_good_run_has_no_faults():
    """It lets a run pass that got to its end and handed over what was asked for."""
    notebook = executed()
    notebook.cells[1].outputs = [new_output("stream", name="stderr", text="a remark")]
    notebook.cells.insert(1, nbformat.v4.new_code_cell(""))
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell("prose"))
    assert faults(notebook) == []


def test_what_ended_a_run_is_the_fault():
    """It names the cell at which the run was stopped, and nothing that follows from it."""
    notebook = executed("usage = 6")
    notebook.cells[2].execution_count = None
    notebook.cells[2].outputs = []
    assert faults(notebook, {}, stopped="the kernel died (killed; out of memory?)") == [
        "The notebook was stopped in cell 2 (`usage = 6`): the kernel died (killed; out of memory?)."
    ]


def test_a_run_that_never_began():
    """It says so where no cell was started."""
    assert find_faults(
        Execution(executed(), "the kernel died (SIGBUS)", None), EDITION, DECEMBER, {}
    ) == ["The notebook was stopped before its first cell: the kernel died (SIGBUS)."]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("ZeroDivisionError", "division by zero", "Cell 2 (`6`) raised ZeroDivisionError: division by zero"),
        ("SystemExit", "0", "The notebook stopped before its end in cell 2 (`6`), which called sys.exit."),
        ("StdinNotImplementedError", "raw_input was called",
         "Cell 2 (`6`) asks for input, and nobody is there to answer. Make it a parameter."),
        ("Refusal", "usage/a.csv, line 3, cost: not a number.\nusage/a.csv, line 4, cost: missing.",
         "usage/a.csv, line 3, cost: not a number.\nusage/a.csv, line 4, cost: missing."),
        ("Failure", "The disk is full.", "The disk is full."),
    ],
)  # fmt: skip
def test_an_error_is_said_with_its_cell(name, text, said):
    """It gives the cell and the error; a refusal of our own speaks for itself."""
    notebook = executed()
    notebook.cells[1].outputs = [new_output("error", ename=name, evalue=text, traceback=[])]
    notebook.cells[2].execution_count = None
    assert faults(notebook, {}) == [said]


def test_a_cell_that_did_not_run_is_a_fault():
    """It does not take a skipped cell for a finished notebook, whatever papermill wrote down."""
    notebook = executed("6", "7")
    notebook.cells[2].execution_count = None
    notebook.cells[2].metadata["papermill"] = {"status": "completed", "exception": None}
    assert faults(notebook) == [
        "The notebook stopped before its end in cell 2 (`6`); cell 3 (`7`) did not run."
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Exception in thread Thread-5 (f):\nTraceback (most recent call last):\n"
         "  File \"x\", line 1, in f\nValueError: no\n", "ValueError: no"),
        ("Task exception was never retrieved\nfuture: <Task>\n", "never retrieved"),
        ("x.py:1: RuntimeWarning: coroutine 'f' was never awaited\n", "never awaited"),
        ("Traceback (most recent call last):\n  File \"x\"\nduckdb.IOException: gone\n", "duckdb.IOException: gone"),
    ],
)  # fmt: skip
def test_a_failure_in_the_background_is_a_fault(text, why):
    """It finds what failed in threads and tasks, which no cell raises."""
    notebook = executed()
    notebook.cells[1].outputs = [new_output("stream", name="stderr", text="before\n" + text)]
    (said,) = faults(notebook)
    assert said.startswith(
        "Something failed unseen, in the background of cell 2 (`6`) or of one before it: "
    )
    assert why in said


@pytest.mark.parametrize(
    "outputs",
    [
        [],
        [new_output("execute_result", {"text/plain": "A draft: nothing is written."})],
        [
            new_output(
                "execute_result",
                {"text/plain": marker_text(Manifest(Kind.OFFICIAL, "2025-11", "ab" * 32))},
            )
        ],
        [
            new_output(
                "execute_result",
                {"text/plain": marker_text(Manifest(Kind.OFFICIAL, "2025-12", "cd" * 32))},
            )
        ],
        [new_output("stream", text=marker_text(EDITION))],
    ],
    ids=["none", "draft", "name", "key", "printed"],
)
def test_the_last_cell_hands_over(outputs):
    """It wants the mark of this very run on the last cell; that of another NAME or key will not do."""
    notebook = executed()
    notebook.cells[-1].outputs = outputs
    assert faults(notebook) == [
        "The notebook's last cell did not hand over the results of this run. Keep `hand_over(...)` as its last code cell."
    ]


def test_a_cell_after_the_last_is_a_fault():
    """It does not let a cell follow the one that hands over, whose figures the results would not have."""
    notebook = executed()
    notebook.cells.append(nbformat.v4.new_code_cell("7", execution_count=9))
    assert len(faults(notebook)) == 1


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "results.json was not handed over, or is of another run."),
        (b"", "results.json was not handed over, or is of another run."),
        (b"[1]", "results.json was not handed over, or is of another run."),
        (json.dumps(RESULTS | {"name": "2025-11"}).encode(), "results.json was not handed over, or is of another run."),
        (json.dumps(RESULTS | {"provenance": {"key": "cd" * 32}}).encode(), "results.json was not handed over, or is of another run."),
        (json.dumps(RESULTS | {"provenance": "ab" * 32}).encode(), "results.json was not handed over, or is of another run."),
        (json.dumps(RESULTS | {"period": {"start": "2025-11-01", "end": "2025-12-01"}}).encode(),
         "results.json is of another period than 2025-12: a cell changes the params on the way."),
        (json.dumps(RESULTS | {"period": "2025-12"}).encode(),
         "results.json is of another period than 2025-12: a cell changes the params on the way."),
    ],
)  # fmt: skip
def test_the_results_are_of_this_run(raw, said):
    """It refuses results that are missing, broken, or of another NAME, key or period."""
    files = {"chargeback.csv": b"", WORKBOOK: b""} | ({} if raw is None else {"results.json": raw})
    assert faults(executed(), files) == [said]


def test_every_report_has_a_workbook():
    """It wants the workbook of every kind of report."""
    files = {"results.json": FILES["results.json"], "chargeback.csv": b""}
    said = [
        f"{WORKBOOK} was not handed over. Keep `hand_over(...)` as the notebook's last code cell."
    ]
    assert (
        faults(executed(), files)
        == faults(executed(), files, Manifest(Kind.ANALYSIS, "2025-12", "ab" * 32))
        == said
    )


def test_an_official_report_has_a_ledger():
    """It wants the ledger of an official report, and of no other."""
    files = {name: FILES[name] for name in ("results.json", WORKBOOK)}
    assert faults(executed(), files) == [
        "chargeback.csv was not handed over, and an official report has a ledger."
    ]
    assert faults(executed(), files, Manifest(Kind.ANALYSIS, "2025-12", "ab" * 32)) == []


@pytest.mark.parametrize(
    "shown",
    [
        "/home/ann/finops",
        "in /home/ann/finops.",
        "'/home/ann/finops/usage/a.csv'",
        "file:/home/ann/finops/x",
        "</home/ann/finops>",
    ],
)
def test_a_local_path_is_found(shown):
    """It finds the home's path in outputs and in sources, and names the cell."""
    notebook = executed("6", "7")
    notebook.cells[2].outputs = [new_output("display_data", {"text/html": f"<b>{shown}</b>"})]
    said = [
        "cell 3 (`7`) shows a path of this machine: /home/ann/finops. Show it relative to the home."
    ]
    assert find_local_paths(notebook, ["/home/ann/finops"]) == said
    assert find_paths_in_files(
        {"results.json": shown.encode(), "a.csv": b"\xff"}, ["/home/ann/finops"]
    ) == [
        "results.json holds a path of this machine: /home/ann/finops. Name it relative to the home."
    ]
    assert find_local_paths(executed("6", f"x = {shown!r}"), ["/home/ann/finops"]) != []


def test_a_local_path_is_found_in_packed_files():
    """It looks into an XLSX, and into the streams of a PDF, which can't be read as they lie there."""
    said = "in /home/ann/finops. " * 50
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", said)
    document = (
        b"%PDF-1.7\n1 0 obj << >> stream\n"
        + zlib.compress(said.encode())
        + b"\nendstream\nstream\nno zlib\nendstream"
    )
    for name, data in (("a.xlsx", packed.getvalue()), ("a.pdf", document)):
        assert b"/home/ann" not in data
        assert find_paths_in_files({name: data}, ["/home/ann/finops"]) == [
            f"{name} holds a path of this machine: /home/ann/finops. Name it relative to the home."
        ]
        assert find_paths_in_files({name: data}, ["/home/eve/finops"]) == []
    assert find_paths_in_files({"a.xlsx": b"PK, and no zip"}, ["/home/ann/finops"]) == []


@pytest.mark.parametrize(
    "shown",
    [
        "/home/ann/finops2",
        "https://example.com/home/ann/finops",
        "~/home/ann/finops-b",
        "home/ann/finops",
        "/home/ann",
    ],
)
def test_what_only_looks_like_the_path_is_none(shown):
    """It does not take a longer name, a part of a URL or a folder above for the home's path."""
    notebook = executed()
    notebook.cells[1].outputs = [new_output("stream", text=shown)]
    assert find_local_paths(notebook, ["/home/ann/finops", "/"]) == []


def test_the_longest_path_is_named():
    """It names the staging folder rather than the home around it."""
    notebook = executed("x = '/h/a/outputs/.staging/b'")
    assert (
        "/h/a/outputs/.staging." in find_local_paths(notebook, ["/h/a", "/h/a/outputs/.staging"])[0]
    )
