"""A folder is published whole, in one step, or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from pathlib import Path

import pytest

from finops_nb.atomic_files import write_file, write_folder
from finops_nb.errors import Refusal
from finops_nb.outputs import publish as publishing
from finops_nb.outputs.publish import check_target, exchange, probe, publish

OLD = {"report.html": b"old", "ledger.csv": b"old,1\n", "only-old.txt": b"old"}
NEW = {"report.html": b"new" * 100, "ledger.csv": b"new,2\n", "results.json": b"{}"}
CALLS = ("open", "write", "fsync", "close", "mkdir", "rename")


def content(folder: Path) -> dict[str, bytes] | None:
    return {file.name: file.read_bytes() for file in folder.iterdir()} if folder.is_dir() else None


class Fault:
    """Lets calls to the system fail, from the N-th on or the N-th only."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fail_at: int, persistent: bool):
        self.calls = 0
        self.fail_at = fail_at
        self.persistent = persistent
        for name in CALLS:
            monkeypatch.setattr(os, name, self.wrapped(getattr(os, name)))
        monkeypatch.setattr(publishing, "exchange", self.wrapped(exchange))

    def wrapped(self, call):
        def counted(*args, **options):
            self.calls += 1
            if self.calls == self.fail_at or (self.persistent and self.calls > self.fail_at):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return call(*args, **options)

        return counted


@pytest.mark.parametrize("persistent", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("before", [OLD, None], ids=["again", "first"])
def test_any_call_may_fail(tmp_path, before, persistent):
    """It leaves the whole old report or the whole new one, whichever call to the system fails."""
    seen = []
    for fail_at in range(1, 1000):
        folder, target = (
            tmp_path / f"{fail_at}" / "new",
            tmp_path / f"{fail_at}" / "outputs" / "a" / "b",
        )
        folder.parent.mkdir()
        (folder.parent / "outputs").mkdir()
        if before:
            target.parent.mkdir()
            write_folder(target, before)
        with pytest.MonkeyPatch.context() as patch:
            fault = Fault(patch, fail_at, persistent)
            try:
                write_folder(folder, NEW)
                publish(folder, target)
                failed = False
            except OSError:
                failed = True
        assert content(target) == NEW if not failed else content(target) in (before, NEW)
        seen.append(content(target) == NEW)
        if fault.calls < fail_at:
            break
    # 4 calls a file (open, write, fsync, close), the folder's own, the exchange, and the syncs after it
    assert len(seen) > 4 * len(NEW) + 3
    assert not seen[0]
    assert seen[-1]


def test_everything_is_on_the_disk_before_the_exchange(tmp_path, monkeypatch):
    """It brings every file and the folder to the disk, then exchanges, then brings both folders above to the disk."""
    steps = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (steps.append(os.fstat(handle).st_ino), fsync(handle))
    )
    monkeypatch.setattr(
        publishing, "exchange", lambda one, other: (steps.append("exchange"), exchange(one, other))
    )
    write_folder(tmp_path / "outputs", OLD)
    (tmp_path / "staging").mkdir()
    steps.clear()
    write_folder(tmp_path / "staging" / "new", NEW)
    written = {file.stat().st_ino for file in (tmp_path / "staging" / "new").iterdir()} | {
        (tmp_path / "staging" / "new").stat().st_ino
    }
    publish(tmp_path / "staging" / "new", tmp_path / "outputs")
    assert set(steps[: len(NEW) + 1]) == written
    assert steps[len(NEW) + 1 :] == [
        "exchange",
        (tmp_path / "staging").stat().st_ino,
        tmp_path.stat().st_ino,
    ]


