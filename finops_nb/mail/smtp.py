"""One message to its recipients over SMTP: encrypted, tried again where that is safe, and what became of it for each of them."""

from __future__ import annotations

import base64
import email.policy
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING, Final

from finops_nb.errors import Failure
from finops_nb.mail.settings import PREFIX, SmtpSettings
from finops_nb.outputs.mail_journal import DeliveryState
from finops_nb.report.format import noun

if TYPE_CHECKING:
    import smtplib

LENGTH: Final = 200
TOO_LARGE: Final = re.compile(r"552 (?!5\.(?!2\.3|3\.4))|\d{3} 5\.(2\.3|3\.4)\b")
"""What servers say to more than they take; 552 5.2.2 is a full mailbox."""


def answer(said: bytes | str | Exception, settings: SmtpSettings) -> str:
    """What was said, as one short line without its full stop, and without the password, which a server may repeat."""
    text = (
        said.decode("ascii", "replace")
        if isinstance(said, bytes)
        else str(getattr(said, "strerror", None) or said)
    )
    if plain := settings.password:
        for secret in (
            *(
                base64.b64encode(each.encode()).decode()
                for each in (f"\0{settings.user}\0{plain}", plain)
            ),
            plain,
        ):
            text = text.replace(secret, "(password)")
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split()).rstrip(
        "."
    )
    return text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"


def is_too_large(said: str) -> bool:
    """Whether a server that said this refused a message for its size."""
    return TOO_LARGE.match(said) is not None


DELAYS: Final = (1, 4, 16)
"""Seconds before the second, third and fourth attempt."""

PATIENCE: Final = 10
"""The content and the answer to it may take so many timeouts: servers look it through before they answer."""

BROKE: Final = "no answer came after the message began to be sent"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How it ended for one recipient.

    Args:
        state: taken (SENT), refused for good, not taken yet (DEFERRED), or nobody knows.
        detail: what was said.
        of_message: it was said of the message, whoever it is for.
    """

    state: DeliveryState
    detail: str
    of_message: bool = False


class Undeliverable(Failure):
    """The server can't be used as it is, or as it is set up; another attempt would not mend it."""


def deliver(
    message: EmailMessage,
    recipients: Sequence[str],
    settings: SmtpSettings,
    *,
    before: Callable[[Sequence[str]], object] = lambda recipients: None,
    after: Callable[[Mapping[str, Delivery]], object] = lambda outcomes: None,
    notice: Callable[[str], object] = lambda sentence: None,
    timeout: float = 30,
    sleep: Callable[[float], object] = time.sleep,
) -> dict[str, Delivery]:
    """Hand a message to the server, and say for each recipient what became of it.

    What the server put off, and what never reached it, is tried again. What it may have taken is not: where the
    connection breaks after the content began to be sent, the outcome is UNKNOWN.

    Args:
        message: with all its headers; none of them is read here.
        recipients: plain addresses.
        settings: from `smtp_settings`.
        before: called with those whom the server will have the message for, just before its content is sent; what it raises stops that.
        after: called with the outcomes of each attempt as soon as they are known, DEFERRED ones that will be tried again among them.
        notice: given a sentence before each wait for another attempt.
        timeout: seconds to wait for a connection, and for each answer.
        sleep: waits between attempts.

    Raises:
        Undeliverable: another attempt would not mend it (certificate, no STARTTLS, login, sender), and nobody was sent anything.
    """
    # As 7 bits, which every server takes; and before there is a connection that waits for it.
    data = message.as_bytes(policy=email.policy.SMTP.clone(cte_type="7bit"))
    outcomes = dict.fromkeys(recipients, Delivery(DeliveryState.DEFERRED, ""))
    for delay in (0, *DELAYS):
        waiting = [
            each for each, outcome in outcomes.items() if outcome.state is DeliveryState.DEFERRED
        ]
        if not waiting:
            break
        if delay:
            notice(f"{outcomes[waiting[0]].detail}. Trying again in {noun(delay, 'second')}.")
            sleep(delay)
        try:
            found = _attempt(data, waiting, settings, before, after, timeout)
        except Undeliverable as fault:
            if len(waiting) == len(outcomes):
                raise
            return outcomes | dict.fromkeys(waiting, Delivery(DeliveryState.DEFERRED, str(fault)))
        outcomes |= found
    return outcomes


def _attempt(
    data: bytes,
    recipients: Sequence[str],
    settings: SmtpSettings,
    before: Callable[[Sequence[str]], object],
    after: Callable[[Mapping[str, Delivery]], object],
    timeout: float,
) -> dict[str, Delivery]:
    found: dict[str, Delivery] = {}
    with ExitStack() as stack:
        try:
            server = stack.enter_context(_session(settings, timeout))
            taken = _offer(server, recipients, len(data), settings, found)
        except (OSError, ValueError) as error:
            backtest = Delivery(DeliveryState.DEFERRED, _reason(error, settings))
            found |= {each: backtest for each in recipients if each not in found}
            taken = []
        if taken:
            before(taken)
            found |= dict.fromkeys(taken, _content(server, data, settings, timeout))
        after(found)
    return found


