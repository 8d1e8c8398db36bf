"""A good run of a NAME: what it publishes, and what it does again or leaves alone."""

from __future__ import annotations

import errno
import json
import sys

import nbformat
import pytest
from nbformat.v4 import new_output
from support.homes import (
    FILES,
    NAME,
    left_over,
    make_home,
    make_notebook,
    published,
    write_notebook,
)
from support.run_processes import start

from finops_nb.errors import Failure, Refusal
from finops_nb.mail.settings import PREFIX
from finops_nb.outputs.revisions import History, digests
from finops_nb.run import run as running
from finops_nb.run.run import run

pytestmark = pytest.mark.usefixtures("one_code")


def test_a_run_publishes_five_files(made):
    """Page, notebook, workbook, results and ledger are published with one key, and nothing else."""
    files = published(made)
    assert tuple(files) == FILES
    key = json.loads(files["results.json"])["provenance"]["key"]
    notebook = nbformat.reads(files["organizational_alignment.ipynb"].decode(), as_version=4)
    assert notebook.metadata["finops_nb"] == {"name": NAME, "kind": "official", "key": key}
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4, 5]
    assert notebook.cells[2].outputs[0].data["text/plain"] == "'2025-12'"
    assert notebook.cells[3].outputs[0].text == "x\n"
    assert f"<title>Report of {NAME}</title>" in files["organizational_alignment.html"].decode()
    assert left_over(made) == []
    [first] = History(made.outputs, NAME).revisions()
    assert (first.number, first.key, first.reason) == (1, key, "")
    assert first.generated == "2026-01-01T00:00:00Z"
    assert first.files == digests(made.outputs / NAME)
    assert str(made.root).encode() not in b"".join(files.values())


def test_the_same_key_changes_nothing(published_home, monkeypatch):
    """If nothing changed, the path is returned and nothing executed; --force runs it again."""

    def executed(*_):
        raise Failure("executed")

    monkeypatch.setattr(running, "_execute", executed)
    folder = published_home.outputs / NAME
    before = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert run(NAME, published_home) == folder / "organizational_alignment.html"
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == before
    assert left_over(published_home) == []
    with pytest.raises(Failure, match=r"^executed$"):
        run(NAME, published_home, force=True)
    for file in FILES:
        (folder / file).rename(folder / "away")
        with pytest.raises(Failure, match=r"^executed$"):
            run(NAME, published_home)
        (folder / "away").rename(folder / file)


@pytest.mark.slow
def test_a_forced_run_publishes_the_same_bytes(published_home, monkeypatch):
    """It prints the time when the key was first run, whatever the clock says now."""
    before = published(published_home)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    (published_home.outputs / NAME / "results.json").write_text("spoilt by hand")
    run(NAME, published_home, force=True)
    assert published(published_home) == before


@pytest.mark.slow
def test_runs_elsewhere_publish_the_same_bytes(tmp_path):
    """Folder, time zone, language, hash seed and user do not change the published bytes."""
    cells = [
        "print({'alpha', 'beta', 'gamma', 'delta'})",
        "import sys, time\nprint(time.tzname, time.localtime(0)[:5], sys.stdout.encoding)",
        "object()",
        "print('ä', 1); print('2', file=sys.stderr); print('3')",
        "import locale\n'{:n} {}'.format(1234567, locale.getlocale())",
    ]
    homes = [make_home(tmp_path / "one", cells), make_home(tmp_path / "another" / "deeper", cells)]
    (tmp_path / "user").mkdir()
    others = {
        "TZ": "Pacific/Kiritimati",
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "42",
        "USER": "ann",
    }
    others["HOME"] = str(tmp_path / "user")
    runs = [start(homes[0]), start(homes[1], **others)]
    assert [process.communicate()[1] for process in runs] == ["", ""]
    assert [process.returncode for process in runs] == [0, 0]
    assert published(homes[0]) == published(homes[1])


def test_stale_outputs_are_not_published(published_home):
    """Only outputs of this run are published, whatever the notebook was saved with."""
    notebook = make_notebook(["6"])
    notebook.cells[1].outputs = [
        new_output(
            "execute_result", {"text/plain": "999,999.99 of an earlier run"}, execution_count=7
        )
    ]
    notebook.metadata["title"] = "an earlier run"
    write_notebook(published_home, notebook)
    run(NAME, published_home)
    assert b"earlier run" not in b"".join(published(published_home).values())


