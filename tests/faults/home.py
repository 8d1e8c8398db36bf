"""The home under test: its usage, what that adds up to, and runs in other processes."""

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
from support.homes import left_over, processes_of, write_notebook
from support.usage_files import call, write_calls

from finops_nb.home import Home, packaged_notebooks
from finops_nb.outputs.artifacts import STEM

YEAR = tuple(f"2025-{month:02}" for month in range(1, 13))
*_, BEFORE, NAME = YEAR
ORGANIZATIONS = ("org-alpha", "org-alpha", "org-beta", "org-gamma", "")
PATIENCE = 240
"""Seconds that any run may take, on a busy machine."""

PARAMS = """\
period: "{name}"
usage: "usage/{{period}}.csv"
organization_budgets: {{org-alpha: 600, org-beta: 500}}
product_budgets: {{chat: 500, search: 700}}
"""
DRIVER = """\
import sys
{patch}
from finops_nb.installation import refuse_shadows
refuse_shadows()
from finops_nb.cli import main
from finops_nb.money import use_exact_context
use_exact_context()
print("begins", flush=True)
main(prog_name="finops-nb")
"""
"""`python -m finops_nb` after a patch; from the printed line on, a signal finds the command."""


@dataclass(frozen=True)
class Truth:
    """What a month costs, added up without finops_nb, in unrounded fractions."""

    total: Fraction
    organizations: dict[str, Fraction]
    products: dict[str, Fraction]
    pairs: dict[tuple[str, str], Fraction]
    rows: int


def calls_of(name: str, cents: int = 0) -> list[dict[str, str]]:
    """The rows of a month: 200 in it, some of them without an organization, and five outside it.

    Args:
        name: the month.
        cents: added to the cost of the first row.
    """
    choose = random.Random(name)
    last_day = calendar.monthrange(*map(int, name.split("-")))[1]
    rows = []
    for number in range(200):
        # The first row, to which cents are added, always has an organization.
        organizations = ORGANIZATIONS if number else ("org-alpha",)
        micros = choose.randrange(1, 9_000_000) + (0 if number else cents * 10_000)
        day, hour = choose.randrange(1, last_day + 1), choose.randrange(24)
        rows.append(
            call(
                timestamp=f"{name}-{day:02}T{hour:02}:00:00Z",
                cost_usd=f"{micros // 10**6}.{micros % 10**6:06}",
                customer_id=f"customer-{choose.randrange(9)}",
                organization_id=choose.choice(organizations),
                product_id=choose.choice(["chat", "search"]),
                feature_id=choose.choice(["ask", "find"]),
            )
        )
    outside = [f"2024-0{month}-01T00:00:00Z" for month in range(1, 6)]
    return rows + [call(timestamp=time, cost_usd="7.77") for time in outside]


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
"""By NAME: the old report, published before the fault, and the new one, of one cent more."""


@dataclass(frozen=True)
class Ended:
    """How a command ended; a signal is a negative exit code."""

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
        """Add lines to a code cell; 0 is the cell of the parameters, -1 the last."""

        def change(notebook: NotebookNode) -> None:
            code_of(notebook)[cell].source += f"\n{code}"

        self.edit(change)

    def start(self, *words: str, patch: str = "", **options: object) -> subprocess.Popen[str]:
        """Start a command, `run 2025-12` if none is named; it has begun when this returns.

        Args:
            words: of the command line.
            patch: Python that its process runs first.
            options: environment variables in capitals, and arguments of `Popen`.
        """
        variables = {name: str(options.pop(name)) for name in [*options] if name.isupper()}
        path = os.pathsep.join(filter(None, [variables.pop("PYTHONPATH", ""), str(CHECKOUT)]))
        environment = os.environ | {
            "FINOPS_NB_HOME": str(self.root),
            "SOURCE_DATE_EPOCH": CLOCK,
            "PYTHONPATH": path,
        }
        defaults = {
            "env": environment | variables,
            "cwd": self.root,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
        }
        driver = [sys.executable, "-P", "-c", DRIVER.format(patch=patch)]
        process = subprocess.Popen([*driver, *(words or ("run", NAME))], **defaults | options)
        process.stdout.readline()
        return process

    def run(self, *words: str, **options: object) -> Ended:
        """Run a command to its end; arguments as for `start`."""
        return ended(self.start(*words, **options))

    def processes_left(self) -> list[psutil.Process]:
        """Processes of this home's runs that have not ended within ten seconds."""
        for _ in range(200):
            processes = processes_of(self.home)
            if not processes:
                break
            time.sleep(0.05)
        return processes

    def left_over(self) -> list[str]:
        """What is under `outputs/` besides reports and their record."""
        return [path for path in left_over(self.home) if not path.startswith(YEAR[:-1])]


def code_of(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def ended(process: subprocess.Popen[str]) -> Ended:
    """How a process ended; one that takes too long is killed, which its exit code shows."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
        err += f"\nIt took longer than {PATIENCE} seconds."
    return Ended(process.returncode, out, err)


def make_home(root: Path, lean: bool) -> FaultHome:
    """A home with the old usage; a lean one runs the packaged notebook without its charts."""
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
