"""A folder is published as a whole, in one step, or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
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


class FailingCalls:
    """Lets calls to the system fail: the N-th only, or all from the N-th on."""

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
    """Whichever call fails, the whole old report or the whole new one is published."""
    seen = []
    for fail_at in range(1, 1000):
        folder = tmp_path / f"{fail_at}" / "new"
        target = tmp_path / f"{fail_at}" / "outputs" / "a" / "b"
        folder.parent.mkdir()
        (folder.parent / "outputs").mkdir()
        if before:
            target.parent.mkdir()
            write_folder(target, before)
        with pytest.MonkeyPatch.context() as patch:
            failing = FailingCalls(patch, fail_at, persistent)
            try:
                write_folder(folder, NEW)
                publish(folder, target)
                failed = False
            except OSError:
                failed = True
        assert content(target) == NEW if not failed else content(target) in (before, NEW)
        seen.append(content(target) == NEW)
        if failing.calls < fail_at:
            break
    # 4 calls a file (open, write, fsync, close), those of the folder, the exchange and the syncs
    assert len(seen) > 4 * len(NEW) + 3
    assert not seen[0]
    assert seen[-1]


def test_everything_is_on_the_disk_before_the_exchange(tmp_path, monkeypatch):
    """Files and folder are synced, then exchanged, and then both parent folders are synced."""
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
    new = tmp_path / "staging" / "new"
    written = {path.stat().st_ino for path in (new, *new.iterdir())}
    publish(new, tmp_path / "outputs")
    assert set(steps[: len(NEW) + 1]) == written
    assert steps[len(NEW) + 1 :] == [
        "exchange",
        (tmp_path / "staging").stat().st_ino,
        tmp_path.stat().st_ino,
    ]


def test_a_short_write_is_finished(tmp_path, monkeypatch):
    """If the system takes only a part of the bytes, the rest is written too."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:7]))
    write_file(tmp_path / "page.html", b"0123456789" * 10)
    assert (tmp_path / "page.html").read_bytes() == b"0123456789" * 10


def test_a_full_disk_names_the_file(tmp_path, monkeypatch):
    """The error names the file, which the system's own error does not."""

    def full(handle, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left") as error:
        write_file(tmp_path / "page.html", b"x")
    assert error.value.filename == str(tmp_path / "page.html")


def test_a_reader_sees_one_report(tmp_path):
    """Whoever reads through an opened folder sees one publication only, while 30 are made."""
    target = tmp_path / "outputs" / "2025-12"
    names = ("a.html", "b.json", "c.csv")
    target.parent.mkdir()
    write_folder(target, dict.fromkeys(names, b"0"))
    mixed, whole, ended = [], [], threading.Event()

    def read():
        while not ended.is_set():
            handle = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
            try:
                contents = set()
                for name in names:
                    file = os.open(name, os.O_RDONLY, dir_fd=handle)
                    contents.add(os.read(file, 100))
                    os.close(file)
                (whole if len(contents) == 1 else mixed).append(contents)
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


def test_the_old_report_takes_the_place_of_the_new_one(tmp_path):
    """The two folders are exchanged: neither is lost, and the published one is not a link."""
    write_folder(tmp_path / "new", NEW)
    write_folder(tmp_path / "2025-12", OLD)
    publish(tmp_path / "new", tmp_path / "2025-12")
    assert content(tmp_path / "new") == OLD
    assert content(tmp_path / "2025-12") == NEW
    assert not (tmp_path / "2025-12").is_symlink()


def test_a_missing_folder_is_not_exchanged(tmp_path):
    """The error names the folder that is missing."""
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
    """A file is never replaced, whichever folder of the path it takes the place of."""
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text("")
    with pytest.raises(Refusal, match=rf"^{shown}: not a folder\. Move it away"):
        check_target(tmp_path / "outputs", "analysis/q4")


@pytest.mark.parametrize("place", ["outputs/analysis", "outputs/analysis/q4"])
def test_a_link_in_the_place_of_a_folder_is_refused(tmp_path, place):
    """A symbolic link in the place of a report is refused, even if it leads nowhere."""
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refusal, match=rf"^{place}: a symbolic link"):
        check_target(tmp_path / "outputs", "analysis/q4")


def test_a_disk_in_the_place_of_a_report_is_refused(tmp_path, monkeypatch):
    """A mount point is refused, because no other folder can take its place."""
    (tmp_path / "outputs" / "2025-12").mkdir(parents=True)
    monkeypatch.setattr(Path, "is_mount", lambda place: place.name == "2025-12")
    with pytest.raises(
        Refusal, match=r"^outputs/2025-12: a mounted disk, .*\. Mount it as outputs/ instead"
    ):
        check_target(tmp_path / "outputs", "2025-12")
    check_target(tmp_path / "outputs", "2025-11")


def test_outputs_may_be_a_link_to_a_folder(tmp_path):
    """Reports are published where outputs/ as a whole leads, once somebody agreed to it there."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "outputs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refusal, match=r"^outputs: a symbolic link;.* agree once with ") as refusal:
        check_target(tmp_path / "outputs", "2025-12")
    command = str(refusal.value).rpartition("agree once with ")[2].removesuffix(".")
    subprocess.run(command.split(), cwd=tmp_path, check=True)
    check_target(tmp_path / "outputs", "2025-12")
    (tmp_path / "elsewhere" / ".staging").mkdir()
    probe(tmp_path / "outputs" / ".staging", tmp_path / "outputs" / "2025-12")
    names = ("elsewhere", "elsewhere/.runs", "elsewhere/.staging", "outputs")
    assert sorted(tmp_path.rglob("*")) == sorted(tmp_path / name for name in names)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    """A folder without write permission, or on a read-only disk, is refused."""
    (tmp_path / "outputs").mkdir()
    monkeypatch.setattr(os, "access", lambda place, mode: not mode & os.W_OK)
    with pytest.raises(
        Refusal, match=r"^outputs: not a folder you can write to\. Give yourself write permission"
    ):
        check_target(tmp_path / "outputs", "2025-12")


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EXDEV, errno.EROFS, errno.ENOSYS])
def test_a_file_system_that_cannot_exchange_is_refused(tmp_path, monkeypatch, code):
    """Two empty folders are tried and removed again, and the refusal says how to fix it."""

    def unable(one, other):
        raise OSError(code, os.strerror(code), str(other))

    monkeypatch.setattr(publishing, "exchange", unable)
    (tmp_path / "outputs" / ".staging").mkdir(parents=True)
    rule = rf"^outputs/: reports can't be published here in one step: {os.strerror(code)}\. Keep"
    with pytest.raises(Refusal, match=rule):
        probe(tmp_path / "outputs" / ".staging", tmp_path / "outputs" / "analysis" / "q4")
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "outputs", tmp_path / "outputs" / ".staging"]


def test_the_remains_of_a_probe_do_not_matter(tmp_path):
    """The empty folder of a probe that was killed does no harm, and is removed."""
    (tmp_path / "outputs" / ".staging").mkdir(parents=True)
    (tmp_path / "outputs" / ".probe-2025-12").mkdir()
    probe(tmp_path / "outputs" / ".staging", tmp_path / "outputs" / "2025-12")
    assert not (tmp_path / "outputs" / ".probe-2025-12").exists()
