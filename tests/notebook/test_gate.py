"""A notebook is published only if it reached its end and covers the right period."""

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

MANIFEST = Manifest(Kind.OFFICIAL, "2025-12", "ab" * 32)
DECEMBER = parse_period("2025-12")
RESULTS = {
    "name": "2025-12",
    "ledger": "chargeback.csv",
    "period": {"start": "2025-12-01", "end": "2026-01-01", "complete": True},
    "provenance": {"key": "ab" * 32},
}
WORKBOOK = "organizational_alignment.xlsx"
KEEP = "Keep `write_results(show)` as the notebook's last code cell."
MISSING = f"results.json is missing or belongs to another run. {KEEP}"
OTHER_PERIOD = "results.json does not cover 2025-12: a cell changes the parameters."
HOME_PATH = "a path of this machine: /home/ann/finops. Write it relative to the home."
FILES = {
    "results.json": json.dumps(RESULTS).encode(),
    WORKBOOK: b"",
    "chargeback.csv": b"organization\n",
}


def as_json(results: dict) -> bytes:
    return json.dumps(results).encode()


def executed(*sources: str) -> NotebookNode:
    """A notebook of `parameters`, these cells and the last one, as it is after a good run."""
    notebook = make_notebook(sources or ["6"], "period = '2025-12'")
    for number, cell in enumerate(notebook.cells, 1):
        cell.execution_count = number
    notebook.cells[-1].outputs = [
        new_output("execute_result", {"text/plain": marker_text(MANIFEST)})
    ]
    return notebook


def faults(
    notebook: NotebookNode,
    files: dict[str, bytes] = FILES,
    manifest: Manifest = MANIFEST,
    stopped: str | None = None,
) -> list[str]:
    return find_faults(Execution(notebook, stopped, 1), manifest, DECEMBER, files)


def test_a_good_run_has_no_faults():
    """It reached its end and wrote every file."""
    notebook = executed()
    notebook.cells[1].outputs = [new_output("stream", name="stderr", text="a remark")]
    notebook.cells.insert(1, nbformat.v4.new_code_cell(""))
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell("prose"))
    assert faults(notebook) == []


def test_the_only_fault_is_what_stopped_the_run():
    """It names the cell, and nothing that follows from the stop."""
    notebook = executed("usage = 6")
    notebook.cells[2].execution_count = None
    notebook.cells[2].outputs = []
    death = "the kernel died (killed; out of memory?)"
    expected = f"The notebook was stopped in cell 2 (`usage = 6`): {death}."
    assert faults(notebook, {}, stopped=death) == [expected]


def test_a_run_that_never_began():
    """The fault says that no cell was started."""
    assert find_faults(
        Execution(executed(), "the kernel died (SIGBUS)", None), MANIFEST, DECEMBER, {}
    ) == ["The notebook was stopped before its first cell: the kernel died (SIGBUS)."]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("ZeroDivisionError", "division by zero",
         "Cell 2 (`6`) raised ZeroDivisionError: division by zero"),
        ("SystemExit", "0", "The notebook stopped early in cell 2 (`6`), which called sys.exit."),
        ("StdinNotImplementedError", "raw_input was called",
         "Cell 2 (`6`) asks for input, but a run has nobody to answer."
         " Make the answer a parameter."),
        ("Refusal", "usage/a.csv, line 3, cost: not a number.\nusage/a.csv, line 4, cost: missing.",
         "usage/a.csv, line 3, cost: not a number.\nusage/a.csv, line 4, cost: missing."),
        ("Failure", "The disk is full.", "The disk is full."),
    ],
)  # fmt: skip
def test_an_error_is_reported_with_its_cell(name, text, fault):
    """One of our own refusals is reported as it is."""
    notebook = executed()
    notebook.cells[1].outputs = [new_output("error", ename=name, evalue=text, traceback=[])]
    notebook.cells[2].execution_count = None
    assert faults(notebook, {}) == [fault]


