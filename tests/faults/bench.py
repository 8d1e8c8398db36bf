"""The bench on which faults are injected: it hands out homes, judges what each fault left, and counts."""

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


@dataclass
class Tally:
    """What came of the faults of one class; `wrong`, `lost` and `other` hold a sentence for each failure."""

    injected: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Templates:
    """Homes to copy, each with the report of before published.

    `lean` runs the packaged notebook without its charts, and `after` has published what one cent more comes to; `real` runs all of
    it; `small` runs a few cells that end in no report, for faults that no report may come of.

    Args:
        root: the folder of all homes.
        seconds: how long the run of a lean home takes.
    """

    root: Path
    seconds: float

    @classmethod
    def make(cls, root: Path, full: bool) -> Templates:
        """Make and publish them; `real` is not another one unless all cases are run.

        Raises:
            RuntimeError: a run without a fault fails, of which nothing can be learnt.
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
        """Of the report of before, and of that of one cent more."""
        return Replay(*(self.root / kind / "outputs" / NAME for kind in ("lean", "after")))


class Bench:
    """Where the faults of one class are injected.

    Args:
        fault: its id.
        templates: the homes.
        seed: of every choice that is made.
        full: all cases; else a few.
    """

    def __init__(self, fault: str, templates: Templates, seed: int, full: bool):
        self.fault, self.templates, self.full = fault, templates, full
        self.random = random.Random(f"{seed} {fault}")
        self.tally = Tally()
        self.quick = "" if full else templates.replay().patch()
        """For `patch`, where the fault is not in the execution: that one is replayed unless all cases are run."""
        self.failing = "lean" if full else "small"
        """The kind of home for a notebook that fails."""

    def some(self, few: int, many: int) -> int:
        return many if self.full else few

    def chosen(self, cases: Sequence, few: int) -> Sequence:
        """All cases, or a few of them by the seed, in their order."""
        return (
            cases
            if self.full
            else [
                cases[place]
                for place in sorted(self.random.sample(range(len(cases)), min(few, len(cases))))
            ]
        )

    def moments(self, few: int, many: int) -> list[float]:
        """Delays spread over the time of a run."""
        return [self.random.uniform(0, self.templates.seconds) for _ in range(self.some(few, many))]

    def home(self, kind: str = "lean", *, cents: int = 1) -> FaultHome:
        """A copy of a template, whose usage has one cent more than what is published."""
        self.tally.injected += 1
        home = copy_of(
            self.templates.root / kind, self.templates.root / f"{self.fault}-{self.tally.injected}"
        )
        home.write_usage(cents)
        return home

    def skip(self, reason: str) -> None:
        self.tally.skipped.append(f"{self.fault}: {reason}")

    def expect(self, what: str, holds: object, seen: object = "") -> None:
        """A thing that must be so, beside what is published."""
        if not holds:
            self.tally.other.append(f"{what}: {seen}")

    def judge(
        self,
        what: str,
        home: FaultHome,
        ended: Ended,
        *,
        codes: Sequence[int] = (1,),
        said: str = "",
        stands: Sequence[str] = (),
        left: Sequence[str] | None = (),
        again: bool = False,
    ) -> None:
        """See what a fault left.

        Args:
            what: the fault.
            home: where it was.
            ended: how its run ended.
            codes: with which it may have.
            said: a pattern in what it said.
            stands: what may be published; if empty, the new report where the run ended well, else the old one.
            left: what may stand beside it under `outputs/`; None for anything.
            again: run once more, which must do well.
        """
        self.expect(f"{what}, exit code", ended.code in codes, f"{ended.code}: {ended.err[-600:]}")
        self.expect(f"{what}, message", re.search(said, ended.err), ended.err[-600:])
        self.expect(f"{what}, sentence", ended.code <= 0 or ended.err.strip(), "nothing was said")
        self.expect(
            f"{what}, traceback",
            "Traceback" not in ended.err and "does not know" not in ended.err,
            ended.err[-600:],
        )
        self.reads(what, home, stands or (("new",) if ended.code == 0 else ("old",)))
        processes = home.processes_left()
        self.expect(f"{what}, processes left", not processes, processes)
        found = home.left_over()
        self.expect(f"{what}, left over", left is None or found in ([], [*left]), found)
        if again:
            after = home.run(patch=self.quick)
            self.expect(f"{what}, the next run", after.code == 0, after)
            self.reads(f"{what}, after the next run", home, ("new",))
            self.expect(
                f"{what}, left over by the next run", not home.left_over(), home.left_over()
            )

    def reads(self, what: str, home: FaultHome, stands: Sequence[str], name: str = NAME) -> str:
        """Which report stands; any but these counts as lost, or as silently wrong."""
        found = ""
        try:
            found = read_folder(home.root / "outputs" / name, name)
            if found not in stands:
                (
                    self.tally.lost
                    if found in ("none", "old") and "old" not in stands
                    else self.tally.wrong
                ).append(f"{what}: {found} stands")
            kept = home.root / "outputs" / ".runs" / name / "revision-1"
            if (
                name == NAME
                and found == "new"
                and kept.exists()
                and (shown := read_folder(kept)) != "old"
            ):
                self.tally.lost.append(f"{what}: the report kept is {shown}")
        except Lost as error:
            self.tally.lost.append(f"{what}: {error}")
        except Wrong as error:
            self.tally.wrong.append(f"{what}: {error}")
        return found


class Mounted:
    """A small disk in a folder, for the time of a block; None where this machine does not let one be mounted."""

    def __init__(self, folder: Path, *options: str):
        self.folder, self.options = folder, options

    def __enter__(self) -> bool:
        self.there = (
            subprocess.run(
                ["mount", *self.options, self.folder], capture_output=True, check=False
            ).returncode
            == 0
        )
        return self.there

    def __exit__(self, *_: object) -> None:
        if self.there:
            subprocess.run(["umount", "-l", self.folder], check=True)


def small_disk(folder: Path, size: int) -> Mounted:
    return Mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs")
