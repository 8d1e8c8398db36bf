"""A mail server that is slow, talks without end, answers early or breaks off: M09."""

from __future__ import annotations

import json
import re
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from faults.bench import Bench
from faults.home import NAME, Ended, FaultHome
from support.mail_servers import Mailbox, drip, environment, mail_server, raw_server

ADA = "ada@example.com"
STAGES = ("the greeting", "EHLO", "MAIL", "RCPT", "DATA", "the content")
"""What a server answers to; its answers, in this order:"""
ANSWERS = (
    b"220 hi\r\n",
    b"250 hi\r\n",
    b"250 OK\r\n",
    b"250 OK\r\n",
    b"354 go on\r\n",
    b"250 taken\r\n",
)
CONTENT = len(STAGES) - 1
IMPATIENT = """\
import functools
from finops_nb.mail import send, smtp
send.deliver = functools.partial(smtp.deliver, timeout=.3, limit=3, sleep=lambda seconds: None)
"""
"""Sends as the command does, with a hundredth of its time."""
ENOUGH = 20_000_000
"""Bytes that fit into the buffers between two processes; a client that takes more reads them."""
FAULT = re.compile(
    r"timed out|more than \d+ (lines|bytes)|before it was asked|closed the connection|reset"
    r"|does not answer like a mail server|Broken pipe|no answer after sending began|unknown: "
)

Fault = Callable[[socket.socket, int], int]
"""Misbehaves at a stage, and returns how many bytes the client took."""


def drips(connection: socket.socket, stage: int) -> int:
    drip(connection, ANSWERS[stage][:3] + b"-slow\r\n", most=1000)
    return 0


def lines_without_end(connection: socket.socket, stage: int) -> int:
    return flood(connection, ANSWERS[stage][:3] + b"-and more\r\n")


def line_without_end(connection: socket.socket, stage: int) -> int:
    return flood(connection, ANSWERS[stage][:3] + b" " + b"x" * 996)


def answers_early(connection: socket.socket, stage: int) -> int:
    connection.sendall(b"".join(ANSWERS[stage:]))
    while connection.recv(100_000):
        pass
    return 0


def is_silent(connection: socket.socket, stage: int) -> int:
    while connection.recv(100_000):
        pass
    return 0


def breaks_off(connection: socket.socket, stage: int) -> int:
    connection.sendall(ANSWERS[stage][:2])
    return 0


def talks_nonsense(connection: socket.socket, stage: int) -> int:
    connection.sendall(bytes(range(256)) + b"\r\n")
    return 0


FAULTS: dict[str, Fault] = {
    "a slow answer": drips,
    "lines without end": lines_without_end,
    "a line without end": line_without_end,
    "an early answer": answers_early,
    "silence": is_silent,
    "a cut": breaks_off,
    "nonsense": talks_nonsense,
}


def flood(connection: socket.socket, text: bytes) -> int:
    """Send a text without end, and return how many bytes were taken."""
    taken, block = 0, text * (100_000 // len(text))
    with suppress(OSError):
        while taken < 2 * ENOUGH:
            taken += connection.send(block)
    return taken


def converse(connection: socket.socket, stage: int) -> None:
    """Answer as a server should, and read what follows, until a stage's answer is due."""
    lines = connection.makefile("rb", buffering=0)
    for answer in ANSWERS[:stage]:
        connection.sendall(answer)
        line = lines.readline()
        while answer.startswith(b"354") and line not in (b".\r\n", b""):
            line = lines.readline()


def hostile_server(bench: Bench) -> None:
    """M09: `mail --send` ends, believes no answer too many, and leaves the lock and a true journal.

    Afterwards the server is a good one: who may have the mail is left alone, who has not gets it.
    """
    cases = [(fault, stage) for fault in FAULTS for stage in range(len(STAGES))]
    # An answer to the content that is early is one that came just in time.
    cases.remove(("an early answer", CONTENT))
    for fault, stage in bench.chosen(cases, 5):
        home = bench.home(cents=0)
        taken: list[int] = []

        def talk(connection: socket.socket, fault=fault, stage=stage, taken=taken) -> None:
            converse(connection, stage)
            taken.append(FAULTS[fault](connection, stage))

        what = f"{fault} at {STAGES[stage]}"
        start = time.monotonic()
        with raw_server(talk) as port:
            end = send(home, port)
        bench.expect(f"{what}, time", time.monotonic() - start < 60)
        bench.expect(f"{what}, bytes taken", max(taken, default=0) < ENOUGH, taken)
        bench.judge(what, home, end, message=FAULT.pattern, allowed=("old",), left=None)
        expected = {"unknown"} if stage == CONTENT else set()
        states = journal(home)
        bench.expect(f"{what}, journal", {*states} - {"sending", "deferred"} == expected, states)
        bench.expect(f"{what}, sendings", states["sending"] == (stage == CONTENT), states)
        after_it(bench, what, home, stage == CONTENT)


def after_it(bench: Bench, what: str, home: FaultHome, may_have_it: bool) -> None:
    """The next command, to a good server: the lock is free, and nobody is sent it twice."""
    with mail_server(Mailbox()) as mailbox:
        end = send(home, mailbox.port)
    received = [] if may_have_it else [ADA]
    bench.expect(f"{what}, the next one", end.code == int(may_have_it), end)
    bench.expect(f"{what}, sent by the next one", mailbox.received == received, mailbox.received)


def send(home: FaultHome, port: int) -> Ended:
    """Mail the report to Ada, by a server on this machine."""
    words = ("mail", NAME, "--to", ADA, "--send")
    return home.run(*words, patch=IMPATIENT, **environment(port))


def journal(home: FaultHome) -> Counter[str]:
    """How often the journal has each state."""
    file = home.root / "outputs" / ".mail" / NAME / "journal.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    return Counter(json.loads(line)["state"] for line in lines)
