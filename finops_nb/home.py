"""The home folder, which has an analyst's params, notebooks and outputs, and the NAMEs in it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from finops_nb.errors import Problem, Refusal, did_you_mean
from finops_nb.month_spelling import meant_month
from finops_nb.period import MONTH, QUARTER, YEAR, parse_period
from finops_nb.words import listing

VARIABLE: Final = "FINOPS_NB_HOME"
PACKAGE: Final = Path(__file__).resolve().parent
CHECKOUT: Final = PACKAGE.parent

LONGEST: Final = 200
"""Characters of a NAME; file systems allow 255 for the name of a file."""

WORDS: Final = ("last-month",)
"""What most commands accept besides NAMEs."""

SCENARIOS: Final = "scenarios/"
"""The folder of scenarios in params/; the NAMEs of scenarios start with it."""

NO_SCENARIOS: Final = (
    "This home has no scenarios: save one in the what-if notebook, or write "
    "params/scenarios/NAME.yaml by hand"
)

SUFFIXES: Final = (".yaml", ".yml")
"""What a params file's name ends in when a user writes it; only the first is read."""

MONTHS_LISTED: Final = 6
"""How many months with a gap are listed; of more, the first and the last are named."""

SEGMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
"""One folder or file of a NAME."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds `params/` and, usually, `notebooks/` and `outputs/`."""

    root: Path

    @property
    def params(self) -> Path:
        return self.root / "params"

    @property
    def outputs(self) -> Path:
        return self.root / "outputs"

    @property
    def runs(self) -> Path:
        """Locks, revisions and records of runs."""
        return runs_of(self.outputs)

    @property
    def staging(self) -> Path:
        """Where runs work before they publish."""
        return staging_of(self.outputs)

    @property
    def elsewhere(self) -> str:
        """A sentence that names the home; empty if it is the working directory."""
        try:
            here = Path.cwd().resolve()
        except FileNotFoundError:  # it was deleted
            here = None
        return "" if here == self.root else f"Home: {self.root}"

    def enter_if_lost(self) -> None:
        """Make it the current folder if that was deleted: libraries ask for the current folder."""
        try:
            Path.cwd()
        except FileNotFoundError:
            os.chdir(self.root)

    def params_file(self, name: str) -> Path:
        return self.params / f"{name}.yaml"

    def notebook(self, stem: str) -> Path:
        """The home's own notebook of that name, or else the packaged one."""
        own = self.root / "notebooks" / f"{stem}.ipynb"
        return own if own.is_file() else packaged_notebooks() / f"{stem}.ipynb"

    def shown(self, path: Path) -> str:
        """`path` as a report may show it: relative to the home; outside the home, its last part."""
        try:
            return path.absolute().relative_to(self.root).as_posix()
        except ValueError:
            return path.name

    def names(self) -> list[str]:
        """Every NAME that has a params file, sorted."""
        files = self.params.rglob("*.yaml")
        return sorted(file.relative_to(self.params).with_suffix("").as_posix() for file in files)

    def names_to_rename(self) -> list[str]:
        """Every NAME whose params file ends in .yml, and so is not read, sorted."""
        files = (file.relative_to(self.params) for file in self.params.rglob("*.yml"))
        names = {file.with_suffix("").as_posix() for file in files}
        return sorted(name for name in names if not self.params_file(name).exists())

    def misnamed(self, name: str, period: str) -> str:
        """A sentence if params are no official month because their name and their period differ.

        Args:
            name: a NAME.
            period: of its params.

        Returns:
            The sentence; empty where the name is fine, or the month has params of its own.
        """
        if MONTH.fullmatch(name) and name != period:
            return (
                f"params/{name}.yaml makes an analysis, without a ledger, because its period is "
                f"{period}, not {name}. For the official {parse_period(name).label} report, change "
                f'that line to period: "{name}"'
            )
        if meant_month(name) != period or self.params_file(period).exists():
            return ""
        return (
            f"params/{name}.yaml makes an analysis, without a ledger, because its name is not "
            f"its month. Did you mean params/{period}.yaml?"
        )

    def check_name(self, name: str, words: Collection[str] = WORDS) -> str:
        """`name` itself, if a params file can be run under it.

        Args:
            name: a params file's path under `params/`, without suffix; `params/2025-12.yaml` is
                accepted too.
            words: what the command accepts besides NAMEs, to suggest for a misspelled one.

        Returns:
            The NAME, without folder `params/` and suffix.

        Raises:
            Refusal: it leaves `params/`, has characters that a folder should not have, has no
                params file, or lies inside another NAME.

        Example:
            home.check_name("params/analysis/2025-Q4.yaml") == "analysis/2025-Q4"
        """
        plain = bare(name)
        if len(plain) > LONGEST or not all(map(SEGMENT.fullmatch, plain.split("/"))):
            raise Refusal(_bad_name(name, self._name_of_path(name)))
        if not _is_file(self.params_file(plain)):
            raise Refusal(self._missing_file(plain, words))
        outer = self._outer_name(plain)
        if outer is not None:
            rule = f"outputs/{outer} would hold both a report and other reports' folders"
            fix = "Rename the params file or the folder, so that no NAME is inside another"
            raise Refusal(Problem(rule, fix, f"params/{plain}.yaml"))
        return plain

    def _missing_file(self, name: str, words: Collection[str]) -> Problem:
        """What is wrong with a NAME that has no params file."""
        other_suffix = f"{name}.yml"
        if _is_file(self.params / other_suffix):
            fix = f"Rename it to {Path(name).name}.yaml"
            return Problem("ends in .yml", fix, f"params/{other_suffix}")
        names = self.names()
        if name in names:
            rule = "can't be read: a folder, pipe or broken link, or in a folder you may not enter"
            fix = "Put a params file that you may read in its place, or remove it"
            return Problem(rule, fix, f"params/{name}.yaml")
        fix = _missing_file_fix(name, names, words)
        last_part = Path(name).name
        if names and (QUARTER.fullmatch(last_part) or YEAR.fullmatch(last_part)):
            fix = f"{fix}{'' if fix.endswith('?') else '.'} {_how_to_add_up(name)}"
        return Problem("there is no such params file", fix, f"params/{name}.yaml")

    def _name_of_path(self, path: str) -> str | None:
        """The NAME of a params file that somebody wrote as a path, or as a month."""
        with suppress(OSError, ValueError):
            file = Path(path).resolve()
            if file.suffix in SUFFIXES and file.is_file():
                return file.relative_to(self.params).with_suffix("").as_posix()
        return meant_month(bare(path))

    def _outer_name(self, name: str) -> str | None:
        """The NAME whose folder of outputs would hold another report too."""
        for folder in Path(name).parents:
            if self.params_file(str(folder)).is_file():
                return str(folder)
        return name if (self.params / name).is_dir() else None