def test_a_short_write_is_finished(tmp_path, monkeypatch):
    """It goes on where the system took only a part of the bytes."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:7]))
    write_file(tmp_path / "page.html", b"0123456789" * 10)
    assert (tmp_path / "page.html").read_bytes() == b"0123456789" * 10


def test_a_full_disk_names_the_file(tmp_path, monkeypatch):
    """It names the file that could not be written, which the system's own error does not."""

    def full(handle, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left") as error:
        write_file(tmp_path / "page.html", b"x")
    assert error.value.filename == str(tmp_path / "page.html")


def test_a_reader_sees_one_report(tmp_path):
    """It shows who reads through the opened folder files of one publication only, while 30 are made."""
    target = tmp_path / "outputs" / "2025-12"
    names = ("a.html", "b.json", "c.csv")
    target.parent.mkdir()
    write_folder(target, dict.fromkeys(names, b"0"))
    mixed, whole, ended = [], [], threading.Event()

    def read():
        while not ended.is_set():
            handle = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
            try:
                found = set()
                for name in names:
                    file = os.open(name, os.O_RDONLY, dir_fd=handle)
                    found.add(os.read(file, 100))
                    os.close(file)
                (whole if len(found) == 1 else mixed).append(found)
            except FileNotFoundError:
                pass  # the old report was removed meanwhile; a reader opens the folder again
            finally:
                os.close(handle)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(1, 31):
            folder = tmp_path / f"staging-{number}"
            write_folder(folder, dict.fromkeys(names, f"{number}".encode()))
            publish(folder, target)
            shutil.rmtree(folder)
    finally:
        ended.set()
        reader.join()
    assert not mixed
    assert len({*map(frozenset, whole)}) > 1
    assert content(target) == dict.fromkeys(names, b"30")


def test_the_old_report_is_in_the_place_of_the_new(tmp_path):
    """It exchanges the two folders: neither is lost, and the published one is no link."""
    write_folder(tmp_path / "new", NEW)
    write_folder(tmp_path / "2025-12", OLD)
    publish(tmp_path / "new", tmp_path / "2025-12")
    assert content(tmp_path / "new") == OLD
    assert content(tmp_path / "2025-12") == NEW
    assert not (tmp_path / "2025-12").is_symlink()


def test_a_missing_folder_is_not_exchanged(tmp_path):
    """It says which folders could not be exchanged."""
    (tmp_path / "one").mkdir()
    with pytest.raises(FileNotFoundError) as error:
        exchange(tmp_path / "one", tmp_path / "other")
    assert error.value.filename == str(tmp_path / "other")


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("outputs", "outputs"),
        ("outputs/analysis", "outputs/analysis"),
        ("outputs/analysis/q4", "outputs/analysis/q4"),
    ],
)
def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path, place, shown):
    """It refuses to publish over a file, whichever folder of the way that file stands for."""
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text("")
    with pytest.raises(Refusal, match=rf"^{shown}: not a folder\. Move it away"):
        check_target(tmp_path / "outputs", "analysis/q4")


@pytest.mark.parametrize("place", ["outputs/analysis", "outputs/analysis/q4"])
def test_a_link_in_the_place_of_a_folder_is_refused(tmp_path, place):
    """It refuses a symbolic link, also one that leads nowhere, in the place of a report."""
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refusal, match=rf"^{place}: a symbolic link"):
        check_target(tmp_path / "outputs", "analysis/q4")


def test_a_disk_in_the_place_of_a_report_is_refused(tmp_path, monkeypatch):
    """It refuses a mount point, which no other folder can be put in the place of."""
    (tmp_path / "outputs" / "2025-12").mkdir(parents=True)
    monkeypatch.setattr(Path, "is_mount", lambda place: place.name == "2025-12")
    with pytest.raises(
        Refusal, match=r"^outputs/2025-12: a mounted disk, .*\. Mount it as outputs/ instead"
    ):
        check_target(tmp_path / "outputs", "2025-12")
    check_target(tmp_path / "outputs", "2025-11")


def test_outputs_may_be_a_link_to_a_folder(tmp_path):
    """It publishes on another disk, if outputs/ as a whole leads there."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "outputs").symlink_to(tmp_path / "elsewhere")
    check_target(tmp_path / "outputs", "2025-12")
    (tmp_path / "elsewhere" / ".staging").mkdir()
    probe(tmp_path / "outputs" / ".staging", tmp_path / "outputs" / "2025-12")
    assert sorted(tmp_path.rglob("*")) == sorted(
        tmp_path / name for name in ("elsewhere", "elsewhere/.staging", "outputs")
    )


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    """It refuses a folder without the right to write, or on a disk that is mounted read-only."""
    (tmp_path / "outputs").mkdir()
    monkeypatch.setattr(os, "access", lambda place, mode: not mode & os.W_OK)
    with pytest.raises(
        Refusal, match=r"^outputs: nothing can be written there\. Give yourself the right"
    ):
        check_target(tmp_path / "outputs", "2025-12")


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EXDEV, errno.EROFS, errno.ENOSYS])
def test_a_file_system_that_cannot_exchange_is_refused(tmp_path, monkeypatch, code):
    """It finds out with two empty folders, takes them away again, and gives the way out."""

    def unable(one, other):
        raise OSError(code, os.strerror(code), str(other))

    monkeypatch.setattr(publishing, "exchange", unable)
    (tmp_path / "outputs" / ".staging").mkdir(parents=True)
    with pytest.raises(
        Refusal,
        match=rf"^outputs/: a report cannot be published in one step there: {os.strerror(code)}\. Let outputs/ be",
    ):
        probe(tmp_path / "outputs" / ".staging", tmp_path / "outputs" / "analysis" / "q4")
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "outputs", tmp_path / "outputs" / ".staging"]


def test_the_remains_of_a_probe_do_not_matter(tmp_path):
    """It goes on over the empty folder of a probe that was cut off."""
    (tmp_path / "outputs" / ".staging").mkdir(parents=True)
    (tmp_path / "outputs" / ".probe-2025-12").mkdir()
    probe(tmp_path / "outputs" / ".staging", tmp_path / "outputs" / "2025-12")
    assert not (tmp_path / "outputs" / ".probe-2025-12").exists()
