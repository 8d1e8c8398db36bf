"""`new` and `init` write everything or nothing, on a full disk and when they are killed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.failing_calls import CALLS, FailingCalls

from finops_nb import atomic_files, temporary_folders
from finops_nb.commands.scaffold import lay_out, new_month
from finops_nb.errors import Refusal
from finops_nb.home import Home

DECEMBER = 'period: "2025-12"\nusage: "calls.csv"\n'
JANUARY = DECEMBER.replace("2025-12", "2026-01")


def home_at(root: Path) -> Home:
    home = Home(root)
    home.params.mkdir(parents=True)
    home.params_file("2025-12").write_text(DECEMBER)
    return home


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


class FullDisk(FailingCalls):
    """The disk has no room at some call, but opens and removes what is there."""

    def fail(self, call, args, options, path):
        opens = call.__name__ == "open" and not args[1] & os.O_CREAT
        if opens or call.__name__ in ("unlink", "rmdir"):
            return call(*args, **options)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def killed_at(number: int, act: Callable[[], object]) -> bool:
    """Whether a process that did this was killed, right before its N-th call to the system."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    calls = 0

    def wrapped(call):
        def counted(*args, **options):
            nonlocal calls
            calls += 1
            if calls == number:
                os._exit(9)
            return call(*args, **options)

        return counted

    try:
        for name in (*CALLS, "link"):
            setattr(os, name, wrapped(getattr(os, name)))
        act()
    finally:
        os._exit(0)


def whole(tmp_path: Path) -> dict[str, bytes]:
    """What `init` writes."""
    lay_out(tmp_path / "whole")
    return files(tmp_path / "whole")


def test_a_full_disk_leaves_no_new_month(tmp_path):
    """Whichever call fails: the file is whole or absent, and so is its draft."""
    for fail_at in range(1, 100):
        home = home_at(tmp_path / f"{fail_at}")
        with pytest.MonkeyPatch.context() as patch:
            failing = FullDisk(patch, home.root, fail_at, persistent=False)
            patch.setattr(os, "link", failing.wrapped(os.link, home.root))
            try:
                new_month(home, "2026-01")
            except Refusal as refusal:
                assert str(refusal) == (
                    "params/2026-01.yaml: cannot be written: No space left on device. "
                    "Fix this, then try again."
                )
        written = files(home.params)
        if failing.calls >= fail_at:
            assert written.keys() - {".2026-01.yaml.new"} <= {"2025-12.yaml", "2026-01.yaml"}
        assert written.get("2026-01.yaml", JANUARY.encode()) == JANUARY.encode()
        if failing.calls < fail_at:
            assert "2026-01.yaml" in written
            break
    assert fail_at > 5


def test_a_killed_new_leaves_a_whole_month_or_none(tmp_path):
    """After a kill at any call, the same command works, or the month is there as a whole."""
    for number in range(1, 100):
        home = home_at(tmp_path / f"{number}")
        killed = killed_at(number, lambda home=home: new_month(home, "2026-01"))
        if not home.params_file("2026-01").exists():
            new_month(home, "2026-01")
        assert home.params_file("2026-01").read_text() == JANUARY
        assert home.names() == ["2025-12", "2026-01"]
        if not killed:
            break
    assert number > 5


@pytest.mark.parametrize("kind", ["new", "existing"])
def test_a_full_disk_leaves_no_half_home(tmp_path, kind):
    """Whichever call fails: all files are there, or none, and no folder that `init` made."""
    expected = whole(tmp_path)
    for fail_at in range(1, 1000):
        root = tmp_path / kind / f"{fail_at}"
        root.mkdir(parents=True)
        home = root / "home"
        if kind == "existing":
            home.mkdir()
        before = sorted(root.rglob("*"))
        with pytest.MonkeyPatch.context() as patch:
            failing = FullDisk(patch, root, fail_at, persistent=False)
            patch.setattr(os, "link", failing.wrapped(os.link, root))
            try:
                lay_out(home)
            except Refusal as refusal:
                assert "cannot be written: No space left on device" in str(refusal)
                assert sorted(root.rglob("*")) == before, fail_at
        assert files(root) in ({}, {f"home/{name}": data for name, data in expected.items()})
        if failing.calls < fail_at:
            break
    assert fail_at > 20


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["new", "existing"])
def test_a_killed_init_can_be_repeated(tmp_path, kind):
    """A new folder is there as a whole or not at all; in an existing one, the rest is added."""
    expected = whole(tmp_path)
    for number in range(1, 1000):
        home = tmp_path / kind / f"{number}" / "home"
        home.parent.mkdir(parents=True)
        if kind == "existing":
            home.mkdir()
            (home / "mine.txt").write_text("mine")
        killed = killed_at(number, lambda home=home: lay_out(home))
        if kind == "new" and home.exists():
            assert files(home) == expected
        month = home / "params" / "2025-12.yaml"
        if not month.exists():
            lay_out(home)
        found = files(home)
        if kind == "existing":
            assert found.pop("mine.txt") == b"mine"
        assert {name: data for name, data in found.items() if not name.endswith(".new")} == expected
        temporary_folders.sweep(str(home.parent))
        assert [path.name for path in home.parent.iterdir()] == ["home"]
        if not killed:
            assert found == expected
            break
    assert number > 20


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_disk_that_is_read_only_is_named(tmp_path, monkeypatch, code):
    """Every call that would change it fails, also the removal of what is not there."""
    home = home_at(tmp_path / "home")

    def fails(*args, **_):
        raise OSError(code, os.strerror(code), args[0])

    opens = os.open

    def opened(path, flags, *args, **options):
        return fails(path) if flags & os.O_CREAT else opens(path, flags, *args, **options)

    for name in ("unlink", "mkdir", "rename", "replace", "link"):
        monkeypatch.setattr(os, name, fails)
    monkeypatch.setattr(os, "open", opened)
    with pytest.raises(Refusal, match=rf"^params/2026-01\.yaml: cannot be .*{os.strerror(code)}"):
        new_month(home, "2026-01")
    with pytest.raises(Refusal, match=rf"other: cannot be written: {os.strerror(code)}"):
        lay_out(tmp_path / "other")


def test_a_disk_without_hard_links_takes_a_new_file(tmp_path, monkeypatch):
    """The draft is renamed there; still nothing is replaced."""

    def fails(*_):
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(atomic_files.os, "link", fails)
    home = home_at(tmp_path)
    new_month(home, "2026-01")
    assert files(home.params).keys() == {"2025-12.yaml", "2026-01.yaml"}
    with pytest.raises(OSError, match="not supported"):
        atomic_files.create_file(home.params_file("2026-01"), b"other")
    assert home.params_file("2026-01").read_text() == JANUARY


def test_a_new_file_replaces_none(tmp_path):
    """One that somebody made meanwhile stays, and so does a link that leads nowhere."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    for name in ("file", "link"):
        with pytest.raises(FileExistsError):
            atomic_files.create_file(tmp_path / name, b"other")
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]
