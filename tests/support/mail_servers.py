"""Mail servers on this machine, for tests: a working one, and one that follows a script."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, Final

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

HOST: Final = "127.0.0.1"
CANARY: Final = "hunter2-canary"
"""The password that must turn up nowhere."""
CUT: Final = "(the connection is closed)"
CUT_WITHIN: Final = "(the connection is closed within the message)"
SILENCE: Final = "(no answer)"


@dataclass
class Mailbox:
    """What a server accepted, and what it answers instead of 250, once for each text.

    Args:
        rcpt: its next answers to RCPT, by address; then it accepts the recipient.
        data: its next answers to a message; then it accepts it. CUT accepts the message and
            closes the connection without an answer.
        taken: sender, recipients and bytes of each accepted message.
        port: on this machine, once it is running.
        logins: user and password of each.
    """

    rcpt: dict[str, list[str]] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    taken: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    port: int = 0
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def received(self) -> list[str]:
        """Every recipient of every accepted message, in order."""
        return [each for _, recipients, _ in self.taken for each in recipients]

    async def handle_RCPT(  # noqa: N802 (aiosmtpd looks for these names)
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        answers = self.rcpt.get(address, [])
        if not answers:
            envelope.rcpt_tos.append(address)
        return answers.pop(0) if answers else "250 OK"

    async def handle_DATA(  # noqa: N802 (as above)
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        answer = self.data.pop(0) if self.data else "250 OK"
        if answer[0] == "2" or answer is CUT:
            self.taken.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        if answer is CUT:
            server.transport.abort()
        return answer

    def log_in(
        self, server: Any, session: Any, envelope: Any, mechanism: str, login: Any
    ) -> AuthResult:
        """Accept the password CANARY; repeat a wrong one, as a server with a fault may."""
        self.logins.append((login.login, login.password))
        good = login.password == CANARY.encode()
        return AuthResult(
            success=good,
            handled=False,
            message=None if good else f"535 5.7.8 {login.password.decode()} is wrong",
        )


class _Controller(Controller):
    """Takes a free port, and a login over TLS of either kind."""

    def factory(self) -> SMTP:
        server = super().factory()
        if server._auth_required and self.ssl_context:
            # aiosmtpd counts a connection as encrypted only after STARTTLS.
            server._auth_require_tls = False
        return server

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(
    mailbox: Mailbox,
    certificate: trustme.LeafCert | None = None,
    *,
    implicit: bool = False,
    login: bool = False,
) -> Iterator[Mailbox]:
    """A server that runs for the block; the mailbox has its port.

    Args:
        mailbox: its answers.
        certificate: None for a server without TLS.
        implicit: TLS from the first byte instead of STARTTLS.
        login: it accepts mail only after a login.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if context:
        certificate.configure_cert(context)
    tls = (
        {"ssl_context": context}
        if implicit
        else {"tls_context": context, "require_starttls": context is not None}
    )
    options = {"authenticator": mailbox.log_in, "auth_required": True} if login else {}
    controller = _Controller(mailbox, hostname=HOST, port=0, **tls, **options)
    controller.start()
    mailbox.port = controller.port
    try:
        yield mailbox
    finally:
        controller.stop()


def environment(port: int, /, **changes: str) -> dict[str, str]:
    """The variables for a server on this machine without TLS.

    Args:
        port: of the server.
        changes: other values, such as `security="tls"`; an empty text unsets a variable.
    """
    given = {
        "host": HOST,
        "port": str(port),
        "security": "none",
        "from": "FinOps <finops@example.com>",
    } | changes
    return {f"FINOPS_NB_SMTP_{name.upper()}": value for name, value in given.items()}


def authority(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An issuer of certificates, the only one that this process trusts during a test."""
    issuer = trustme.CA()
    issuer.cert_pem.write_to_path(tmp_path / "issuer.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "issuer.pem"))
    return issuer


def expired(issuer: trustme.CA) -> trustme.LeafCert:
    """A certificate that expired yesterday."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return issuer.issue_cert(HOST, not_before=yesterday - timedelta(days=9), not_after=yesterday)


@dataclass
class Script:
    """A server's answers, and what it received.

    Instead of an answer, CUT closes the connection, SILENCE waits, and CUT_WITHIN asks for the
    message and closes after its first bytes.

    Args:
        connections: the answers of each connection, the greeting first.
        heard: the line received after each answer, by connection; a message counts as one line.
        port: on this machine, once it is running.
    """

    connections: list[list[str]]
    heard: list[list[bytes]] = field(default_factory=list)
    port: int = 0


@contextmanager
def scripted(
    *connections: Sequence[str], certificate: trustme.LeafCert | None = None
) -> Iterator[Script]:
    """A server that follows a script for the block; with a certificate, over TLS."""
    script = Script([list(answers) for answers in connections])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if context:
        certificate.configure_cert(context)
    listener = socket.create_server((HOST, 0))
    script.port = listener.getsockname()[1]
    thread = threading.Thread(target=_serve, args=(listener, context, script))
    thread.start()
    try:
        yield script
    finally:
        # Closing alone does not wake the thread that waits for a connection.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@contextmanager
def raw_server(talk: Callable[[socket.socket], object]) -> Iterator[int]:
    """A server that keeps no protocol, for the block, which gets its port.

    Args:
        talk: speaks on each connection, one after the other; it ends when the client hangs up.
    """

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    talk(connection)

    listener = socket.create_server((HOST, 0))
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        # As above.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def drip(connection: socket.socket, text: bytes, most: int = 500) -> None:
    """Send a text again and again, a byte every 10 milliseconds, `most` bytes in all."""
    for number in range(most):
        connection.sendall(text[number % len(text) :][:1])
        time.sleep(0.01)


def _serve(listener: socket.socket, context: ssl.SSLContext | None, script: Script) -> None:
    for answers in script.connections:
        with suppress(OSError):
            connection, _ = listener.accept()
            script.heard.append([])
            with (
                context.wrap_socket(connection, server_side=True)
                if context
                else connection as plain,
                plain.makefile("rb") as lines,
            ):
                script.heard[-1].extend(_converse(plain, lines, answers))


def _converse(
    connection: socket.socket, lines: BinaryIO, answers: Sequence[str]
) -> Iterator[bytes]:
    for answer in answers:
        if answer is CUT:
            return
        if answer is SILENCE:
            lines.read()
            return
        connection.sendall(b"354 go on\r\n" if answer is CUT_WITHIN else answer.encode() + b"\r\n")
        if answer is CUT_WITHIN:
            lines.read(1000)
            return
        part = line = lines.readline()
        while answer.startswith("354") and part and not line.endswith(b"\r\n.\r\n"):
            part = lines.readline()
            line += part
        yield line


GREETING: Final = ("220 mail.example.com", "250 mail.example.com")
"""What comes before MAIL."""
