"""The battery of faults: each is injected into a real run, and what is published after it is read back and added up anew.

`make faults`, or `PYTHONPATH=tests python -m faults [--full] [--only R05,R08] [--seed N]`; a few cases of each class unless --full. Prints
what failed, then `faults injected / silent wrong numbers / outputs lost / skipped`, and ends with 1 where anything failed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from faults.__main__ import cells, disks, inputs, signals
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
    "O01": inputs.again,
    "O02": inputs.one_cent,
    "O04": inputs.altered,
    "O06": inputs.contract,
    "D01": inputs.old_dependency,
}
LONGEST_FIRST = ("R09", "R06", "R08", "R07", "R05", "R11", "R17", "R18", "R14")


def inject(fault: str, templates: Templates, seed: int, full: bool) -> tuple[str, Tally, float]:
    """All faults of a class, in a process of their own."""
    bench, start = Bench(fault, templates, seed, full), time.monotonic()
    try:
        FAULTS[fault](bench)
    except Exception:  # a defect of this program, or what nobody thought of: no pass
        bench.tally.other.append(traceback.format_exc())
    return fault, bench.tally, time.monotonic() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--full", action="store_true", help="all cases")
    parser.add_argument("--only", default="", metavar="IDS", help="these classes, such as R05,R08")
    parser.add_argument("--seed", type=int, default=1, help="of all choices")
    asked = parser.parse_args()
    only = [each for each in asked.only.split(",") if each] or [*FAULTS]
    if unknown := [each for each in only if each not in FAULTS]:
        parser.error(f"no class {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    only.sort(
        key=lambda each: LONGEST_FIRST.index(each) if each in LONGEST_FIRST else len(LONGEST_FIRST)
    )
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        root = Path(name).resolve()
        templates = Templates.make(root, asked.full)
        with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as pool:
            runs = [pool.submit(inject, fault, templates, asked.seed, asked.full) for fault in only]
            tallies = dict(_told(*run.result(), asked.seed) for run in as_completed(runs))
    injected, wrong, lost, skipped = (
        sum(each.injected for each in tallies.values()),
        *(
            sum(len(getattr(each, kind)) for each in tallies.values())
            for kind in ("wrong", "lost", "skipped")
        ),
    )
    print("faults injected / silent wrong numbers / outputs lost / skipped")
    print(f"{injected} / {wrong} / {lost} / {skipped}")
    return int(any(each.wrong or each.lost or each.other for each in tallies.values()))


def _told(fault: str, tally: Tally, seconds: float, seed: int) -> tuple[str, Tally]:
    """What came of a class, on stderr but for failures and skips."""
    print(f"{fault} {tally.injected} in {seconds:.0f} s", file=sys.stderr)
    for kind, said in (
        ("silent wrong number", tally.wrong),
        ("output lost", tally.lost),
        ("not as it should be", tally.other),
    ):
        for text in said:
            print(f"{fault}, seed {seed}, {kind}: {text}")
    for reason in tally.skipped:
        print(f"skipped: {reason}")
    return fault, tally


if __name__ == "__main__":
    sys.exit(main())
