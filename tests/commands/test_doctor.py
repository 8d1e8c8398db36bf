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
def sound_home(tmp_path) -> Home:
    (tmp_path / "params").mkdir()
    shutil.copytree(packaged_notebooks(), tmp_path / "notebooks")
    return Home(tmp_path)


def edited(notebook: Path, version: str | None) -> None:
    """Change a notebook, and the version of finops_nb that it came with."""
    text = json.loads(notebook.read_text())
    text["cells"][0]["source"] = ["# Mine"]
    text["metadata"]["finops_nb"] = {} if version is None else {"version": version}
    notebook.write_text(json.dumps(text))


def diagnosis_of(sound_home: Home, name: str = REPORT) -> doctor.Diagnosis:
    [diagnosis] = [each for each in doctor.notebooks(sound_home) if each.text.startswith(name)]
    return diagnosis


def test_here_a_report_can_be_made(sound_home):
    """It finds nothing bad, and leaves no file behind."""
    diagnoses = [*doctor.doctor(sound_home)]
    assert [each.text for each in diagnoses if each.ok is False] == []
    assert "a notebook kernel starts and computes" in [each.text for each in diagnoses]
    assert [*sound_home.outputs.iterdir()] == []


def test_a_package_below_its_floor_is_named():
    """It names the package, its version and the required one; packages of extras are ignored."""
    pandas = metadata.version("pandas")
    required = [
        "pandas>=99",
        "duckdb",
        "no-such-package>=1",
        'ruff>=99; extra == "test"',
        'click>=99; python_version < "3"',
    ]
    diagnoses = [*doctor.versions(required)][1:]
    assert [(each.ok, each.text.partition(":")[0]) for each in diagnoses] == [
        (False, f"pandas is {pandas}, needs >=99"),
        (False, "no-such-package is not installed"),
    ]
    assert str(diagnoses[0]).startswith("BAD  pandas is")


def test_the_packages_of_this_installation_are_new_enough():
    """Python and all packages have the required versions."""
    assert [each.ok for each in doctor.versions()] == [True, True]


def test_a_home_with_its_own_notebooks(sound_home):
    """The home's own copy is used first; the packaged notebook may be newer."""
    assert diagnosis_of(sound_home) == (
        True,
        f"{REPORT}: your copy is used; it is the same as the packaged one",
    )
    edited(sound_home.root / "notebooks" / REPORT, __version__)
    assert diagnosis_of(sound_home) == (True, f"{REPORT}: your edited copy is used")
    for older in ("0.0.1", None):
        edited(sound_home.root / "notebooks" / REPORT, older)
        assert diagnosis_of(sound_home) == (
            None,
            f"{REPORT}: your copy is used; the packaged one is newer "
            f"(finops_nb {__version__}). Compare them, or remove yours",
        )
    (sound_home.root / "notebooks" / REPORT).unlink()
    assert diagnosis_of(sound_home).text == f"{REPORT}: the packaged notebook is used"
    assert sound_home.notebook("organizational_alignment") == packaged_notebooks() / REPORT


def test_each_packaged_notebook_says_its_version():
    """It has the version of the package, so that copies of an older one are recognized."""
    for notebook in packaged_notebooks().glob("*.ipynb"):
        assert Version(
            json.loads(notebook.read_text())["metadata"]["finops_nb"]["version"]
        ) == Version(__version__)


def test_folders_that_take_no_report(sound_home):
    """It names what is in the way."""
    sound_home.outputs.write_text("a file")
    [bad] = [each for each in doctor.doctor(sound_home) if each.ok is False]
    assert bad.text == "outputs is not a folder. Move it away, then run again."


def test_a_full_disk(sound_home, monkeypatch):
    """It says how much space to free up."""
    full = shutil._ntuple_diskusage(10, 5, 5)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: full)
    [bad] = [each for each in doctor.doctor(sound_home) if each.ok is False]
    assert bad.text == "0 MB free on the disk; free up at least 200 MB"


@pytest.mark.slow
def test_a_kernel_that_does_not_start(sound_home, monkeypatch):
    """It gives the cause."""
    monkeypatch.setattr("finops_nb.notebook.kernel.ARGV", ("/bin/false", "-f", "{connection_file}"))
    [bad] = [each for each in doctor.doctor(sound_home) if each.ok is False]
    assert bad.text.startswith(
        "no notebook kernel works here: the kernel died (it ended itself with exit code 1)"
    )
