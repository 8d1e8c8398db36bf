"""The mail of a NAME: written to `outputs/.mail/NAME/`, and sent when that is asked for and nothing stands against it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path, PurePath
from typing import Final

from finops_nb.errors import Busy, Failure, Problem, Refusal
from finops_nb.history import now
from finops_nb.home import Home
from finops_nb.job import STEM
from finops_nb.lock import hold
from finops_nb.mail.journal import JOURNAL, Entry, Journal
from finops_nb.mail.letter import letter, preview
from finops_nb.mail.publication import FILES, Publication, objections, read_publication
from finops_nb.mail.settings import SmtpSettings, smtp_settings
from finops_nb.mail.smtp import State, deliver
from finops_nb.mail_list import MailList, address
from finops_nb.params import load_params
from finops_nb.publish import replace_file

MESSAGE: Final = "message.eml"
PREVIEW: Final = "preview.html"

Notice = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What was written, and whether everybody has it.

    Args:
        message: the path of the .eml.
        preview: the path of its HTML, for a browser.
        complete: it was only to be written, or every recipient was sent it, now or before.
    """

    message: Path
    preview: Path
    complete: bool


def mail(
    home: Home, name: str, *, to: Sequence[str] = (), send: bool = False, allow: bool = False, resend: bool = False, notice: Notice
) -> Dispatch:
    """Write the mail of a published report, and send it if asked.

    Args:
        home: the home.
        name: the NAME.
        to: who gets it, in place of those that the params name.
        send: send it to who was not sent it yet.
        allow: whatever stands against that, as long as there is a report.
        resend: to everybody once more.
        notice: given sentences that the user should read, among them one for each recipient.

    Raises:
        Refusal: nothing is published, nobody is named, or something stands against sending it.
        Busy: another process mails this NAME.
        Failure: it could not be written or sent; the journal knows who was sent it.
    """
    name = home.check_name(name)
    try:
        with _held(home, name):
            publication = read_publication(home, name)
            those = _mail_list(home, name, to)
            against, settings, unset = [*objections(home, publication)], *_settings()
            if send and (unset or (against and not allow)):
                raise Refusal([*unset, *(() if allow else against)])
            for problem in (*against, *unset):
                notice(f"{'Allowed' if send else '--send would refuse'}: {problem}")
            message = _message(publication, those, settings)
            folder = home.outputs / ".mail" / name
            for file, data in ((MESSAGE, message.as_bytes()), (PREVIEW, preview(message).encode("utf-8"))):
                replace_file(folder / file, data, lambda draft: None)
            complete = not send or _send(message, publication.key, those, settings, Journal(folder / JOURNAL), resend, against, notice)
            return Dispatch(folder / MESSAGE, folder / PREVIEW, complete)
    except OSError as error:
        place = home.shown(Path(os.fsdecode(error.filename))) if error.filename else "outputs/.mail"
        raise Failure(f"{place}: {error.strerror or error}. {JOURNAL} beside the mail says who was sent it.") from error


@contextmanager
def _held(home: Home, name: str) -> Iterator[None]:
    """Two at once would send it twice."""
    try:
        with hold(home.outputs / ".runs", f"{name}~mail"):
            yield
    except Busy:
        raise Busy(f"Another process mails {name}. Wait for it to end, then try again.") from None


def _mail_list(home: Home, name: str, to: Sequence[str]) -> MailList:
    """Whom it goes to, and with what attached: as the params say, but for those named in their place.

    Raises:
        Refusal: nobody is named, or not by an address; or the params can't be read, where they are needed.
    """
    try:
        named = load_params(home, name).mail
    except Refusal:
        if not to:
            raise
        named = None
    if not to and named is None:
        fix = "Write mail: {to: [ada@example.com]} there, or name who gets it with --to ada@example.com"
        raise Refusal(Problem("nobody is named to mail it to", fix, file=f"params/{name}.yaml", column="mail"))
    if not to:
        return named
    if problems := [problem for each in to for problem in _no_address(each)]:
        raise Refusal(problems)
    once = {each.lower(): each for each in to}
    kept = {} if named is None else {"reply_to": named.reply_to, "attachment": named.attachment}
    return MailList(to=tuple(once.values()), **kept)


def _no_address(text: str) -> Iterator[Problem]:
    try:
        address(text)
    except ValueError as error:
        rule, fix = str(error).split("; ")
        yield Problem(rule, fix.capitalize(), column="--to", value=text)


def _settings() -> tuple[SmtpSettings | None, Sequence[Problem]]:
    """The server to send by, or what is wrong with it: a mail that is only written needs none."""
    try:
        return smtp_settings(os.environ), ()
    except Refusal as refusal:
        return None, refusal.problems


def _message(publication: Publication, those: MailList, settings: SmtpSettings | None) -> EmailMessage:
    missing = [file for file in map(FILES.__getitem__, those.attachment) if file not in publication.files]
    if missing:
        fix = f"Run it again: finops-nb run {publication.name}; or leave pdf out of mail: {{attachment: ...}}"
        where = {"file": f"params/{publication.name}.yaml", "column": "mail.attachment"}
        raise Refusal([Problem(f"outputs/{publication.name}/{file} is not published", fix, **where) for file in missing])
    stem = f"{STEM}_{publication.name.replace('/', '_')}"
    attached = {f"{stem}{PurePath(FILES[kind]).suffix}": publication.files[FILES[kind]] for kind in those.attachment}
    sender = "" if settings is None else settings.sender
    written = datetime.fromisoformat(now())
    return letter(publication.results, attached, sender=sender, to=those.to, cc=those.cc, reply_to=those.reply_to, date=written)


def _send(
    message: EmailMessage,
    key: str,
    those: MailList,
    settings: SmtpSettings,
    journal: Journal,
    resend: bool,
    against: Sequence[Problem],
    notice: Notice,
) -> bool:
    """Whether every recipient was sent it, now or before."""
    allowed = "".join(f" Allowed: {problem}" for problem in against)

    def record(states: Mapping[str, tuple[State, str]]) -> None:
        journal.record(Entry(key, each, state, message["Message-ID"], f"{said}{allowed}".strip()) for each, (state, said) in states.items())

    waiting, settled = journal.open_recipients((*those.to, *those.cc), key, resend)
    for entry in settled.values():
        notice(f"{entry.recipient}: {_said_before(entry)}")
    outcomes = deliver(
        message,
        waiting,
        settings,
        before=lambda recipients: record(dict.fromkeys(recipients, (State.SENDING, ""))),
        after=lambda found: record({each: (outcome.state, outcome.detail) for each, outcome in found.items()}),
    ) if waiting else {}  # fmt: skip
    for recipient, outcome in outcomes.items():
        notice(f"{recipient}: {_said(outcome.state, outcome.detail)}")
    return {State.SENT} >= {each.state for each in (*outcomes.values(), *settled.values())}


def _said(state: State, detail: str) -> str:
    """What became of it for one recipient, and the way out."""
    return {
        State.SENT: "sent",
        State.REFUSED: f"refused: {detail}. Mend the address, or try again with --resend.",
        State.DEFERRED: f"not sent: {detail}. Run the same again later; who was sent it is not sent it twice.",
        State.UNKNOWN: f"unknown: {detail}. Look whether it arrived before you use --resend.",
    }[state]


def _said_before(entry: Entry) -> str:
    if entry.state is State.SENT:
        return f"already sent on {entry.time} (--resend sends it again)"
    if entry.state is State.REFUSED:
        return f"refused on {entry.time} (--resend tries again)"
    return f"unknown since {entry.time}: no answer came. Look whether it arrived before you use --resend."
