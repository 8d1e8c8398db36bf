"""Whom a report goes to by mail, and with what attached: the key `mail` of a params file."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)
"""What HTML calls a valid e-mail address: one address, no display name, nothing that could begin another header."""

Attachment: TypeAlias = Literal["html", "pdf"]


def address(value: Any) -> str:
    """`value`, if it is one plain address.

    Raises:
        ValueError: it is not; the message is a rule and a fix, parted by "; ".
    """
    if not isinstance(value, str) or not ADDRESS.fullmatch(value) or ".." in value:
        raise ValueError("not an address; write one plain address, such as ada@example.com, without a name beside it")
    return value


def _addresses(value: Any) -> tuple[str, ...]:
    return tuple(address(each) for each in (value if isinstance(value, (list, tuple)) else (value,)))


def _reply_to(value: Any) -> str:
    return "" if value == "" else address(value)


def _attachments(value: Any) -> Any:
    return () if value == "none" else value if isinstance(value, (list, tuple)) else (value,)


Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses)]


class MailList(BaseModel):
    """Whom a report goes to. Addresses are plain text, each of them once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Addresses = Field(min_length=1, description="an address, or a list of them")
    cc: Addresses = Field(default=(), description="an address, or a list of them")
    reply_to: Annotated[str, BeforeValidator(_reply_to)] = Field(default="", description="the address that answers go to")
    attachment: Annotated[tuple[Attachment, ...], BeforeValidator(_attachments)] = Field(
        default=("html",), description="html, pdf, a list of both, or none"
    )

    @model_validator(mode="after")
    def _nobody_is_named_twice(self) -> Self:
        named = [each.lower() for each in (*self.to, *self.cc)]
        twice = sorted({each for each in named if named.count(each) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is named twice; name every address once, in to or in cc")
        return self
