"""Scaffold: a new home with a sample month, and the params file of the next month."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from finops_nb.atomic_files import create_file, write_file
from finops_nb.errors import Problem, Refusal
from finops_nb.home import CHECKOUT, PACKAGE, Home, packaged_notebooks
from finops_nb.month_spelling import meant_month
from finops_nb.params.model import Params
from finops_nb.params.params_file import load_params
from finops_nb.params.validation import validated_document
from finops_nb.params.yaml_edit import next_month_text
from finops_nb.params.yaml_file import read_document
from finops_nb.period import MONTH
from finops_nb.temporary_folders import temporary_folder

STARTER: Final = PACKAGE / "commands" / "starter"
IGNORE_FILE: Final = Path("outputs") / ".gitignore"
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
        Refusal: one of the files already exists, or the folder can't be written; then nothing is.
    """
    _refuse_lost_folder(folder)
    files = _files_to_lay_out()
    if problems := list(_in_the_way(folder, files)):
        raise Refusal(_already_a_home(folder) or problems)
    try:
        if folder.is_dir():
            _add(files, folder)
        else:
            _create(files, folder)
    except OSError as error:
        rule = f"cannot be written: {error.strerror}"
        fix = "Choose a folder you may write to, on a disk with room"
        raise Refusal(Problem(rule, fix, file=str(folder))) from error
    *_, month = files
    return [
        *(str(folder / name) for name in sorted(files) if name != IGNORE_FILE),
        f"Next: {_first_check(folder, month.stem)}",
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
            the file can't be written; then there is none.

    Example:
        `period: "2025-12"` and `usage: calls-2025-12.csv` become `period: "2026-01"` and
        `usage: calls-2026-01.csv`.
    """
    target = home.params_file(month)
    shown = home.shown(target)
    if not MONTH.fullmatch(month):
        meant = meant_month(month)
        fix = f"Write it as {meant}" if meant else "Write a month such as 2026-01"
        raise Refusal(Problem("not a month", fix, column="YYYY-MM", value=month))
    if os.path.lexists(target):
        raise Refusal(_exists(shown))
    last = _newest_before(month, home)
    if last is None:
        rule = f"there is no month before {month} to start from"
        fix = "Write the file by hand; params/README.md explains every key"
        raise Refusal(Problem(rule, fix, file=shown))
    source = home.params_file(last)
    text = next_month_text(read_document(source, home.shown(source)), last, month)
    _write(target, text, shown, lambda draft: _check_rolled(draft, month, home.shown(source)))
    return target


def _files_to_lay_out() -> dict[Path, bytes]:
    """The content of each file of a new home, by its path there.

    The params of its month, which make a folder a home, come last. In a wheel, params/README.md is
    in the starter itself.
    """
    starter = [path for path in sorted(STARTER.rglob("*")) if path.is_file()]
    notebooks = [
        path for path in sorted(packaged_notebooks().iterdir()) if path.suffix in (".ipynb", ".md")
    ]
    sources = {
        Path("params") / "README.md": CHECKOUT / "params" / "README.md",
        **{path.relative_to(STARTER): path for path in starter},
        **{Path("notebooks") / path.name: path for path in notebooks},
    }
    files = {name: path.read_bytes() for name, path in sources.items()}
    files[IGNORE_FILE] = IGNORED.encode()
    return dict(sorted(files.items(), key=lambda file: file[0].suffix == ".yaml"))


def _refuse_lost_folder(folder: Path) -> None:
    """See that a relative path starts from a folder that exists."""
    try:
        folder.absolute()
    except FileNotFoundError:
        fix = "Go to another folder, or write the whole path"
        raise Refusal(Problem("the current folder was deleted", fix, file=str(folder))) from None


def _in_the_way(folder: Path, files: Mapping[Path, bytes]) -> Iterator[Problem]:
    """What can't be written over; files of an `init` that was cut off are completed."""
    if os.path.lexists(folder) and not folder.is_dir():
        yield Problem("is not a folder", "Choose another name", file=str(folder))
        return
    *_, last = files
    is_complete = os.path.lexists(folder / last)
    for name, data in sorted(files.items()):
        path = folder / name
        if name == IGNORE_FILE or not os.path.lexists(path):
            continue
        if is_complete or not path.is_file() or path.read_bytes() != data:
            fix = "Choose another folder, or move the file away"
            yield Problem("already exists", fix, file=str(path))


def _already_a_home(folder: Path) -> Problem | None:
    """What to do in a home; None for a folder without a params file."""
    names = Home(folder).names()
    if not names:
        return None
    months = [name for name in names if MONTH.fullmatch(name)]
    fix = f"Check one of its reports: {_first_check(folder, (months or names)[-1])}"
    return Problem("already a home", fix, file=str(folder))


def _first_check(folder: Path, name: str) -> str:
    check = f"finops-nb check {name}"
    return check if folder == Path() else f"cd {shlex.quote(str(folder))} && {check}"


def _create(files: Mapping[Path, bytes], folder: Path) -> None:
    """Create a new folder with the files, in one step."""
    new_parents = [parent for parent in folder.parents if not parent.exists()]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(str(folder.parent)) as temporary:
            draft = temporary / folder.name
            for name, data in files.items():
                (draft / name).parent.mkdir(parents=True, exist_ok=True)
                write_file(draft / name, data)
            draft.rename(folder)
    except OSError:
        _remove_empty(new_parents)
        raise


def _add(files: Mapping[Path, bytes], folder: Path) -> None:
    """Add the files to an existing folder, or none of them if one can't be written."""
    new: list[Path] = []
    missing = {folder / name: data for name, data in files.items() if not (folder / name).exists()}
    folders = {parent for path in missing for parent in path.parents if not parent.exists()}
    try:
        for path, data in missing.items():
            create_file(path, data)
            new.append(path)
    except OSError:
        for path in new:
            path.unlink(missing_ok=True)
        _remove_empty(sorted(folders, reverse=True))
        raise


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, the deepest first, as far as nothing is in them."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _exists(shown: str) -> Problem:
    return Problem("already exists", "Edit this file, or remove it first", file=shown)


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


def _write(target: Path, text: str, shown: str, check: Callable[[Path], None]) -> None:
    try:
        create_file(target, text.encode("utf-8"), check)
    except FileExistsError as error:
        raise Refusal(_exists(shown)) from error
    except OSError as error:
        rule = f"cannot be written: {error.strerror}"
        raise Refusal(Problem(rule, "Fix this, then try again", file=shown)) from error


def _check_rolled(draft: Path, month: str, source: str) -> None:
    """Read the draft of a new file back: it must be of its month.

    Args:
        draft: the file.
        month: that it must be of.
        source: the file that it was made from.

    Raises:
        Refusal: keys that share a line in the old file were rolled or commented out together.
    """
    try:
        document = read_document(draft, draft.name)
        rolled = validated_document(Params, document, draft.name).period == month
        rule = "the period has no line of its own"
    except Refusal as refusal:
        rolled = False
        rule = f"the next month can't be made from this file: {refusal.problems[0].rule}"
    if not rolled:
        fix = "Write each key of this file on its own line, then try again"
        raise Refusal(Problem(rule, fix, file=source))
