"""Which files hold the usage: paths of the params resolved, fingerprinted and watched."""

from __future__ import annotations

import difflib
import errno
import glob
import hashlib
import re
import stat
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from finops_nb.errors import Problem, Refusal, listed
from finops_nb.home import PACKAGE, Home, find_home
from finops_nb.money import ZERO
from finops_nb.params.model import Params
from finops_nb.params.sources import SAMPLE, UNDESCRIBED, Source
from finops_nb.params.text_file import open_regular
from finops_nb.params.yaml_file import key_text
from finops_nb.period import parse_period
from finops_nb.usage.sources.checksums import is_checksum
from finops_nb.usage.sources.formats import (
    READABLE,
    Format,
    format_of,
    is_manifest,
    names_in_two_formats,
)
from finops_nb.usage.sources.notice import Notice

SAMPLE_FILES: Final = PACKAGE / "sample"

YEAR_AND_MONTH: Final = re.compile(r"(\d{4})[-_]?(0[1-9]|1[0-2])(?!\d)")
"""A month in the name of a file."""

LISTED: Final = 5
"""How many names of files a message lists."""

NAME_ONCE: Final = "Name each file once; otherwise its cost counts twice"
READ_PERMISSION: Final = "Check the file and its permissions"

FileState = tuple[int, int, int]
"""Inode, size in bytes and time of the last change in nanoseconds."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of usage.

    Args:
        name: what a reader may see of its path: relative to the home, or the bare name outside.
        path: the file.
        format: its suffix in lower case.
        params: the source of the params that it belongs to.
    """

    name: str
    path: Path
    format: Format
    params: Source = field(default=UNDESCRIBED, compare=False)


class _Match(NamedTuple):
    """A file, the entry of `usage` that it matches, and the source that has the entry."""

    path: Path
    pattern: str
    params: Source


def resolve_inputs(params: Params, home: Home | None = None) -> tuple[SourceFile, ...]:
    """The files that `params.usage` names, sorted by the name that is shown.

    Args:
        params: "{period}" in a path stands for `params.period`.
        home: what relative paths start from; found by `find_home` if None, and only if a path
            needs it.

    Raises:
        Refusal: a path that matches nothing, a file named twice, or a format that is not read.

    Example:
        The params line "usage: exports/calls-{period}.csv" of 2025-12 is one source, named
        "exports/calls-2025-12.csv".
    """
    return find_sources(params, home)[0]


def find_sources(
    params: Params, home: Home | None = None
) -> tuple[tuple[SourceFile, ...], tuple[Notice, ...]]:
    """`resolve_inputs`, and a notice for each folder with files that were left out."""
    problems: list[Problem] = []
    notices: list[Notice] = []
    found: dict[Hashable, _Match] = {}
    for place, source in enumerate(params.each_source):
        key = key_text((*source.keys(place), "usage"))
        for pattern in source.usage:
            try:
                for path in _matches(pattern.replace("{period}", params.period), home, notices):
                    match = _Match(path, pattern, source)
                    first = found.setdefault(_identity(path), match)
                    if first is not match:
                        problems.append(_listed_twice(first, match, key))
            except Refusal as refusal:
                problems += (replace(problem, column=key) for problem in refusal.problems)
            except (OSError, ValueError) as error:
                rule = f"cannot be read: {getattr(error, 'strerror', None) or error}"
                fix = "Check the path and its permissions"
                problems.append(Problem(rule, fix, column=key, value=pattern))
    if problems:
        raise Refusal(problems)
    return _named_files(found.values(), home), tuple(notices)


def _listed_twice(first: _Match, second: _Match, key: str) -> Problem:
    """The problem of a file that two patterns match; two sources count its cost twice, too."""
    if first.params.name != second.params.name:
        rule = f"{second.path.name} is in {first.params.place} too"
        return Problem(rule, NAME_ONCE, column=key, value=second.pattern)
    by = f'by "{first.pattern}" and {second.path.name} by "{second.pattern}"'
    rule = f"listed twice: {first.path.name} {by}"
    return Problem(rule, NAME_ONCE, column=key, value=second.pattern)


def fingerprint(sources: Iterable[SourceFile]) -> tuple[tuple[str, str], ...]:
    """The shown name of each file and the SHA-256 of its bytes, in the order of `sources`.

    Raises:
        Refusal: a file that cannot be read.
    """
    return tuple((source.name, digest) for source, digest in _read_each(sources, _sha256))


def file_states(sources: Iterable[SourceFile]) -> tuple[tuple[SourceFile, FileState], ...]:
    """What changes about each file when somebody writes to it.

    Raises:
        Refusal: there is no such file, or it is not a regular file (a pipe, a device).
    """
    return tuple(_read_each(sources, _state))


def changed_files(states: Iterable[tuple[SourceFile, FileState]]) -> list[Problem]:
    """A problem for each file that was written to since its state was taken."""
    problems = []
    for source, state in states:
        try:
            changed = _state(source.path) != state
        except OSError:
            changed = True
        if changed:
            rule = "the file changed while it was read"
            fix = "Wait for the export to finish, then run again"
            problems.append(Problem(rule, fix, source.name))
    return problems


