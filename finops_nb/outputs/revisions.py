"""The revisions of a NAME: the key, time, reason and files of each, on record.

The revisions before the last are kept complete, next to that record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from finops_nb.atomic_files import replace_file
from finops_nb.clock import now
from finops_nb.errors import Failure
from finops_nb.home import runs_of
from finops_nb.outputs.artifacts import PUBLISHED, RESULTS, read_results
from finops_nb.outputs.foreign_files import (
    FOLDER,
    check_place,
    copied_sentence,
    copy_beside,
    foreign_names,
    move_beside,
    moved_sentence,
    printable,
    retire,
)
from finops_nb.outputs.links import refuse_links, remove_folder
from finops_nb.outputs.manifest import Kind
from finops_nb.outputs.publish import publish

FILE: Final = "revisions.json"
REPLACED: Final = ".replaced"
"""Beside it: the folder that is about to be published, and after the exchange the one before."""
SHAPE: Final = {"revision": int, "key": str, "generated": str, "reason": str, "files": dict}
"""The keys of a record in it, in the order of the fields of `Revision`."""
NO_REVISION: Final = (KeyError, TypeError, ValueError, AttributeError)
"""The errors of results that are missing, or say nothing of a revision."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One publication of a NAME.

    Args:
        number: from 1; 0 is a report that is not official, of which only the last is on record.
        key: of its run.
        generated: when it was first run, as ISO 8601 text in UTC: a forced run prints the same.
        reason: why it was made, if a reason was given.
        files: SHA-256 by name of what was published; empty for a revision yet to be made.
    """

    number: int
    key: str
    generated: str
    reason: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """It is yet to be made."""
        return not self.files

    def as_record(self) -> dict[str, Any]:
        """The revision as JSON."""
        return {
            "revision": self.number,
            "key": self.key,
            "generated": self.generated,
            "reason": self.reason,
            "files": dict(sorted(self.files.items())),
        }


@dataclass(frozen=True, slots=True)
class History:
    """What was published under a NAME; only the holder of the NAME's lock may change it.

    Args:
        outputs: the folder of outputs.
        name: a checked NAME.
    """

    outputs: Path
    name: str

    def revisions(self) -> tuple[Revision, ...]:
        """Every revision, oldest first.

        A published report that is not on record says which revision it is, and is the last one.

        Raises:
            Failure: the record exists and can't be read.
        """
        recorded = self._recorded()
        last = recorded[-1] if recorded else None
        raw = _results_in(self.target)
        if last and last.files.get(RESULTS) == _digest(raw):
            return recorded
        published = _revision_of(raw)
        if published is None or (last and not _follows(published, last)):
            return recorded
        files = {name: digest for name, digest in digests(self.target).items() if name in PUBLISHED}
        return _with(recorded, replace(published, files=files))

    def upcoming(self, key: str, official: bool, reason: str = "") -> Revision:
        """The revision that a run of this key makes.

        Args:
            key: of the run.
            official: only such a report has revisions.
            reason: why a new one is made.

        Returns:
            The last revision if it has this key, else a new one.
        """
        last = next(reversed(self.revisions()), None)
        if last and last.key == key and (last.number > 0) == official:
            return last
        number = int(official)
        if last and official:
            number = last.number + 1
        return Revision(number, key, now(), reason)

    def settle(self) -> list[str]:
        """Finish what a killed run left: a record it did not write, a folder it did not publish.

        Returns:
            What was done with a person's files, as sentences.
        """
        refuse_links(self.outputs, self._file)
        check_place(self.outputs, self.name)
        moved: list[str] = []
        if self._replaced.exists():
            published = self._published_names(self._replaced)
            moved = retire(self._replaced, published, self.outputs, self.name)
        revisions = self.revisions()
        if revisions != self._recorded():
            self._record(revisions)
        draft = self.kept(revisions[-1].number) if revisions else self._replaced
        if draft.exists() and self.target.exists() and self._published_names(draft) is PUBLISHED:
            moved += retire(draft, PUBLISHED, self.outputs, self.name)
        for revision in revisions:
            kept = self.kept(revision.number)
            if kept.is_dir():
                foreign = foreign_names(kept, revision.files)
                moved += move_beside(kept, foreign, self.outputs, self.name)
        return [moved_sentence(moved, self.name)] if moved else []

    def publish(self, folder: Path, revision: Revision) -> list[str]:
        """Put a folder in the place of the published report, keep that one, and record this one.

        The new folder is first moved to where the old one will be, and then the two are
        exchanged: at no moment is one of them lost or half there. A person's files in the old one
        are kept beside it. The record comes last, since the published results hold the same facts.

        Args:
            folder: complete and written to the disk.
            revision: from `upcoming`.

        Returns:
            What was done with a person's files, as sentences.

        Raises:
            OSError: the old report is published; or the new one is, and the disk has a problem.
            Failure: the new one is published, and is not on record.
        """
        revisions, files = self.revisions(), digests(folder)
        recorded = revisions[-1].files if revisions else {}
        place = self._place_of_the_old(revision)
        check_place(self.outputs, self.name, place)
        is_kept = place != self._replaced
        copied = self._copy_changed(recorded)
        moved: list[str] = []
        if self.target.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            folder = folder.rename(place)
        self._exchange(folder, files)
        if is_kept:
            foreign = foreign_names(place, recorded)
            moved = move_beside(place, foreign, self.outputs, self.name)
        elif place.exists():
            moved = retire(place, recorded, self.outputs, self.name)
        try:
            self._record(_with(revisions, replace(revision, files=files)))
        except OSError as error:
            raise self._not_recorded(error) from error
        sentences = [copied_sentence(copied, self.name)] if copied else []
        return [*sentences, *([moved_sentence(moved, self.name)] if moved else [])]

    @property
    def target(self) -> Path:
        """Where the last revision is published."""
        return self.outputs / self.name

    def folder(self, number: int) -> Path:
        """Where a revision is now: published, or kept."""
        revisions = self.revisions()
        is_last = revisions and revisions[-1].number == number
        return self.target if is_last else self.kept(number)

    def kept(self, number: int) -> Path:
        """Where a revision is once another one is published."""
        return self._file.parent / f"revision-{number}"

    def raw_results(self, number: int) -> bytes:
        """The `results.json` of a revision; empty if it is missing or was changed since."""
        raw = _results_in(self.folder(number))
        for revision in self.revisions():
            if revision.number == number and revision.files.get(RESULTS) != _digest(raw):
                return b""
        return raw

    def foreign(self) -> list[str]:
        """A sentence for each file that no run put into the published folder, or the one before."""
        revisions = self.revisions()
        published: dict[Path, Collection[str]] = {}
        if revisions and self.target.is_dir():
            published[self.target] = revisions[-1].files
        if self._replaced.is_dir():
            published[self._replaced] = self._published_names(self._replaced)
        place = f"outputs/{FOLDER}/{self.name}"
        return [
            f"{self._shown(folder)}/{printable(name)} was not published by a run. "
            f"The next run that publishes {self.name} moves it to {place}."
            for folder, files in published.items()
            for name in foreign_names(folder, files)
        ]

    def altered(self) -> list[str]:
        """What is missing or was changed of the published and kept files, and how to restore it."""
        return [
            f"{text} {self._restoration(revision.number)}"
            for revision in self.revisions()
            for text in self._altered(revision)
        ]

    def _place_of_the_old(self, revision: Revision) -> Path:
        """Where the published folder will be once a revision is published."""
        kept = self.kept(revision.number - 1)
        is_revised = revision.number > 1 and revision.is_new
        keeps = is_revised and self.target.exists() and not kept.exists()
        return kept if keeps else self._replaced

    def _exchange(self, folder: Path, files: Mapping[str, str]) -> None:
        """Publish a folder with these files; remove it again if it can't be published."""
        try:
            publish(folder, self.target)
        except OSError:
            if folder.exists() and digests(folder) == files and self.target.exists():
                remove_folder(folder, self.outputs, ignore_errors=True)
            raise

    def _copy_changed(self, recorded: Mapping[str, str]) -> list[str]:
        """Copy published files that a person changed, since another report takes their place.

        They are copied before the exchange: after a crash, nobody could tell them from files of
        the new report.
        """
        if not self.target.is_dir():
            return []
        digest_by_name = digests(self.target)
        changed = [
            name
            for name, digest in recorded.items()
            if digest_by_name.get(name, digest) != digest
            and not (self.target / name).is_symlink()  # that is moved, and not read
        ]
        return copy_beside(self.target, changed, self.outputs, self.name)

    def _published_names(self, folder: Path) -> Collection[str]:
        """The files of a folder beside the record that a run made; others are a person's.

        It was published if its results are on record; else it was about to be.
        """
        results = folder / RESULTS
        digest = _digest(results.read_bytes()) if results.is_file() else ""
        files = [each.files for each in self._recorded() if each.files.get(RESULTS) == digest]
        return files[-1] if files else PUBLISHED

    def _restoration(self, number: int) -> str:
        """How to undo a change by hand to a revision."""
        if self.folder(number) == self.target:
            return f"`finops-nb run {self.name} --force` makes it again."
        return "Copy it back from a backup: a run makes only the latest revision again."

    def _altered(self, revision: Revision) -> Iterator[str]:
        folder = self.folder(revision.number)
        if not folder.is_dir():
            label = f" (revision {revision.number})" if revision.number else ""
            yield f"{self._shown(folder)}{label} is missing."
            return
        digest_by_name = digests(folder)
        for name, digest in revision.files.items():
            if name not in digest_by_name:
                yield f"{self._shown(folder / name)} is missing."
            elif digest_by_name[name] != digest:
                yield f"{self._shown(folder / name)} was changed after it was published."

    def _recorded(self) -> tuple[Revision, ...]:
        try:
            records = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return ()
        except PermissionError as error:
            fix = "Run the command as the account that makes the reports"
            raise Failure(f"{self._shown(self._file)}: {error.strerror}. {fix}.") from error
        except ValueError:
            records = None
        if not isinstance(records, list) or not all(map(_is_record, records)):
            fix = (
                "Restore it from a backup, or remove it: "
                "the last revision is then read from the published report"
            )
            raise Failure(f"{self._shown(self._file)} is not a list of revisions. {fix}.")
        return tuple(Revision(*(record[key] for key in SHAPE)) for record in records)

    def _record(self, revisions: tuple[Revision, ...]) -> None:
        records = [revision.as_record() for revision in revisions]
        text = json.dumps(records, indent=1, ensure_ascii=False) + "\n"
        replace_file(self._file, text.encode("utf-8"), lambda draft: None)

    def _not_recorded(self, error: OSError) -> Failure:
        return Failure(
            f"{self._shown(self.target)} is published, but {self._shown(self._file)} could not be "
            f"written: {error.strerror or error}. Fix the disk, then run again to write it."
        )

    @property
    def _replaced(self) -> Path:
        return self._file.parent / REPLACED

    @property
    def _file(self) -> Path:
        return runs_of(self.outputs) / self.name / FILE

    def _shown(self, path: Path) -> str:
        return f"outputs/{path.relative_to(self.outputs).as_posix()}"


