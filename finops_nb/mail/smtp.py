"""One message to its recipients over SMTP: encrypted, retried where safe, with an outcome each."""

from __future__ import annotations

import base64
import email.policy
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from finops_nb.errors import Failure
from finops_nb.mail.settings import PREFIX, SmtpSettings
from finops_nb.outputs.mail_journal import DeliveryState
from finops_nb.report.format import noun
from finops_nb.words import shortened

if TYPE_CHECKING:
    import smtplib

DELAYS: Final = (1, 4, 16)
"""Seconds before the second, third and fourth attempt.

Whether the next command tries again is decided in `outputs/mail_journal.py`, and said in
`mail/send.py`.
"""

PATIENCE: Final = 10
"""Timeouts to wait for the content and the answer to it: servers scan a mail before they answer."""

ANSWER_LENGTH: Final = 200
"""Characters of a server's answer that are kept."""

TOO_LARGE: Final = re.compile(r"552 (?!5\.(?!2\.3|3\.4))|\d{3} 5\.(2\.3|3\.4)\b")
"""How servers refuse a message for its size; 552 5.2.2 is a full mailbox."""

SEVEN_BITS: Final = email.policy.SMTP.clone(cte_type="7bit")
"""How a message is written: every server accepts 7-bit characters, and lines end in CRLF."""

NO_ANSWER: Final = "no answer after sending began"
NOTHING_SENT: Final = "Nothing was sent."
SETTINGS_FIX: Final = f"Check that ${PREFIX}HOST, ${PREFIX}PORT and ${PREFIX}SECURITY match"


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


class Undeliverable(Failure):
    """The server or its settings can't be used: its certificate, STARTTLS, login or sender."""


def deliver(
    message: EmailMessage,
    recipients: Sequence[str],
    settings: SmtpSettings,
    hooks: Hooks = NO_HOOKS,
    *,
    timeout: float = 30,
    sleep: Callable[[float], object] = time.sleep,
) -> Outcomes:
    """Send a message, and return the outcome for each recipient.

    It tries again where the server deferred the mail or was not reached, but not where no answer
    came after the content began to be sent: then the outcome is UNKNOWN.

    Args:
        message: with all its headers; none of them is read here.
        recipients: plain addresses.
        settings: from `smtp_settings`.
        hooks: called before and after each attempt.
        timeout: seconds to wait for a connection, and for each answer.
        sleep: waits between attempts.

    Raises:
        Undeliverable: nobody was sent anything, and another attempt would fail too.
    """
    data = message.as_bytes(policy=SEVEN_BITS)
    outcomes = dict.fromkeys(recipients, Delivery(DeliveryState.DEFERRED, ""))
    for delay in (0, *DELAYS):
        waiting = _deferred(outcomes)
        if not waiting:
            break
        _pause(delay, outcomes[waiting[0]], hooks, sleep)
        try:
            outcomes |= _attempt(data, waiting, settings, hooks, timeout)
        except Undeliverable as error:
            if len(waiting) == len(outcomes):
                raise
            # An earlier attempt reached the others, and their outcomes must not be lost.
            return outcomes | dict.fromkeys(waiting, Delivery(DeliveryState.DEFERRED, str(error)))
    return outcomes


def is_too_large(answer: str) -> bool:
    """Whether a server that answered this refused a message for its size.

    Example:
        `552 5.3.4 at most 1 MB` is such an answer; `552 5.2.2 mailbox full` is not.
    """
    return TOO_LARGE.match(answer) is not None


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
    data: bytes, recipients: Sequence[str], settings: SmtpSettings, hooks: Hooks, timeout: float
) -> Outcomes:
    """Try once to send the message to these recipients."""
    outcomes: Outcomes = {}
    with ExitStack() as stack:
        try:
            server = stack.enter_context(_session(settings, timeout))
            accepted = _offer(server, recipients, len(data), settings, outcomes)
        except (OSError, ValueError) as error:
            deferred = Delivery(DeliveryState.DEFERRED, _reason(error, settings))
            # Who was refused before the connection broke stays refused.
            outcomes |= {each: deferred for each in recipients if each not in outcomes}
            accepted = []
        if accepted:
            hooks.before(accepted)
            outcomes |= dict.fromkeys(accepted, _content(server, data, settings, timeout))
        hooks.after(outcomes)
    return outcomes


