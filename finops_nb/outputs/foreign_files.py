"""Files that a person put into a published folder: a run keeps them beside it, and loses none."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from finops_nb.atomic_files import sync_folder, write_file
from finops_nb.errors import Problem, Refusal
from finops_nb.outputs.links import refuse_links
from finops_nb.outputs.publish import move
from finops_nb.words import first_of

FOLDER: Final = "_kept"
"""In the folder of outputs: where they are kept. No NAME begins with an underscore."""

OF_FILE_BROWSERS: Final = (".DS_Store", "Thumbs.db", "desktop.ini")
"""Files in which a file browser notes how it shows a folder; they are nobody's work."""

NAMED: Final = 3
"""How many files a sentence names; the others are counted."""

TRIES: Final = 3
"""How often a folder is emptied into which somebody writes meanwhile."""


def kept_of(outputs: Path, name: str) -> Path:
    """Where a person's files in the published folder of a NAME are kept."""
    return outputs / FOLDER / name


def check_place(outputs: Path, name: str, old: Path | None = None) -> None:
    """See that a person's files can be kept, before any is taken from where its owner put it.

    Args:
        outputs: the folder of outputs.
        name: a checked NAME.
        old: where the published folder is about to be moved.

    Raises:
        Refusal: a link or a file is in the place of a folder.
    """
    place = kept_of(outputs, name)
    for path in (place, old or place):
        refuse_links(outputs, path)
    folders = [place, *place.parents]
    for folder in reversed(folders[: folders.index(outputs)]):
        if folder.exists() and not folder.is_dir():
            shown = f"{outputs.name}/{folder.relative_to(outputs).as_posix()}"
            fix = "Move it away; files that are found in published folders are kept in this folder"
            raise Refusal(Problem("not a folder", fix, shown))


def foreign_names(folder: Path, published: Collection[str]) -> list[str]:
    """What is in a published folder besides the files that a run published, sorted.

    Args:
        folder: the folder.
        published: the names of those files. A link or a folder of such a name is foreign too.
    """
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.is_symlink()
        or not path.is_file()
        or path.name not in (*published, *OF_FILE_BROWSERS)
    )


def move_beside(folder: Path, names: Iterable[str], outputs: Path, name: str) -> list[str]:
    """Move a person's files and folders to where they are kept; nothing there is replaced.

    Args:
        folder: that they are in.
        names: of them.
        outputs: the folder of outputs.
        name: the NAME that `folder` belongs to.

    Returns:
        The names that were moved.

    Raises:
        Refusal: a link leads to the place.
        OSError: one can't be moved; it is where it was.
    """
    moved = []
    for each in names:
        with suppress(FileNotFoundError):  # its owner took it away meanwhile
            _move(folder / each, _place(outputs, name))
            moved.append(each)
    if moved:
        for changed in (_place(outputs, name), folder):
            sync_folder(changed)
    return moved


def copy_beside(folder: Path, names: Iterable[str], outputs: Path, name: str) -> list[str]:
    """Copy files that a person changed to where they are kept; the arguments are as above.

    Returns:
        The names that were copied. A file that can't be read, or is kept already, is left out.
    """
    copied = []
    for each in names:
        try:
            data = (folder / each).read_bytes()
        except OSError:
            continue
        if _copy(data, each, _place(outputs, name)):
            copied.append(each)
    if copied:
        sync_folder(_place(outputs, name))
    return copied


def retire(folder: Path, published: Collection[str], outputs: Path, name: str) -> list[str]:
    """Remove a folder that is no longer published; a person's files in it are moved.

    Args:
        folder: the folder.
        published: the names of the files that a run published; only these are removed.
        outputs: the folder of outputs.
        name: the NAME that `folder` belongs to.

    Returns:
        The names of what was moved.

    Raises:
        Refusal: a link leads there.
        OSError: something can't be moved or removed; it is where it was.
    """
    refuse_links(outputs, folder)
    moved: list[str] = []
    for attempt in range(TRIES):
        moved += move_beside(folder, foreign_names(folder, published), outputs, name)
        for path in folder.iterdir():
            if path.name in (*published, *OF_FILE_BROWSERS):
                path.unlink()
        try:
            folder.rmdir()
            break
        except OSError:
            if attempt == TRIES - 1:
                raise
    return moved


def moved_sentence(names: Collection[str], name: str) -> str:
    """What a run says of files that it moved."""
    was, it_is = ("was", "it is") if len(names) == 1 else ("were", "they are")
    return (
        f"{_listed(names)} in outputs/{name} {was} not published by a run, "
        f"so {it_is} now in outputs/{FOLDER}/{name}."
    )


def copied_sentence(names: Collection[str], name: str) -> str:
    """What a run says of files that were changed by hand, and that it published again."""
    was, it = ("was", "it") if len(names) == 1 else ("were", "they")
    return (
        f"{_listed(names)} in outputs/{name} {was} changed after {it} {was} published; "
        f"a copy is now in outputs/{FOLDER}/{name}."
    )


def _listed(names: Collection[str]) -> str:
    return first_of([printable(each) for each in sorted(names)], NAMED)


def printable(name: str) -> str:
    """The name of a file as it may stand on a screen."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def _place(outputs: Path, name: str) -> Path:
    place = kept_of(outputs, name)
    refuse_links(outputs, place)
    place.mkdir(parents=True, exist_ok=True)
    return place


def _move(source: Path, place: Path) -> None:
    for number in count(1):
        try:
            move(source, place / _numbered(source.name, number))
            return
        except FileExistsError:
            continue


def _copy(data: bytes, name: str, place: Path) -> bool:
    """Whether a new file was written: not where there is one with the same content."""
    for number in count(1):
        target = place / _numbered(name, number)
        try:
            write_file(target, data)
            return True
        except FileExistsError:
            if target.is_file() and target.read_bytes() == data:
                return False
    raise AssertionError("numbers do not end")


def _numbered(name: str, number: int) -> str:
    """The name of the first, second, … file of a name: "a.txt", "a (2).txt"."""
    if number == 1:
        return name
    path = Path(name)
    return f"{path.stem} ({number}){path.suffix}"
