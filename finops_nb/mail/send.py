"""The mail of a NAME: written to `outputs/.mail/NAME/`, and sent when that is asked for and nothing stands against it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path, PurePath
from typing import Final

from finops_nb.atomic_files import replace_file
from finops_nb.clock import now
from finops_nb.errors import Failure, Interrupted, Problem, Refusal
from finops_nb.home import Home, mail_of
from finops_nb.mail.message import letter, preview
from finops_nb.mail.publication import FILES, Publication, objections, read_publication
from finops_nb.mail.settings import SmtpSettings, sender_of, smtp_settings
from finops_nb.mail.smtp import Delivery, deliver, is_too_large
from finops_nb.outputs.artifacts import STEM
from finops_nb.outputs.lock import hold
from finops_nb.outputs.mail_journal import JOURNAL, DeliveryState, Entry, Journal
from finops_nb.params.mail_list import MailList, address
from finops_nb.params.model import load_params
from finops_nb.params.scenario import FOLDER


def again(name: str, recipient: str, allow: bool) -> str:
    """The command that sends a report to one recipient once more, whatever is on record."""
    return f"finops-nb mail {name} --to {recipient} --send{' --allow' if allow else ''} --resend"


def advice(outcome: Delivery, command: str) -> str:
    """What became of it now.

    Args:
        outcome: from `deliver`.
        command: from `again`.
    """
    return {
        DeliveryState.SENT: "sent",
        DeliveryState.REFUSED: f"refused: {outcome.detail}. {_mend(outcome)}, then: {command}",
        DeliveryState.DEFERRED: f"not sent: {outcome.detail}. Run it again later, without --resend; who was sent it is not sent it twice.",
        DeliveryState.UNKNOWN: f"unknown: {outcome.detail}. Look whether it arrived; if not: {command}",
    }[outcome.state]


def advice_before(entry: Entry, command: str) -> str:
    """What became of it on a former run, which is why this one leaves it alone.

    Args:
        entry: from the journal.
        command: from `again`.
    """
    if entry.state is DeliveryState.SENT:
        return f"already sent on {entry.time}; once more: {command}"
    if entry.state is DeliveryState.REFUSED:
        return f"refused on {entry.time}; to try again: {command}"
    return f"unknown since {entry.time}: no answer came. Look whether it arrived; if not: {command}"


def _mend(outcome: Delivery) -> str:
    if not outcome.of_message:
        return "Mend the address, or what is said there"
    if is_too_large(outcome.detail):
        return "The mail is too large, the address is not at fault: attach less, such as mail: {attachment: none}"
    return "The message is refused, the address is not at fault: ask who runs the server, or attach less"


MESSAGE: Final = "message.eml"
PREVIEW: Final = "preview.html"

Notify = Callable[[str], None]


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
    home: Home,
    name: str,
    *,
    to: Sequence[str] = (),
    send: bool = False,
    allow: bool = False,
    resend: bool = False,
    notice: Notify,
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
        with hold(home.runs, f"{name}~mail", doing="mailed"):
            publication = read_publication(home, name)
            those = _mail_list(home, name, to)
            against, settings, unset = [*objections(home, publication)], *_settings()
            if send and (unset or (against and not allow)):
                raise Refusal([*unset, *(() if allow else against)])
            for problem in (*against, *unset):
                notice(
                    f"Allowed: {problem.file}: {problem.rule}."
                    if send
                    else f"--send would refuse: {problem}"
                )
            message = _message(publication, those, resend)
            folder = mail_of(home.outputs, name)
            for file, data in (
                (MESSAGE, message.as_bytes()),
                (PREVIEW, preview(message).encode("utf-8")),
            ):
                replace_file(folder / file, data, lambda draft: None)
            if not send:
                for_whom = ", for" if unset or against else "; --send sends it to"
                notice(f"Written, not sent{for_whom} {', '.join((*those.to, *those.cc))}.")
                return Dispatch(folder / MESSAGE, folder / PREVIEW, True)
            assert settings is not None
            complete = _send(
                message,
                publication,
                those,
                settings,
                Journal(folder / JOURNAL),
                resend,
                against,
                notice,
            )
            return Dispatch(folder / MESSAGE, folder / PREVIEW, complete)
    except OSError as error:
        place = home.shown(Path(os.fsdecode(error.filename))) if error.filename else "outputs/.mail"
        raise Failure(
            f"{place}: {error.strerror or error}. {JOURNAL} beside the mail says who was sent it."
        ) from error


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
    if not to and name.startswith(FOLDER):
        rule = "nobody is named to mail a what-if to; those of its base get the official report"
        raise Refusal(
            Problem(rule, "Name who gets it: --to ada@example.com", file=f"params/{name}.yaml")
        )
    if not to and named is None:
        fix = "Write mail: {to: [ada@example.com]} there, or name who gets it with --to ada@example.com"
        raise Refusal(
            Problem("nobody is named to mail it to", fix, file=f"params/{name}.yaml", column="mail")
        )
    if not to:
        if named is None:
            fix = "Write mail: {to: [ada@example.com]} there, or name who gets it with --to ada@example.com"
            raise Refusal(
                Problem(
                    "nobody is named to mail it to", fix, file=f"params/{name}.yaml", column="mail"
                )
            )
        return named
    if problems := [problem for each in to for problem in _no_address(each)]:
        raise Refusal(problems)
    once = tuple({each.lower(): each for each in to}.values())
    return (
        MailList(to=once)
        if named is None
        else MailList(to=once, reply_to=named.reply_to, attachment=named.attachment)
    )


def _no_address(text: str) -> Iterator[Problem]:
    try:
        address(text)
    except ValueError as error:
        rule, fix = str(error).split("; ")
        yield Problem(rule, fix[:1].upper() + fix[1:], column="--to", value=text)


def _settings() -> tuple[SmtpSettings | None, Sequence[Problem]]:
    """The server to send by, or what is wrong with it: a mail that is only written needs none."""
    try:
        return smtp_settings(os.environ), ()
    except Refusal as refusal:
        return None, refusal.problems


def _message(publication: Publication, those: MailList, anew: bool) -> EmailMessage:
    missing = [kind for kind in those.attachment if FILES[kind] not in publication.files]
    if missing:
        raise Refusal([_not_published(publication.name, kind) for kind in missing])
    stem = f"{STEM}_{publication.name.replace('/', '_')}"
    attached = {
        f"{stem}{PurePath(FILES[kind]).suffix}": publication.files[FILES[kind]]
        for kind in those.attachment
    }
    written = datetime.fromisoformat(now())
    sender, reply_to = sender_of(os.environ), those.reply_to
    return letter(
        publication.results,
        attached,
        sender=sender,
        to=those.to,
        cc=those.cc,
        reply_to=reply_to,
        date=written,
        anew=anew,
    )


def _not_published(name: str, kind: str) -> Problem:
    fix = f"Run it again: finops-nb run {name}; or leave {kind} out of mail: {{attachment: ...}}"
    return Problem(
        f"outputs/{name}/{FILES[kind]} is not published",
        fix,
        file=f"params/{name}.yaml",
        column="mail.attachment",
    )


def _send(
    message: EmailMessage,
    publication: Publication,
    those: MailList,
    settings: SmtpSettings,
    journal: Journal,
    resend: bool,
    against: Sequence[Problem],
    notice: Notify,
) -> bool:
    """Whether every recipient was sent it, now or before."""
    key, allowed = (
        publication.key,
        "".join(f" Allowed: {problem.file}: {problem.rule}." for problem in against),
    )

    def record(states: Mapping[str, tuple[DeliveryState, str]]) -> None:
        journal.record(
            Entry(key, each, state, message["Message-ID"], f"{said}{allowed}".strip())
            for each, (state, said) in states.items()
        )

    if journal.is_torn:
        notice(
            f"{JOURNAL} beside the mail ended within an entry, as after a crash; that entry is passed over."
        )
    waiting, settled = journal.open_recipients((*those.to, *those.cc), key, resend)
    for entry in settled.values():
        notice(
            f"{entry.recipient}: {advice_before(entry, again(publication.name, entry.recipient, bool(against)))}"
        )
    try:
        outcomes = deliver(
            message,
            waiting,
            settings,
            before=lambda recipients: record(dict.fromkeys(recipients, (DeliveryState.SENDING, ""))),
            after=lambda found: record({each: (outcome.state, outcome.detail) for each, outcome in found.items()}),
            notice=notice,
        ) if waiting else {}  # fmt: skip
    except KeyboardInterrupt as error:
        for entry in journal.states(key).values():
            if entry.state is DeliveryState.SENDING:
                notice(
                    f"{entry.recipient}: {advice_before(entry, again(publication.name, entry.recipient, bool(against)))}"
                )
        raise Interrupted(
            f"Interrupted. {JOURNAL} beside the mail knows who was sent it; run it again, without --resend, for the others."
        ) from error
    for recipient, outcome in outcomes.items():
        notice(f"{recipient}: {advice(outcome, again(publication.name, recipient, bool(against)))}")
    return {DeliveryState.SENT} >= {outcome.state for outcome in outcomes.values()} | {
        entry.state for entry in settled.values()
    }
