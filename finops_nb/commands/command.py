"""A command that ends in a sentence and an exit code, never in a traceback."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any, Final

import click

from finops_nb.commands.printable_output import print_safely
from finops_nb.errors import FinopsError
from finops_nb.notebook.process_limits import (
    possible_limit,
    refuse_small_memory,
    refuse_umask,
)

DISK_FULL: Final = (
    "No space left on the disk, or where this output goes. Free up space and try again."
)

DEBUG: Final = "FINOPS_NB_DEBUG"
"""Environment variable; if it is set, an internal error prints its traceback."""


class Command(click.Command):
    """A command that ends in a sentence and an exit code, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            refuse_small_memory()
            refuse_umask()
            return super().invoke(ctx)
        except FinopsError as error:
            _tell(str(error))
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            _tell("Interrupted.")
            ctx.exit(130)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            # The reader, such as `head`, has seen enough. Python writes the rest of its buffer at
            # exit; it goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                _tell(DISK_FULL)
                ctx.exit(1)
            if os.environ.get(DEBUG):
                raise
            _tell_unexpected(f"{type(error).__name__}: {error}")
            ctx.exit(1)


class Group(click.Group):
    """The commands; what they print, and what click prints of them, never fails to encode."""

    command_class = Command

    def main(self, *args: Any, **options: Any) -> Any:
        print_safely()
        return super().main(*args, **options)


def _tell_unexpected(error: str) -> None:
    """Say what went wrong: what this machine allows a process may be the cause, else it is ours."""
    if limit := possible_limit(error):
        _tell(f"{error.rstrip('.')}. Published reports are not affected.")
        _tell(limit)
        return
    _tell(f"Internal error: {error}; please report it.")
    _tell(
        f"To see the details to report, set {DEBUG}=1 and run the command again. "
        "Published reports are not affected."
    )


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)
