"""The entry point of `finops-nb` and `python -m finops_nb`, which also ends the process."""

from __future__ import annotations

import gc
import os
import sys

from finops_nb.installation import refuse_shadows

QUICK_COMMANDS = ("check",)
"""Commands that leave nothing to clean up."""


def enter() -> None:
    """Run the command that the arguments name.

    Garbage collection during imports and Python's cleanup at exit take a sixth of the time of a
    `check`. `QUICK_COMMANDS` do without both: they exit as soon as their output is written.
    """
    refuse_shadows()
    quick = sys.argv[1:2] and sys.argv[1] in QUICK_COMMANDS
    if quick:
        gc.disable()
    # Only now: these imports would already run a module that shadows another.
    from finops_nb.cli import main
    from finops_nb.garbage import collect_rarely
    from finops_nb.money import use_exact_context

    collect_rarely()
    use_exact_context()
    try:
        main(prog_name="finops-nb")
    except SystemExit as end:
        if not (quick and isinstance(end.code, int)):
            raise
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:  # it is None where the shell closed it
                    stream.flush()
        except OSError:
            raise end from None  # Python reports it at its own end
        os._exit(end.code)


if __name__ == "__main__":
    enter()
