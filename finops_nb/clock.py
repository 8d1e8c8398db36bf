"""The clock of reports and records, which `SOURCE_DATE_EPOCH` can hold still."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from typing import Final

from finops_nb.errors import Problem, Refusal

CLOCK: Final = "SOURCE_DATE_EPOCH"
"""The variable of reproducible-builds.org: seconds since 1970 that replace the clock."""

SECONDS: Final = re.compile(r"\d{1,12}", re.ASCII)
LAST_SECOND: Final = 253_402_300_799
"""9999-12-31T23:59:59Z, the last second that Python's datetime holds."""


def now() -> str:
    """The time in UTC, in whole seconds, as text such as 2025-12-31T08:00:00Z.

    Raises:
        Refusal: `$SOURCE_DATE_EPOCH` is not a number of seconds.
    """
    epoch = os.environ.get(CLOCK)
    moment = datetime.fromtimestamp(_seconds(epoch), UTC) if epoch else datetime.now(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _seconds(epoch: str) -> int:
    """The seconds that the variable says."""
    if not SECONDS.fullmatch(epoch) or int(epoch) > LAST_SECOND:
        rule, fix = "not a number of seconds since 1970", f"Unset ${CLOCK}, or set it to digits"
        raise Refusal(Problem(rule, fix, column=f"${CLOCK}", value=epoch))
    return int(epoch)
