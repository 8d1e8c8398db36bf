"""What a run among others is given, so that it starts at once and is published in its turn."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from finops_nb.outputs.months import PublishedMonth


@dataclass(frozen=True, slots=True)
class Lane:
    """One of the lanes in which runs go side by side.

    Args:
        door: of the fork server that starts its kernel; None starts a fresh interpreter.
        coming: by NAME, the months that runs beside it are about to publish; None where nothing is to be expected.
        turn: called when all is ready to be published; returns when the runs of the months before have ended.
        index: it rebuilds the list of all reports.
    """

    door: socket.socket | None = None
    coming: Mapping[str, PublishedMonth | None] = field(default_factory=dict)
    turn: Callable[[], None] = lambda: None
    index: bool = True


ALONE: Final = Lane()
