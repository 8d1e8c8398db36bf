"""The clock, which `SOURCE_DATE_EPOCH` can hold still: no other module reads the time."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Final

from finops_nb.errors import Problem, Refusal

CLOCK: Final = "SOURCE_DATE_EPOCH"
"""The variable of reproducible-builds.org: seconds since 1970 that stand for the clock."""


LAST_SECOND: Final = 253_402_300_799


def now() -> str:
    """The clock, or what stands for it, in whole seconds.

    Raises:
        Refusal: `$SOURCE_DATE_EPOCH` is no number of seconds.
    """
    epoch = os.environ.get(CLOCK)
    if not epoch:
        return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if not epoch.isascii() or not epoch.isdigit() or int(epoch) > LAST_SECOND:
        fix = f"Unset ${CLOCK}, or set it to digits only"
        raise Refusal(
            Problem("not a number of seconds since 1970", fix, column=f"${CLOCK}", value=epoch)
        )
    return f"{datetime.fromtimestamp(int(epoch), UTC):%Y-%m-%dT%H:%M:%SZ}"
