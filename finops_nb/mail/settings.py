"""The mail server, from the environment: never from params, which are shared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from ipaddress import ip_address
from typing import Final, TypeAlias

from finops_nb.errors import Problem, Refusal
from finops_nb.params.mail_list import address

PREFIX: Final = "FINOPS_NB_SMTP_"
NAMES: Final = ("HOST", "PORT", "SECURITY", "USER", "PASSWORD", "FROM")
"""The variables are `$FINOPS_NB_SMTP_HOST` and so on."""

PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
"""The usual port, by the value of SECURITY."""

HOST: Final = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*", re.ASCII)

HOST_FIX: Final = "Set it to the server that sends your mail, such as smtp.example.com"
NAME_FIX: Final = (
    "Write only the name, such as smtp.example.com; "
    f"the port goes into ${PREFIX}PORT and the encryption into ${PREFIX}SECURITY"
)
TEXT_FIX: Final = "Write printable ASCII characters, on one line"
SENDER_FIX: Final = "Set it to an address, or to a name and an address: FinOps <finops@example.com>"

Fault: TypeAlias = tuple[str, str, str]
"""The variable's name without its prefix, the rule it breaks, and how to fix it."""


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The mail server, and who sends.

    Args:
        host: name or IP address.
        port: from 1 to 65535.
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


def smtp_settings(environment: Mapping[str, str]) -> SmtpSettings:
    """The settings from the environment; an empty variable counts as not set.

    Args:
        environment: `os.environ`, with `$FINOPS_NB_SMTP_HOST`, `_PORT`, `_SECURITY`, `_USER`,
            `_PASSWORD` and `_FROM`.

    Raises:
        Refusal: they can't be used, or would show the mail or the password to the network. It
            prints no value that may hold a secret.

    Example:
        `FINOPS_NB_SMTP_HOST=smtp.example.com` and `FINOPS_NB_SMTP_FROM=finops@example.com` are
        enough where the server asks for no login: STARTTLS on port 587.
    """
    given = {name: environment.get(PREFIX + name, "") for name in NAMES}
    given["SECURITY"] = given["SECURITY"].lower() or "starttls"
    if problems := [_problem(fault, given) for fault in _faults(given)]:
        raise Refusal(problems)
    return SmtpSettings(
        host=given["HOST"],
        port=int(given["PORT"] or PORTS[given["SECURITY"]]),
        security=given["SECURITY"],
        sender=str(_mailbox(given["FROM"])),
        user=given["USER"],
        password=given["PASSWORD"],
    )


def sender_of(environment: Mapping[str, str]) -> str:
    """The value of a From header, whatever the other settings are; empty if `_FROM` is not one."""
    return str(_mailbox(environment.get(f"{PREFIX}FROM", "")) or "")


def _faults(given: Mapping[str, str]) -> Iterator[Fault]:
    """Everything that is wrong, in the order of the variables."""
    yield from _host_faults(given["HOST"])
    yield from _port_faults(given["PORT"])
    yield from _security_faults(given["SECURITY"], given["HOST"], given["USER"])
    yield from _login_faults("USER", given["USER"], "PASSWORD", given["PASSWORD"])
    yield from _login_faults("PASSWORD", given["PASSWORD"], "USER", given["USER"])
    yield from _sender_faults(given["FROM"])


def _problem(fault: Fault, given: Mapping[str, str]) -> Problem:
    """A fault as a problem that shows the variable's value, unless it may hold a secret."""
    name, rule, fix = fault
    value, password = given[name], given["PASSWORD"]
    is_login = name in ("USER", "PASSWORD")
    is_url_with_login = name == "HOST" and "@" in value
    holds_password = bool(password) and password in value
    hidden = not value or is_login or is_url_with_login or holds_password
    return Problem(rule, fix, column=f"${PREFIX}{name}", value=None if hidden else value)


def _host_faults(host: str) -> Iterator[Fault]:
    if not host:
        yield "HOST", "not set", HOST_FIX
    elif not _is_ip(host) and not HOST.fullmatch(host):
        yield "HOST", "not a server's name", NAME_FIX


def _port_faults(port: str) -> Iterator[Fault]:
    is_number = re.fullmatch("[0-9]{1,5}", port)
    if port and not (is_number and 0 < int(port) < 65536):
        yield "PORT", "not a port", "Set it to a number from 1 to 65535"


def _security_faults(security: str, host: str, user: str) -> Iterator[Fault]:
    """Clear text is for a server on this machine, and never for a password."""
    if security not in PORTS:
        yield "SECURITY", "an unknown value", "Set it to starttls, tls or none"
    if security != "none":
        return
    if not _is_this_machine(host):
        rule = "mail would go to another host in clear text"
        yield "SECURITY", rule, "Set it to starttls or tls"
    if user:
        fix = "Set it to starttls or tls, or unset the user"
        yield "SECURITY", "the password would go in clear text", fix


def _login_faults(name: str, value: str, other: str, other_value: str) -> Iterator[Fault]:
    """User and password belong together, and a login carries plain characters only."""
    if other_value and not value:
        yield name, f"not set, though ${PREFIX}{other} is", "Set both, or neither"
    if not (value.isascii() and value.isprintable()):
        yield name, "a character that a login can't contain", TEXT_FIX


def _sender_faults(sender: str) -> Iterator[Fault]:
    if not sender:
        yield "FROM", "not set", SENDER_FIX
    elif not _mailbox(sender):
        yield "FROM", "not a single sender", SENDER_FIX


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_this_machine(host: str) -> bool:
    return ip_address(host).is_loopback if _is_ip(host) else host == "localhost"


def _mailbox(text: str) -> Address | None:
    """A name and an address, or an address alone; None where it is neither."""
    parts = re.fullmatch("(.*)<(.*)>", text)
    name, plain = parts.groups() if parts else ("", text)
    # A name in quotes is read as mail programs write it: \" in it is a quote.
    if quoted := re.fullmatch(r'\s*"(.*)"\s*', name):
        name = re.sub(r"\\(.)", r"\1", quoted[1])
    try:
        user, _, domain = address(plain).partition("@")
        return Address(name.strip(), user, domain) if name.isprintable() else None
    except ValueError:
        return None
