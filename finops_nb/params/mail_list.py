"""Whom a report goes to by mail, and with what attached: the key `mail` of a params file.

mail: {to: [ada@example.com], cc: [], reply_to: finops@example.com, attachment: [html, pdf]}
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from finops_nb.errors import BadValue, did_you_mean

ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS: Final = re.compile(
    rf"(?=[^@]{{1,64}}@[^@]{{1,253}}\Z){ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})*", re.ASCII
)
"""One plain address: no display name, nothing quoted, nothing that could start another header."""

TWO_SPELLINGS: Final = re.compile("[ßς\u200c\u200d]")
"""Letters of domains that IDNA 2003 and IDNA 2008 spell in two ways in ASCII."""

ATTACHMENTS: Final = ("html", "pdf", "xlsx")
NOTHING: Final = "none"


def address(value: Any) -> str:
    """`value`, if it is one plain address.

    Raises:
        BadValue: it is not.

    >>> address("ada@example.com")
    'ada@example.com'
    """
    if isinstance(value, str) and ADDRESS.fullmatch(value):
        return value
    if in_ascii := _in_ascii(str(value)):
        fix = f"Write its domain as mail programs send it: {in_ascii}"
        raise BadValue("an address with letters that mail can't carry", fix)
    fix = "Write one plain address, such as ada@example.com, without a name next to it"
    raise BadValue("not an address", fix)


def _in_ascii(text: str) -> str:
    """An address with its domain in ASCII; empty where there is no address or no one spelling."""
    user, _, domain = text.rpartition("@")
    if TWO_SPELLINGS.search(domain.lower()):
        return ""
    try:
        in_ascii = f"{user}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return ""
    return in_ascii if ADDRESS.fullmatch(in_ascii) else ""


def _as_tuple(value: Any) -> tuple[Any, ...]:
    """A list as it is; a single value as a list of one."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _addresses(value: Any) -> tuple[str, ...]:
    """Addresses; a problem says which item of a list it is about."""
    texts = _as_tuple(value)
    if len(texts) == 1:
        return (address(texts[0]),)
    addresses, problems = [], []
    for number, text in enumerate(texts, start=1):
        try:
            addresses.append(address(text))
        except BadValue as error:
            problems.append((f"item {number} is {error.rule}", error.fix))
    if problems:
        rules, fixes = zip(*problems, strict=True)
        raise BadValue(", ".join(rules), ". ".join(dict.fromkeys(fixes)))
    return tuple(addresses)


def _reply_to(value: Any) -> str:
    return "" if value == "" else address(value)


def _attachments(value: Any) -> tuple[Any, ...]:
    return () if value == NOTHING else _as_tuple(value)


def _attachment(value: str) -> str:
    if value == NOTHING:
        raise BadValue("none can't be in a list", f"Write attachment: {NOTHING}")
    if value not in ATTACHMENTS:
        raise BadValue("unknown value", did_you_mean(value.lower(), (*ATTACHMENTS, NOTHING)))
    return value


Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses)]
Attachment = Annotated[str, AfterValidator(_attachment)]
Attachments = Annotated[tuple[Attachment, ...], BeforeValidator(_attachments)]


class MailList(BaseModel):
    """Whom a report goes to. Addresses are plain text, and each is there once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Addresses = Field(min_length=1, description="an address, or a list of them")
    cc: Addresses = Field(default=(), description="an address, or a list of them")
    reply_to: Annotated[str, BeforeValidator(_reply_to)] = Field(
        default="", description="the address that replies go to"
    )
    attachment: Attachments = Field(
        default=("html",), description="html, pdf, xlsx, a list of them, or none"
    )

    @model_validator(mode="after")
    def _each_address_is_named_once(self) -> Self:
        named = [each.lower() for each in (*self.to, *self.cc)]
        twice = sorted({each for each in named if named.count(each) > 1})
        if twice:
            verb = "is" if len(twice) == 1 else "are"
            fix = "Keep each address once, in to or in cc"
            raise BadValue(f"{', '.join(twice)} {verb} listed twice", fix)
        return self
