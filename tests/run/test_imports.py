"""What a run imports and reads: no mail, no pandas, its tables only where a change must be seen."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

import pytest
from support.homes import NAME, finished, make_home

from finops_nb.errors import Failure
from finops_nb.params import organizations
from finops_nb.run import run as running
from finops_nb.run.run import run

COMMAND = """\
import sys
from finops_nb.cli import main
try:
    main(["run", "2025-12"])
except SystemExit as end:
    print(end.code)
print(*sys.modules)
"""


@pytest.mark.slow
def test_a_run_imports_nothing_of_the_mail_and_no_pandas(tmp_path):
    """Whether a report was mailed is read from its journal, without SMTP; its kernel has pandas."""
    make_home(tmp_path)
    environment = os.environ | {"FINOPS_NB_HOME": str(tmp_path.resolve())}
    done = subprocess.run(
        [sys.executable, "-c", COMMAND],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=True,
    )
    _, code, modules = done.stdout.splitlines()
    assert code == "0"
    names = modules.split()
    assert "finops_nb.outputs.mail_journal" in names
    assert not [name for name in names if name == "smtplib" or name.startswith("finops_nb.mail")]
    # The kernel computes; the process that runs it reads the files back, for which it needs none.
    assert not {"pandas", "numpy", "duckdb"} & {*names}


def test_a_run_reads_organizations_once(tmp_path, monkeypatch):
    """The runner reads organizations.csv at its start; at its end it compares the file's bytes."""
    home = make_home(tmp_path, mapping="organizations.csv")
    (home.root / "organizations.csv").write_text("key,organization\nteam-17,org-a\n")
    paths = []
    read = organizations.read_organization_map
    monkeypatch.setattr(
        organizations,
        "read_organization_map",
        lambda path, shown: (paths.append(path), read(path, shown))[1],
    )
    monkeypatch.setattr(running, "_execute", finished)
    monkeypatch.setattr("finops_nb.report.html_export.export_html", lambda notebook: "<p>")
    monkeypatch.setattr("finops_nb.read_back.finished_files.finished_faults", lambda *_: [])
    run(NAME, home)
    assert paths == [home.root / "organizations.csv"]


@pytest.mark.parametrize("when", ["before its inputs are taken", "while its notebook runs"])
@pytest.mark.parametrize(
    ("key", "name", "text"),
    [
        ("mapping", "organizations.csv", "key,organization\nteam-17,org-a\n"),
        ("drivers", "drivers.csv", "month,organization,name,amount\n2025-12,,orders,1\n"),
    ],
)
def test_a_run_sees_that_a_table_changed(tmp_path, monkeypatch, when, key, name, text):
    """Whenever organizations.csv or drivers.csv changes after it was read, nothing is published."""
    home = make_home(tmp_path, **{key: name})
    file = home.root / name
    file.write_text(text)

    def change(call, *given):
        result = call(*given)
        file.write_text(text.replace("org-a", "org-b").replace("orders", "seats"))
        return result

    step = ("open_job", running.open_job) if when.startswith("before") else ("_execute", finished)
    monkeypatch.setattr(running, step[0], partial(change, step[1]))
    if step[0] != "_execute":
        monkeypatch.setattr(running, "_execute", finished)
    monkeypatch.setattr("finops_nb.report.html_export.export_html", lambda notebook: "<p>")
    monkeypatch.setattr("finops_nb.read_back.finished_files.finished_faults", lambda *_: [])
    with pytest.raises(Failure, match=rf"inputs changed during the run: {name}\."):
        run(NAME, home)
    assert not (home.outputs / NAME).exists()
