"""What a server, or the system, answered: as a short line that holds no secret, and what it means."""

from __future__ import annotations

import base64
import re
from typing import Final

from finops_nb.mail.settings import SmtpSettings

LENGTH: Final = 200
TOO_LARGE: Final = re.compile(r"552 (?!5\.(?!2\.3|3\.4))|\d{3} 5\.(2\.3|3\.4)\b")
"""What servers say to more than they take; 552 5.2.2 is a full mailbox."""


def answer(said: bytes | str | Exception, settings: SmtpSettings) -> str:
    """What was said, as one short line without its full stop, and without the password, which a server may repeat."""
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else str(getattr(said, "strerror", None) or said)
    if plain := settings.password:
        for secret in (*(base64.b64encode(each.encode()).decode() for each in (f"\0{settings.user}\0{plain}", plain)), plain):
            text = text.replace(secret, "(password)")
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split()).rstrip(".")
    return text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"


def is_too_large(said: str) -> bool:
    """Whether a server that said this refused a message for its size."""
    return TOO_LARGE.match(said) is not None