@contextmanager
def _session(settings: SmtpSettings, timeout: float) -> Iterator[smtplib.SMTP]:
    """An encrypted, logged-in connection; it ends with QUIT only where the block succeeds."""
    server = _connection(settings, timeout)
    try:
        server.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            _start_tls(server, settings)
        if settings.user:
            server.login(settings.user, settings.password)
        yield server
        with suppress(OSError):
            server.quit()
    finally:
        server.close()


def _connection(settings: SmtpSettings, timeout: float) -> smtplib.SMTP:
    import smtplib
    import ssl

    host, port = settings.host, settings.port
    if settings.security != "tls":
        return smtplib.SMTP(host, port, timeout=timeout)
    context = ssl.create_default_context()
    return smtplib.SMTP_SSL(host, port, timeout=timeout, context=context)


def _start_tls(server: smtplib.SMTP, settings: SmtpSettings) -> None:
    """Encrypt the connection.

    Raises:
        Undeliverable: the server does not offer it. Sending without it would be what somebody
            who strips STARTTLS from the connection wants.
    """
    import ssl

    if not server.has_extn("starttls"):
        fix = f"If the server uses TLS on another port, set ${PREFIX}SECURITY to tls"
        raise Undeliverable(
            f"{settings.place} does not offer STARTTLS, so mail would go there in clear text. "
            f"{NOTHING_SENT} {fix}; otherwise somebody may be tampering with the connection."
        )
    server.starttls(context=ssl.create_default_context())
    server.ehlo_or_helo_if_needed()


def _offer(
    server: smtplib.SMTP,
    recipients: Sequence[str],
    size: int,
    settings: SmtpSettings,
    outcomes: Outcomes,
) -> list[str]:
    """Announce the message.

    Args:
        server: from `_session`.
        recipients: plain addresses.
        size: bytes of the message.
        settings: for the sender.
        outcomes: gains one for each recipient whom the server does not accept.

    Returns:
        The recipients whom the server accepts; it waits for the content if there are any.
    """
    import smtplib

    options = [f"SIZE={size}"] if server.has_extn("size") else []
    code, answer = server.mail(settings.address, options)
    if not 200 <= code < 300:
        raise smtplib.SMTPSenderRefused(code, answer, settings.address)
    accepted = []
    for recipient in recipients:
        code, answer = server.rcpt(recipient)
        if 200 <= code < 300:
            accepted.append(recipient)
        else:
            outcomes[recipient] = _outcome(code, answer, settings, DeliveryState.DEFERRED)
    if not accepted:
        return []
    code, answer = server.docmd("DATA")
    if code == 354:
        return accepted
    outcome = _outcome(code, answer, settings, DeliveryState.DEFERRED, of_message=True)
    outcomes.update(dict.fromkeys(accepted, outcome))
    return []


def _content(server: smtplib.SMTP, data: bytes, settings: SmtpSettings, timeout: float) -> Delivery:
    """Send the message itself; from its first byte on, only an answer tells its outcome."""
    # A line of one dot ends the message, so a dot that begins a line is doubled (RFC 5321, 4.5.2).
    lines = re.sub(rb"^\.", b"..", data, flags=re.MULTILINE)
    last_end = b"" if lines.endswith(b"\r\n") else b"\r\n"
    assert server.sock is not None
    try:
        server.sock.settimeout(PATIENCE * timeout)
        server.send(lines + last_end + b".\r\n")
        code, answer = server.getreply()
        server.sock.settimeout(timeout)
    except OSError as error:
        detail = f"{NO_ANSWER}: {_short(error, settings)}"
        return Delivery(DeliveryState.UNKNOWN, detail)
    otherwise = DeliveryState.SENT if 200 <= code < 300 else DeliveryState.UNKNOWN
    return _outcome(code, answer, settings, otherwise, of_message=True)


