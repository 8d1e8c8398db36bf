"""Fixtures for runs: one state of the package, and a home whose December is published."""

from __future__ import annotations

import shutil

import pytest
from support.homes import NAME, finished, make_home

from finops_nb.home import Home
from finops_nb.run import job
from finops_nb.run import run as running
from finops_nb.run.run import run


def hold_still(patch: pytest.MonkeyPatch) -> None:
    """One state of the package, though its files may change during the tests; 1 January 2026."""
    patch.setattr(job, "code_digest", lambda: "0" * 64)
    patch.setenv("SOURCE_DATE_EPOCH", "1767225600")


@pytest.fixture
def one_code(monkeypatch) -> None:
    """One state of the package and one time, in workers too."""
    hold_still(monkeypatch)


@pytest.fixture
def quick(monkeypatch) -> None:
    """Runs without a kernel, whose page is their key; it would not pass the gate."""
    monkeypatch.setattr(running, "_execute", finished)
    monkeypatch.setattr(
        "finops_nb.report.html_export.export_html",
        lambda notebook: notebook.metadata["finops_nb"]["key"],
    )
    monkeypatch.setattr(
        "finops_nb.read_back.finished_files.finished_faults", lambda files, notebook: []
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Home:
    """A home whose December 2025 is published."""
    root = tmp_path_factory.mktemp("made") / "a home {of} mine"
    with pytest.MonkeyPatch.context() as patch:
        hold_still(patch)
        published_home = make_home(root, ["period", "print('x')"])
        run(NAME, published_home)
    return published_home


@pytest.fixture
def published_home(made, tmp_path) -> Home:
    """A copy of that home."""
    shutil.copytree(made.root, tmp_path / "home")
    return Home(tmp_path / "home")
