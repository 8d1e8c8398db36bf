"""To whom a report was mailed, and how that ended: on the disk before each sending and after it, so that nobody is sent it twice."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from finops_nb.atomic_files import sync_folder
from finops_nb.clock import now
from finops_nb.errors import Failure, Problem, Refusal
from finops_nb.home import mail_of
from finops_nb.outputs.revisions import Revision

if TYPE_CHECKING:
    pass


class DeliveryState(StrEnum):
    """What became of a message for one recipient; `SENDING` stands in a journal only, until the answer is known."""

    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"


VALUE: Final = re.compile(rb'": "(?:[ !#-\[\]-~]|\\[ -~])*(?:\\$)?')
"""Of a key of a line of JSON, as far as it goes; a torn one has no end."""
JOURNAL: Final = "journal.jsonl"
"""Of the file, beside the mail."""
REACHED: Final = (DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.UNKNOWN)
"""Somebody has it, or may have it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal.

    Args:
        key: of the report.
        recipient: the address; upper and lower case are the same one.
        state: SENDING before the content is sent; then what became of it.
        message_id: of the message.
        detail: what was said.
        time: ISO 8601 in UTC.
    """

    key: str
    recipient: str
    state: DeliveryState
    message_id: str
    detail: str = ""
    time: str = field(default_factory=now)

    def as_line(self) -> bytes:
        """It as a line of a journal, without the line's end."""
        return json.dumps(asdict(self)).encode()


EMPTY: Final = json.dumps({each.name: "" for each in fields(Entry)}).encode()
"""What every line has in common."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of a NAME; who holds the NAME's lock may write to it.

    Args:
        file: `outputs/.mail/NAME/journal.jsonl`; no entries where it is missing.
    """

    file: Path

    @property
    def is_torn(self) -> bool:
        """Its last line is the beginning of an entry, as a crash leaves it; that is passed over, and gone with the next `record`.

        Raises:
            Failure: as for `states`.
        """
        return _is_torn(self._pieces()[-1])

    def states(self, key: str) -> dict[str, Entry]:
        """The last entry of each recipient of a report, by the address in lower case; none where another report reached them since.

        Raises:
            Failure: the journal can't be read; without it somebody might be sent the report twice.
        """
        found: dict[str, Entry] = {}
        for entry in self._entries():
            if entry.key == key:
                found[entry.recipient.lower()] = entry
            elif entry.state in REACHED:
                found.pop(entry.recipient.lower(), None)
        return found

    def open_recipients(
        self, recipients: Sequence[str], key: str, resend: bool = False
    ) -> tuple[list[str], dict[str, Entry]]:
        """Who is to be sent the report now, and the last entry of those who are not.

        Open are those who were never tried, and those whose server put it off. SENT, REFUSED and UNKNOWN are settled,
        and so is SENDING: a run ended before it knew.

        Args:
            recipients: plain addresses.
            key: of the report.
            resend: all are open.

        Raises:
            Failure: as for `states`.
        """
        states = self.states(key)
        found = {each: states[each.lower()] for each in recipients if each.lower() in states}
        settled = {
            each: entry
            for each, entry in found.items()
            if entry.state is not DeliveryState.DEFERRED and not resend
        }
        return [each for each in recipients if each not in settled], settled

    def reached_anybody(self) -> bool:
        """Any report of this NAME was sent to somebody, or may have been.

        Raises:
            Failure: as for `states`.
        """
        return any(entry.state in REACHED for entry in self._entries())

    def record(self, entries: Iterable[Entry]) -> None:
        """Write entries to the disk, after what stands there.

        Raises:
            Failure: the journal can't be read, or not be written.
        """
        data = b"".join(entry.as_line() + b"\n" for entry in entries)
        whole = sum(len(line) + 1 for line in self._lines())
        try:
            new = [folder for folder in self.file.parents if not folder.exists()]
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("ab") as handle:
                # The last line's end is written again: an editor may have left it out.
                handle.truncate(max(whole - 1, 0))
                handle.write((b"\n" if whole else b"") + data)
                handle.flush()
                os.fsync(handle.fileno())
            for folder in (self.file.parent, *(made.parent for made in new)):
                sync_folder(folder)
        except OSError as error:
            raise self._trouble("written", error) from error

    def _entries(self) -> Iterator[Entry]:
        for number, line in enumerate(self._lines(), 1):
            record = _parsed(line)
            if not isinstance(record, dict) or not _is_entry(record):
                fix = "Mend the line. Without it, its recipient might be sent the report twice; move the file away only if that may happen"
                raise Failure(f"{self.file}, line {number}: not an entry of a journal. {fix}.")
            yield Entry(**(record | {"state": DeliveryState(record["state"])}))

    def _lines(self) -> list[bytes]:
        """Without a last one that a crash tore: its sending had not begun, or its SENDING stands before it."""
        *lines, last = self._pieces()
        return [*lines, last] if last and not _is_torn(last) else lines

    def _pieces(self) -> list[bytes]:
        """What stands between the line ends; the last one is empty where the file ends with such an end."""
        try:
            return self.file.read_bytes().split(b"\n")
        except FileNotFoundError:
            return [b""]
        except OSError as error:
            raise self._trouble("read", error) from error

    def _trouble(self, done: str, error: OSError) -> Failure:
        return Failure(
            f"{self.file} can't be {done}: {error.strerror}. Nothing more is sent without it. Mend that, then run again."
        )


def _is_torn(piece: bytes) -> bool:
    """It is the beginning of one entry and nothing else; whatever else can't be read was written by somebody else."""
    shape = VALUE.sub(b'": "', piece)
    return shape != EMPTY and EMPTY.startswith(shape or b"?")


def check_reason(outputs: Path, name: str, revision: Revision) -> None:
    """Who was mailed a report is owed a reason for another one.

    Args:
        outputs: the folder of outputs.
        name: the NAME.
        revision: of it, from `History.upcoming`.

    Raises:
        Refusal: it is a new one, of a report that was mailed, and no reason is given.
        Failure: the journal can't be read.
    """
    owed = revision.is_new and revision.number > 1 and not revision.reason
    if owed and Journal(mail_of(outputs, name) / JOURNAL).reached_anybody():
        fix = f'Say why: finops-nb run {name} --reason "what changed, and why"'
        raise Refusal(
            Problem(
                f"it was mailed, and this would be its revision {revision.number}",
                fix,
                f"outputs/{name}",
            )
        )


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_entry(record: Mapping[str, Any]) -> bool:
    texts = all(isinstance(value, str) for value in record.values())
    return (
        texts
        and set(record) == {each.name for each in fields(Entry)}
        and record["state"] in set(DeliveryState)
    )
