"""The door: commands as thin translations; what they do is in the modules they import when called."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from finops_nb import __version__
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
                click.echo(
                    "No space is left on the disk, or where this output goes. Free some, and try again.",
                    err=True,
                )
                ctx.exit(1)
            if os.environ.get(DEBUG):
                raise
            click.echo(
                f"A case that finops_nb does not know: {type(error).__name__}: {error}.", err=True
            )
            click.echo(
                f"Every published report is whole. Please report it, with what {DEBUG}=1 prints.",
                err=True,
            )
            ctx.exit(1)


class Group(click.Group):
    command_class = Command


def checked_reason(reason: str | None) -> str:
    """The reason in one line; empty where none is given."""
    from finops_nb.report.format import visible

    if reason is not None and not reason.strip():
        raise Refusal(
            Problem("no reason", "Say why, in a sentence", column="--reason", value=reason)
        )
    if len(reason or "") > REASON:
        raise Refusal(
            Problem(
                f"a reason of more than {REASON} characters",
                "Say it in a sentence or two",
                column="--reason",
            )
        )
    return visible(" ".join((reason or "").split()))


@click.group(
    cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="finops-nb")
def main() -> None:
    """FinOps organizational alignment: allocation, budget variance and chargeback that foot to the cent.

    A NAME is a params file's path under params/ without .yaml: 2025-12, analysis/2025-Q4, scenarios/lower-gamma.
    """
    # jsonschema, which nbformat needs, compiles a grammar of IRIs on import where it finds one: as long as all other imports of
    # a run together. A notebook's schema has no IRI. And pydantic would look for plugins in every package there is.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # this is how Python is told that there is no such module


@main.command()
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--all", "everything", is_flag=True, help="Every NAME that has a params file.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="How many at a time; as many as there are processors, if left out.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Run again though inputs, params, notebook and version are unchanged; publishes the same bytes.",
)
@click.option(
    "--kernel",
    type=click.Choice(["fork", "plain"]),
    help="fork: kernels are copies of one process with the imports done, the usual way for several on Linux; plain: each starts afresh.",
)
@click.option(
    "--reason",
    help="Why a published official month is made anew; it stays on record, and must be said once it was mailed.",
)
@click.option(
    "--log-json", is_flag=True, help="Tell what happens as one JSON object a line, on stderr."
)
def run(
    names: tuple[str, ...],
    everything: bool,
    jobs: int | None,
    force: bool,
    kernel: str | None,
    reason: str | None,
    log_json: bool,
) -> None:
    """Publish the report of each NAME.

    A NAME may be a range of months, 2025-07..2025-12, or last-month. One that fails stops no other. Prints the path of
    each published HTML. What was published before stays until the new report is whole.

    Example: finops-nb run 2025-12
    """
    from finops_nb.commands.names import select
    from finops_nb.commands.progress import Display
    from finops_nb.home import find_home
    from finops_nb.notebook.fork_provisioner import AVAILABLE
    from finops_nb.run.batch import run_batch

    if names and everything:
        raise click.UsageError("--all is every NAME; leave it out, or the NAMEs.")
    if not names and not everything:
        raise click.UsageError(
            "Name a month such as 2025-12, a range such as 2025-07..2025-12, last-month, or --all."
        )
    if kernel == "fork" and not AVAILABLE:
        raise click.UsageError("--kernel fork is for Linux only; leave it out.")
    home = find_home()
    why = checked_reason(reason)
    selected = select(names, home, everything)
    forked = AVAILABLE and kernel != "plain"
    with Display(selected, log_json) as display:
        ends = run_batch(
            selected,
            home,
            jobs=jobs or os.cpu_count() or 1,
            forked=forked,
            force=force,
            reason=why,
            tell=display.tell,
        )
    for end in ends:
        if end.exit_code == 0:
            click.echo(end.text)
    codes = {end.exit_code for end in ends}
    # What must be looked at comes before what may be tried again.
    sys.exit(next((code for code in (130, 1, 75) if code in codes), 0))


@main.command("what-changed")
@click.argument("name", metavar="NAME")
@click.option(
    "--revision",
    type=int,
    metavar="N",
    help="What changed with that revision; with the last one, if left out.",
)
def what_changed(name: str, revision: int | None) -> None:
    """Say what changed when an official month was published once more.

    First the causes, with their money, then every figure that differs from the revision before.

    Example: finops-nb what-changed 2025-12
    """
    from finops_nb.commands.names import one_name
    from finops_nb.commands.what_changed import what_changed as lines_of
    from finops_nb.home import find_home

    for line in lines_of(find_home(), one_name(name), revision):
        click.echo(line)


@main.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def check(names: tuple[str, ...], as_json: bool) -> None:
    """Say what the report of each NAME would hold; 2025-07..2025-12 and last-month are understood.

    Reads its params and usage and changes nothing.

    Example: finops-nb check 2025-12
    """
    from finops_nb.commands.check import check_name, describe
    from finops_nb.commands.names import meant
    from finops_nb.home import find_home

    home = find_home()
    refused = False
    for name in meant(names):
        try:
            checked = check_name(name, home)
            click.echo(
                json.dumps(checked.overview, ensure_ascii=False) if as_json else describe(checked)
            )
        except Refusal as refusal:
            refused = True
            problems = {
                "name": name,
                "errors": [problem.as_record() for problem in refusal.problems],
            }
            click.echo(
                json.dumps(problems, ensure_ascii=False) if as_json else str(refusal),
                err=not as_json,
            )
    sys.exit(1 if refused else 0)


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option(
    "--verify",
    is_flag=True,
    help="Compare every published file with what was published, and every report with its inputs.",
)
@click.option(
    "--doctor", is_flag=True, help="See whether this machine and this home can make a report."
)
def status(names: tuple[str, ...], verify: bool, doctor: bool) -> None:
    """Say what is published, mailed, at work, and left over; 2025-07..2025-12 and last-month are understood.

    Changes nothing. With --verify it ends with 1 where a file was changed by hand, with --doctor where no report can be made.

    Example: finops-nb status --verify
    """
    from finops_nb.commands.names import meant
    from finops_nb.commands.status import status as lines_of
    from finops_nb.commands.status import verify as verified
    from finops_nb.home import bare, find_home

    home = find_home()
    bad = False
    chosen = tuple(dict.fromkeys(map(bare, meant(names))))
    if doctor:
        from finops_nb.commands.doctor import doctor as findings_of

        for finding in findings_of(home):
            click.echo(finding)
            bad |= finding.well is False
    if verify:
        altered, outdated = verified(home, chosen)
        for line in (*altered, *outdated):
            click.echo(line)
        if not altered:
            click.echo("Every published file is as it was published.")
        bad |= bool(altered)
    if not (doctor or verify):
        for line in lines_of(home, chosen):
            click.echo(line)
    sys.exit(bad)


@main.command()
@click.argument("month", metavar="YYYY-MM")
def new(month: str) -> None:
    """Write the next month's params.

    They are those of the newest month before it, with the period rolled and the budgets marked as carried over.

    Example: finops-nb new 2026-01
    """
    from finops_nb.commands.scaffold import new_month
    from finops_nb.home import find_home

    click.echo(new_month(find_home(), month))


@main.command()
@click.argument("name", metavar="NAME")
@click.option("--reason", required=True, help="Why, in a sentence; it stays on record.")
@click.option(
    "--by", "author", metavar="WHO", help="Who adopts it; the scenario's author, if left out."
)
def adopt(name: str, reason: str, author: str | None) -> None:
    """Make the budgets of a scenario the official ones of its month.

    The budgets before stay on record as a version of their own. Prints the file that was changed.

    Example: finops-nb adopt scenarios/more-for-gamma --reason "org-gamma serves two more regions"
    """
    from datetime import date

    from finops_nb.clock import now
    from finops_nb.home import find_home
    from finops_nb.scenarios.adoption import adopt as adopt_name

    adoption = adopt_name(find_home(), name, reason, date.fromisoformat(now()[:10]), author)
    for sentence in (f"{adoption.version}: {'; '.join(adoption.changes)}", *adoption.notices):
        _say(sentence)
    click.echo(adoption.file)


@main.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--to",
    multiple=True,
    metavar="ADDRESS",
    help="Who gets it, in place of those that the params name; can be repeated.",
)
@click.option(
    "--send",
    is_flag=True,
    help="Send it to who was not sent it yet; without this it is only written.",
)
@click.option(
    "--allow",
    is_flag=True,
    help="Send what would be refused: a what-if, a report that is outdated or of before a failed run.",
)
@click.option("--resend", is_flag=True, help="Send it even to who was sent it, or may have been.")
def mail(name: str, to: tuple[str, ...], send: bool, allow: bool, resend: bool) -> None:
    """Write the mail of a published report, and send it with --send; last-month is understood.

    Prints the path of the message and of its preview for a browser. The server to send by is named in $FINOPS_NB_SMTP_HOST and so on.

    Example: finops-nb mail 2025-12 --to me@example.com --send
    """
    if (allow or resend) and not send:
        raise click.UsageError(
            "--allow and --resend say how to send it; add --send, or leave them out."
        )
    from finops_nb.commands.names import one_name
    from finops_nb.home import find_home
    from finops_nb.mail.send import mail as mail_name

    done = mail_name(
        find_home(), one_name(name), to=to, send=send, allow=allow, resend=resend, notice=_say
    )
    click.echo(done.message)
    click.echo(done.preview)
    sys.exit(0 if done.complete else 1)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="FOLDER")
def init(folder: Path) -> None:
    """Lay out a repository of one's own.

    FOLDER gets params/, notebooks/, outputs/ and a ten-row CSV to try.

    Example: finops-nb init demo
    """
    from finops_nb.commands.scaffold import lay_out

    for line in lay_out(folder):
        click.echo(line)


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)
