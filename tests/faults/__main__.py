"""Fault injection: faults in real runs, after which the published reports are read and added up.

`make faults`, or `PYTHONPATH=tests python -m faults [--full] [--only R05,R08] [--seed N]`. Without
--full it runs a few cases of each class. It prints what failed, then `faults injected / silent
wrong numbers / outputs lost / skipped` and how many other things were not as expected, and exits
with 1 if anything failed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from faults import (
    cells,
    disks,
    foreign_files,
    hostile_server,
    inputs,
    machine,
    other_accounts,
    signals,
)
from faults.bench import Bench, Tally, Templates

FAULTS: dict[str, Callable[[Bench], None]] = {
    "R01": cells.killed,
    "R02": cells.out_of_memory,
    "R03": cells.left_early,
    "R04": cells.raised,
    "R05": signals.ctrl_c,
    "R06": signals.stopped,
    "R07": disks.full_disk,
    "R08": disks.failing_calls,
    "R09": signals.at_once,
    "R10": signals.read_meanwhile,
    "R11": disks.bad_place,
    "R12": signals.stale_lock,
    "R13": cells.waits,
    "R14": cells.fails_unseen,
    "R15": cells.warns,
    "R16": cells.floods,
    "R17": inputs.surroundings,
    "R18": inputs.reshaped,
    "R19": cells.stale_outputs,
    "R20": inputs.broken_kernelspec,
    "R21": inputs.clock,
    "R22": inputs.upgraded,
    "R23": disks.unreadable_input,
    "C10": cells.parameters_lost,
    "C11": inputs.edited_meanwhile,
    "S11": inputs.swallowed,
    "O01": inputs.again,
    "O02": inputs.one_cent,
    "O04": inputs.altered,
    "O06": inputs.contract,
    "D01": inputs.old_dependency,
    "F06": foreign_files.foreign,
    "K01": machine.configured,
    "M09": hostile_server.hostile_server,
    "U01": other_accounts.another_account,
}
LONGEST_FIRST = ("R09", "K01", "R06", "R08", "R07", "R05", "R11", "R17", "R18", "R14")


def inject(fault: str, templates: Templates, seed: int, full: bool) -> tuple[str, Tally, float]:
    """Inject all faults of a class, in a process of their own."""
    bench = Bench(fault, templates, seed, full)
    start = time.monotonic()
    try:
        FAULTS[fault](bench)
    except Exception:  # an error in this program, or one that no case expects
        bench.tally.other.append(traceback.format_exc())
    return fault, bench.tally, time.monotonic() - start


def main() -> int:
    options = _options()
    classes = sorted(options.classes, key=_place)
    tallies, texts = [], []
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        templates = Templates.make(Path(name).resolve(), options.full)
        with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as pool:
            runs = [
                pool.submit(inject, fault, templates, options.seed, options.full)
                for fault in classes
            ]
            for run in as_completed(runs):
                fault, tally, seconds = run.result()
                print(f"{fault} {tally.injected} in {seconds:.0f} s", file=sys.stderr)
                tallies.append(tally)
                texts += _texts(fault, tally, options.seed)
    # Last, so that they also stand in the end of a long log.
    for text in texts:
        print(text)
    injected = sum(tally.injected for tally in tallies)
    wrong = sum(len(tally.wrong) for tally in tallies)
    lost = sum(len(tally.lost) for tally in tallies)
    skipped = sum(len(tally.skipped) for tally in tallies)
    print("faults injected / silent wrong numbers / outputs lost / skipped")
    print(f"{injected} / {wrong} / {lost} / {skipped}")
    if other := sum(len(tally.other) for tally in tallies):
        print(f"{other} not as expected: see above")
    return int(any(tally.wrong or tally.lost or tally.other for tally in tallies))


def _options() -> argparse.Namespace:
    """The command line: `full`, `seed` and `classes`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--full", action="store_true", help="run all cases")
    parser.add_argument("--only", default="", metavar="IDS", help="these classes, such as R05,R08")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random choices")
    options = parser.parse_args()
    options.classes = [fault for fault in options.only.split(",") if fault] or [*FAULTS]
    unknown = [fault for fault in options.classes if fault not in FAULTS]
    if unknown:
        parser.error(f"no class {', '.join(unknown)}; the classes are {', '.join(FAULTS)}")
    return options


def _place(fault: str) -> int:
    """The place of a class in the queue: the longest first, so that no processor is idle."""
    return LONGEST_FIRST.index(fault) if fault in LONGEST_FIRST else len(LONGEST_FIRST)


def _texts(fault: str, tally: Tally, seed: int) -> Iterator[str]:
    """The failures and skips of a class."""
    failures_by_kind = {
        "silent wrong number": tally.wrong,
        "output lost": tally.lost,
        "unexpected": tally.other,
    }
    for kind, texts in failures_by_kind.items():
        yield from (f"{fault}, seed {seed}, {kind}: {text}" for text in texts)
    yield from (f"skipped: {reason}" for reason in tally.skipped)


if __name__ == "__main__":
    sys.exit(main())