def runs_of(outputs: Path) -> Path:
    """The folder of locks, revisions and records of runs, in a folder of outputs."""
    return outputs / ".runs"


def staging_of(outputs: Path) -> Path:
    """The folder in which runs work, in a folder of outputs."""
    return outputs / ".staging"


def mail_of(outputs: Path, name: str) -> Path:
    """The folder of the mail of a NAME, in a folder of outputs."""
    return outputs / ".mail" / name


def find_home(start: Path | None = None) -> Home:
    """The home for a command or a notebook that was started in `start`.

    `$FINOPS_NB_HOME` if set; else the nearest folder upward whose `params/` has a params file. A
    checkout of finops_nb is a home only inside it: elsewhere, its sample months are never meant.

    Args:
        start: the folder to start from; the working directory if None.

    Raises:
        Refusal: there is neither.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return _named_home(named)
    try:
        here = (start or Path.cwd()).resolve()
    except FileNotFoundError:
        fix = f"Go to a home, or name it in ${VARIABLE}"
        raise Refusal(Problem("the current folder was deleted", fix)) from None
    for folder in (here, *here.parents):
        if any((folder / "params").rglob("*.y*ml")):
            return Home(folder)
    rule = "no home here: neither this folder nor any above it has a params file in params/"
    fix = f"Create one with `finops-nb init FOLDER` and work in it, or set ${VARIABLE} to yours"
    raise Refusal(Problem(rule, fix))


def packaged_notebooks() -> Path:
    """The folder of the notebooks that came with the package; in a checkout, the checkout's."""
    inside = PACKAGE / "notebooks"
    return inside if inside.is_dir() else CHECKOUT / "notebooks"


