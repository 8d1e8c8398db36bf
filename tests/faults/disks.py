"""Disks that are full, fail or are mounted in odd places: R07, R08, R11 and R23."""

from __future__ import annotations

import shutil
from pathlib import Path

from faults.bench import FAILED, Bench, Mounted, small_disk
from faults.calls import Short, run_here
from faults.home import NAME, FaultHome
from faults.signals import WHOLE
from support.failing_calls import FailingCalls

NO_WRITING = "not a folder you can write to"
NO_ROOM = r"No space left on device|has [\d,]+ bytes free"
WITHOUT_POWER = """\
import ctypes
ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
"""
"""Takes root's powers from it: on Linux, permissions then hold for it as for other users."""
FAILING_READ = """\
import errno, os, pathlib
whole = os.open
def failing(path, *args, **options):
    if pathlib.Path(path).parent.name == "usage":
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
    return whole(path, *args, **options)
os.open = failing
"""
"""Usage is opened through `text_file.open_regular` alone, which calls `os.open`."""


def full_disk(bench: Bench) -> None:
    """R07: the disk is full at some byte of staging or publication, or file sizes are limited."""
    for _ in range(bench.some(2, 16)):
        home = bench.home()
        published = sum(
            -(-file.stat().st_size // 4096) * 4096
            for file in home.root.joinpath("outputs").rglob("*")
            if file.is_file()
        )
        room = bench.random.randrange(40_000, 2 * published)
        outputs = home.root / "outputs"
        outputs.rename(home.root / "before")
        outputs.mkdir()
        with small_disk(outputs, published + 40_000 + room) as mounted:
            if not mounted:
                bench.tally.injected -= 1
                bench.skip("no disk can be mounted here: needs root on Linux")
                break
            shutil.copytree(home.root / "before", outputs, dirs_exist_ok=True)
            end = home.run(patch=bench.quick)
            message = NO_ROOM if end.code else ""
            what = f"{room} bytes of room"
            bench.judge(what, home, end, codes=(0, 1), message=message, left=FAILED)
    for _ in range(bench.some(1, 8)):
        size = bench.random.randrange(2_000, 400_000)
        home = bench.home()
        end = home.run(
            patch=f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
        )
        bench.judge(f"no file above {size} bytes", home, end, codes=(0, 1), left=FAILED)


def failing_calls(bench: Bench) -> None:
    """R08: the N-th call to the system fails once, or from then on, or writes a part only."""
    replay = bench.templates.replay()
    for label, kind, persistent in (
        ("once", FailingCalls, False),
        ("from then on", FailingCalls, True),
        ("short", Short, False),
    ):
        first = 1 if bench.full else bench.random.randrange(1, 8)
        for fail_at in range(first, 10_000, bench.some(8, 1)):
            home = bench.home()
            with replay.at_work() as patch:
                failing = kind(patch, home.home.outputs, fail_at, persistent)
                end = run_here(home)
            codes = (0,) if kind is Short else (0, 1)
            bench.judge(
                f"call {fail_at} fails {label}",
                home,
                end,
                codes=codes,
                allowed=WHOLE if end.code else (),
                left=None,
            )
            with replay.at_work():
                bench.judge(
                    f"after call {fail_at} failed {label}", home, run_here(home), codes=(0,)
                )
            shutil.rmtree(home.root)
            if failing.calls < fail_at:
                break


def bad_place(bench: Bench) -> None:
    """R11: outputs/ is missing, a file or read-only, or a report's folder is on another disk."""
    home = bench.home()
    shutil.rmtree(home.root / "outputs")
    bench.judge("no outputs/", home, home.run(patch=bench.quick), codes=(0,))
    home = bench.home()
    (home.root / "outputs").rename(home.root / "before")
    (home.root / "outputs").write_text("mine")
    end = home.run()
    bench.expect("outputs/ is left alone", (home.root / "outputs").read_text() == "mine")
    _put_back(home)
    bench.judge("a file in the place of outputs/", home, end, message="^outputs: not a folder")
    home = bench.home()
    (home.root / "outputs" / NAME).rename(home.root / "aside")
    (home.root / "outputs" / NAME).write_text("mine")
    end = home.run()
    (home.root / "outputs" / NAME).unlink()
    (home.root / "aside").rename(home.root / "outputs" / NAME)
    message = f"^outputs/{NAME}: not a folder"
    bench.judge("a file in the place of the report", home, end, message=message)
    _without_right(bench)
    _mounted(bench)


def _put_back(home: FaultHome) -> None:
    (home.root / "outputs").unlink()
    (home.root / "before").rename(home.root / "outputs")


def _without_right(bench: Bench) -> None:
    home = bench.home()
    outputs = home.root / "outputs"
    folders = [path for path in (outputs, *outputs.iterdir()) if path.is_dir()]
    for path in folders:
        path.chmod(0o555)
    end = home.run(patch=WITHOUT_POWER)
    for path in folders:
        path.chmod(0o755)
    bench.judge("no permission to write to outputs/", home, end, message=NO_WRITING)


def _mounted(bench: Bench) -> None:
    home = bench.home()
    outputs = home.root / "outputs"
    with Mounted(outputs, "--bind", "-o", "ro", str(outputs)) as mounted:
        if not mounted:
            bench.tally.injected -= 1
            bench.skip("outputs/ on a read-only or another disk: needs root on Linux")
            return
        end = home.run()
    bench.judge("a read-only disk", home, end, message=f"{NO_WRITING}|Read-only file system")
    home = bench.home()
    with small_disk(home.folder, 10**6):
        end = home.run()
    bench.judge("a disk under the report's name", home, end, message="a mounted disk")


def unreadable_input(bench: Bench) -> None:
    """R23: the disk fails while usage is read, or a folder has the name of a file."""
    home = bench.home()
    message = rf"^usage/{NAME}\.csv: can('t|not) be read: Input/output error"
    bench.judge("EIO from usage", home, home.run(patch=FAILING_READ), message=message)
    home = bench.home()
    file = home.root / "usage" / f"{NAME}.csv"
    file.unlink()
    file.mkdir()
    bench.judge("a folder in the place of usage", home, home.run(), message="usage")
    file.rmdir()
    if Path("/proc/self/mem").exists():
        file.symlink_to("/proc/self/mem")  # it opens, and every read fails
        bench.tally.injected += 1
        message = rf"usage/{NAME}\.csv"
        bench.judge("a file whose reads all fail", home, home.run(), message=message)
