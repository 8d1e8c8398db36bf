"""The mail of a NAME: written to `outputs/.mail/NAME/`, and sent on request."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path, PurePath
from typing import Final

from finops_nb.atomic_files import private_folder, replace_file
from finops_nb.clock import now
from finops_nb.errors import BadValue, Failure, Interrupted, Problem, Refusal
from finops_nb.home import Home, mail_of
from finops_nb.mail.answers import is_too_large
from finops_nb.mail.message import Envelope, compose_message, preview
from finops_nb.mail.publication import FILES, Publication, objections, read_publication
from finops_nb.mail.read_back import check_mail
from finops_nb.mail.settings import SmtpSettings, sender_of, smtp_settings
from finops_nb.mail.smtp import Delivery, Hooks, Outcomes, deliver
from finops_nb.outputs.artifacts import STEM
from finops_nb.outputs.links import refuse_links
from finops_nb.outputs.lock import hold
from finops_nb.outputs.mail_journal import JOURNAL, DeliveryState, Entry, Journal
from finops_nb.params.mail_list import MailList, address
from finops_nb.params.params_file import load_params
from finops_nb.params.scenario import FOLDER
from finops_nb.words import listing

MESSAGE: Final = "message.eml"
PREVIEW: Final = "preview.html"

Notify = Callable[[str], None]
"""Takes a sentence that the user should read."""


@dataclass(frozen=True, slots=True)
class MailResult:
    """What was written, and whether everybody has it.

    Args:
        message: the path of the .eml.
        preview: the path of its HTML, for a browser.
        complete: it was only to be written, or every recipient was sent it, now or before.
    """

    message: Path
    preview: Path
    complete: bool = True


def mail(
    home: Home,
    name: str,
    *,
    to: Sequence[str] = (),
    send: bool = False,
    allow: bool = False,
    resend: bool = False,
    notice: Notify,
) -> MailResult:
    """Write the mail of a published report, and send it if asked.

    Args:
        home: the home.
        name: the NAME.
        to: recipients instead of those in the params.
        send: send it to everybody who was not sent it yet.
        allow: send it despite objections, as long as there is a report.
        resend: send it to everybody once more.
        notice: given sentences for the user, among them one for each recipient.

    Raises:
        Refusal: nothing is published, there are no recipients, or there is an objection to sending.
        Busy: another process mails this NAME.
        Failure: it could not be written or sent; the journal records who was sent it.
    """
    name = home.check_name(name)
    try:
        with hold(home.runs, f"{name}~mail", doing="mailed"):
            mailing = _prepare(home, name, to, resend, notice)
            mailing.check(send, allow)
            for file in (JOURNAL, MESSAGE, PREVIEW):
                refuse_links(home.outputs, mailing.folder / file)
            private_folder(mailing.folder, home.outputs)
            return mailing.send() if send else mailing.write()
    except OSError as error:
        journal = home.shown(mail_of(home.outputs, name) / JOURNAL)
        place = home.shown(Path(os.fsdecode(error.filename))) if error.filename else "outputs/.mail"
        reason = error.strerror or error
        raise Failure(f"{place}: {reason}. {journal} records who it was sent to.") from error


def _prepare(home: Home, name: str, to: Sequence[str], resend: bool, notice: Notify) -> _Mailing:
    publication = read_publication(home, name)
    mail_list = _mail_list(home, name, to)
    settings, setting_problems = _settings()
    return _Mailing(
        publication=publication,
        mail_list=mail_list,
        settings=settings,
        setting_problems=tuple(setting_problems),
        objections=tuple(objections(home, publication)),
        folder=mail_of(home.outputs, name),
        shown_journal=home.shown(mail_of(home.outputs, name) / JOURNAL),
        resend=resend,
        notice=notice,
    )


@dataclass(frozen=True, slots=True)
class _Mailing:
    """One mailing of a report.

    Args:
        publication: the report.
        mail_list: the recipients, and what is attached.
        settings: of the mail server; None where they have problems.
        setting_problems: of the mail server's settings.
        objections: to sending this report; `--allow` overrides them.
        folder: where the mail is written.
        shown_journal: the journal's path, as a user reads it.
        resend: send it to every recipient, even if it was sent before.
        notice: given sentences for the user.
    """

    publication: Publication
    mail_list: MailList
    settings: SmtpSettings | None
    setting_problems: tuple[Problem, ...]
    objections: tuple[Problem, ...]
    folder: Path
    shown_journal: str
    resend: bool
    notice: Notify

    @property
    def recipients(self) -> tuple[str, ...]:
        return (*self.mail_list.to, *self.mail_list.cc)

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / JOURNAL)

    def check(self, send: bool, allow: bool) -> None:
        """Say what sending would be refused for, or what was allowed.

        Raises:
            Refusal: it is to be sent, and can't be, or there are objections that are not allowed.
        """
        against = () if allow else self.objections
        if send and (self.setting_problems or against):
            raise Refusal([*self.setting_problems, *against])
        for problem in self.objections:
            self.notice(_allowed(problem) if send else f"--send would refuse: {problem}")
        for problem in self.setting_problems:
            text = f"{problem}".replace(": not set", " is not set", 1)
            self.notice(f"--send will not work yet: {text}")

    def write(self) -> MailResult:
        """Write the message and its preview, and say that it was not sent."""
        result, _ = self._written()
        names = listing(self.recipients)
        is_ready = not self.setting_problems and not self.objections
        next_step = f"--send sends it to {names}" if is_ready else f"It is addressed to {names}"
        self.notice(f"Written, not sent. {next_step}.")
        return result

    def send(self) -> MailResult:
        """Write the message and its preview, send it to those still missing, and say how it went.

        Raises:
            Interrupted: by the user; the journal records who was sent it.
        """
        result, message = self._written()
        if self.journal.is_torn:
            self.notice(f"{self.shown_journal} ends with half an entry, as after a crash; ignored.")
        waiting, settled = self.journal.open_recipients(
            self.recipients, self.publication.key, self.resend
        )
        for entry in settled.values():
            self._say_earlier(entry)
        outcomes = self._deliver(message, waiting) if waiting else {}
        for recipient, outcome in outcomes.items():
            text = _outcome_text(outcome, self._resend_command(recipient))
            self.notice(f"{recipient}: {text}")
        states = {outcome.state for outcome in outcomes.values()}
        states |= {entry.state for entry in settled.values()}
        return replace(result, complete=states <= {DeliveryState.SENT})

    def _written(self) -> tuple[MailResult, EmailMessage]:
        message = _message(self.publication, self.mail_list, self.resend)
        files = {MESSAGE: message.as_bytes(), PREVIEW: preview(message).encode("utf-8")}
        for file, data in files.items():
            replace_file(self.folder / file, data, lambda draft: None, private=True)
        return MailResult(self.folder / MESSAGE, self.folder / PREVIEW), message

    def _deliver(self, message: EmailMessage, waiting: Sequence[str]) -> Outcomes:
        """Send the message; the journal has an entry before the sending and one after it."""
        assert self.settings is not None
        identifier = message["Message-ID"]
        starting = (DeliveryState.SENDING, "")

        def before(recipients: Sequence[str]) -> None:
            self._record(identifier, dict.fromkeys(recipients, starting))

        def after(outcomes: Mapping[str, Delivery]) -> None:
            states = {each: (made.state, made.detail) for each, made in outcomes.items()}
            self._record(identifier, states)

        try:
            return deliver(message, waiting, self.settings, Hooks(before, after, self.notice))
        except KeyboardInterrupt as error:
            for entry in self.journal.states(self.publication.key).values():
                if entry.state is DeliveryState.SENDING:
                    self._say_earlier(entry)
            raise Interrupted(
                f"Interrupted. {self.shown_journal} records who it was sent to. "
                "Run the command again, without --resend, for the others."
            ) from error

    def _record(self, identifier: str, states: Mapping[str, tuple[DeliveryState, str]]) -> None:
        allowed = "".join(f" {_allowed(problem)}" for problem in self.objections)
        self.journal.record(
            Entry(self.publication.key, recipient, state, identifier, f"{detail}{allowed}".strip())
            for recipient, (state, detail) in states.items()
        )

    def _say_earlier(self, entry: Entry) -> None:
        text = _earlier_text(entry, self._resend_command(entry.recipient))
        self.notice(f"{entry.recipient}: {text}")

    def _resend_command(self, recipient: str) -> str:
        """The command that sends the report to one recipient, whatever the journal says."""
        allow = " --allow" if self.objections else ""
        name = self.publication.name
        return f"finops-nb mail {name} --to {recipient} --send{allow} --resend"


def _mail_list(home: Home, name: str, to: Sequence[str]) -> MailList:
    """The recipients and what is attached: as the params say, except for recipients in `to`.

    Raises:
        Refusal: there are no recipients, or one is not an address; or the params, where they are
            needed, can't be read.
    """
    try:
        named = load_params(home, name).mail
    except Refusal:
        if not to:
            raise
        named = None
    if not to:
        return _named_in_params(name, named)
    if problems := [problem for text in to for problem in _address_problems(text)]:
        raise Refusal(problems)
    # An address counts once, whatever its case; the last spelling is kept.
    once = tuple({text.lower(): text for text in to}.values())
    if named is None:
        return MailList(to=once)
    return MailList(to=once, reply_to=named.reply_to, attachment=named.attachment)


def _named_in_params(name: str, named: MailList | None) -> MailList:
    file = f"params/{name}.yaml"
    if name.startswith(FOLDER):
        rule = "a what-if has no recipients; its base's recipients get only the official report"
        raise Refusal(Problem(rule, "Name a recipient: --to ada@example.com", file=file))
    if named is None:
        fix = "Write mail: {to: [ada@example.com]} there, or add --to ada@example.com"
        raise Refusal(Problem("no recipients", fix, file=file, column="mail"))
    return named


def _address_problems(text: str) -> Iterator[Problem]:
    try:
        address(text)
    except BadValue as error:
        yield error.problem(column="--to", value=text)


def _settings() -> tuple[SmtpSettings | None, Sequence[Problem]]:
    """The mail server's settings, or their problems: a mail that is only written needs none."""
    try:
        return smtp_settings(os.environ), ()
    except Refusal as refusal:
        return None, refusal.problems