def bare(name: str) -> str:
    """A NAME without its folder and suffix: `params/2025-12.yaml` is `2025-12`."""
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name.removeprefix("./").removeprefix("params/")


def _named_home(folder: str) -> Home:
    """The home that the variable names."""
    if not (Path(folder) / "params").is_dir():
        fix = "Name a folder that `finops-nb init FOLDER` created"
        raise Refusal(
            Problem("the folder has no params/", fix, column=f"${VARIABLE}", value=folder)
        )
    return Home(Path(folder).resolve())


def _bad_name(name: str, meant: str | None) -> Problem:
    """What is wrong with a word that is no NAME.

    Args:
        name: the word.
        meant: the NAME that it may stand for.
    """
    fix = (
        "Write the path of a file in params/ without .yaml, such as 2025-12 or analysis/2025-Q4; "
        f"at most {LONGEST} letters, digits, dots, dashes and underscores"
    )
    if meant:
        fix = f'Did you mean "{meant}"?'
    return Problem("not a NAME", fix, column="NAME", value=name[:LONGEST])


def _is_file(path: Path) -> bool:
    """It is a file, in folders that may be entered."""
    try:
        return path.is_file()
    except OSError:
        return False


def _how_to_add_up(name: str) -> str:
    """How to make the report of a quarter or year."""
    return (
        f'To make this report, write params/{name}.yaml with period: "{Path(name).name}", '
        'budgets: "months:" for the sum of its months\' budgets, and usage: the files of its '
        'months, as a folder, a list, or a pattern such as "usage/calls-*.csv"'
    )


def _missing_file_fix(name: str, names: Sequence[str], words: Collection[str]) -> str:
    """How to get the params file of a NAME that has none.

    Args:
        name: the NAME without a file.
        names: the NAMEs that have one.
        words: what the command accepts besides NAMEs.
    """
    if not names:
        return "Create a first one with `finops-nb init FOLDER`"
    if name.startswith(SCENARIOS):
        scenarios = [each for each in names if each.startswith(SCENARIOS)]
        return did_you_mean(name, scenarios) if scenarios else NO_SCENARIOS
    months = [each for each in names if MONTH.fullmatch(each)]
    month = meant_month(name) or name
    if month in names:
        return f'Did you mean "{month}"?'
    if not months or not MONTH.fullmatch(month):
        return did_you_mean(name, [*names, *words])
    # Another month, however similar its digits, is not what was meant.
    text = f"There are params files for {_months_text(sorted(months))}"
    if month > min(months):
        return f"{text}. Create the one for {month} with `finops-nb new {month}`"
    return f"{text}. To add {month}, copy another month's file and change its period"


def _months_text(months: Sequence[str]) -> str:
    """The months that have params, in a sentence.

    Args:
        months: at least one, sorted.
    """
    first, last = months[0], months[-1]
    if len(months) == 1:
        return f"{first} only"
    if all(parse_period(one).following().text == next_one for one, next_one in pairwise(months)):
        return f"{len(months)} months, {first} to {last}"
    if len(months) <= MONTHS_LISTED:
        return listing(months)
    return f"{len(months)} months from {first} to {last}, not all"
