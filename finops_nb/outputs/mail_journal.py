"""The journal of mail: who was sent a report, and how that ended, so that nobody gets it twice.

Each sending is written to the disk before it starts and again after it ends.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from finops_nb.atomic_files import PRIVATE, make_private, sync_folder
from finops_nb.clock import now
from finops_nb.errors import Failure, Problem, Refusal
from finops_nb.home import mail_of
from finops_nb.outputs.revisions import Revision


class DeliveryState(StrEnum):
    """The state of a message for one recipient.

    `SENDING` occurs in a journal only, until the answer is known.
    """

    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"


JOURNAL: Final = "journal.jsonl"
"""The file's name, in the folder of the NAME's mail."""
REACHED: Final = (DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.UNKNOWN)
"""The recipient has the message, or may have it."""
VALUE: Final = re.compile(rb'": "(?:[ !#-\[\]-~]|\\[ -~])*(?:\\$)?')
"""The value of a key in a line of JSON, as far as it goes: that of a torn line has no end."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal.

    Args:
        key: of the report.
        recipient: the address; upper and lower case are the same address.
        state: SENDING before the content is sent, then the result.
        message_id: of the message.
        detail: what the server or the system answered.
        time: ISO 8601 in UTC.

    Example:
        {"key": "ab12…", "recipient": "ada@example.com", "state": "sent",
         "message_id": "<1@example.com>", "detail": "250 OK", "time": "2026-01-02T03:04:05Z"}
    """

    key: str
    recipient: str
    state: DeliveryState
    message_id: str
    detail: str = ""
    time: str = field(default_factory=now)

    def as_line(self) -> bytes:
        """The entry as a line of a journal, without the line end."""
        return json.dumps(asdict(self)).encode()


EMPTY: Final = json.dumps({key.name: "" for key in fields(Entry)}).encode()
"""A line with every value empty: the shape that all lines share."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of a NAME; only the holder of the NAME's lock may write to it.

    Args:
        file: `outputs/.mail/NAME/journal.jsonl`; a missing file has no entries.
    """

    file: Path

    @property
    def is_torn(self) -> bool:
        """The last line is only the start of an entry, as a crash leaves it.

        Such a line is ignored, and the next `record` overwrites it.

        Raises:
            Failure: as for `states`.
        """
        return _is_torn(self._pieces()[-1])

    def states(self, key: str) -> dict[str, Entry]:
        """The last entry of each recipient of a report.

        Returns:
            Entry by address in lower case, without recipients whom another report reached later.

        Raises:
            Failure: the journal can't be read; without it, somebody might get the report twice.
        """
        last: dict[str, Entry] = {}
        for entry in self._entries():
            address = entry.recipient.lower()
            if entry.key == key:
                last[address] = entry
            elif entry.state in REACHED:
                last.pop(address, None)
        return last

    def open_recipients(
        self, recipients: Sequence[str], key: str, resend: bool = False
    ) -> tuple[list[str], dict[str, Entry]]:
        """The recipients to send the report to now, and the last entry of all others.

        Open are recipients never tried, and recipients whose server deferred the message. SENT,
        REFUSED and UNKNOWN are settled, and so is SENDING: a run ended before it had an answer.

        Args:
            recipients: plain addresses.
            key: of the report.
            resend: all are open.

        Returns:
            Open addresses in the order given; and entry by settled address.

        Raises:
            Failure: as for `states`.
        """
        states = self.states(key)
        settled: dict[str, Entry] = {}
        for recipient in () if resend else recipients:
            entry = states.get(recipient.lower())
            if entry and entry.state is not DeliveryState.DEFERRED:
                settled[recipient] = entry
        return [recipient for recipient in recipients if recipient not in settled], settled

    def reached_anybody(self) -> bool:
        """Any report of this NAME was sent to somebody, or may have been.

        Raises:
            Failure: as for `states`.
        """
        return any(entry.state in REACHED for entry in self._entries())

    def record(self, entries: Iterable[Entry]) -> None:
        """Add entries at the end of the file, and bring them to the disk.

        Raises:
            Failure: the journal can't be read or written.
        """
        data = b"".join(entry.as_line() + b"\n" for entry in entries)
        kept_size = sum(len(line) + 1 for line in self._lines())
        try:
            new_folders = [folder for folder in self.file.parents if not folder.exists()]
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(self.file, "ab", opener=_private) as handle:
                make_private(handle.fileno())
                # The last line's end is written again: an editor may have dropped it.
                handle.truncate(max(kept_size - 1, 0))
                handle.write((b"\n" if kept_size else b"") + data)
                handle.flush()
                os.fsync(handle.fileno())
            for folder in (self.file.parent, *(new.parent for new in new_folders)):
                sync_folder(folder)
        except OSError as error:
            raise self._failure("written", error) from error

    def _entries(self) -> Iterator[Entry]:
        for number, line in enumerate(self._lines(), 1):
            record = _parsed(line)
            if not isinstance(record, dict) or not _is_entry(record):
                fix = (
                    "Fix the line. Without it, its recipient might get the report twice; "
                    "move the file away only if that is acceptable"
                )
                raise Failure(f"{self.file}, line {number}: not an entry of a journal. {fix}.")
            yield Entry(**(record | {"state": DeliveryState(record["state"])}))

    def _lines(self) -> list[bytes]:
        """All lines but a torn last one.

        Nothing is lost with it: either its sending had not begun, or its SENDING is a line before.
        """
        *lines, last = self._pieces()
        return [*lines, last] if last and not _is_torn(last) else lines

    def _pieces(self) -> list[bytes]:
        """The file split at line ends; the last piece is empty if the file ends with one."""
        try:
            return self.file.read_bytes().split(b"\n")
        except FileNotFoundError:
            return [b""]
        except OSError as error:
            raise self._failure("read", error) from error

    def _failure(self, done: str, error: OSError) -> Failure:
        return Failure(
            f"{self.file} can't be {done}: {error.strerror}. "
            "No mail is sent without it. Fix that, then run again."
        )


def _private(file: str, flags: int) -> int:
    """Open a file that, if it is new, its owner alone may open."""
    return os.open(file, flags, PRIVATE)


def check_reason(outputs: Path, name: str, revision: Revision) -> None:
    """See that a new revision of a mailed report has a reason.

    Args:
        outputs: the folder of outputs.
        name: the NAME.
        revision: of it, from `History.upcoming`.

    Raises:
        Refusal: it is a new revision of a report that was mailed, and it has no reason.
        Failure: the journal can't be read.

    Example:
        finops-nb run 2025-12 --reason "late invoices of org-beta"
    """
    needs_reason = revision.is_new and revision.number > 1 and not revision.reason
    if needs_reason and Journal(mail_of(outputs, name) / JOURNAL).reached_anybody():
        rule = f"the report was mailed, so revision {revision.number} needs a reason"
        fix = f'Give one: finops-nb run {name} --reason "what changed, and why"'
        raise Refusal(Problem(rule, fix, f"outputs/{name}"))


def _is_torn(piece: bytes) -> bool:
    """It is the start of one entry and nothing else.

    Anything else that can't be read was written by somebody else.
    """
    shape = VALUE.sub(b'": "', piece)
    return shape != EMPTY and EMPTY.startswith(shape or b"?")


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_entry(record: Mapping[str, Any]) -> bool:
    if set(record) != {key.name for key in fields(Entry)}:
        return False
    if not all(isinstance(value, str) for value in record.values()):
        return False
    return record["state"] in set(DeliveryState)