def _message(publication: Publication, mail_list: MailList, resend: bool) -> EmailMessage:
    unpublished = [kind for kind in mail_list.attachment if FILES[kind] not in publication.files]
    if unpublished:
        raise Refusal([_unpublished(publication.name, kind) for kind in unpublished])
    stem = f"{STEM}_{publication.name.replace('/', '_')}"
    files = [FILES[kind] for kind in mail_list.attachment]
    attachments = {f"{stem}{PurePath(file).suffix}": publication.files[file] for file in files}
    message = compose_message(
        publication.results,
        attachments,
        Envelope(
            sender=sender_of(os.environ),
            to=mail_list.to,
            cc=mail_list.cc,
            reply_to=mail_list.reply_to,
            date=datetime.fromisoformat(now()),
            resend=resend,
        ),
    )
    check_mail(message.as_bytes(), publication.results, attachments)
    return message


def _unpublished(name: str, kind: str) -> Problem:
    rule = f"outputs/{name}/{FILES[kind]} is not published"
    fix = f"Run it again: finops-nb run {name}; or remove {kind} from mail: {{attachment: ...}}"
    return Problem(rule, fix, file=f"params/{name}.yaml", column="mail.attachment")


def _allowed(problem: Problem) -> str:
    return f"Allowed: {problem.file}: {problem.rule}."


