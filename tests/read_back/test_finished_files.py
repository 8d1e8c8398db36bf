"""A finished file that says anything but what the notebook computed is never published."""

from __future__ import annotations

import copy
import json
import random
import re

import pytest
from support import mutations

from finops_nb.notebook.sanitize import as_bytes
from finops_nb.outputs.artifacts import HTML, LEDGER, NOTEBOOK, PDF, RESULTS, WORKBOOK
from finops_nb.read_back.finished_files import WAY_OUT, finished_faults
from finops_nb.report.pdf import pdf_of

KINDS = {HTML: mutations.HTML, WORKBOOK: mutations.XLSX, LEDGER: mutations.CSV}


def mutants(files, file, number, seed):
    """Changed contents of a file, each with its seed; as many of each kind."""
    kinds = KINDS[file]
    for count in range(number):
        choose = random.Random(f"{seed} {file} {count}")
        changed = kinds[count % len(kinds)](files[file], choose)
        assert changed != files[file]
        yield count, kinds[count % len(kinds)], changed


def survivors(made, file, number, seed="1"):
    """The mutations of a file that the gate does not find."""
    files, notebook = made
    return [
        (count, kind.__name__)
        for count, kind, changed in mutants(files, file, number, seed)
        if not finished_faults(files | {file: changed}, notebook)
    ]


def test_a_report_as_it_was_made_passes(made):
    """Nothing is found in it, though tables are cut and rounded."""
    files, notebook = made

    assert finished_faults(files, notebook) == []


@pytest.mark.slow
@pytest.mark.parametrize("file", KINDS)
def test_no_mutation_passes(made, file):
    """A printed figure changed, a row, table, chart or sheet lost, cut off, emptied."""
    assert survivors(made, file, len(KINDS[file])) == []


@pytest.mark.slow
@pytest.mark.parametrize(("file", "number"), [(HTML, 200), (WORKBOOK, 200), (LEDGER, 200)])
def test_none_of_many_mutations_passes(made, file, number):
    """200 of each file, with other seeds."""
    assert survivors(made, file, number, seed="2") == []


def test_the_message_names_file_table_and_figure(sample):
    """org-alpha cost $3,504.94; a page that says $3,504.95 is refused with both figures."""
    files, notebook = copy.deepcopy(sample)
    # The notebook says so too, as if the machine had changed how money is printed.
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            for kind in {"text/html"} & {*output.get("data", ())}:
                output.data[kind] = output.data[kind].replace("$3,504.94", "$3,504.95")
    page = files[HTML].replace(b"$3,504.94", b"$3,504.95")
    # In the alt text of a chart it was right.
    page = re.sub(rb'alt="[^"]*"', lambda alt: alt[0].replace(b"504.95", b"504.94"), page)
    faults = finished_faults(files | {HTML: page, NOTEBOOK: as_bytes(notebook)}, notebook)

    assert faults[0] == (
        f'{HTML}: table cost_by_organization: its row "org-alpha" has Total Cost "$3,504.95", '
        'not "$3,504.94".'
    )
    assert faults[-1] == WAY_OUT


@pytest.mark.parametrize("prefix", ["results", "part"])
def test_results_that_do_not_add_up_are_found(sample, prefix):
    """A total of one cent more, or a line of one cent less, than the others say."""
    files, notebook = sample
    results = json.loads(files[RESULTS])
    if prefix == "results":
        results["total"] = "8669.904004"
    else:
        results["tables"]["cost_by_organization"][0]["cost"] = "3504.93004"
    faults = finished_faults(files | {RESULTS: json.dumps(results).encode()}, notebook)

    assert faults
    assert all(fault.startswith(RESULTS) for fault in faults[:-1])


@pytest.mark.slow
def test_no_mutation_of_a_pdf_passes(sample, weasyprint):
    """Its figures are those of the page: one made from a mutated page is found, and half a PDF."""
    files, notebook = sample
    page = files[HTML].decode()
    whole = pdf_of(page)
    assert finished_faults(files | {PDF: whole}, notebook) == []

    kinds = (mutations.html_figure, *mutations.HTML[5:8])
    for count in range(20):
        choose = random.Random(f"pdf {count}")
        changed = pdf_of(_in_tables(page, kinds[count % len(kinds)], choose))
        assert finished_faults(files | {PDF: changed}, notebook), count
    for count in range(40):
        choose = random.Random(f"bytes {count}")
        for mutate in (mutations.truncated, mutations.emptied):
            assert finished_faults(files | {PDF: mutate(whole, choose)}, notebook), count


def _in_tables(page: str, mutate: mutations.Mutation, choose: random.Random) -> str:
    """A mutation of what a PDF shows of the page: no alt text, no contents; names are not read."""
    while True:
        changed = mutate(page.encode(), choose).decode()
        if not re.search('alt=|<bdi|href="#', _difference(page, changed)):
            return changed


def _difference(page: str, changed: str) -> str:
    start = next(place for place, (a, b) in enumerate(zip(page, changed, strict=False)) if a != b)
    return page[max(0, start - 100) : start + 1]
