"""A command of the door: it ends in a sentence and an exit code, whatever happens."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any, Final

import click

from finops_nb.errors import FinopsError, Problem, Refusal

REASON: Final = 500
"""Characters of a reason: it stands in the report's provenance and in its mail."""
DEBUG: Final = "FINOPS_NB_DEBUG"
"""Set to anything, a defect of the package shows its traceback."""


class Command(click.Command):
    """A command that ends in a sentence and an exit code, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FinopsError as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(130)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            # Whoever read the output has seen enough; what Python would still write at its end goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                click.echo("No space is left on the disk, or where this output goes. Free some, and try again.", err=True)
                ctx.exit(1)
            if os.environ.get(DEBUG):
                raise
            click.echo(f"A case that finops_nb does not know: {type(error).__name__}: {error}.", err=True)
            click.echo(f"Every published report is whole. Please report it, with what {DEBUG}=1 prints.", err=True)
            ctx.exit(1)


class Group(click.Group):
    command_class = Command


def checked_reason(reason: str | None) -> str:
    """The reason in one line; empty where none is given."""
    from finops_nb.report.format import visible

    if reason is not None and not reason.strip():
        raise Refusal(Problem("no reason", "Say why, in a sentence", column="--reason", value=reason))
    if len(reason or "") > REASON:
        raise Refusal(Problem(f"a reason of more than {REASON} characters", "Say it in a sentence or two", column="--reason"))
    return visible(" ".join((reason or "").split()))
