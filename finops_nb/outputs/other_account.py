"""Reports of another account: whose they are, and how to run the command as that account."""

from __future__ import annotations

import os
from pathlib import Path

from finops_nb.errors import Failure


def refuse_other_account(runs: Path) -> None:
    """See that the folder of runs, which its owner alone may enter, is this account's.

    Args:
        runs: `outputs/.runs`; need not exist.

    Raises:
        Failure: it belongs to another account.
    """
    if not runs.exists() or runs.stat().st_uid == os.geteuid():
        return
    try:
        owner = runs.owner()
    except KeyError:  # the system has no name for it
        owner = f"user {runs.stat().st_uid}"
    raise Failure(
        f"{runs.parent.name}/{runs.name} belongs to {owner}, and only that account runs and mails "
        f"these reports. Run the command as {owner}, or have outputs/ given to you with chown -R."
    )
