"""The wheel: it has all that a machine without the checkout needs to run months."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.checkout import CHECKOUT


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    """The wheel, built from the checkout and unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    code = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    with zipfile.ZipFile(folder / built.stdout.split()[-1]) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def test_it_carries_the_notebooks_the_sample_and_the_templates(unpacked):
    """Every file that the package reads at run time is in it, and no test."""
    for source in ("finops_nb/sample", "finops_nb/commands/starter", "finops_nb/report/templates"):
        wanted = {
            path.relative_to(CHECKOUT) for path in (CHECKOUT / source).rglob("*") if path.is_file()
        }
        assert wanted
        assert all((unpacked / path).is_file() for path in wanted)
    assert (unpacked / "finops_nb" / "notebooks" / "organizational_alignment.ipynb").is_file()
    assert not list(unpacked.rglob("test_*.py"))


def test_it_lays_out_a_home_and_checks_it_without_the_checkout(unpacked, tmp_path):
    """`init` and `check` run from the unpacked wheel alone."""
    environment = {
        name: value for name, value in os.environ.items() if name != "FINOPS_NB_HOME"
    } | {"PYTHONPATH": str(unpacked)}
    where = "import finops_nb; print(finops_nb.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.startswith(str(unpacked))
    for arguments, folder in (
        (["init", "demo"], tmp_path),
        (["check", "2025-12"], tmp_path / "demo"),
    ):
        command = [sys.executable, "-m", "finops_nb", *arguments]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert "10 rows used" in done.stdout
    assert (tmp_path / "demo" / "params" / "README.md").read_bytes() == (
        CHECKOUT / "params" / "README.md"
    ).read_bytes()
