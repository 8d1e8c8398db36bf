"""The server that takes the mail, from the environment: never from params, which are shared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from finops_nb.errors import Problem, Refusal
from finops_nb.params.mail_list import address

PREFIX: Final = "FINOPS_NB_SMTP_"
NAMES: Final = ("HOST", "PORT", "SECURITY", "USER", "PASSWORD", "FROM")
PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
HOST: Final = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The server that takes the mail, and who sends it.

    Args:
        host: name or IP address.
        port: its port.
        security: `starttls`, `tls` from the first byte, or `none`, on this machine only.
        sender: the value of a From header; one mailbox.
        user: empty where the server asks for no login.
        password: likewise.
    """

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """The sender's plain address."""
        return self.sender.rpartition("<")[2].removesuffix(">")

    @property
    def place(self) -> str:
        """Host and port, for a message."""
        return f"{self.host}:{self.port}"


def smtp_settings(templates: Mapping[str, str]) -> SmtpSettings:
    """The settings from `$FINOPS_NB_SMTP_HOST`, `_PORT`, `_SECURITY`, `_USER`, `_PASSWORD` and `_FROM`; an empty one is not set.

    Args:
        environment: `os.environ`.

    Raises:
        Refusal: they can't be used, or would show mail or password to the network; no value that may hold a secret is said.
    """
    given = {name: templates.get(PREFIX + name, "") for name in NAMES}
    given["SECURITY"] = given["SECURITY"].lower() or "starttls"
    if problems := list(_problems(given)):
        raise Refusal(problems)
    host, port, security, user, password, sender = given.values()
    return SmtpSettings(
        host,
        int(port) if port else PORTS[security],
        security,
        str(_mailbox(sender)),
        user,
        password,
    )


def sender_of(templates: Mapping[str, str]) -> str:
    """The value of a From header, whatever the other settings are; empty where `_FROM` is no sender."""
    return str(_mailbox(templates.get(f"{PREFIX}FROM", "")) or "")


def _problems(given: Mapping[str, str]) -> Iterator[Problem]:
    host, port, security, user, password, sender = given.values()
    ip = _ip(host)
    here = host == "localhost" if ip is None else ip.is_loopback
    alone = f"Write the name alone, as smtp.example.com; what stands around it is ${PREFIX}PORT and ${PREFIX}SECURITY"
    mailbox = "Set it to an address, or to a name and an address: FinOps <finops@example.com>"
    for name, broken, rule, fix in (
        (
            "HOST",
            not host,
            "not set",
            "Set it to the server that takes your mail, such as smtp.example.com",
        ),
        ("HOST", host and ip is None and not HOST.fullmatch(host), "not a server's name", alone),
        (
            "PORT",
            port and not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536),
            "not a port",
            "Set it to a number up to 65535",
        ),
        (
            "SECURITY",
            security not in PORTS,
            "not one of the known",
            "Set it to starttls, tls or none",
        ),
        (
            "SECURITY",
            security == "none" and not here,
            "mail would go to another host in clear text",
            "Set it to starttls or tls",
        ),
        (
            "SECURITY",
            security == "none" and user,
            "the password would go in clear text",
            "Set it to starttls or tls, or unset the user",
        ),
        (
            "USER",
            password and not user,
            f"not set, though ${PREFIX}PASSWORD is",
            "Set both, or neither",
        ),
        (
            "USER",
            _unsendable(user),
            "a character that no login can hold",
            "Write it in printable ASCII, on one line",
        ),
        (
            "PASSWORD",
            user and not password,
            f"not set, though ${PREFIX}USER is",
            "Set both, or neither",
        ),
        (
            "PASSWORD",
            _unsendable(password),
            "a character that no login can hold",
            "Write it in printable ASCII, on one line",
        ),
        ("FROM", not sender, "not set", mailbox),
        ("FROM", sender and not _mailbox(sender), "not one sender", mailbox),
    ):
        if broken:
            value = given[name]
            secret = (
                name in ("USER", "PASSWORD")
                or (name == "HOST" and "@" in value)
                or (password and password in value)
            )
            yield Problem(
                rule, fix, column=f"${PREFIX}{name}", value=None if secret or not value else value
            )


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _unsendable(text: str) -> bool:
    return not (text.isascii() and text.isprintable())


def _mailbox(text: str) -> Address | None:
    """A name and an address, or an address alone; None where it is neither."""
    parts = re.fullmatch("(.*)<(.*)>", text)
    name, plain = parts.groups() if parts else ("", text)
    if quoted := re.fullmatch(r'\s*"(.*)"\s*', name):
        name = re.sub(r"\\(.)", r"\1", quoted[1])
    try:
        user, _, domain = address(plain).partition("@")
        return Address(name.strip(), user, domain) if name.isprintable() else None
    except ValueError:
        return None
