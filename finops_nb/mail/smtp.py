"""One message to its recipients over SMTP: encrypted, retried where safe, with an outcome each."""

from __future__ import annotations

import email.policy
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from finops_nb.mail.answers import NOTHING_SENT, Undeliverable, answer_text, error_text, reason
from finops_nb.mail.settings import PREFIX, SmtpSettings
from finops_nb.outputs.mail_journal import DeliveryState
from finops_nb.report.format import noun

if TYPE_CHECKING:
    from finops_nb.mail.connection import Connection, Deadline

DELAYS: Final = (1, 4, 16)
"""Seconds before the second, third and fourth attempt.

Which errors another attempt may pass is decided in `mail/answers.py`; whether the next command
tries again in `outputs/mail_journal.py`, and said in `mail/send.py` and README.md.
"""

PATIENCE: Final = 10
"""Timeouts to wait for the content and the answer to it: servers scan a mail before they answer."""

LIMIT: Final = 900
"""Seconds that all attempts may take, since nobody else can mail the report meanwhile."""

SEVEN_BITS: Final = email.policy.SMTP.clone(cte_type="7bit")
"""How a message is written: every server accepts 7-bit characters, and lines end in CRLF."""

NO_ANSWER: Final = "no answer after sending began"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome for one recipient.

    Args:
        state: accepted (SENT), refused for good, not accepted yet (DEFERRED), or UNKNOWN.
        detail: what the server answered.
        of_message: the server refused the message, whoever it is for.
    """

    state: DeliveryState
    detail: str
    of_message: bool = False


Outcomes: TypeAlias = dict[str, Delivery]
"""The outcome of each recipient, by address."""


class Hooks(NamedTuple):
    """What a caller of `deliver` learns while it works.

    Args:
        before: called with the recipients whom the server accepts, just before the content is
            sent; what it raises stops the sending.
        after: called with the outcomes of each attempt as soon as they are known. A DEFERRED one
            may be tried again.
        notice: called with a sentence before each wait for another attempt.
    """

    before: Callable[[Sequence[str]], object] = lambda recipients: None
    after: Callable[[Mapping[str, Delivery]], object] = lambda outcomes: None
    notice: Callable[[str], object] = lambda sentence: None


NO_HOOKS: Final = Hooks()


def deliver(
    message: EmailMessage,
    recipients: Sequence[str],
    settings: SmtpSettings,
    hooks: Hooks = NO_HOOKS,
    *,
    timeout: float = 30,
    limit: float = LIMIT,
    sleep: Callable[[float], object] = time.sleep,
) -> Outcomes:
    """Send a message, and return the outcome for each recipient.

    It tries again, unless no answer came once the content began to be sent: that is UNKNOWN.

    Args:
        message: with all its headers; none of them is read here.
        recipients: plain addresses.
        settings: from `smtp_settings`.
        hooks: called before and after each attempt.
        timeout: seconds to wait for a connection, and for each answer as a whole.
        limit: seconds that all attempts may take.
        sleep: waits between attempts.

    Raises:
        Undeliverable: nobody was sent anything, and another attempt would fail too.
    """
    from finops_nb.mail.connection import Connection, Deadline

    data = message.as_bytes(policy=SEVEN_BITS)
    deadline = Deadline.in_seconds(limit)
    outcomes = dict.fromkeys(recipients, Delivery(DeliveryState.DEFERRED, ""))
    for waiting in _attempts(outcomes, deadline, hooks, sleep):
        try:
            outcomes |= _attempt(data, waiting, settings, hooks, Connection(deadline, timeout))
        except Undeliverable as error:
            if len(waiting) == len(outcomes):
                raise
            # An earlier attempt reached the others, and their outcomes must not be lost.
            return outcomes | dict.fromkeys(waiting, Delivery(DeliveryState.DEFERRED, str(error)))
    return outcomes


def _attempts(
    outcomes: Outcomes, deadline: Deadline, hooks: Hooks, sleep: Callable[[float], object]
) -> Iterator[list[str]]:
    """The recipients of each attempt, after the pause before it.

    Args:
        outcomes: of all recipients so far; read again before each attempt.
        deadline: no attempt begins after it.
        hooks: for the notice.
        sleep: waits.
    """
    for delay in (0, *DELAYS):
        waiting = _deferred(outcomes)
        if not waiting or deadline.is_within(delay):
            return
        _pause(delay, outcomes[waiting[0]], hooks, sleep)
        yield waiting


def _deferred(outcomes: Outcomes) -> list[str]:
    return [
        recipient
        for recipient, outcome in outcomes.items()
        if outcome.state is DeliveryState.DEFERRED
    ]


def _pause(delay: int, outcome: Delivery, hooks: Hooks, sleep: Callable[[float], object]) -> None:
    """Say why another attempt follows, and wait for it; the first one follows at once."""
    if delay:
        hooks.notice(f"{outcome.detail}. Trying again in {noun(delay, 'second')}.")
        sleep(delay)


def _attempt(
    data: bytes,
    recipients: Sequence[str],
    settings: SmtpSettings,
    hooks: Hooks,
    server: Connection,
) -> Outcomes:
    """Try once to send the message to these recipients."""
    outcomes: Outcomes = {}
    with ExitStack() as stack:
        try:
            stack.enter_context(_session(server, settings))
            accepted = _offer(server, recipients, len(data), settings, outcomes)
        except (OSError, ValueError) as error:
            deferred = Delivery(DeliveryState.DEFERRED, reason(error, settings))
            # Who was refused before the connection broke stays refused.
            outcomes |= {each: deferred for each in recipients if each not in outcomes}
            accepted = []
        if accepted:
            hooks.before(accepted)
            outcomes |= dict.fromkeys(accepted, _content(server, data, settings))
        hooks.after(outcomes)
    return outcomes


@contextmanager
def _session(server: Connection, settings: SmtpSettings) -> Iterator[None]:
    """Let it be connected, encrypted and logged in; QUIT ends it only where the block succeeds."""
    import ssl

    context = ssl.create_default_context() if settings.security == "tls" else None
    try:
        server.dial(settings.host, settings.port, context)
        server.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            _start_tls(server, settings)
        if settings.user:
            server.login(settings.user, settings.password)
        yield
        with suppress(OSError):
            server.quit()
    finally:
        server.close()


def _start_tls(server: Connection, settings: SmtpSettings) -> None:
    """Encrypt the connection.

    Raises:
        Undeliverable: the server does not offer it. Sending without it would be what somebody
            who strips STARTTLS from the connection wants.
        OSError: the server does not do it, or TLS failed.
    """
    import smtplib
    import ssl

    if not server.has_extn("starttls"):
        fix = f"If the server uses TLS on another port, set ${PREFIX}SECURITY to tls"
        raise Undeliverable(
            f"{settings.place} does not offer STARTTLS, so mail would go there in clear text. "
            f"{NOTHING_SENT} {fix}; otherwise somebody may be tampering with the connection."
        )
    code, answer = server.docmd("STARTTLS")
    if code != 220:
        raise smtplib.SMTPResponseException(code, answer)
    server.encrypt(settings.host, ssl.create_default_context())
    server.ehlo_or_helo_if_needed()


def _offer(
    server: Connection,
    recipients: Sequence[str],
    size: int,
    settings: SmtpSettings,
    outcomes: Outcomes,
) -> list[str]:
    """Announce the message.

    Args:
        server: in a session.
        recipients: plain addresses.
        size: bytes of the message.
        settings: for the sender.
        outcomes: gains one for each recipient whom the server does not accept.

    Returns:
        The recipients whom the server accepts; it waits for the content if there are any.
    """
    import smtplib

    announced = [f"SIZE={size}"] if server.has_extn("size") else []
    code, answer = server.mail(settings.address, announced)
    if not 200 <= code < 300:
        raise smtplib.SMTPSenderRefused(code, answer, settings.address)
    for recipient in recipients:
        code, answer = server.rcpt(recipient)
        if not 200 <= code < 300:
            outcomes[recipient] = _refused(code, answer, settings)
    accepted = [recipient for recipient in recipients if recipient not in outcomes]
    if not accepted:
        return []
    code, answer = server.docmd("DATA")
    if code == 354:
        server.check_silence()
        return accepted
    outcome = _refused(code, answer, settings, of_message=True)
    outcomes.update(dict.fromkeys(accepted, outcome))
    return []


def _content(server: Connection, data: bytes, settings: SmtpSettings) -> Delivery:
    """Send the message itself; from its first byte on, only an answer tells its outcome."""
    try:
        server.check_silence()
    except OSError as error:
        return Delivery(DeliveryState.DEFERRED, f"{settings.place}: {error_text(error, settings)}")
    timeout, server.patience = server.patience, PATIENCE * server.patience
    try:
        return _answered(server, data, settings)
    except OSError as error:
        detail = f"{NO_ANSWER}: {error_text(error, settings)}"
        return Delivery(DeliveryState.UNKNOWN, detail)
    finally:
        server.patience = timeout


def _answered(server: Connection, data: bytes, settings: SmtpSettings) -> Delivery:
    """Send the message itself, and return what the server answers.

    Raises:
        OSError: it did not answer.
    """
    from finops_nb.mail.connection import UnaskedAnswer

    # A line of one dot ends the message, so a dot that begins a line is doubled (RFC 5321, 4.5.2).
    lines = re.sub(rb"^\.", b"..", data, flags=re.MULTILINE)
    last_end = b"" if lines.endswith(b"\r\n") else b"\r\n"
    otherwise = DeliveryState.UNKNOWN
    try:
        server.send(lines + last_end)
        # Apart from the lines: an answer that is there before the end is no answer to the message.
        server.send(b".\r\n")
    except UnaskedAnswer as error:
        return _outcome(error.smtp_code, error.smtp_error, settings, otherwise, of_message=True)
    code, answer = server.getreply()
    if 200 <= code < 300:
        otherwise = DeliveryState.SENT
    return _outcome(code, answer, settings, otherwise, of_message=True)


def _refused(
    code: int, answer: bytes, settings: SmtpSettings, of_message: bool = False
) -> Delivery:
    """The outcome of an answer that does not accept a recipient or the message.

    Raises:
        SMTPResponseException: it is no answer.
    """
    import smtplib

    if code < 0:
        raise smtplib.SMTPResponseException(code, answer)
    return _outcome(code, answer, settings, DeliveryState.DEFERRED, of_message)


def _outcome(
    code: int,
    answer: bytes | str,
    settings: SmtpSettings,
    otherwise: DeliveryState,
    of_message: bool = False,
) -> Delivery:
    """What an answer means; `otherwise` is for codes that are neither 4xx nor 5xx."""
    state = {4: DeliveryState.DEFERRED, 5: DeliveryState.REFUSED}.get(code // 100, otherwise)
    detail = answer_text(code, answer, settings)
    return Delivery(state, detail, of_message and state is DeliveryState.REFUSED)
