"""Temporary folders end with their owner, or with the next command after it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from finops_nb import temporary_folders
from finops_nb.temporary_folders import sweep, temporary_folder

OWNER = """\
import sys, time
from finops_nb.temporary_folders import temporary_folder
with temporary_folder(sys.argv[1]) as folder:
    (folder / "part").write_text("x")
    print(folder, flush=True)
    time.sleep(60)
"""


def owner(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process with a folder in `parent`, and that folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(parent)], stdout=subprocess.PIPE, text=True
    )
    return process, Path(process.stdout.readline().strip())


def test_a_folder_ends_with_its_block(tmp_path):
    """It is for its owner alone, and nothing is left of it, also after an error."""
    with pytest.raises(KeyError), temporary_folder(str(tmp_path)) as folder:
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o77 == 0
        (folder / "part").write_text("x")
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_the_next_one_removes_those_of_killed_owners_only(tmp_path):
    """A folder whose owner is at work stays, with what is in it."""
    (killed, dead), (alive, at_work) = owner(tmp_path), owner(tmp_path)
    try:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert dead.is_dir()
        with temporary_folder(str(tmp_path)) as folder:
            assert {*tmp_path.iterdir()} == {folder, at_work}
            assert (at_work / "part").read_text() == "x"
    finally:
        alive.kill()
        alive.wait()
    sweep(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_ours_stays(tmp_path, monkeypatch):
    """Files, links, folders of other names, of other users, and without a lock are left alone."""
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / ".owner").write_text("")
    parent = tmp_path / "parent"
    parent.mkdir()
    (parent / "finops-nb-aaaaaaaa").write_text("a file")
    (parent / "finops-nb-bbbbbbbb").symlink_to(outside)
    for name in ("finops-nb-mine", "finops-nb-cccccccc", "tmpabcdefgh"):
        (parent / name).mkdir()
        (parent / name / "file").write_text("mine")
    (parent / "finops-nb-dddddddd").mkdir()
    (parent / "finops-nb-dddddddd" / ".owner").symlink_to(outside / ".owner")
    before = sorted(parent.rglob("*"))
    sweep(str(parent))
    assert sorted(parent.rglob("*")) == before
    assert (outside / "deep").is_dir()
    (parent / "finops-nb-eeeeeeee").mkdir()
    (parent / "finops-nb-eeeeeeee" / ".owner").write_text("")
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 4_000_000)
        sweep(str(parent))
    assert (parent / "finops-nb-eeeeeeee").is_dir()
    sweep(str(parent))
    assert sorted(parent.rglob("*")) == before


def test_an_owner_that_is_swept_too_early_starts_again(tmp_path, monkeypatch):
    """Another command finds the folder before it is locked: its owner makes another one."""
    make, made = tempfile.mkdtemp, []

    def swept_once(**options):
        made.append(make(**options))
        if len(made) == 1:
            sweep(str(tmp_path))
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", swept_once)
    with temporary_folder(str(tmp_path)) as folder:
        assert [str(each) for each in tmp_path.iterdir()] == [str(folder)] == made[1:]


def test_a_disk_without_locks_has_temporary_folders(tmp_path, monkeypatch):
    """They are removed by their owner, and by nobody else."""

    def fails(*_):
        raise OSError("no locks available")

    monkeypatch.setattr(temporary_folders.fcntl, "flock", fails)
    with temporary_folder(str(tmp_path)) as folder, temporary_folder(str(tmp_path)) as other:
        assert {*tmp_path.iterdir()} == {folder, other}
    assert list(tmp_path.iterdir()) == []


def test_a_missing_parent_is_an_error(tmp_path):
    """The error names it."""
    with pytest.raises(FileNotFoundError), temporary_folder(str(tmp_path / "none")):
        pass
