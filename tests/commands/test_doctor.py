"""Whether this machine and this home can make a report."""

from __future__ import annotations

import json
import shutil
from importlib import metadata
from pathlib import Path

import pytest
from packaging.version import Version

from finops_nb import __version__
from finops_nb.commands import doctor
from finops_nb.home import Home, packaged_notebooks

REPORT = "organizational_alignment.ipynb"


@pytest.fixture
def home(tmp_path) -> Home:
    (tmp_path / "params").mkdir()
    shutil.copytree(packaged_notebooks(), tmp_path / "notebooks")
    return Home(tmp_path)


def edited(notebook: Path, version: str | None) -> None:
    """Change a notebook, and the version that it says it came with."""
    text = json.loads(notebook.read_text())
    text["cells"][0]["source"] = ["# Mine"]
    text["metadata"]["finops_nb"] = {} if version is None else {"version": version}
    notebook.write_text(json.dumps(text))


def of(home: Home, name: str = REPORT) -> doctor.Diagnosis:
    [found] = [finding for finding in doctor.notebooks(home) if finding.text.startswith(name)]
    return found


def test_here_a_report_can_be_made(home):
    """It finds nothing bad, and leaves nothing behind."""
    findings = [*doctor.doctor(home)]
    assert [finding.text for finding in findings if finding.well is False] == []
    assert "a kernel starts and computes" in [finding.text for finding in findings]
    assert [*home.outputs.iterdir()] == []


def test_a_package_below_its_floor_is_named():
    """It names the package, its version and the one needed; what another extra needs is passed over."""
    pandas = metadata.version("pandas")
    required = [
        "pandas>=99",
        "duckdb",
        "no-such-package>=1",
        'ruff>=99; extra == "test"',
        'click>=99; python_version < "3"',
    ]
    findings = [*doctor.versions(required)][1:]
    assert [(finding.well, finding.text.partition(":")[0]) for finding in findings] == [
        (False, f"pandas is {pandas}, and >=99 is needed"),
        (False, "no-such-package is not installed"),
    ]
    assert f"{findings[0]}".startswith("BAD  pandas is")


def test_the_floors_of_this_package_are_met():
    """It finds the versions that it was installed with good."""
    assert [finding.well for finding in doctor.versions()] == [True, True]


def test_a_home_of_its_own_notebooks(home):
    """It says which notebook runs: an edited one of the user's wins, and that the packaged one is newer is said."""
    assert (of(home).well, of(home).text) == (
        True,
        f"{REPORT}: the home's own runs; it is as packaged",
    )
    edited(home.root / "notebooks" / REPORT, __version__)
    assert (of(home).well, of(home).text) == (True, f"{REPORT}: the home's own runs; it was edited")
    for older in ("0.0.1", None):
        edited(home.root / "notebooks" / REPORT, older)
        assert of(home).well is None
        assert of(home).text.startswith(
            f"{REPORT}: the home's own runs; the packaged one is newer, of finops_nb {__version__}: compare"
        )
    (home.root / "notebooks" / REPORT).unlink()
    assert of(home).text == f"{REPORT}: the packaged one runs"
    assert home.notebook("organizational_alignment") == packaged_notebooks() / REPORT


def test_each_packaged_notebook_says_its_version():
    """It is that of the package, so that a copy of an older one is known."""
    for notebook in packaged_notebooks().glob("*.ipynb"):
        assert Version(
            json.loads(notebook.read_text())["metadata"]["finops_nb"]["version"]
        ) == Version(__version__)


def test_folders_that_take_no_report(home):
    """It says what stands in the way."""
    home.outputs.write_text("a file")
    [bad] = [finding for finding in doctor.doctor(home) if finding.well is False]
    assert "outputs" in bad.text


def test_a_full_disk(home, monkeypatch):
    """It says how much is to be made free."""
    monkeypatch.setattr(
        doctor.shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10, 5, 5)
    )
    [bad] = [finding for finding in doctor.doctor(home) if finding.well is False]
    assert bad.text == "0 MB free; make room for 200 MB"


def test_a_kernel_that_does_not_start(home, monkeypatch):
    """It says so, with the cause."""
    monkeypatch.setattr("finops_nb.notebook.kernel.ARGV", ("/bin/false", "-f", "{connection_file}"))
    [bad] = [finding for finding in doctor.doctor(home) if finding.well is False]
    assert bad.text.startswith(
        "no kernel computes here: the kernel died (it ended itself with exit code 1)"
    )