@contextmanager
def _session(settings: SmtpSettings, timeout: float) -> Iterator[smtplib.SMTP]:
    """A connection on which mail may be offered; it ends with QUIT only where the block does well."""
    import smtplib
    import ssl

    if settings.security == "tls":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host, settings.port, timeout=timeout, context=context
        )
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=timeout)
    try:
        server.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            if not server.has_extn("starttls"):
                fix = f"If the server speaks TLS on another port, set ${PREFIX}SECURITY to tls; else somebody may be in between"
                raise Undeliverable(
                    f"{settings.place} offers no STARTTLS; mail would go there in clear text. Nothing was sent. {fix}."
                )
            server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
        if settings.user:
            server.login(settings.user, settings.password)
        yield server
        with suppress(OSError):
            server.quit()
    finally:
        server.close()


def _offer(
    server: smtplib.SMTP,
    recipients: Sequence[str],
    size: int,
    settings: SmtpSettings,
    found: dict[str, Delivery],
) -> list[str]:
    """Whom the server will have the message for; the others are entered in `found`."""
    import smtplib

    code, said = server.mail(settings.address, [f"SIZE={size}"] if server.has_extn("size") else [])
    if not 200 <= code < 300:
        raise smtplib.SMTPSenderRefused(code, said, settings.address)
    taken = []
    for each in recipients:
        code, said = server.rcpt(each)
        if 200 <= code < 300:
            taken.append(each)
        else:
            found[each] = _outcome(code, said, settings, DeliveryState.DEFERRED)
    if taken:
        code, said = server.docmd("DATA")
        if code != 354:
            found.update(
                dict.fromkeys(
                    taken, _outcome(code, said, settings, DeliveryState.DEFERRED, of_message=True)
                )
            )
            return []
    return taken


def _content(server: smtplib.SMTP, data: bytes, settings: SmtpSettings, timeout: float) -> Delivery:
    """Send the message itself; from its first byte on, only an answer tells whether it was taken."""
    lines = re.sub(rb"^\.", b"..", data, flags=re.MULTILINE)
    assert server.sock is not None
    try:
        server.sock.settimeout(PATIENCE * timeout)
        server.send(lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        code, said = server.getreply()
        server.sock.settimeout(timeout)
    except OSError as error:
        return Delivery(DeliveryState.UNKNOWN, f"{BROKE}: {answer(error, settings)}")
    return _outcome(
        code,
        said,
        settings,
        DeliveryState.SENT if 200 <= code < 300 else DeliveryState.UNKNOWN,
        of_message=True,
    )


def _outcome(
    code: int,
    said: bytes,
    settings: SmtpSettings,
    otherwise: DeliveryState,
    of_message: bool = False,
) -> Delivery:
    state = {4: DeliveryState.DEFERRED, 5: DeliveryState.REFUSED}.get(code // 100, otherwise)
    return Delivery(
        state, f"{code} {answer(said, settings)}", of_message and state is DeliveryState.REFUSED
    )


def _reason(error: Exception, settings: SmtpSettings) -> str:
    """Why nothing was sent this time.

    Raises:
        Undeliverable: nor would it be the next time.
    """
    import smtplib
    import ssl

    place, text = settings.place, answer(error, settings)
    if isinstance(error, smtplib.SMTPResponseException):
        # A code of -1 is smtplib's, for what has none.
        text = f"{error.smtp_code} {answer(error.smtp_error, settings)}".removeprefix("-1 ")
    fix = f"See that ${PREFIX}HOST, ${PREFIX}PORT and ${PREFIX}SECURITY belong together"
    match error:
        case smtplib.SMTPResponseException() if error.smtp_code >= 400:
            if error.smtp_code < 500:
                return f"{place}: {text}"
            rule = f"{place} takes no mail from {settings.address}"
            if is_too_large(text):
                rule, fix = (
                    f"{place} takes no mail of this size",
                    "Attach less, such as mail: {attachment: none} in the params",
                )
            if isinstance(error, smtplib.SMTPAuthenticationError):
                rule, fix = (
                    f"{place} refused the login",
                    f"See that ${PREFIX}USER and ${PREFIX}PASSWORD are right",
                )
        case ssl.SSLCertVerificationError():
            rule, text = (
                f"The certificate of {settings.host} is not trusted",
                error.verify_message.rstrip("."),
            )
            fix = f"Set ${PREFIX}HOST to the name in the certificate; $SSL_CERT_FILE names a file of issuers to trust instead of the system's"
        case ssl.SSLError() if not isinstance(error, ssl.SSLEOFError):
            rule = f"{place} does not speak TLS as it should"
        case smtplib.SMTPResponseException() | ValueError():
            rule = f"{place} does not answer as a mail server does"
        case smtplib.SMTPException() if not isinstance(error, smtplib.SMTPServerDisconnected):
            rule = f"{place} can't be used as it is set up"
        case _:
            return f"{place}: {text}"
    raise Undeliverable(f"{rule}: {text}. Nothing was sent. {fix}.") from None
