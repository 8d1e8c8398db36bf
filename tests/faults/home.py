"""The home under test: usage that this program writes, what it adds up to in fractions, and runs in processes of their own."""

from __future__ import annotations

import calendar
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import nbformat
import psutil
from faults.replay import CLOCK
from nbformat import NotebookNode
from support.checkout import CHECKOUT
from support.homes import write_notebook
from support.usage_files import call, write_calls
from test_run import left_over, processes_of

from finops_nb.home import Home, packaged_notebooks
from finops_nb.outputs.artifacts import STEM

YEAR = tuple(f"2025-{month:02}" for month in range(1, 13))
*_, BEFORE, NAME = YEAR
PATIENCE = 240
"""Seconds that any run may take, on a machine that does other things too."""

PARAMS = """\
period: "{name}"
usage: "usage/{{period}}.csv"
organization_budgets: {{org-alpha: 600, org-beta: 500}}
product_budgets: {{chat: 500, search: 700}}
"""
DRIVER = """\
import sys
{patch}
from finops_nb.cli import main
print("begins", flush=True)
main(prog_name="finops-nb")
"""
"""`python -m finops_nb` with something else done first; the line says from when on a signal finds the command."""


@dataclass(frozen=True)
class Truth:
    """What a month costs, added up without finops_nb: unrounded fractions."""

    total: Fraction
    organizations: dict[str, Fraction]
    products: dict[str, Fraction]
    pairs: dict[tuple[str, str], Fraction]
    rows: int


def calls_of(name: str, cents: int = 0) -> list[dict[str, str]]:
    """The rows of a month: 200 in it, five outside of it, some without an organization.

    Args:
        name: the month.
        cents: added to the first of them.
    """
    choose, rows, last_day = (
        random.Random(name),
        [],
        calendar.monthrange(*map(int, name.split("-")))[1],
    )
    for number in range(200):
        micros = choose.randrange(1, 9_000_000) + (cents * 10_000 if number == 0 else 0)
        rows.append(
            call(
                timestamp=f"{name}-{choose.randrange(1, last_day + 1):02}T{choose.randrange(24):02}:00:00Z",
                cost_usd=f"{micros // 10**6}.{micros % 10**6:06}",
                customer_id=f"customer-{choose.randrange(9)}",
                organization_id=choose.choice(
                    ["org-alpha", "org-alpha", "org-beta", "org-gamma", ""]
                    if number
                    else ["org-alpha"]
                ),
                product_id=choose.choice(["chat", "search"]),
                feature_id=choose.choice(["ask", "find"]),
            )
        )
    return rows + [
        call(timestamp=f"2024-0{month}-01T00:00:00Z", cost_usd="7.77") for month in range(1, 6)
    ]


def truth_of(name: str, cents: int = 0) -> Truth:
    """What the rows of a month add up to."""
    organizations: dict[str, Fraction] = {}
    products: dict[str, Fraction] = {}
    pairs: dict[tuple[str, str], Fraction] = {}
    rows = [row for row in calls_of(name, cents) if row["timestamp"].startswith(name)]
    for row in rows:
        pair = (row["organization_id"] or "(unallocated)", row["product_id"])
        for sums, key in ((organizations, pair[0]), (products, pair[1]), (pairs, pair)):
            sums[key] = sums.get(key, Fraction(0)) + Fraction(row["cost_usd"])
    return Truth(sum(pairs.values(), Fraction(0)), organizations, products, pairs, len(rows))


TRUTHS = {name: {"new": truth_of(name)} for name in YEAR} | {
    NAME: {"old": truth_of(NAME), "new": truth_of(NAME, cents=1)}
}
"""By NAME: what was published before a fault, and what the run that meets it is of: one cent more."""


@dataclass(frozen=True)
class Ended:
    """How a command ended; a signal is a negative code."""

    code: int
    out: str
    err: str


class FaultHome:
    """A home in a folder of its own.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path):
        self.root = root
        self.home = Home(root)
        self.notebook = root / "notebooks" / f"{STEM}.ipynb"
        self.folder = root / "outputs" / NAME

    def write_usage(self, cents: int, name: str = NAME) -> None:
        write_calls(self.root / "usage" / f"{name}.csv", *calls_of(name, cents))

    def write_params(self, name: str = NAME, more: str = "") -> None:
        self.home.params.mkdir(parents=True, exist_ok=True)
        self.home.params_file(name).write_text(PARAMS.format(name=name) + more, encoding="utf-8")

    def edit(self, change: Callable[[NotebookNode], object]) -> None:
        """Change this home's notebook."""
        notebook = nbformat.read(self.notebook, as_version=4)
        change(notebook)
        write_notebook(self.home, notebook)

    def append(self, code: str, cell: int = 2) -> None:
        """Add lines to one code cell; 0 is that of the parameters, -1 the last."""

        def change(notebook: NotebookNode) -> None:
            code_of(notebook)[cell].source += f"\n{code}"

        self.edit(change)

    def start(self, *words: str, patch: str = "", **options: object) -> subprocess.Popen[str]:
        """A command, `run 2025-12` if none is named, that has begun when this returns.

        Args:
            words: of the command line.
            patch: Python that its process runs first.
            options: environment variables in capitals, and arguments of `Popen`.
        """
        variables = {name: str(options.pop(name)) for name in [*options] if name.isupper()}
        path = os.pathsep.join(filter(None, [variables.pop("PYTHONPATH", ""), str(CHECKOUT)]))
        base = os.environ | {
            "FINOPS_NB_HOME": str(self.root),
            "SOURCE_DATE_EPOCH": CLOCK,
            "PYTHONPATH": path,
        }
        command = [
            sys.executable,
            "-P",
            "-c",
            DRIVER.format(patch=patch),
            *(words or ("run", NAME)),
        ]
        files = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
        }
        process = subprocess.Popen(
            command, **{"env": base | variables, "cwd": self.root, **files, **options}
        )
        process.stdout.readline()
        return process

    def run(self, *words: str, **options: object) -> Ended:
        """A command, and how it ended; arguments as of `start`."""
        return ended(self.start(*words, **options))

    def processes_left(self) -> list[psutil.Process]:
        """What still runs of this home's runs, after a while to end."""
        for _ in range(200):
            if not (left := processes_of(self.home)):
                break
            time.sleep(0.05)
        return left

    def left_over(self) -> list[str]:
        """What stands under `outputs/` and is no report."""
        return [path for path in left_over(self.home) if not path.startswith(YEAR[:-1])]


def code_of(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def ended(process: subprocess.Popen[str]) -> Ended:
    """How a process ended; one that does not is killed, which shows as its code."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
        err += f"\nIt took longer than {PATIENCE} seconds."
    return Ended(process.returncode, out, err)


def make_home(root: Path, lean: bool) -> FaultHome:
    """A home with the usage of before; a lean one runs the packaged notebook without its charts."""
    home = FaultHome(root)
    home.write_usage(0)
    home.write_params()
    if lean:
        notebook = nbformat.read(packaged_notebooks() / f"{STEM}.ipynb", as_version=4)
        notebook.cells = [cell for cell in notebook.cells if "charts." not in cell.source]
        write_notebook(home.home, notebook)
    return home


def copy_of(template: Path, root: Path) -> FaultHome:
    shutil.copytree(template, root, symlinks=True)
    return FaultHome(root)
