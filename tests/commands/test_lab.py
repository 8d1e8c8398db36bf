"""JupyterLab on a home: its root, what it needs, and a home without notebooks."""

from __future__ import annotations

import os
import sys

import pytest
from click.testing import CliRunner

from finops_nb.cli import main
from finops_nb.commands import lab
from finops_nb.commands.scaffold import lay_out
from finops_nb.home import Home, packaged_notebooks


@pytest.fixture
def started(tmp_path, monkeypatch) -> list:
    """The command lines and environments that would take the place of the process."""
    lay_out(tmp_path / "demo")
    monkeypatch.chdir(tmp_path / "demo")
    monkeypatch.delenv("FINOPS_NB_HOME", raising=False)
    started: list = []
    monkeypatch.setattr(os, "execve", lambda *arguments: started.append(arguments))
    return started


def invoke(*arguments: str):
    return CliRunner().invoke(main, ["lab", *arguments])


def test_its_root_is_the_home_wherever_it_is_started(started, tmp_path, monkeypatch):
    """From a folder of the home too; other options are JupyterLab's; notebooks know the home."""
    home = tmp_path / "demo"
    monkeypatch.chdir(home / "notebooks")
    assert invoke("--no-browser", "--port", "8889").exit_code == 0
    [(program, command, environment)] = started
    assert program == sys.executable
    assert command[1:] == [
        *("-P", "-m", "jupyterlab", f"--ServerApp.root_dir={home}"),
        *("--no-browser", "--port", "8889"),
    ]
    assert environment["FINOPS_NB_HOME"] == str(home)


def test_a_home_without_notebooks_gets_copies_on_request(started, tmp_path):
    """The command in the refusal copies the packaged ones, and nothing that is there already."""
    notebooks = tmp_path / "demo" / "notebooks"
    for file in notebooks.iterdir():
        file.unlink()
    notebooks.rmdir()
    refused = invoke()
    assert (refused.exit_code, started) == (1, [])
    command = "finops-nb lab --copy-notebooks"
    assert refused.stderr.endswith(f"Copy the packaged ones with `{command}`.\n")

    done = CliRunner().invoke(main, command.split()[1:])
    assert (done.exit_code, len(started)) == (0, 1)
    copies = {file.name: file.read_bytes() for file in notebooks.iterdir()}
    assert {*copies} == {"README.md", "budget_what_if.ipynb", "organizational_alignment.ipynb"}
    for name, content in copies.items():
        assert content == (packaged_notebooks() / name).read_bytes()
    (notebooks / "budget_what_if.ipynb").write_text("mine")
    assert [*lab.copy_notebooks(Home(tmp_path / "demo"))] == []
    assert (notebooks / "budget_what_if.ipynb").read_text() == "mine"


@pytest.mark.parametrize("missing", lab.NEEDED)
def test_without_the_extra_it_says_what_to_install(started, monkeypatch, missing):
    """One sentence, and nothing starts."""
    found = lab.find_spec
    monkeypatch.setattr(lab, "find_spec", lambda name: None if name == missing else found(name))
    refused = invoke()
    assert (refused.exit_code, refused.stdout, started) == (1, "", [])
    assert refused.stderr == (
        "JupyterLab or its widgets are not installed here. "
        'Install them with `pip install "finops-nb[lab]"`.\n'
    )
