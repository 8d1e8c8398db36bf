"""Calls to the system that fail on purpose, one by one, for tests of crashes and full disks."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from finops_nb.outputs import publish as publishing

CALLS = ("open", "write", "fsync", "mkdir", "rename", "replace", "unlink", "rmdir")
WITHOUT_PATH = ("write", "fsync")
"""Calls on an open file, which are counted wherever it is."""


class FailingCalls:
    """Lets the N-th call to the system fail, or all from the N-th on.

    Args:
        patch: undoes it.
        folder: calls outside of it are not counted.
        fail_at: the number of the call, from 1.
        persistent: all later calls fail too.

    Attributes:
        calls: how many were counted so far.
    """

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path, fail_at: int, persistent: bool):
        self.calls, self.fail_at, self.persistent = 0, fail_at, persistent
        for name in CALLS:
            counted_in = None if name in WITHOUT_PATH else folder
            patch.setattr(os, name, self.wrapped(getattr(os, name), counted_in))
        patch.setattr(publishing, "exchange", self.wrapped(publishing.exchange, folder))

    def wrapped(self, call, folder: Path | None):
        def counted(*args, **options):
            if folder is None or str(args[0]).startswith(str(folder)):
                self.calls += 1
                if self.calls == self.fail_at or (self.persistent and self.calls > self.fail_at):
                    return self.fail(call, args, options, args[0] if folder else None)
            return call(*args, **options)

        return counted

    def fail(self, call, args, options, path):
        """What happens instead of the call."""
        raise OSError(errno.EIO, os.strerror(errno.EIO), path)
