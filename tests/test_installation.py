"""A file that stands in the place of an installed module ends the command, with its name."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from finops_nb.installation import shadows


def started(*words: str, path: object, cwd: object = None) -> subprocess.CompletedProcess:
    """A command in a process of its own, with a folder on `PYTHONPATH`."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "finops_nb", *words],
        env=os.environ | {"PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cwd,
    )


@pytest.mark.parametrize("name", ["pandas.py", "decimal.py", "yaml/__init__.py", "csv.so"])
def test_a_shadow_is_named(tmp_path, name):
    """Each of them would be imported before the installed one, whatever it does."""
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.touch()
    module = name.split("/")[0].split(".")[0]

    assert shadows([str(tmp_path)]) == [(module, str(tmp_path / name.split("/")[0]))]


def test_what_shadows_nothing_is_left_alone(tmp_path):
    """Modules of one's own, folders without code, and packages that pip installed there."""
    for name in ("mine.py", "pandas.csv", "numpy/data.txt", "duckdb/__init__.py"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    (tmp_path / "duckdb-2.0.dist-info").mkdir()

    assert shadows([str(tmp_path), str(tmp_path / "missing")]) == []


def test_a_command_ends_with_a_sentence(tmp_path):
    """It does not import the file, which would print here."""
    (tmp_path / "pandas.py").write_text("print('imported')")
    ended = started("check", "2025-12", path=tmp_path)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"{tmp_path}/pandas.py: in the place of the installed pandas, so figures could be wrong. "
        "Rename it, or take its folder off PYTHONPATH.\n"
    )


def test_its_advice_works(tmp_path):
    """Renamed, the file is no obstacle."""
    (tmp_path / "pandas.py").write_text("print('imported')")
    (tmp_path / "pandas.py").rename(tmp_path / "my_pandas.py")

    assert started("--help", path=tmp_path).returncode == 0
