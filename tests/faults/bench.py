"""The bench for faults: it provides homes, judges what each fault left, and counts."""

from __future__ import annotations

import random
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from faults.home import NAME, Ended, FaultHome, copy_of, make_home
from faults.oracle import Lost, Wrong, read_folder
from faults.replay import Replay
from support.homes import make_notebook, write_notebook

FAILED = [f".staging/{NAME}", f".staging/{NAME}/failed.ipynb"]
"""What a failed run leaves."""
INTERNAL = "Internal error"
"""In the message about an error that nobody expected."""


@dataclass
class Tally:
    """The results of one class of faults; `wrong`, `lost` and `other` have a sentence a failure."""

    injected: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Templates:
    """Homes to copy, each with the report from before the fault published.

    `lean` runs the packaged notebook without its charts; `after` is lean, and has published a
    report of one cent more; `real` runs the whole notebook; `small` runs a few cells that make no
    report, for faults after which no report may be published.

    Args:
        root: the folder of all homes.
        seconds: how long the run of a lean home takes.
    """

    root: Path
    seconds: float

    @classmethod
    def make(cls, root: Path, full: bool) -> Templates:
        """Make and publish them; `real` is a copy of `lean` unless all cases are run.

        Raises:
            RuntimeError: a run without a fault fails, so that no case would prove anything.
        """
        lean = make_home(root / "lean", lean=True)
        start = time.monotonic()
        ends = [lean.run()]
        seconds = time.monotonic() - start
        after, small = (copy_of(lean.root, root / kind) for kind in ("after", "small"))
        write_notebook(small.home, make_notebook())
        after.write_usage(1)
        real = make_home(root / "real", lean=False) if full else copy_of(lean.root, root / "real")
        ends += [after.run(), real.run()]
        shown = [read_folder(home.folder) for home in (lean, real, after)]
        if any(each.code for each in ends) or shown != ["old", "old", "new"]:
            raise RuntimeError(f"A run without a fault fails: {ends}, {shown}")
        return cls(root, seconds)

    def replay(self) -> Replay:
        """Replays the old report, and the one of one cent more."""
        return Replay(*(self.root / kind / "outputs" / NAME for kind in ("lean", "after")))


class Bench:
    """Where the faults of one class are injected.

    Args:
        fault: its id.
        templates: the homes.
        seed: of all random choices.
        full: all cases; else a few.
    """

    def __init__(self, fault: str, templates: Templates, seed: int, full: bool):
        self.fault, self.templates, self.full = fault, templates, full
        self.random = random.Random(f"{seed} {fault}")
        self.tally = Tally()
        self.quick = "" if full else templates.replay().patch()
        """For `patch`: replays the execution, for faults elsewhere, unless all cases run."""
        self.failing = "lean" if full else "small"
        """The kind of home for a notebook that fails."""

    def some(self, few: int, many: int) -> int:
        return many if self.full else few

    def chosen(self, cases: Sequence, few: int) -> Sequence:
        """All cases, or a random few, in their order."""
        if self.full:
            return cases
        places = self.random.sample(range(len(cases)), min(few, len(cases)))
        return [cases[place] for place in sorted(places)]

    def moments(self, few: int, many: int) -> list[float]:
        """Delays spread over the time of a run."""
        return [self.random.uniform(0, self.templates.seconds) for _ in range(self.some(few, many))]

    def home(self, kind: str = "lean", *, cents: int = 1) -> FaultHome:
        """A copy of a template; its usage has one cent more than its published report."""
        self.tally.injected += 1
        root = self.templates.root
        home = copy_of(root / kind, root / f"{self.fault}-{self.tally.injected}")
        home.write_usage(cents)
        return home

    def skip(self, reason: str) -> None:
        self.tally.skipped.append(f"{self.fault}: {reason}")

    def expect(self, what: str, holds: object, seen: object = "") -> None:
        """Something that must hold besides what is published."""
        if not holds:
            self.tally.other.append(f"{what}: {seen}")

    def judge(
        self,
        what: str,
        home: FaultHome,
        ended: Ended,
        *,
        codes: Sequence[int] = (1,),
        message: str = "",
        allowed: Sequence[str] = (),
        left: Sequence[str] | None = (),
        again: bool = False,
    ) -> None:
        """Check what a fault left.

        Args:
            what: the fault.
            home: where it was injected.
            ended: how its run ended.
            codes: the exit codes that it may have.
            message: a pattern in its stderr.
            allowed: the reports that may be published, "old" or "new"; if empty, the new one
                after exit code 0, else the old one.
            left: what may be left under `outputs/`; None for anything.
            again: run once more, which must succeed.
        """
        self._judge_end(what, ended, codes, message)
        self.reads(what, home, allowed or (("new",) if ended.code == 0 else ("old",)))
        processes = home.processes_left()
        self.expect(f"{what}, processes left", not processes, processes)
        paths = home.left_over()
        self.expect(f"{what}, left over", left is None or paths in ([], [*left]), paths)
        if again:
            after = home.run(patch=self.quick)
            self.expect(f"{what}, the next run", after.code == 0, after)
            self.reads(f"{what}, after the next run", home, ("new",))
            paths = home.left_over()
            self.expect(f"{what}, left over by the next run", not paths, paths)

    def _judge_end(self, what: str, ended: Ended, codes: Sequence[int], message: str) -> None:
        """A good exit code, a message where it failed, and no traceback."""
        end = ended.err[-600:]
        crashed = "Traceback" in ended.err or INTERNAL in ended.err
        self.expect(f"{what}, exit code", ended.code in codes, f"{ended.code}: {end}")
        self.expect(f"{what}, message", re.search(message, ended.err), end)
        self.expect(f"{what}, sentence", ended.code <= 0 or ended.err.strip(), "stderr is empty")
        self.expect(f"{what}, traceback", not crashed, end)

    def reads(self, what: str, home: FaultHome, allowed: Sequence[str], name: str = NAME) -> str:
        """The published report: "old", "new" or "none"; any but the allowed ones is a failure."""
        report = ""
        try:
            report = read_folder(home.root / "outputs" / name, name)
            if report not in allowed:
                is_lost = report in ("none", "old") and "old" not in allowed
                failures = self.tally.lost if is_lost else self.tally.wrong
                failures.append(f"{what}: {report} is published")
            kept = home.root / "outputs" / ".runs" / name / "revision-1"
            if name == NAME and report == "new" and kept.exists():
                kept_report = read_folder(kept)
                if kept_report != "old":
                    self.tally.lost.append(f"{what}: the kept report is {kept_report}")
        except Lost as error:
            self.tally.lost.append(f"{what}: {error}")
        except Wrong as error:
            self.tally.wrong.append(f"{what}: {error}")
        return report


class Mounted:
    """A disk in a folder, during a block; the block gets False if this machine can't mount one."""

    def __init__(self, folder: Path, *options: str):
        self.folder, self.options = folder, options

    def __enter__(self) -> bool:
        command = ["mount", *self.options, self.folder]
        done = subprocess.run(command, capture_output=True, check=False)
        self.is_mounted = done.returncode == 0
        return self.is_mounted

    def __exit__(self, *_: object) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "-l", self.folder], check=True)


def small_disk(folder: Path, size: int) -> Mounted:
    """A disk of that many bytes."""
    return Mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs")
