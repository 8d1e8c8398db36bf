"""Whom a report goes to by mail, and with what attached: the key `mail` of a params file."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from finops_nb.errors import did_you_mean

ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS: Final = re.compile(
    rf"(?=[^@]{{1,64}}@[^@]{{1,253}}\Z){ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})*", re.ASCII
)
"""One plain address, no display name, nothing quoted, nothing that could begin another header."""

OTHERWISE_SPELLED: Final = re.compile("[ßς\u200c\u200d]")
"""Letters of domains that the two standards of their ASCII form spell in two ways."""

ATTACHMENTS: Final = ("html", "pdf", "xlsx")
NOTHING: Final = "none"


def address(value: Any) -> str:
    """`value`, if it is one plain address.

    Raises:
        ValueError: it is not; the message is a rule and a fix, parted by "; ".
    """
    if not isinstance(value, str) or not ADDRESS.fullmatch(value):
        if plain := _in_ascii(str(value)):
            raise ValueError(
                f"an address that is not all ASCII; write its domain as mail programs send it: {plain}"
            )
        raise ValueError(
            "not an address; write one plain address, such as ada@example.com, without a name beside it"
        )
    return value


def _in_ascii(text: str) -> str:
    """An address whose domain has other letters than ASCII, with them in their ASCII form; empty where it is none."""
    user, _, domain = text.rpartition("@")
    try:
        plain = f"{user}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return ""
    return (
        plain if ADDRESS.fullmatch(plain) and not OTHERWISE_SPELLED.search(domain.lower()) else ""
    )


def _addresses(value: Any) -> tuple[str, ...]:
    return tuple(
        address(each) for each in (value if isinstance(value, (list, tuple)) else (value,))
    )


def _reply_to(value: Any) -> str:
    return "" if value == "" else address(value)


def _attachments(value: Any) -> Any:
    return () if value == NOTHING else value if isinstance(value, (list, tuple)) else (value,)


def _attachment(value: str) -> str:
    if value == NOTHING:
        raise ValueError("none, and yet in a list; write attachment: none")
    if value not in ATTACHMENTS:
        raise ValueError(
            f"not one of the known; {did_you_mean(value.lower(), (*ATTACHMENTS, NOTHING))}"
        )
    return value


Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses)]


class MailList(BaseModel):
    """Whom a report goes to. Addresses are plain text, each of them once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Addresses = Field(min_length=1, description="an address, or a list of them")
    cc: Addresses = Field(default=(), description="an address, or a list of them")
    reply_to: Annotated[str, BeforeValidator(_reply_to)] = Field(
        default="", description="the address that answers go to"
    )
    attachment: Annotated[
        tuple[Annotated[str, AfterValidator(_attachment)], ...], BeforeValidator(_attachments)
    ] = Field(default=("html",), description="html, pdf, xlsx, a list of them, or none")

    @model_validator(mode="after")
    def _nobody_is_named_twice(self) -> Self:
        named = [each.lower() for each in (*self.to, *self.cc)]
        twice = sorted({each for each in named if named.count(each) > 1})
        if twice:
            raise ValueError(
                f"{', '.join(twice)} is named twice; name every address once, in to or in cc"
            )
        return self