def _identity(path: Path) -> Hashable:
    """What two names of one file have in common."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise ValueError("a file name is not UTF-8") from None
    try:
        status = path.stat()
    except OSError:
        return path
    return status.st_dev, status.st_ino


def _matches(place: str, home: Home | None, notices: list[Notice]) -> Iterator[Path]:
    """The files that one entry of `usage` stands for."""
    if place.startswith(SAMPLE):
        if place != SAMPLE:
            raise _refused("the packaged sample takes no path", 'Write "sample:" alone', place)
        yield from _in_folder(SAMPLE_FILES, SAMPLE, notices)
        return
    root = Path("/") if Path(place).is_absolute() else (home or find_home()).root
    path = root / place
    if path.is_dir():
        yield from _in_folder(path, place, notices)
    elif path.exists() or path.is_symlink():
        if format_of(path) is None:
            raise _refused(f"{path.name} is not a usage file", f"Use {READABLE}", place)
        yield path
    else:
        yield from _by_glob(root, place, notices)


def _by_glob(root: Path, place: str, notices: list[Notice]) -> Iterator[Path]:
    is_pattern = glob.has_magic(place)
    # Path.glob would match hidden files, too.
    matches = glob.glob(place, root_dir=root, recursive=True) if is_pattern else []  # noqa: PTH207
    paths = sorted(root / match for match in matches)
    files = [path for path in paths if not path.is_dir()]
    if paths and not files:
        fix = f'Write "{place.rstrip("/")}/*" for the files in them'
        raise _refused("only folders match", fix, place)
    if not files:
        rule = "no file matches" if is_pattern else "no such file"
        raise _refused(rule, _existing_names(root, place), place)
    yield from _usable(files, place, notices)


def _in_folder(folder: Path, place: str, notices: list[Notice]) -> Iterator[Path]:
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    yield from _usable(entries, place, notices)


def _usable(entries: list[Path], place: str, notices: list[Notice]) -> Iterator[Path]:
    """The entries that can be read; a notice names the others; no usable one at all is refused."""
    usable = [path for path in entries if _is_usage(path)]
    others = [_entry_name(path) for path in entries if path not in usable and not is_checksum(path)]
    if not usable:
        content = f"has no usage file, only {listed(others, LISTED)}" if others else "is empty"
        rule = f"the folder {content}"
        raise _refused(rule, f"Put usage there as {READABLE}", place)
    if others and place != SAMPLE:
        shown = Path(place).name if Path(place).is_absolute() else place
        text = f'Left out of "{shown}", not usage files: {listed(others, LISTED)}.'
        notices.append(Notice(text, 0, ZERO))
    for first, second, *_ in names_in_two_formats(usable):
        rule = f"one name in two formats: {first.name} and {second.name}"
        raise _refused(rule, "Name one of them; otherwise their cost may count twice", place)
    yield from usable


def _is_usage(path: Path) -> bool:
    return format_of(path) is not None and not is_manifest(path) and not path.is_dir()


def _entry_name(path: Path) -> str:
    return f"{path.name}/" if path.is_dir() else path.name


def _refused(rule: str, fix: str, place: str) -> Refusal:
    return Refusal(Problem(rule, fix, column="usage", value=place))


def _existing_names(root: Path, place: str) -> str:
    """A fix with the names nearest to a wrong one, in the deepest existing folder of its path."""
    parts = Path(place).parts
    depth = max(n for n in range(len(parts)) if (root / Path(*parts[:n])).is_dir())
    folder = Path(*parts[:depth])
    entries = (root / folder).iterdir()
    names = sorted(_entry_name(path) for path in entries if not path.name.startswith("."))
    near = _best_first(root / folder, parts[depth], names)
    where = "the home" if folder == Path() else f"{folder.as_posix().rstrip('/')}/"
    content = f"has {listed(near, LISTED)}" if near else "is empty"
    return f"Put the file there, or correct the path; {where} {content}"


def _best_first(folder: Path, wanted: str, names: Sequence[str]) -> list[str]:
    """The names that may be what was meant, or all: first the same name in a folder of `folder`.

    Then come names with the month in words, such as december.csv for calls-2025-12.csv, and the
    most similar ones.

    Args:
        folder: where the wanted name is not.
        wanted: the name.
        names: what the folder has.
    """
    paths = [] if glob.has_magic(wanted) else sorted(folder.glob(f"*/{wanted}"))
    deeper = [f"{path.parent.name}/{path.name}" for path in paths if path.parent.name[0] != "."]
    month = YEAR_AND_MONTH.search(wanted)
    word = parse_period(f"{month[1]}-{month[2]}").label.split()[0].lower() if month else ""
    of_month = [name for name in names if word and {word, word[:3]} & {*_words(name)}]
    similar = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    likely = list(dict.fromkeys((*deeper, *of_month, *similar)))
    return likely or sorted(names, key=lambda name: format_of(Path(name)) is None)


def _words(name: str) -> list[str]:
    return re.split(r"[^a-z]+", name.lower())


def _named_files(matches: Iterable[_Match], home: Home | None) -> tuple[SourceFile, ...]:
    """Files sorted by name; those outside the home with one bare name are numbered in order."""
    files: dict[str, SourceFile] = {}
    for match in matches:
        plain = name = _shown_name(match.path, home)
        count = 1
        while name in files:
            count += 1
            name = f"{plain} ({count})"
        files[name] = SourceFile(name, match.path, format_of(match.path) or ".csv", match.params)
    return tuple(files[name] for name in sorted(files))


def _shown_name(path: Path, home: Home | None) -> str:
    if path.parent == SAMPLE_FILES:
        return SAMPLE + path.name
    try:
        return (home or find_home()).shown(path)
    except Refusal:
        return path.name


def _read_each(
    sources: Iterable[SourceFile], read: Callable[[Path], T]
) -> list[tuple[SourceFile, T]]:
    problems: list[Problem] = []
    results: list[tuple[SourceFile, T]] = []
    for source in sources:
        try:
            results.append((source, read(source.path)))
        except OSError as error:
            rule = f"cannot be read: {error.strerror}"
            problems.append(Problem(rule, READ_PERMISSION, source.name))
    if problems:
        raise Refusal(problems)
    return results


def _sha256(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _state(path: Path) -> FileState:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    return status.st_ino, status.st_size, status.st_mtime_ns
