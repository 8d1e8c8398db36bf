"""The thread that sends a kernel's outputs, without the TCP port that ipykernel opens for it.

ipykernel lets forked children of the kernel print through a port of 127.0.0.1, whatever the
transport of the kernel is. Every user of the machine can connect to such a port, and fill the
kernel's memory. Here the children write to a socket that they inherit, and that has no address.
"""

from __future__ import annotations

import os
import pickle
import socket
import threading
from typing import Any, Final

from ipykernel.iostream import IOPubThread

PIECE: Final = 50_000
"""Bytes of a message in one datagram; the smallest limit is 100,000."""

Sender = tuple[int, int]
"""Process and thread: each sends its messages one after the other."""


class PrivateIOPubThread(IOPubThread):
    """As in ipykernel, with a pair of sockets in place of a port."""

    def _setup_pipe_in(self) -> None:
        # Datagrams keep apart what several children send at once.
        self._receiver, self._sender = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * PIECE)
        self._pieces: dict[Sender, bytes] = {}
        self._pipe_uuid = b""
        self.io_loop.add_handler(self._receiver, self._receive, self.io_loop.READ)

    def _receive(self, *_: Any) -> None:
        # Only processes that this one forked can have written this.
        sender, is_last, piece = pickle.loads(self._receiver.recv(2 * PIECE))
        message = self._pieces.pop(sender, b"") + piece
        if is_last:
            # ipykernel has no types.
            self.send_multipart(pickle.loads(message))  # type: ignore[no-untyped-call]
        else:
            self._pieces[sender] = message

    def _setup_pipe_out(self) -> tuple[_NoContext, _ToParent]:
        return _NoContext(), _ToParent(self._sender)


class _ToParent:
    """The part of a zmq socket that ipykernel uses in a child, for the inherited socket."""

    def __init__(self, handle: socket.socket):
        self._handle = handle

    def send_multipart(self, frames: list[Any], **_: Any) -> None:
        _identity, *message = frames
        data = pickle.dumps([bytes(frame) for frame in message])
        sender = os.getpid(), threading.get_ident()
        for start in range(0, len(data), PIECE):
            end = start + PIECE
            self._handle.send(pickle.dumps((sender, end >= len(data), data[start:end])))

    def close(self) -> None:
        """The socket stays open for the next message."""


class _NoContext:
    """In the place of a zmq context, which ipykernel ends after each message."""

    def term(self) -> None:
        """There is nothing to end."""