def recorded_names(outputs: Path) -> list[str]:
    """The NAMEs with revisions on record, sorted."""
    runs = runs_of(outputs)
    return sorted(file.parent.relative_to(runs).as_posix() for file in runs.rglob(FILE))


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 by name of each file in a folder."""
    files = [file for file in sorted(folder.iterdir()) if file.is_file()]
    return {file.name: _digest(file.read_bytes()) for file in files}


def _with(recorded: tuple[Revision, ...], revision: Revision) -> tuple[Revision, ...]:
    """The record with a revision at its end, in the place of one with the same number."""
    return (*(each for each in recorded if each.number < revision.number), revision)


def _results_in(folder: Path) -> bytes:
    """The `results.json` of a folder; empty if it is missing, as while the folder is exchanged."""
    try:
        return (folder / RESULTS).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b""


def _revision_of(raw: bytes) -> Revision | None:
    """The revision that a `results.json` describes; None if it does not."""
    try:
        results = read_results(raw)
        provenance = results["provenance"]
        official = results.get("kind") == Kind.OFFICIAL
        revision = provenance.get("revision") or {"number": int(official)}
        return Revision(
            int(revision["number"]),
            str(provenance["key"]),
            str(provenance["generated"]),
            str(revision.get("reason", "")),
        )
    except NO_REVISION:
        return None


def _follows(published: Revision, last: Revision) -> bool:
    """The published revision came after the last one on record."""
    if published.number == last.number == 0:
        return published.key != last.key
    return published.number > last.number


def _is_record(record: Any) -> bool:
    if not isinstance(record, dict):
        return False
    return all(isinstance(record.get(key), kind) for key, kind in SHAPE.items())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
