"""Checksums beside files of usage: what sha256sum wrote when they were exported, checked again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from finops_nb.errors import Problem

CHECKSUMS: Final = "SHA256SUMS"
"""A file with the checksums of all files in its folder."""

CHECKSUM: Final = ".sha256"
"""The suffix of a file with the checksum of one file."""

CHECKSUM_LINE: Final = re.compile(
    r"(?P<escaped>\\)?(?P<digest>[0-9A-Fa-f]{64})(?:[ \t]+\*?(?P<name>.+))?"
)
"""What sha256sum writes: the digest and the name; "*" marks a file read as binary.

A backslash before the digest marks a name in which backslashes and line breaks are escaped.
"""

ESCAPED: Final = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
"""How sha256sum escapes characters in a name."""


def is_checksum(path: Path) -> bool:
    """Whether a file in a folder of usage is a list of checksums, or the checksum of one file."""
    return path.name == CHECKSUMS or path.name.endswith(CHECKSUM)


def checksum_problems(
    paths: Sequence[Path], fingerprints: Sequence[tuple[str, str]]
) -> Iterator[Problem]:
    """A problem for each file whose bytes differ from the checksums next to it.

    Args:
        paths: the files. One without a checksum file next to it is not checked.
        fingerprints: the shown name and the SHA-256 of each, in the same order.

    Example:
        Next to calls.csv, either "SHA256SUMS" with the line "2c26…  calls.csv", or
        "calls.csv.sha256" with the same line or with the digest alone.
    """
    for path, (name, digest) in zip(paths, fingerprints, strict=True):
        own_list = path.with_name(path.name + CHECKSUM)
        for checksums in (own_list, path.with_name(CHECKSUMS)):
            if checksums.is_file():
                names_needed = checksums != own_list
                yield from _compare(path.name, name, digest, checksums, names_needed)
            elif checksums.exists() or checksums.is_symlink():
                rule, fix = "not a readable checksum file", "Create it again, or remove it"
                yield Problem(rule, fix, checksums.name)


def _compare(
    file: str, shown_name: str, digest: str, checksums: Path, names_needed: bool
) -> Iterator[Problem]:
    """The problems of one file and one list of checksums.

    Args:
        file: its name in the list.
        shown_name: its name in messages.
        digest: the SHA-256 of its bytes.
        checksums: the list.
        names_needed: the list may have other files, so each line must have a name.
    """
    digests = []
    text = checksums.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        match = CHECKSUM_LINE.fullmatch(line.strip())
        if match is None or (names_needed and not match["name"]):
            fix = (
                "Write it with sha256sum: 64 hexadecimal digits, two spaces and the file name "
                "on each line"
            )
            yield Problem("not a checksum", fix, checksums.name, number, value=line)
        if match and _checked_name(match, file) == file:
            digests.append(match["digest"].lower())
    if not digests:
        rule = f"no checksum for this file in {checksums.name}"
        command = f"sha256sum {shlex.quote(file)} >> {shlex.quote(checksums.name)}"
        yield Problem(rule, f"Add it: {command}", shown_name)
    elif any(listed_digest != digest.lower() for listed_digest in digests):
        rule = f"its SHA-256 differs from {checksums.name}"
        fix = "Copy or export it again; if the change was intended, update the checksums"
        yield Problem(rule, fix, shown_name, value=f"{digest[:16]}…")


def _checked_name(match: re.Match[str], file: str) -> str:
    """The name in a line of checksums; one without a name is of the `file`."""
    name = (match["name"] or file).removeprefix("./")
    if match["escaped"]:
        return re.sub(r"\\[\\nr]", lambda escape: ESCAPED[escape[0]], name)
    return name
