"""Faults in a cell of the notebook: R01 to R04, R13 to R16, R19 and C10."""

from __future__ import annotations

from faults.bench import FAILED, Bench
from faults.home import BEFORE, NAME, code_of
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

CELLS = {"lean": 24, "small": 3}
"""Code cells by kind of home; a fault may be in any but the first, with the parameters."""

SHORT_LIMIT = """\
from finops_nb.notebook import execute as module
whole = module.execute
limits = {"limits": module.Limits(cell=2)}
module.execute = lambda *args, **options: whole(*args, **options | limits)
"""
"""Gives each cell two seconds."""
THREAD = """\
import threading, time
threading.Thread(target=lambda: 1/0).start()
time.sleep(0.5)"""
TASK = """\
import asyncio, gc
async def _fails(): 1/0
_ = asyncio.get_event_loop().create_task(_fails())
del _"""
FUTURE = """\
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor() as _pool: _pool.submit(lambda: 1/0)"""
MEMORY_LIMIT = """\
import resource, psutil
_limit = psutil.Process().memory_info().vms + {}
resource.setrlimit(resource.RLIMIT_AS, (_limit, _limit))
_taken = [bytearray(10**6) for _ in range(10**4)]"""


def _in_cell(
    bench: Bench,
    code: str,
    message: str,
    cell: int = 1,
    again: bool = False,
    kind: str = "",
    **expected: object,
) -> None:
    """Run with more lines in one cell; `again` runs once more without them."""
    home = bench.home(kind or bench.failing)
    home.append(code, cell)
    ended = home.run(patch=str(expected.pop("patch", "")))
    bench.judge(f"{code!r} in cell {cell}", home, ended, message=message, left=FAILED, **expected)
    if again:
        original = bench.templates.root / "lean" / home.notebook.relative_to(home.root)
        home.notebook.write_bytes(original.read_bytes())
        bench.judge(f"after {code!r}", home, home.run(patch=bench.quick), codes=(0,))


def killed(bench: Bench) -> None:
    """R01: the kernel is killed, in any cell."""
    for cell in bench.chosen([*range(1, CELLS[bench.failing]), -1], 2):
        _in_cell(
            bench,
            "import os\nos.kill(os.getpid(), 9)",
            r"the kernel died \(killed; out of memory\?\)",
            cell,
        )


def out_of_memory(bench: Bench) -> None:
    """R02: the kernel runs out of memory."""
    for room in bench.chosen([10**6, 30 * 10**6, 300 * 10**6], 1):
        _in_cell(bench, MEMORY_LIMIT.format(room), "MemoryError|the kernel died")


def left_early(bench: Bench) -> None:
    """R03: the notebook ends early, without an error."""
    ways = ["import sys\nsys.exit(0)", "raise SystemExit", "import os\nos._exit(0)"]
    for way in bench.chosen(ways, 1):
        _in_cell(
            bench,
            way,
            "stopped early|the kernel died|it ended itself",
            bench.random.randrange(1, CELLS[bench.failing]),
        )


def raised(bench: Bench) -> None:
    """R04: a cell raises."""
    for number, cell in enumerate(bench.chosen([*range(1, CELLS[bench.failing]), -1], 2)):
        _in_cell(
            bench,
            "1/0",
            rf"raised ZeroDivisionError: division by zero\n.*\.staging/{NAME}/failed\.ipynb",
            cell,
            not number,
        )


def waits(bench: Bench) -> None:
    """R13: a cell takes too long, or asks for input."""
    _in_cell(
        bench,
        "import time\ntime.sleep(999)",
        "it took longer than 2 seconds",
        -1,
        patch=SHORT_LIMIT,
    )
    _in_cell(bench, "input()", "asks for input")


def fails_unseen(bench: Bench) -> None:
    """R14: a background task or a shell command fails."""
    for code in bench.chosen([THREAD, TASK], 1):
        _in_cell(bench, code, "A background task failed", kind="lean")
    # `write_results` reports it, which the small notebook does not call.
    _in_cell(bench, FUTURE, "A background task failed", kind="lean")
    home = bench.home()
    home.append("!false")
    bench.judge("!false", home, home.run(), message="not plain Python")


def warns(bench: Bench) -> None:
    """R15: a warning that figures are incomplete goes to stderr only; the report shows it."""
    ways = [
        "import warnings\nwarnings.warn('17 rows are missing')",
        "import sys\nprint('17 rows are missing', file=sys.stderr)",
    ]
    for code in bench.chosen(ways, 1):
        home = bench.home()
        home.append(code, cell=2)  # a cell that the report does not show
        bench.judge(code, home, home.run(), codes=(0,))
        page = (home.folder / "organizational_alignment.html").read_text(encoding="utf-8")
        bench.expect(code, "17 rows are missing" in page, "the report does not show it")


def floods(bench: Bench) -> None:
    """R16: a cell prints 500 MB."""
    few_lines = "for _ in range(500): print('x' * 10**6)"
    many_lines = "for _ in range(5 * 10**6): print('x' * 99)"
    for code in bench.chosen([few_lines, many_lines], 1):
        _in_cell(bench, code, r"its outputs exceeded 10,000,000 bytes; show less")


def stale_outputs(bench: Bench) -> None:
    """R19: the notebook was saved with outputs of another run, its cells run out of order."""
    home = bench.home()

    def spoil(notebook: NotebookNode) -> None:
        for number, cell in enumerate(code_of(notebook)):
            cell.execution_count = 99 - number
            cell.outputs = [
                new_output("stream", name="stdout", text="999,999.99 of an earlier run")
            ]

    home.edit(spoil)
    bench.judge("stale outputs", home, home.run(), codes=(0,))
    stale = [file.name for file in home.folder.iterdir() if b"earlier run" in file.read_bytes()]
    bench.expect("stale outputs", not stale, stale)


def parameters_lost(bench: Bench) -> None:
    """C10: parameters would be lost: no cell has the tag, or one assigns them again."""
    home = bench.home()
    home.edit(lambda notebook: code_of(notebook)[0].metadata.pop("tags"))
    bench.judge(
        "no parameters cell", home, home.run(), message='no code cell has the tag "parameters"'
    )
    for code, message in (
        ("period = '2025-11'", "a parameter is assigned again"),
        ("globals()['period'] = '2025-11'", "does not cover 2025-12"),
    ):
        home = bench.home(bench.failing)
        home.write_usage(0, BEFORE)
        home.edit(
            lambda notebook, code=code: notebook.cells.insert(
                notebook.cells.index(code_of(notebook)[0]) + 1, new_code_cell(code)
            )
        )
        bench.judge(code, home, home.run(), message=message, left=FAILED)