def _outcome_text(outcome: Delivery, command: str) -> str:
    """The outcome for a recipient, and what to do about it.

    Args:
        outcome: from `deliver`.
        command: sends the report to this recipient once more.
    """
    match outcome.state:
        case DeliveryState.SENT:
            return "sent"
        case DeliveryState.REFUSED:
            return f"refused: {outcome.detail}. {_refusal_fix(outcome)}, then run: {command}"
        case DeliveryState.DEFERRED:
            fix = "Run the command again later, without --resend; nobody is mailed twice"
            return f"not sent: {outcome.detail}. {fix}."
    return f"unknown: {outcome.detail}. {_arrival_check(command)}"


def _refusal_fix(outcome: Delivery) -> str:
    if not outcome.of_message:
        return "Fix the address, or the cause that the server names"
    if is_too_large(outcome.detail):
        fix = "Attach less, for example mail: {attachment: none}"
        return f"The mail is too large; the address is fine. {fix}"
    fix = "Ask whoever runs the mail server, or attach less"
    return f"The server refused the message; the address is fine. {fix}"


def _earlier_text(entry: Entry, command: str) -> str:
    """The outcome of an earlier run, which is why this one leaves the recipient alone.

    Args:
        entry: from the journal.
        command: sends the report to this recipient once more.
    """
    match entry.state:
        case DeliveryState.SENT:
            return f"already sent on {entry.time}; to send it once more: {command}"
        case DeliveryState.REFUSED:
            return f"refused on {entry.time}; to try again: {command}"
    return f"unknown since {entry.time}: the server did not answer. {_arrival_check(command)}"


def _arrival_check(command: str) -> str:
    return f"Check whether it arrived; if not, run: {command}"
