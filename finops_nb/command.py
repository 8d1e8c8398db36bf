"""A command of the door: it ends in a sentence and an exit code, whatever happens."""

from __future__ import annotations

import os
from typing import Any, Final

import click

from finops_nb.errors import FinopsError

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
        except Exception as error:
            if os.environ.get(DEBUG):
                raise
            click.echo(f"A case that finops_nb does not know: {type(error).__name__}: {error}.", err=True)
            click.echo(f"Nothing was published by it. Please report it, with what {DEBUG}=1 prints.", err=True)
            ctx.exit(1)


class Group(click.Group):
    command_class = Command
