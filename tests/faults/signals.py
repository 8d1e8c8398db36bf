"""Signals, runs at the same time, and readers: R05, R06, R09, R10 and R12."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from faults.bench import Bench
from faults.calls import run_forked, run_here
from faults.home import NAME, YEAR, Ended, ended
from faults.oracle import Lost, Wrong, read_files
from support.homes import FILES

WHOLE = ("old", "new")
INTERRUPTED = r"^$|^Published with |Interrupted"


def ctrl_c(bench: Bench) -> None:
    """R05: Ctrl-C, which every process of the terminal gets, at any moment."""
    for number, moment in enumerate(bench.moments(2, 20)):
        home = bench.home()
        process = home.start(start_new_session=True)
        time.sleep(moment)
        os.killpg(process.pid, signal.SIGINT)
        bench.judge(
            f"SIGINT after {moment:.2f} s",
            home,
            ended(process),
            codes=(0, 130),
            message=INTERRUPTED,
            allowed=WHOLE,
            again=number % 5 == 0,
        )


def stopped(bench: Bench) -> None:
    """R06: a run or a batch is terminated or killed, at any moment and at any call."""
    for number, moment in enumerate(bench.moments(2, 20)):
        how = signal.SIGKILL if number % 2 else signal.SIGTERM
        home = bench.home()
        process = home.start()
        time.sleep(moment)
        process.send_signal(how)
        left = None if how == signal.SIGKILL else ()
        codes = (0, -how) if how == signal.SIGKILL else (0, 130, -how)
        bench.judge(
            f"{how.name} after {moment:.2f} s",
            home,
            ended(process),
            codes=codes,
            allowed=WHOLE,
            left=left,
            again=bench.full or number,
        )
    for _ in range(bench.some(1, 20)):
        _batch_killed(bench, YEAR if bench.full else YEAR[-3:])
    _killed_at_any_call(bench)


def _batch_killed(bench: Bench, months: Sequence[str]) -> None:
    home, span = bench.home(), f"{months[0]}..{months[-1]}"
    for name in months[:-1]:
        home.write_params(name)
        home.write_usage(0, name)
    moment = bench.random.uniform(0, bench.templates.seconds * len(months) / 4)
    process = home.start("run", span, "--jobs", "2")
    time.sleep(moment)
    process.kill()
    what = f"batch of {len(months)} killed after {moment:.2f} s"
    bench.judge(what, home, ended(process), codes=(0, -9), allowed=WHOLE, left=None)
    reports = [bench.reads(what, home, ("none", "new"), name) for name in months[:-1]]
    bench.expect(f"{what}, in turn", reports == sorted(reports), reports)
    bench.judge(f"{what}, the next one", home, home.run("run", span), codes=(0,))
    for name in months[:-1]:
        bench.reads(f"{what}, the next one", home, ("new",), name)


def _killed_at_any_call(bench: Bench) -> None:
    replay = bench.templates.replay()
    first = 1 if bench.full else bench.random.randrange(1, 8)
    for fail_at in range(first, 10_000, bench.some(8, 1)):
        home = bench.home()
        with replay.at_work() as patch:
            killed = run_forked(home, patch, fail_at)
            bench.judge(
                f"killed at call {fail_at}",
                home,
                Ended(-9, "", ""),
                codes=(-9,),
                allowed=WHOLE,
                left=None,
            )
            bench.judge(f"after the kill at call {fail_at}", home, run_here(home), codes=(0,))
        shutil.rmtree(home.root)
        if not killed:
            return


def at_once(bench: Bench) -> None:
    """R09: of two runs of a month at once, one publishes; the other exits with 75 and says why."""
    for number in range(bench.some(3, 50)):
        home = bench.home()
        with Reader(home.folder) as reader:
            processes = [home.start(patch=bench.quick) for _ in range(2)]
            ends = [ended(process) for process in processes]
        what = f"two at once, {number + 1}"
        bench.expect(what, sorted(each.code for each in ends) in ([0, 75], [0, 0]), ends)
        for each in ends:
            message = "is being run by process" if each.code == 75 else ""
            bench.judge(what, home, each, codes=(0, 75), message=message, allowed=("new",))
        judge_reader(bench, what, reader)


def read_meanwhile(bench: Bench) -> None:
    """R10: a reader polls while one report after another is published."""
    home, replay = bench.home(), bench.templates.replay()
    rounds = bench.some(20, 200)
    with replay.at_work(), Reader(home.folder) as reader:
        for number in range(rounds):
            home.write_usage((number + 1) % 2)
            end = run_here(home)
            bench.expect(f"publication {number + 1}", end.code == 0, end.err)
    bench.tally.injected += rounds - 1
    judge_reader(bench, "a reader during publications", reader)
    saw_several = len(reader.by_descriptor) > 2 and len(reader.by_path) > 2
    bench.expect("the reader", saw_several, "saw no publication")
    kept = sorted((home.root / "outputs" / ".runs" / NAME).glob("revision-*"))
    bench.expect("what is kept", len(kept) == rounds, len(kept))


def judge_reader(bench: Bench, what: str, reader: Reader) -> None:
    """Check that everything a reader saw was of one whole report."""
    for files in reader.by_descriptor:
        try:
            read_files(dict(files))
        except Lost as error:
            bench.tally.lost.append(f"{what}, by descriptor: {error}")
        except Wrong as error:
            bench.tally.wrong.append(f"{what}, by descriptor: {error}")
    whole = {pair for files in reader.by_descriptor for pair in files}
    torn = {name for name, data in reader.by_path - whole if _torn(name, data)}
    bench.tally.lost.extend(f"{what}, by path: {text}" for text in [*reader.missing, *torn])


def _torn(name: str, data: bytes) -> bool:
    """Whether a file is cut off, by its end."""
    if name.endswith((".json", ".ipynb")):
        try:
            return not isinstance(json.loads(data), dict)
        except ValueError:
            return True
    ends = {".html": b"</html>", ".csv": b"USD", ".xlsx": b"\0\0"}
    return not data.rstrip(b"\n ").endswith(ends[Path(name).suffix])


class Reader(threading.Thread):
    """Reads the published folder again and again, by an open descriptor and by path.

    Args (attributes):
        by_descriptor: each set of files seen in one open folder.
        by_path: each file seen.
        missing: errors in a folder that was not exchanged meanwhile.
    """

    def __init__(self, folder: Path):
        super().__init__(daemon=True)
        self.folder = folder
        self.by_descriptor: set[tuple[tuple[str, bytes], ...]] = set()
        self.by_path: set[tuple[str, bytes]] = set()
        self.missing: list[str] = []
        self._over = threading.Event()

    def __enter__(self) -> Reader:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(0.002):
            try:
                handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            except OSError as error:
                self.missing.append(str(error))
                continue
            try:
                self.by_descriptor.add(tuple((name, self._bytes(name, handle)) for name in FILES))
            except OSError as error:
                # A folder that was exchanged and removed has no files: open the new one.
                if os.path.samestat(os.fstat(handle), self.folder.stat()):
                    self.missing.append(str(error))
            finally:
                os.close(handle)
            for name in FILES:
                try:
                    self.by_path.add((name, (self.folder / name).read_bytes()))
                except OSError as error:
                    self.missing.append(str(error))

    @staticmethod
    def _bytes(name: str, handle: int) -> bytes:
        with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=handle), "rb") as file:
            return file.read()


def stale_lock(bench: Bench) -> None:
    """R12: a killed run left its lock, or a lock names a process of another machine."""
    for moment in (0.6, 0.9) if bench.full else (0.7,):
        home = bench.home()
        process = home.start()
        time.sleep(moment * bench.templates.seconds)
        process.kill()
        end = ended(process)
        held = (home.root / "outputs" / ".runs" / f".{NAME}.lock").read_bytes()
        message = "was killed; its leftovers are removed" if held and end.code else ""
        after = home.run(patch=bench.quick)
        bench.judge("the lock of a killed run", home, after, codes=(0,), message=message)
    home = bench.home()
    lock = home.root / "outputs" / ".runs" / f".{NAME}.lock"
    other_machine = '{"pid": 1, "host": "elsewhere", "started": "yesterday"}\n'
    for text in bench.chosen([other_machine, "half a line"], 1):
        lock.write_text(text)
        message = "process 1 on elsewhere" if "pid" in text else ""
        end = home.run(patch=bench.quick)
        bench.judge(f"a lock with {text!r}", home, end, codes=(0,), message=message)