def test_params_as_read_at_the_start_count(tmp_path):
    """The file may change during the run; paths outside the home are not shown."""
    usage = tmp_path / "elsewhere.csv"
    usage.write_text("timestamp,cost\n2025-12-01,1\n")
    spoil = (
        "import os, pathlib\n"
        "params = pathlib.Path(os.environ['FINOPS_NB_HOME'], 'params')\n"
        "_ = (params / 'analysis' / 'x.yaml').write_text('')"
    )
    published_home = make_home(tmp_path / "home", [spoil, "period"], "analysis/x", usage=str(usage))
    page = published_home.outputs / "analysis" / "x" / "organizational_alignment.html"
    assert run("analysis/x", published_home) == page
    files = published(published_home, "analysis/x")
    assert "chargeback.csv" not in files
    assert json.loads(files["results.json"])["period"]["start"] == "2025-12-01"
    assert b'usage = [\\"elsewhere.csv\\"]' in files["organizational_alignment.ipynb"]
    assert str(tmp_path).encode() not in b"".join(files.values())


def test_an_index_that_could_not_be_written_is_rebuilt_later(published_home):
    """The report is published with a notice; the next run, with nothing else to do, rebuilds it."""
    index = published_home.outputs / "index.html"
    index.write_text("old")
    notices: list[str] = []
    with pytest.MonkeyPatch.context() as patch:

        def fail(_home, _notice):
            raise OSError(errno.EIO, "Input/output error", "x")

        patch.setattr("finops_nb.run.index_page.write_index", fail)
        run(NAME, published_home, force=True, notice=notices.append)
    assert notices == [
        "The report is published, but outputs/index.html was not updated: Input/output error. "
        "Fix this, then run again."
    ]
    assert index.read_text() == "old"
    run(NAME, published_home)
    assert NAME in index.read_text()
    rebuilt = index.stat().st_mtime_ns
    run(NAME, published_home)
    assert index.stat().st_mtime_ns == rebuilt


@pytest.mark.slow
def test_a_pdf_is_published_when_it_is_asked_for(published_home, weasyprint):
    """A report without the PDF is run again and published with it; other files do not change."""
    before = published(published_home)
    for asked in ({"pdf": True}, {"mail": {"to": ["ann@example.com"], "attachment": ["pdf"]}}):
        make_home(published_home.root, ["period", "print('x')"], **asked)
        run(NAME, published_home)
        files = published(published_home)
        assert files.pop("organizational_alignment.pdf").startswith(b"%PDF-1.7")
        assert files == before
        (published_home.outputs / NAME / "organizational_alignment.pdf").unlink()


def test_a_pdf_that_cannot_be_made_is_refused_at_once(published_home, monkeypatch):
    """Without WeasyPrint nothing is executed, and the report stays; other runs do not need it."""
    monkeypatch.setattr(running, "_execute", None)
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    before = published(published_home)
    run(NAME, published_home)
    make_home(published_home.root, ["period", "print('x')"], pdf=True)
    with pytest.raises(Refusal, match=r"^PDFs can't be made: WeasyPrint"):
        run(NAME, published_home)
    assert published(published_home) == before
    assert left_over(published_home) == []


def test_no_cell_sees_the_settings_of_the_mail(tmp_path, monkeypatch):
    """The password and all other mail settings are kept out of the kernel's environment."""
    monkeypatch.setenv(f"{PREFIX}PASSWORD", "canary-5417")
    monkeypatch.setenv(f"{PREFIX}USER", "canary-5417")
    monkeypatch.setenv("FINOPS_NB_OTHER", "seen")
    cell = (
        "import os\n"
        "[item for item in os.environ.items() if 'canary' in item[1] or 'OTHER' in item[0]]"
    )
    published_home = make_home(tmp_path, [cell])
    run(NAME, published_home)
    files = published(published_home)
    assert "('FINOPS_NB_OTHER', 'seen')" in files["organizational_alignment.ipynb"].decode()
    assert b"canary-5417" not in b"".join(files.values())


def test_a_notice_names_what_is_read_outside_of_the_home(tmp_path, quick):
    """Also where nothing has changed; it is not in what is published."""
    shared = tmp_path / "shared"
    home = make_home(tmp_path / "home", usage=f"{shared}/*.csv")
    (home.root / "usage").rename(shared)
    for _ in range(2):
        notices: list[str] = []
        run(NAME, home, notice=notices.append)
        assert notices == [f"Reads outside the home: usage: {shared}/*.csv."]