def test_a_cell_that_did_not_run_is_a_fault():
    """It counts even if papermill's metadata says that the cell was completed."""
    notebook = executed("6", "7")
    notebook.cells[2].execution_count = None
    notebook.cells[2].metadata["papermill"] = {"status": "completed", "exception": None}
    assert faults(notebook) == [
        "The notebook stopped early in cell 2 (`6`); cell 3 (`7`) did not run."
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Exception in thread Thread-5 (f):\nTraceback (most recent call last):\n"
         "  File \"x\", line 1, in f\nValueError: no\n", "ValueError: no"),
        ("Task exception was never retrieved\nfuture: <Task>\n", "never retrieved"),
        ("x.py:1: RuntimeWarning: coroutine 'f' was never awaited\n", "never awaited"),
        ("Traceback (most recent call last):\n  File \"x\"\nduckdb.IOException: gone\n",
         "duckdb.IOException: gone"),
    ],
)  # fmt: skip
def test_a_failure_in_the_background_is_a_fault(text, why):
    """No cell raises what fails in a thread or a task; it is only printed."""
    notebook = executed()
    notebook.cells[1].outputs = [new_output("stream", name="stderr", text="before\n" + text)]
    (fault,) = faults(notebook)
    assert fault.startswith("A background task failed in cell 2 (`6`) or in an earlier cell: ")
    assert why in fault


@pytest.mark.parametrize(
    "outputs",
    [
        [],
        [new_output("execute_result", {"text/plain": "Draft: nothing was written."})],
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
        [new_output("stream", text=marker_text(MANIFEST))],
    ],
    ids=["none", "draft", "name", "key", "printed"],
)
def test_the_last_cell_shows_the_marker(outputs):
    """The marker of another NAME or key does not count."""
    notebook = executed()
    notebook.cells[-1].outputs = outputs
    expected = f"The notebook's last cell did not write the results of this run. {KEEP}"
    assert faults(notebook) == [expected]


def test_a_cell_after_the_last_is_a_fault():
    """The results would not have the figures of a cell after `write_results`."""
    notebook = executed()
    notebook.cells.append(nbformat.v4.new_code_cell("7", execution_count=9))
    assert len(faults(notebook)) == 1


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (None, MISSING),
        (b"", MISSING),
        (b"[1]", MISSING),
        (as_json(RESULTS | {"name": "2025-11"}), MISSING),
        (as_json(RESULTS | {"provenance": {"key": "cd" * 32}}), MISSING),
        (as_json(RESULTS | {"provenance": "ab" * 32}), MISSING),
        (as_json(RESULTS | {"period": {"start": "2025-11-01", "end": "2025-12-01"}}), OTHER_PERIOD),
        (as_json(RESULTS | {"period": "2025-12"}), OTHER_PERIOD),
    ],
)
def test_the_results_belong_to_this_run(raw, fault):
    """Missing or broken results are a fault, also those of another NAME, key or period."""
    files = {"chargeback.csv": b"", WORKBOOK: b""} | ({} if raw is None else {"results.json": raw})
    assert faults(executed(), files) == [fault]


def test_every_report_has_a_workbook():
    """It is required for every kind."""
    files = {"results.json": FILES["results.json"], "chargeback.csv": b""}
    analysis = Manifest(Kind.ANALYSIS, "2025-12", "ab" * 32)
    expected = [f"{WORKBOOK} is missing. {KEEP}"]
    assert faults(executed(), files) == expected
    assert faults(executed(), files, analysis) == expected


def test_an_official_report_has_a_ledger():
    """No other kind needs one."""
    files = {name: FILES[name] for name in ("results.json", WORKBOOK)}
    rule = "chargeback.csv is missing, but an official report needs it."
    fix = "Write `show = Parts(data, book)` in the notebook."
    assert faults(executed(), files) == [f"{rule} {fix}"]
    assert faults(executed(), files, Manifest(Kind.ANALYSIS, "2025-12", "ab" * 32)) == []


