"""What a mail server's answers and errors mean: in words, for good or for now.

A text from a server is made short and printable, and holds no password.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final

from finops_nb.errors import Failure
from finops_nb.mail.settings import PREFIX, SmtpSettings
from finops_nb.words import shortened

if TYPE_CHECKING:
    import smtplib

ANSWER_LENGTH: Final = 200
"""Characters of a server's answer that are kept."""

TOO_LARGE: Final = re.compile(r"552 (?!5\.(?!2\.3|3\.4))|\d{3} 5\.(2\.3|3\.4)\b")
"""How servers refuse a message for its size; 552 5.2.2 is a full mailbox."""

NOTHING_SENT: Final = "Nothing was sent."
SETTINGS_FIX: Final = f"Check that ${PREFIX}HOST, ${PREFIX}PORT and ${PREFIX}SECURITY match"


class Undeliverable(Failure):
    """The server or its settings can't be used: its certificate, STARTTLS, login or sender."""


def is_too_large(answer: str) -> bool:
    """Whether a server that answered this refused a message for its size.

    Example:
        `552 5.3.4 at most 1 MB` is such an answer; `552 5.2.2 mailbox full` is not.
    """
    return TOO_LARGE.match(answer) is not None


def reason(error: Exception, settings: SmtpSettings) -> str:
    """Why nothing was sent by this attempt, where another one may succeed.

    Raises:
        Undeliverable: another one would fail too.
    """
    text = error_text(error, settings)
    lasting = _lasting_fault(error, text, settings)
    if lasting is None:
        return f"{settings.place}: {text}"
    rule, fix = lasting
    raise Undeliverable(f"{rule}. {NOTHING_SENT} {fix}.") from None


def _lasting_fault(error: Exception, text: str, settings: SmtpSettings) -> tuple[str, str] | None:
    """A fault that another attempt would meet again, and its fix; None for one that may pass."""
    import smtplib
    import ssl

    from finops_nb.mail.connection import UnaskedAnswer

    place = settings.place
    match error:
        case smtplib.SMTPResponseException() if error.smtp_code >= 500:
            return _refusal(error, text, settings)
        case smtplib.SMTPResponseException() if error.smtp_code >= 400:
            return None
        case UnaskedAnswer():
            fix = "Ask who runs the mail server; somebody may be tampering with the connection"
            return f"{place} {text}", fix
        case ssl.SSLCertVerificationError():
            cause = error.verify_message.rstrip(".")
            rule = f"The certificate of {settings.host} is not trusted: {cause}"
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


def error_text(error: Exception, settings: SmtpSettings) -> str:
    """An error's reason, or the answer that it stands for, as `_short` has it."""
    import smtplib

    if isinstance(error, smtplib.SMTPResponseException):
        return answer_text(error.smtp_code, error.smtp_error, settings)
    return _short(error, settings)


def answer_text(code: int, answer: bytes | str, settings: SmtpSettings) -> str:
    """An answer with its code; -1, which stands for an answer that has none, is left out."""
    text = f"{code} {_short(answer, settings)}".removeprefix("-1 ").strip()
    return text or "an answer that can't be read"


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
