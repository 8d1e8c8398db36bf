"""Files of a person and symbolic links in outputs/: none is lost, followed or removed: F06."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

from faults.bench import Bench
from faults.calls import run_here
from faults.home import NAME, FaultHome, ended
from faults.signals import WHOLE
from support.failing_calls import FailingCalls

MINE = {
    "signed-off.txt": b"signed off by the controller",
    "organizational_alignment.pdf": b"printed from the browser",
    "notes/a.txt": b"a note in a folder",
    "na\xefve =1+1.txt": b"an odd name",
}
"""A person's files in the published folder, by their paths there."""
LINKED = (
    *(".staging", f".staging/{NAME}", ".runs", f".runs/{NAME}", "_kept", "index.html", NAME),
    *(f".runs/{NAME}/revisions.json", f".runs/.{NAME}.lock"),
)
"""Paths in outputs/ where a link may stand."""
LINK = "a symbolic link; nothing is written or removed through it"
NOTICE = "were not published by a run, so they are now in outputs/_kept"


def foreign(bench: Bench) -> None:
    """F06: a person's files, with runs that end well, fail or are killed; and links everywhere."""
    _kept_by_runs(bench)
    _kept_though_killed(bench)
    _kept_though_calls_fail(bench)
    for place in bench.chosen(LINKED, 4):
        _linked(bench, place)
    _outputs_linked(bench)


def _with_files(bench: Bench, cents: int = 1) -> FaultHome:
    """A home with a person's files in the published folder."""
    home = bench.home(cents=cents)
    for name, data in MINE.items():
        file = home.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
    return home


def _expect_kept(bench: Bench, what: str, home: FaultHome) -> None:
    """Each of a person's files is somewhere in outputs/, once, with its content."""
    contents = [
        file.read_bytes()
        for file in (home.root / "outputs").rglob("*")
        if file.is_file() and file.stat().st_size < 100
    ]
    lost = [name for name, data in MINE.items() if contents.count(data) != 1]
    if lost:
        bench.tally.lost.append(f"{what}: a person's {', '.join(lost)}")


def _kept_by_runs(bench: Bench) -> None:
    for words, cents in ((("run", NAME), 1), (("run", NAME, "--force"), 0)):
        home = _with_files(bench, cents)
        named = home.run("status", "--verify")
        what = f"{' '.join(words)} over files of a person"
        bench.expect(f"{what}, verify", named.code == 1 and "signed-off.txt" in named.out, named)
        end = home.run(*words, patch=bench.quick)
        allowed = ("new",) if cents else ("old",)
        bench.judge(what, home, end, codes=(0,), message=NOTICE, allowed=allowed, left=None)
        _expect_kept(bench, what, home)
        told = home.run("status")
        bench.expect(f"{what}, status", "outputs/_kept has 4 files" in told.out, told)


def _kept_though_killed(bench: Bench) -> None:
    for moment in bench.moments(1, 8):
        home = _with_files(bench)
        process = home.start(patch=bench.quick)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        end = ended(process)
        what = f"files of a person, SIGKILL after {moment:.2f} s"
        _expect_kept(bench, what, home)
        bench.expect(f"{what}, exit code", end.code in (0, -signal.SIGKILL), end)
        again = home.run(patch=bench.quick)
        bench.expect(f"{what}, the next run", again.code == 0, again)
        bench.reads(f"{what}, after the next run", home, ("new",))
        _expect_kept(bench, f"{what}, after the next run", home)


def _kept_though_calls_fail(bench: Bench) -> None:
    replay = bench.templates.replay()
    first = 1 if bench.full else bench.random.randrange(1, 8)
    for fail_at in range(first, 10_000, bench.some(15, 2)):
        home = _with_files(bench)
        with replay.at_work() as patch:
            failing = FailingCalls(patch, home.home.outputs, fail_at, persistent=False)
            end = run_here(home)
        what = f"files of a person, call {fail_at} fails"
        bench.expect(f"{what}, exit code", end.code in (0, 1), end)
        _expect_kept(bench, what, home)
        with replay.at_work():
            end = run_here(home)
        bench.expect(f"{what}, the next run", end.code == 0, end)
        bench.reads(f"{what}, after the next run", home, WHOLE[1:])
        _expect_kept(bench, f"{what}, after the next run", home)
        shutil.rmtree(home.root)
        if failing.calls < fail_at:
            break


def _outside(home: FaultHome) -> Path:
    """A folder outside of outputs/ whose folders have the names that runs use."""
    folder = home.root / "precious"
    for name in (f"{NAME}/new", f".staging/{NAME}", f".runs/{NAME}/revision-1", "2025-12"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "results.json").write_text("precious")
    (folder / "file").write_text("precious")
    return folder


def _content(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def _linked(bench: Bench, place: str) -> None:
    """A link in outputs/ to a folder or a file outside: what is there stays as it is."""
    home = _with_files(bench)
    outside, link = _outside(home), home.root / "outputs" / place
    before = _content(outside)
    if os.path.lexists(link):
        link.rename(home.root / "aside")
    link.parent.mkdir(parents=True, exist_ok=True)
    is_file = link.suffix in (".json", ".html", ".lock")
    link.symlink_to(outside / "file" if is_file else outside)
    end = home.run(patch=bench.quick)
    what = f"outputs/{place} is a link"
    bench.expect(f"{what}, message", LINK in end.err, end)
    bench.expect(f"{what}, exit code", end.code == (0 if place == "index.html" else 1), end)
    if _content(outside) != before:
        bench.tally.lost.append(f"{what}: files outside of the home were changed")
    bench.expect(f"{what}, the link stays", link.is_symlink())
    if place != NAME:
        _expect_kept(bench, what, home)


def _outputs_linked(bench: Bench) -> None:
    """outputs/ itself is a link to a folder in which no report was published."""
    home = bench.home()
    outside, outputs = _outside(home), home.root / "outputs"
    shutil.rmtree(outside / ".runs")
    before = _content(outside)
    outputs.rename(home.root / "aside")
    outputs.symlink_to(outside)
    end = home.run(patch=bench.quick)
    bench.expect("outputs is a link, message", end.code == 1 and LINK in end.err, end)
    if _content(outside) != before:
        bench.tally.lost.append("outputs is a link: files where it leads were changed")
