"""Checksums: a file beside usage, as `sha256sum` writes it, by which a damaged copy is told from a sound one.

`sha256sum *.parquet > SHA256SUMS` in the folder of an export, or `usage.parquet.sha256` beside one file. CSV has no sums of its
own, and those that Parquet may have are of its parts, and not looked at by every reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from finops_nb.errors import Problem
from finops_nb.usage.sources.discovery import CHECKSUM, CHECKSUMS, Source

LINE: Final = re.compile(r"(?P<digest>[0-9A-Fa-f]{64})(?:[ \t]+\*?(?P<name>.+))?")

WRONG: Final = "Copy or export it again; if it was meant to change, make the list of checksums anew"
UNREAD: Final = "Write it by sha256sum: 64 hexadecimal digits, two blanks and the name of the file in each line"


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
                yield from _compared(beside, source.path.name, name, digest.lower(), many=beside != own)
            elif beside.exists() or beside.is_symlink():
                yield Problem("no file of checksums that can be read", "Make it anew, or take it away", beside.name)


def _compared(beside: Path, file: str, shown: str, digest: str, many: bool) -> Iterator[Problem]:
    """The problems of one file and one list, of which entries may be of other files where it is of `many`."""
    lines = beside.read_text(encoding="utf-8", errors="replace").splitlines()
    found = [(number, LINE.fullmatch(line.strip())) for number, line in enumerate(lines, 1) if line.strip()]
    for number, match in found:
        if match is None or (many and not match["name"]):
            yield Problem("no checksum", UNREAD, beside.name, number, value=lines[number - 1])
    of_file = [match for _, match in found if match and (match["name"] or file).removeprefix("./") == file]
    if not of_file:
        yield Problem(f"{beside.name} has no checksum of the file", f"Add it: sha256sum {file} >> {beside.name}", shown)
    elif any(match["digest"].lower() != digest for match in of_file):
        yield Problem(f"its SHA-256 is not the one in {beside.name}", WRONG, shown, value=f"{digest[:16]}…")