PARTIAL = {"period": RESULTS["period"] | {"complete": False}}
DIFFERS = {"warnings": ["NOT RECONCILED: Invoice amounts differ"]}
DRAFT = {"ledger": "chargeback.DRAFT.csv"}
MARKED = b"organization,DRAFT\norg-a,DRAFT\n"


@pytest.mark.parametrize(
    ("changed", "ledgers", "fault"),
    [
        ({}, {"chargeback.csv": b""}, ""),
        (PARTIAL | DRAFT, {"chargeback.DRAFT.csv": MARKED}, ""),
        (DIFFERS | DRAFT, {"chargeback.DRAFT.csv": MARKED}, ""),
        (PARTIAL, {"chargeback.csv": b""}, "call for chargeback.DRAFT.csv"),
        (DIFFERS, {"chargeback.csv": b""}, "call for chargeback.DRAFT.csv"),
        (DRAFT, {"chargeback.DRAFT.csv": MARKED}, "call for chargeback.csv"),
        (PARTIAL | DRAFT, {"chargeback.csv": b""}, "but the last cell wrote chargeback.csv"),
        (PARTIAL | DRAFT, {"chargeback.csv": b"", "chargeback.DRAFT.csv": MARKED}, " and "),
        (PARTIAL | DRAFT, {"chargeback.DRAFT.csv": b"organization\n"}, "does not end with DRAFT"),
        (
            PARTIAL | DRAFT,
            {"chargeback.DRAFT.csv": MARKED + b"org-b,1\n"},
            "does not end with DRAFT",
        ),
    ],
)
def test_only_a_complete_and_reconciled_month_has_a_final_ledger(changed, ledgers, fault):
    """Exactly one ledger is written: the final one, or a draft that says so in every line."""
    files = {"results.json": as_json(RESULTS | changed), WORKBOOK: b""} | ledgers
    found = faults(executed(), files)
    assert len(found) == bool(fault)
    assert not fault or fault in found[0]


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
    """The home's path is found in outputs and sources, and the cell is named."""
    notebook = executed("6", "7")
    notebook.cells[2].outputs = [new_output("display_data", {"text/html": f"<b>{shown}</b>"})]
    paths = ["/home/ann/finops"]
    files = {"results.json": shown.encode(), "a.csv": b"\xff"}
    assert find_local_paths(notebook, paths) == [f"cell 3 (`7`) shows {HOME_PATH}"]
    assert find_paths_in_files(files, paths) == [f"results.json contains {HOME_PATH}"]
    assert find_local_paths(executed("6", f"x = {shown!r}"), paths) != []


def test_a_local_path_is_found_in_compressed_files():
    """An XLSX and the streams of a PDF are unpacked."""
    text = "in /home/ann/finops. " * 50
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", text)
    document = (
        b"%PDF-1.7\n1 0 obj << >> stream\n"
        + zlib.compress(text.encode())
        + b"\nendstream\nstream\nno zlib\nendstream"
    )
    for name, data in (("a.xlsx", packed.getvalue()), ("a.pdf", document)):
        assert b"/home/ann" not in data
        assert find_paths_in_files({name: data}, ["/home/ann/finops"]) == [
            f"{name} contains {HOME_PATH}"
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
def test_other_paths_are_not_found(shown):
    """A longer name, a part of a URL or a parent folder is not the home's path."""
    notebook = executed()
    notebook.cells[1].outputs = [new_output("stream", text=shown)]
    assert find_local_paths(notebook, ["/home/ann/finops", "/"]) == []


def test_the_longest_path_is_named():
    """The staging folder lies in the home; the fault names the staging folder."""
    notebook = executed("x = '/h/a/outputs/.staging/b'")
    assert (
        "/h/a/outputs/.staging." in find_local_paths(notebook, ["/h/a", "/h/a/outputs/.staging"])[0]
    )