def _outcome(
    code: int,
    answer: bytes,
    settings: SmtpSettings,
    otherwise: DeliveryState,
    of_message: bool = False,
) -> Delivery:
    """What an answer means; `otherwise` is for codes that are neither 4xx nor 5xx."""
    state = {4: DeliveryState.DEFERRED, 5: DeliveryState.REFUSED}.get(code // 100, otherwise)
    detail = f"{code} {_short(answer, settings)}"
    return Delivery(state, detail, of_message and state is DeliveryState.REFUSED)


def _reason(error: Exception, settings: SmtpSettings) -> str:
    """Why nothing was sent by this attempt, where another one may succeed.

    Raises:
        Undeliverable: another one would fail too.
    """
    import smtplib

    text = _short(error, settings)
    if isinstance(error, smtplib.SMTPResponseException):
        # A code of -1 is smtplib's own, for an answer that has none.
        text = f"{error.smtp_code} {_short(error.smtp_error, settings)}".removeprefix("-1 ")
    lasting = _lasting_fault(error, text, settings)
    if lasting is None:
        return f"{settings.place}: {text}"
    rule, fix = lasting
    raise Undeliverable(f"{rule}. {NOTHING_SENT} {fix}.") from None


def _lasting_fault(error: Exception, text: str, settings: SmtpSettings) -> tuple[str, str] | None:
    """A fault that another attempt would meet again, and its fix; None for one that may pass."""
    import smtplib
    import ssl

    place = settings.place
    match error:
        case smtplib.SMTPResponseException() if error.smtp_code >= 500:
            return _refusal(error, text, settings)
        case smtplib.SMTPResponseException() if error.smtp_code >= 400:
            return None
        case ssl.SSLCertVerificationError():
            reason = error.verify_message.rstrip(".")
            rule = f"The certificate of {settings.host} is not trusted: {reason}"
            fix = f"Set ${PREFIX}HOST to the name in the certificate, or name a file of trusted"
            return rule, f"{fix} issuers in $SSL_CERT_FILE (it replaces the system's list)"
        case ssl.SSLError() if not isinstance(error, ssl.SSLEOFError):
            return f"TLS with {place} failed: {text}", SETTINGS_FIX
        case smtplib.SMTPResponseException() | ValueError():
            return f"{place} does not answer like a mail server: {text}", SETTINGS_FIX
        case smtplib.SMTPException() if not isinstance(error, smtplib.SMTPServerDisconnected):
            return f"{place} can't be used with these settings: {text}", SETTINGS_FIX
    return None


def _refusal(
    error: smtplib.SMTPResponseException, text: str, settings: SmtpSettings
) -> tuple[str, str]:
    """What the server refused for good, the login or the message as a whole, and how to fix it."""
    import smtplib

    place = settings.place
    if isinstance(error, smtplib.SMTPAuthenticationError):
        fix = f"Check ${PREFIX}USER and ${PREFIX}PASSWORD"
        return f"{place} refused the login: {text}", fix
    if is_too_large(text):
        fix = "Attach less, for example mail: {attachment: none} in the params"
        return f"{place} does not accept mail of this size: {text}", fix
    return f"{place} does not accept mail from {settings.address}: {text}", SETTINGS_FIX


def _short(answer: bytes | str | Exception, settings: SmtpSettings) -> str:
    """An answer, or an error's reason, as one short line without its full stop.

    The password is taken out of it: a server with a fault may repeat it.
    """
    if isinstance(answer, bytes):
        text = answer.decode("ascii", "replace")
    else:
        text = str(getattr(answer, "strerror", None) or answer)
    for secret in _secrets(settings):
        text = text.replace(secret, "(password)")
    printable = "".join(char if char.isprintable() else " " for char in text)
    return shortened(" ".join(printable.split()).rstrip("."), ANSWER_LENGTH)


def _secrets(settings: SmtpSettings) -> list[str]:
    """The password in each form in which a login sends it: in Base64, then plain."""
    if not settings.password:
        return []
    encoded = (f"\0{settings.user}\0{settings.password}", settings.password)
    return [*(base64.b64encode(each.encode()).decode() for each in encoded), settings.password]
