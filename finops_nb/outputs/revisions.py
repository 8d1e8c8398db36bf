"""The revisions of a NAME: of which key, when and why each was made, and what was published; those before the last are kept whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from finops_nb.atomic_files import replace_file
from finops_nb.clock import now
from finops_nb.errors import Failure
from finops_nb.home import runs_of
from finops_nb.outputs.artifacts import RESULTS, read_results
from finops_nb.outputs.manifest import Kind
from finops_nb.outputs.publish import publish

FILE: Final = "revisions.json"
SHAPE: Final = {"revision": int, "key": str, "generated": str, "reason": str, "files": dict}
"""The keys of a record in it."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One publication of a NAME.

    Args:
        number: 1 is the first; 0 is of a report that is not official, of which the last one alone is remembered.
        key: of its run.
        generated: when it was first run, as ISO 8601 text in UTC: a forced run prints the same.
        reason: why it was made, where somebody said so.
        files: name and SHA-256 of what was published; none of a revision that is still to be made.
    """

    number: int
    key: str
    generated: str
    reason: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """It is still to be made."""
        return not self.files

    def as_record(self) -> dict[str, Any]:
        """It as JSON."""
        said = {
            "revision": self.number,
            "key": self.key,
            "generated": self.generated,
            "reason": self.reason,
        }
        return said | {"files": dict(sorted(self.files.items()))}


@dataclass(frozen=True, slots=True)
class History:
    """What was published under a NAME; who holds the NAME's lock may change it.

    Args:
        outputs: the folder of outputs.
        name: a checked NAME.
    """

    outputs: Path
    name: str

    def revisions(self) -> tuple[Revision, ...]:
        """Every revision, oldest first. What is published and not on record tells of itself, and is the last one.

        Raises:
            Failure: the record is there and cannot be read.
        """
        recorded = self._recorded()
        found, last = self._published(), recorded[-1] if recorded else None
        if found is None or (last and not _follows(found, last)):
            return recorded
        return _with(recorded, replace(found, files=digests(self.outputs / self.name)))

    def upcoming(self, key: str, official: bool, reason: str = "") -> Revision:
        """What a run of this key makes: the last revision once more where that is of this key, else a new one.

        Args:
            key: of the run.
            official: only such a report has revisions.
            reason: why a new one is made.
        """
        last = next(reversed(self.revisions()), None)
        if last and last.key == key and (last.number > 0) == official:
            return last
        return Revision(last.number + 1 if last and official else int(official), key, now(), reason)

    def settle(self) -> None:
        """Make up for what a run that was cut off left: a record that it did not write, or a folder that it did not publish."""
        known = self.revisions()
        if known != self._recorded():
            self._record(known)
        draft = self.kept(known[-1].number) if known else None
        if (
            draft
            and draft.exists()
            and (self.outputs / self.name).exists()
            and digests(draft) != known[-1].files
        ):
            shutil.rmtree(draft)

    def publish(self, folder: Path, revision: Revision) -> None:
        """Put a folder in the place of the published report, keep the one before, and write the revision down.

        The folder is moved to where the one before is to be kept, and exchanged for it there: at no moment is one of the two lost,
        or half. The record comes last, since what is published tells the same of itself.

        Args:
            folder: complete and written to the disk.
            revision: from `upcoming`.

        Raises:
            OSError: the report before stands; or, from the last syncs, the new one does and the disk has trouble.
            Failure: the new one stands, and is not on record.
        """
        known, files = self.revisions(), digests(folder)
        target, kept = self.outputs / self.name, self.kept(revision.number - 1)
        keeps = revision.number > 1 and revision.is_new and target.exists() and not kept.exists()
        if keeps:
            kept.parent.mkdir(parents=True, exist_ok=True)
            folder = folder.rename(kept)
        try:
            publish(folder, target)
        except OSError:
            if keeps and digests(kept) == files:
                shutil.rmtree(kept, ignore_errors=True)
            raise
        try:
            self._record(_with(known, replace(revision, files=files)))
        except OSError as error:
            said = f"outputs/{self.name} is published, and {self._shown(self._file)} could not be written: {error.strerror or error}"
            raise Failure(
                f"{said}. Run it again when the disk is well; that makes up for it."
            ) from error

    def folder(self, number: int) -> Path:
        """Where a revision is: published, or kept."""
        known = self.revisions()
        return (
            self.outputs / self.name if known and known[-1].number == number else self.kept(number)
        )

    def kept(self, number: int) -> Path:
        """Where a revision is once another is published."""
        return self._file.parent / f"revision-{number}"

    def raw_results(self, number: int) -> bytes:
        """The `results.json` of a revision; empty where it is gone, or is not as it was published."""
        try:
            raw = (self.folder(number) / RESULTS).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return b""
        recorded = next((each.files for each in self.revisions() if each.number == number), None)
        return raw if recorded is None or recorded.get(RESULTS) == _digest(raw) else b""

    def altered(self) -> list[str]:
        """A sentence for each file, published or kept, that is missing or is not as it was published."""
        return [said for revision in self.revisions() for said in self._altered(revision)]

    def _altered(self, revision: Revision) -> Iterator[str]:
        folder = self.folder(revision.number)
        if not folder.is_dir():
            yield (
                f"{self._shown(folder)}, revision {revision.number}, is gone."
                if revision.number
                else f"{self._shown(folder)} is gone."
            )
            return
        found = digests(folder)
        for name, digest in revision.files.items():
            if found.get(name) != digest:
                yield f"{self._shown(folder / name)} {'is not as it was published' if name in found else 'is gone'}."

    def _published(self) -> Revision | None:
        """What is published, as far as it tells of itself."""
        try:
            results = read_results((self.outputs / self.name / RESULTS).read_bytes())
            made = results["provenance"]
            official = results.get("kind") == Kind.OFFICIAL
            about = made.get("revision") or {"number": int(official)}
            return Revision(
                int(about["number"]),
                str(made["key"]),
                str(made["generated"]),
                str(about.get("reason", "")),
            )
        except (
            FileNotFoundError,
            NotADirectoryError,
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
        ):
            return None

    def _recorded(self) -> tuple[Revision, ...]:
        try:
            records = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return ()
        except ValueError:
            records = None
        if not isinstance(records, list) or not all(map(_is_record, records)):
            way = "Put it back from a backup, or remove it: the last revision is then known by what is published"
            raise Failure(
                f"{self._shown(self._file)} is not a list of revisions, or not a whole one. {way}."
            )
        return tuple(
            Revision(
                each["revision"], *(each[key] for key in ("key", "generated", "reason", "files"))
            )
            for each in records
        )

    def _record(self, revisions: tuple[Revision, ...]) -> None:
        text = (
            json.dumps([each.as_record() for each in revisions], indent=1, ensure_ascii=False)
            + "\n"
        )
        replace_file(self._file, text.encode("utf-8"), lambda draft: None)

    @property
    def _file(self) -> Path:
        return runs_of(self.outputs) / self.name / FILE

    def _shown(self, path: Path) -> str:
        return f"outputs/{path.relative_to(self.outputs).as_posix()}"


def recorded_names(outputs: Path) -> list[str]:
    """The NAMEs of which revisions are on record, sorted."""
    runs = runs_of(outputs)
    return sorted(file.parent.relative_to(runs).as_posix() for file in runs.rglob(FILE))


def digests(folder: Path) -> dict[str, str]:
    """Name and SHA-256 of each file in a folder."""
    return {
        file.name: _digest(file.read_bytes()) for file in sorted(folder.iterdir()) if file.is_file()
    }


def _with(recorded: tuple[Revision, ...], revision: Revision) -> tuple[Revision, ...]:
    """The record with a revision at its end, in the place of one of the same number."""
    return (*(each for each in recorded if each.number < revision.number), revision)


def _follows(found: Revision, last: Revision) -> bool:
    """What is published came after the last one on record."""
    return found.number > last.number or (
        found.number == last.number == 0 and found.key != last.key
    )


def _is_record(record: Any) -> bool:
    return isinstance(record, dict) and all(
        isinstance(record.get(key), kind) for key, kind in SHAPE.items()
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
