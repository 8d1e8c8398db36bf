"""A connection to a mail server that is trusted neither with time nor with memory.

Everything that is sent or awaited has a deadline, answers have a limit, and one that comes before
it was asked for is none: a server, or whoever sits in between, could fake an acceptance with it.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LONGEST_LINE: Final = 8192
"""Bytes of a line of an answer; RFC 5321 allows 512, and servers are known to exceed that."""

MOST_LINES: Final = 100
"""Lines of an answer; the answer to EHLO, the longest, has some 15."""

REPLY: Final = re.compile(rb"(?P<code>[2-5]\d\d)(?:(?P<more>[ -])(?P<text>.*))?", re.DOTALL)
"""A line of an answer; a dash after the code says that another line follows."""

NO_CODE: Final = -1
"""The code of what is no answer, as in smtplib."""

TIMED_OUT: Final = "timed out"
CLOSED: Final = "the server closed the connection"


class UnaskedAnswer(smtplib.SMTPResponseException):
    """The server answered before it was asked; it is out of step, or somebody tampers with it."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment that must not be passed.

    Args:
        moment: of `time.monotonic`, since the machine's clock may be set.
    """

    moment: float

    @classmethod
    def in_seconds(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def is_within(self, seconds: float) -> bool:
        """It passes before so many seconds do."""
        return time.monotonic() + seconds >= self.moment

    def or_sooner(self, seconds: float) -> Deadline:
        """This deadline, or the one in so many seconds if that comes first."""
        return Deadline(min(self.moment, time.monotonic() + seconds))

    def seconds_left(self) -> float:
        """Seconds until then, more than 0.

        Raises:
            TimeoutError: it has passed.
        """
        left = self.moment - time.monotonic()
        if left <= 0:
            raise TimeoutError(TIMED_OUT)
        return left


class Connection(smtplib.SMTP):
    """A connection to a mail server.

    Args:
        deadline: for everything.
        patience: seconds to wait for a connection, to send, and for each answer as a whole.

    Example:
        connection = Connection(Deadline.in_seconds(900), patience=30)
        connection.dial("smtp.example.com", 587)
    """

    # smtplib keeps both as None while there is no connection, and its types do not say so.
    sock: socket.socket | None

    def __init__(self, deadline: Deadline, patience: float):
        super().__init__()
        self.deadline, self.patience = deadline, patience
        self._unread = b""

    def dial(self, host: str, port: int, context: ssl.SSLContext | None = None) -> None:
        """Connect, and read the greeting; with a context, over TLS.

        Raises:
            OSError: the server can't be reached, or does not greet with 220.
        """
        self.sock = self._reached(host, port)
        if context:
            self._wrap(host, context)
        code, answer = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, answer)

    def encrypt(self, host: str, context: ssl.SSLContext) -> None:
        """Go on over TLS; nothing that came before is used any more.

        Raises:
            UnaskedAnswer: more came than the server was asked for. It was not encrypted, so that
                anybody may have written what would be read as the server's next answer.
            OSError: TLS failed.
        """
        self.check_silence()
        self._wrap(host, context)
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def send(self, s: ReadableBuffer | str) -> None:
        """Send a command or content.

        Raises:
            UnaskedAnswer: the server said something before it; nothing was sent.
            OSError: it could not be sent, at least not all of it.
        """
        self.check_silence()
        rest = memoryview(s.encode("ascii") if isinstance(s, str) else s)
        end = self.deadline.or_sooner(self.patience)
        with self._closing_on_failure():
            while rest:
                rest = rest[self._until(end).send(rest) :]

    def getreply(self) -> tuple[int, bytes]:
        """Read an answer.

        Returns:
            Its code, and the texts of its lines, joined by LF. The code is -1 for what is no
            answer, whose first line is then returned.

        Raises:
            OSError: it did not come in time, is too long, or the connection broke.
        """
        with self._closing_on_failure():
            return self._answer(self.deadline.or_sooner(self.patience))

    def check_silence(self) -> None:
        """See that there is nothing to read, as the protocol has it before each command.

        Raises:
            UnaskedAnswer: there is an answer. Codes from 400 are kept, since a server may say at
                any time that it closes the connection.
            OSError: the connection broke.
        """
        with self._closing_on_failure(), suppress(BlockingIOError, ssl.SSLWantReadError):
            self._connected().settimeout(0)
            self._receive()
        if self._unread:
            code, answer = self.getreply()
            self.close()
            if code >= 400:
                raise UnaskedAnswer(code, answer)
            shown = answer if code == NO_CODE else b"%d %s" % (code, answer)
            raise UnaskedAnswer(NO_CODE, b"answered before it was asked: " + shown)

    @contextmanager
    def _closing_on_failure(self) -> Iterator[None]:
        """Close the connection where the block fails: what follows would match no command."""
        try:
            yield
        except ssl.SSLError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(f"{CLOSED}: {error}") from error
        except OSError:
            self.close()
            raise

    def _wrap(self, host: str, context: ssl.SSLContext) -> None:
        sock = self._until(self.deadline.or_sooner(self.patience))
        self.sock = context.wrap_socket(sock, server_hostname=host)

    def _answer(self, end: Deadline) -> tuple[int, bytes]:
        texts: list[bytes] = []
        first_code = b""
        for _ in range(MOST_LINES):
            line = self._line(end)
            found = REPLY.fullmatch(line)
            first_code = first_code or line[:3]
            if not found or found["code"][0] != first_code[0]:
                return NO_CODE, line
            texts.append((found["text"] or b"").strip())
            if found["more"] != b"-":
                return int(found["code"]), b"\n".join(texts)
        text = f"its answer has more than {MOST_LINES} lines"
        raise smtplib.SMTPResponseException(NO_CODE, text.encode())

    def _line(self, end: Deadline) -> bytes:
        while b"\n" not in self._unread:
            if len(self._unread) > LONGEST_LINE:
                text = f"a line of its answer has more than {LONGEST_LINE} bytes"
                raise smtplib.SMTPResponseException(NO_CODE, text.encode())
            self._until(end)
            self._receive()
        line, _, self._unread = self._unread.partition(b"\n")
        return line.rstrip()

    def _receive(self) -> None:
        """Read what is there, or wait for it as long as the socket may."""
        data = self._connected().recv(4096)
        if not data:
            raise smtplib.SMTPServerDisconnected(CLOSED)
        self._unread += data

    def _until(self, end: Deadline) -> socket.socket:
        """The socket; what it does next must end by then."""
        sock = self._connected()
        sock.settimeout(end.seconds_left())
        return sock

    def _connected(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected(CLOSED)
        return self.sock

    def _reached(self, host: str, port: int) -> socket.socket:
        """A socket connected to the first of the host's addresses that can be reached."""
        failure = OSError(f"no address of {host} is known")
        for family, kind, protocol, _, place in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        ):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(self.deadline.or_sooner(self.patience).seconds_left())
                sock.connect(place)
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure
