"""Which files hold the usage: paths, globs and folders of the params, resolved, fingerprinted and watched."""

from __future__ import annotations

import difflib
import errno
import glob
import hashlib
import re
import stat
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

from finops_nb.errors import Problem, Refusal, listed
from finops_nb.home import PACKAGE, Home, find_home
from finops_nb.money import ZERO
from finops_nb.params.model import SAMPLE, Params
from finops_nb.usage.sources.notice import Notice

Format = Literal[".csv", ".csv.gz", ".csv.zst", ".parquet"]

FORMATS: Final[tuple[Format, ...]] = (".csv", ".csv.gz", ".csv.zst", ".parquet")
READABLE: Final = "CSV (.csv, .csv.gz, .csv.zst) or Parquet (.parquet)"
SAMPLE_FILES: Final = PACKAGE / "sample"
CHECKSUMS: Final = "SHA256SUMS"
CHECKSUM: Final = ".sha256"
"""Files of checksums beside usage: of all in a folder, and the suffix of that of one."""
LISTED: Final = 5
NAME_ONCE: Final = "Name each file once, or its cost would count twice"

FileState = tuple[int, int, int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """One file of usage.

    Args:
        name: what a reader may see of its path: relative to the home, or the bare name outside of it.
        path: the file.
        format: its suffix in small letters.
    """

    name: str
    path: Path
    format: Format


def resolve_inputs(params: Params, home: Home | None = None) -> tuple[Source, ...]:
    """The files that `params.usage` names, sorted by the name that is shown.

    Args:
        params: `{period}` in a path stands for `params.period`.
        home: what relative paths start from; found by `find_home` if None, and only if a path needs it.

    Raises:
        Refusal: a path that matches nothing, a file named twice, a format that is not read.
    """
    return find_sources(params, home)[0]


def find_sources(
    params: Params, home: Home | None = None
) -> tuple[tuple[Source, ...], tuple[Notice, ...]]:
    """`resolve_inputs`, and a notice for each folder of which a part was left out."""
    problems: list[Problem] = []
    notices: list[Notice] = []
    named: dict[Hashable, tuple[str, Path]] = {}
    for pattern in params.usage:
        try:
            for path in _matches(pattern.replace("{period}", params.period), home, notices):
                first, other = named.setdefault(_identity(path), (pattern, path))
                if other is not path:
                    rule = f'the same file twice: {other.name} by "{first}" and {path.name} by "{pattern}"'
                    problems.append(Problem(rule, NAME_ONCE, column="usage", value=pattern))
        except Refusal as refusal:
            problems += refusal.problems
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            problems.append(
                Problem(
                    f"cannot be read: {reason}",
                    "Check the path and its permissions",
                    column="usage",
                    value=pattern,
                )
            )
    if problems:
        raise Refusal(problems)
    return _shown((path for _, path in named.values()), home), tuple(notices)


def _identity(path: Path) -> Hashable:
    """What two names of one file have in common."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise ValueError("the name of a file is not UTF-8") from None
    try:
        status = path.stat()
    except OSError:
        return path
    return status.st_dev, status.st_ino


def _matches(place: str, home: Home | None, notices: list[Notice]) -> Iterator[Path]:
    """The files that one entry of `usage` stands for."""
    if place.startswith(SAMPLE):
        if place != SAMPLE:
            raise _refused("the packaged sample has no parts", 'Write "sample:" alone', place)
        yield from _in_folder(SAMPLE_FILES, SAMPLE, notices)
        return
    root = Path("/") if Path(place).is_absolute() else (home or find_home()).root
    path = root / place
    if path.is_dir():
        yield from _in_folder(path, place, notices)
    elif path.exists() or path.is_symlink():
        if _format(path) is None:
            raise _refused(
                f"{path.name} is no file of usage that can be read", f"Give it as {READABLE}", place
            )
        yield path
    else:
        yield from _by_glob(root, place, notices)


def _by_glob(root: Path, place: str, notices: list[Notice]) -> Iterator[Path]:
    matches = glob.glob(place, root_dir=root, recursive=True) if glob.has_magic(place) else []  # noqa: PTH207 - Path.glob takes hidden files
    found = sorted(root / match for match in matches)
    files = [path for path in found if not path.is_dir()]
    if found and not files:
        raise _refused(
            "only folders match", f'Write "{place.rstrip("/")}/*" for the files in them', place
        )
    if not files:
        raise _refused(
            "no file matches" if glob.has_magic(place) else "there is no such file",
            _nearest(root, place),
            place,
        )
    yield from _usable(files, place, notices)


def _in_folder(folder: Path, place: str, notices: list[Notice]) -> Iterator[Path]:
    yield from _usable(
        sorted(path for path in folder.iterdir() if not path.name.startswith(".")), place, notices
    )


def _usable(entries: list[Path], place: str, notices: list[Notice]) -> Iterator[Path]:
    """The entries that can be read; a notice counts the others, and none at all is refused."""
    usable = [path for path in entries if _format(path) and not path.is_dir()]
    others = [
        path.name + "/" * path.is_dir()
        for path in entries
        if path not in usable and not _is_checksum(path)
    ]
    if not usable:
        there = f"there is {listed(others, LISTED)}" if others else "it is empty"
        raise _refused(f"no file of usage in it; {there}", f"Put usage there as {READABLE}", place)
    if others and place != SAMPLE:
        shown = Path(place).name if Path(place).is_absolute() else place
        notices.append(
            Notice(
                f'Left out of "{shown}", being neither CSV nor Parquet: {listed(others, LISTED)}.',
                0,
                ZERO,
            )
        )
    yield from usable


def _is_checksum(path: Path) -> bool:
    return path.name == CHECKSUMS or path.name.endswith(CHECKSUM)


def _format(path: Path) -> Format | None:
    return next((suffix for suffix in FORMATS if path.name.lower().endswith(suffix)), None)


def _refused(rule: str, fix: str, place: str) -> Refusal:
    return Refusal(Problem(rule, fix, column="usage", value=place))


def _nearest(root: Path, place: str) -> str:
    """What there is instead: the entries nearest in name, in the deepest folder of the path that exists."""
    parts = Path(place).parts
    depth = max(n for n in range(len(parts)) if (root / Path(*parts[:n])).is_dir())
    folder = Path(*parts[:depth])
    names = sorted(
        path.name + "/" * path.is_dir()
        for path in (root / folder).iterdir()
        if not path.name.startswith(".")
    )
    near = difflib.get_close_matches(parts[depth], names, n=3, cutoff=0.5) or names
    where = "the home" if folder == Path() else f'"{folder.as_posix()}"'
    return (
        f"In {where} there is {listed(near, LISTED)}" if names else f"In {where} there is nothing"
    )


def _shown(paths: Iterable[Path], home: Home | None) -> tuple[Source, ...]:
    """Sources sorted by name. Files outside the home that share a bare name are numbered in the order of `usage`."""
    sources: dict[str, Source] = {}
    for path in paths:
        plain = name = _shown_name(path, home)
        count = 1
        while name in sources:
            count += 1
            name = f"{plain} ({count})"
        sources[name] = Source(name, path, _format(path) or ".csv")
    return tuple(sources[name] for name in sorted(sources))


def _shown_name(path: Path, home: Home | None) -> str:
    if path.parent == SAMPLE_FILES:
        return SAMPLE + path.name
    try:
        shown = (home or find_home()).shown(path)
    except Refusal:
        shown = path.name
    return shown


def fingerprint(sources: Iterable[Source]) -> tuple[tuple[str, str], ...]:
    """The name shown of each file and the SHA-256 of its bytes, in the order of `sources`.

    Raises:
        Refusal: a file that cannot be read.
    """
    return tuple((source.name, digest) for source, digest in _each(sources, _sha256))


def states(sources: Iterable[Source]) -> tuple[tuple[Source, FileState], ...]:
    """What changes in each file when somebody writes to it: its number, size and time.

    Raises:
        Refusal: there is no such file, or it is none (a pipe, a device).
    """
    return tuple(_each(sources, _state))


def changes(before: Iterable[tuple[Source, FileState]]) -> list[Problem]:
    """A problem for each file that was written to since its state was taken."""
    problems = []
    for source, was in before:
        try:
            same = _state(source.path) == was
        except OSError:
            same = False
        if not same:
            problems.append(
                Problem(
                    "the file changed while it was read",
                    "Wait until its export has ended, and run again",
                    source.name,
                )
            )
    return problems


def _each(sources: Iterable[Source], read: Callable[[Path], T]) -> list[tuple[Source, T]]:
    problems: list[Problem] = []
    results: list[tuple[Source, T]] = []
    for source in sources:
        try:
            results.append((source, read(source.path)))
        except OSError as error:
            problems.append(
                Problem(
                    f"cannot be read: {error.strerror}",
                    "Check the file and its permissions",
                    source.name,
                )
            )
    if problems:
        raise Refusal(problems)
    return results


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _state(path: Path) -> FileState:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    return status.st_ino, status.st_size, status.st_mtime_ns


LINE: Final = re.compile(r"(?P<digest>[0-9A-Fa-f]{64})(?:[ \t]+\*?(?P<name>.+))?")

WRONG: Final = "Copy or export it again; if it was meant to change, make the list of checksums anew"
UNREAD: Final = (
    "Write it by sha256sum: 64 hexadecimal digits, two blanks and the name of the file in each line"
)


def wrong_files(sources: Sequence[Source], prints: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    """A problem for each file whose bytes are not those that the checksums beside it say; none where there are no checksums.

    Args:
        sources: the files.
        prints: the SHA-256 of each, in the same order.
    """
    for source, (name, digest) in zip(sources, prints, strict=True):
        own = source.path.with_name(source.path.name + CHECKSUM)
        for beside in (own, source.path.with_name(CHECKSUMS)):
            if beside.is_file():
                yield from _compared(
                    beside, source.path.name, name, digest.lower(), many=beside != own
                )
            elif beside.exists() or beside.is_symlink():
                yield Problem(
                    "no file of checksums that can be read",
                    "Make it anew, or take it away",
                    beside.name,
                )


def _compared(beside: Path, file: str, shown: str, digest: str, many: bool) -> Iterator[Problem]:
    """The problems of one file and one list, of which entries may be of other files where it is of `many`."""
    lines = beside.read_text(encoding="utf-8", errors="replace").splitlines()
    found = [
        (number, LINE.fullmatch(line.strip()))
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    for number, match in found:
        if match is None or (many and not match["name"]):
            yield Problem("no checksum", UNREAD, beside.name, number, value=lines[number - 1])
    of_file = [
        match for _, match in found if match and (match["name"] or file).removeprefix("./") == file
    ]
    if not of_file:
        yield Problem(
            f"{beside.name} has no checksum of the file",
            f"Add it: sha256sum {file} >> {beside.name}",
            shown,
        )
    elif any(match["digest"].lower() != digest for match in of_file):
        yield Problem(
            f"its SHA-256 is not the one in {beside.name}", WRONG, shown, value=f"{digest[:16]}…"
        )
