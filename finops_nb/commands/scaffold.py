"""Scaffold: a new home with a sample month, and the params file of the next month."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from finops_nb.errors import Problem, Refusal
from finops_nb.home import CHECKOUT, PACKAGE, Home, packaged_notebooks
from finops_nb.params.model import load_params
from finops_nb.params.yaml_edit import next_month_text
from finops_nb.params.yaml_file import read_document
from finops_nb.period import MONTH

STARTER: Final = PACKAGE / "commands" / "starter"
IGNORED: Final = """\
# Not for a repository: addresses and mails, kernels at work, locks.
/.mail/
/.staging/
/.runs/.*.lock
"""


def lay_out(folder: Path) -> list[str]:
    """Create a home that runs: params of a month, its ten-row CSV, the notebooks and outputs/.

    `outputs/.gitignore` keeps mail addresses out of a repository.

    Returns:
        The path of each new file, and what to do next, as lines.

    Raises:
        Refusal: one of the files already exists, and nothing is written; or the folder can't be
            written.
    """
    files = _files_to_lay_out()
    if problems := list(_in_the_way(folder, files)):
        raise Refusal(problems)
    try:
        _copy(files, folder)
    except OSError as error:
        rule = f"cannot be written: {error.strerror}"
        fix = "Choose a folder you may write to"
        raise Refusal(Problem(rule, fix, file=str(folder))) from error
    params_files = [name for name in files if name.parts[0] == "params"]
    month = next(name.stem for name in params_files if name.suffix == ".yaml")
    return [
        *(str(folder / name) for name in files),
        f"Next: cd {folder} && finops-nb check {month}",
    ]


def new_month(home: Home, month: str) -> Path:
    """Write `params/MONTH.yaml` from the newest official month before it, with its comments.

    The period is rolled, in `usage` too. Budgets are marked as carried over. Approvals, notes and
    `as_of` of the old month stay as comments.

    Args:
        home: the home.
        month: the new month.

    Returns:
        The new file.

    Raises:
        Refusal: `month` is not a month or already has a file, there is no month to start from, or
            the file can't be written.

    Example:
        `period: "2025-12"` and `usage: calls-2025-12.csv` become `period: "2026-01"` and
        `usage: calls-2026-01.csv`.
    """
    target = home.params_file(month)
    shown = home.shown(target)
    if not MONTH.fullmatch(month):
        raise Refusal(
            Problem("not a month", "Write a month such as 2026-01", column="YYYY-MM", value=month)
        )
    if target.exists():
        raise Refusal(Problem("already exists", "Edit this file, or remove it first", file=shown))
    last = _newest_before(month, home)
    if last is None:
        rule = f"there is no month before {month} to start from"
        fix = "Write the file by hand; params/README.md explains every key"
        raise Refusal(Problem(rule, fix, file=shown))
    source = home.params_file(last)
    text = next_month_text(read_document(source, home.shown(source)), last, month)
    _write(target, text, shown)
    _check_rolled(home, last, month)
    return target


def _files_to_lay_out() -> dict[Path, Path]:
    """The source of each file of a new home, by its path there.

    In a wheel, params/README.md is in the starter itself.
    """
    starter = [path for path in sorted(STARTER.rglob("*")) if path.is_file()]
    notebooks = [
        path for path in sorted(packaged_notebooks().iterdir()) if path.suffix in (".ipynb", ".md")
    ]
    return {
        Path("params") / "README.md": CHECKOUT / "params" / "README.md",
        **{path.relative_to(STARTER): path for path in starter},
        **{Path("notebooks") / path.name: path for path in notebooks},
    }


def _in_the_way(folder: Path, files: Mapping[Path, Path]) -> Iterator[Problem]:
    if folder.exists() and not folder.is_dir():
        yield Problem("is not a folder", "Choose another name", file=str(folder))
        return
    for name in files:
        if (folder / name).exists():
            fix = "Choose another folder, or move the file away"
            yield Problem("already exists", fix, file=str(folder / name))


def _copy(files: Mapping[Path, Path], folder: Path) -> None:
    for name, source in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
    (folder / "outputs").mkdir(exist_ok=True)
    ignored = folder / "outputs" / ".gitignore"
    if not ignored.exists():
        ignored.write_text(IGNORED, encoding="utf-8")


def _newest_before(month: str, home: Home) -> str | None:
    """The newest official month before a month.

    A file named after a month but of another period is no official month: its period would not
    roll.
    """
    earlier = [name for name in home.names() if MONTH.fullmatch(name) and name < month]
    for name in reversed(earlier):
        if load_params(home, name).period == name:
            return name
    return None


def _write(target: Path, text: str, shown: str) -> None:
    try:
        target.write_bytes(text.encode("utf-8"))
    except OSError as error:
        target.unlink(missing_ok=True)
        rule = f"cannot be written: {error.strerror}"
        raise Refusal(Problem(rule, "Fix this, then try again", file=shown)) from error


def _check_rolled(home: Home, last: str, month: str) -> None:
    """Read the new file back, and remove it where it is not the next month's.

    Raises:
        Refusal: keys that share a line in the old file were rolled or commented out together.
    """
    target = home.params_file(month)
    try:
        rolled = load_params(home, month).period == month
        rule = "the period has no line of its own"
    except Refusal as refusal:
        rolled = False
        rule = f"the next month can't be made from this file: {refusal.problems[0].rule}"
    if not rolled:
        target.unlink(missing_ok=True)
        fix = "Write each key of this file on its own line, then try again"
        raise Refusal(Problem(rule, fix, file=home.shown(home.params_file(last))))
