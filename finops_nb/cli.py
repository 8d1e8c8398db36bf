"""The commands of `finops-nb`: each translates its arguments, calls a module and prints its lines.

A command imports what it calls when it is called, so that `--help` starts fast.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from finops_nb import __version__
from finops_nb.commands.command import Group
from finops_nb.commands.printable_output import json_line
from finops_nb.errors import Refusal

if TYPE_CHECKING:
    from finops_nb.home import Home

WHAT_TO_RUN: Final = (
    "Give a month such as 2025-12, a range such as 2025-07..2025-12, last-month, or --all."
)


@click.group(
    cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="finops-nb")
def main() -> None:
    """FinOps reports that add up to the cent: cost by organization and product, against budgets.

    A home is a folder with params/ and outputs/; commands use the one you are in. A params file
    has the period, the usage and the budgets of one report. A NAME is its path under params/
    without .yaml: 2025-12, scenarios/lower-gamma. One named by a month makes its official report.

    run, check and status also take ranges of months, such as 2025-07..2025-12, and last-month.
    """
    # Where it is installed, jsonschema, which nbformat imports, compiles a grammar of IRIs at
    # import, which takes as long as all other imports of a run. A notebook's schema has no IRI.
    # With None here, Python treats the module as not installed.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    # Else pydantic searches every installed package for plugins.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


@main.command()
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--all", "everything", is_flag=True, help="Every NAME that has a params file.")
@click.option(
    "--jobs",
    type=int,
    metavar="N",
    help="How many reports to make in parallel, 1 to 64; by default, one per processor.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Run again even if nothing has changed; the published files come out the same.",
)
@click.option(
    "--kernel",
    type=click.Choice(["fork", "plain"]),
    help="How a notebook's Python starts. fork: as a copy of a process with the packages loaded "
    "(faster; the default on Linux); plain: from scratch.",
)
@click.option(
    "--reason",
    help="Why a published month is revised. It stays on record; required once the report has been "
    "mailed.",
)
@click.option("--log-json", is_flag=True, help="Print each event as a line of JSON on stderr.")
def run(
    names: tuple[str, ...],
    everything: bool,
    jobs: int | None,
    force: bool,
    kernel: str | None,
    reason: str | None,
    log_json: bool,
) -> None:
    """Make and publish the report for each NAME.

    If one fails, its last published report stays in place and the others still run. Prints the
    path of each published HTML file.

    Example: finops-nb run 2025-12
    """
    from finops_nb.commands.names import select
    from finops_nb.commands.progress import Display
    from finops_nb.commands.reason import checked_reason
    from finops_nb.home import find_home
    from finops_nb.run.batch import run_batch

    _check_what_to_run(names, everything)
    forked = _forked(kernel)
    home = find_home()
    why = checked_reason(reason)
    selected = select(names, home, everything)
    parallel = _checked_jobs(jobs) or os.cpu_count() or 1
    with Display(selected, log_json) as display:
        ends = run_batch(
            selected, home, jobs=parallel, forked=forked, force=force, reason=why, tell=display.tell
        )
    _print_lines(end.text for end in ends if end.exit_code == 0)
    sys.exit(_exit_code({end.exit_code for end in ends}))


@main.command("what-changed")
@click.argument("name", metavar="NAME")
@click.option(
    "--revision",
    type=int,
    metavar="N",
    help="The revision to explain; by default, the last one.",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Also show changed wording, and figures that appear in no table.",
)
def what_changed(name: str, revision: int | None, everything: bool) -> None:
    """Explain what changed in a revision of an official month.

    The causes come first, with their amounts; then the totals and table cells that differ from the
    previous revision.

    Example: finops-nb what-changed 2025-12
    """
    from finops_nb.commands.names import one_name
    from finops_nb.commands.what_changed import what_changed as lines_of
    from finops_nb.home import find_home

    _print_lines(lines_of(find_home(), one_name(name), revision, everything=everything))


@main.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def check(names: tuple[str, ...], as_json: bool) -> None:
    """Show what the report for each NAME would contain.

    Reads its params and usage; changes nothing.

    Example: finops-nb check 2025-12
    """
    from finops_nb.commands.check import check_words, describe

    home, refused = _home(named=not as_json), False
    for name, result in check_words(names, home):
        if isinstance(result, Refusal):
            refused = True
            if as_json:
                errors = [problem.as_record() for problem in result.problems]
                _print_json({"name": name, "errors": errors})
            else:
                _tell(str(result))
        elif as_json:
            _print_json(result.overview)
        else:
            click.echo(describe(result))
    sys.exit(1 if refused else 0)


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option(
    "--verify",
    is_flag=True,
    help="Find published files that were changed or added by hand, and reports that are outdated.",
)
@click.option(
    "--doctor", is_flag=True, help="Test whether this machine and this home can make a report."
)
def status(names: tuple[str, ...], verify: bool, doctor: bool) -> None:
    """Show what is published, mailed or running.

    Also shows what a failed run left. Changes nothing. The exit code is 1 if --verify finds a file
    that was changed or added by hand, or --doctor finds that no report can be made.

    Example: finops-nb status --verify
    """
    from finops_nb.commands.names import expanded
    from finops_nb.commands.status import status as lines_of
    from finops_nb.home import bare

    home = _home(named=True)
    chosen = tuple(dict.fromkeys(map(bare, expanded(names))))
    healthy = True
    if verify:  # before anything is printed, since it may refuse a NAME
        from finops_nb.commands.status import verify as verified

        altered, outdated = verified(home, chosen)
    if doctor:
        from finops_nb.commands.doctor import doctor as diagnoses_of

        for diagnosis in diagnoses_of(home):
            click.echo(diagnosis)
            healthy &= diagnosis.ok is not False
    if verify:
        _print_lines((*altered, *outdated))
        if not altered:
            click.echo("No published file was changed or added by hand.")
        healthy &= not altered
    if not (doctor or verify):
        _print_lines(lines_of(home, chosen))
    sys.exit(0 if healthy else 1)


@main.command()
@click.argument("month", metavar="YYYY-MM")
@click.option(
    "--budgets",
    type=click.Choice(["forecast"]),
    help="Also write a scenario whose budgets are the expected cost of each organization and "
    "product. You can adopt it later.",
)
def new(month: str, budgets: str | None) -> None:
    """Write the params file for the next month.

    Copies the file of the most recent earlier month and sets the new period. The budgets are marked
    as carried over: confirm or change them. With --budgets, an existing params file stays.

    Example: finops-nb new 2026-01
    """
    from finops_nb.commands.budget_proposal import propose_budgets
    from finops_nb.commands.scaffold import new_month
    from finops_nb.home import find_home

    home = find_home()
    if not budgets or not home.params_file(month).exists():
        click.echo(new_month(home, month))
    if budgets:
        proposal = propose_budgets(home, month)
        click.echo(proposal.file)
        if proposal.unchanged:
            _tell(proposal.unchanged)
        _tell(f'Then: finops-nb adopt scenarios/{month}-forecast --by WHO --reason "..."')


@main.command()
@click.argument("name", metavar="NAME")
@click.option("--reason", required=True, help="Why, in a sentence; it stays on record.")
@click.option(
    "--by", "author", metavar="WHO", help="Who adopts them; by default, the scenario's author."
)
@click.option("--outside", is_flag=True, help="Allow changing a budgets file outside the home.")
def adopt(name: str, reason: str, author: str | None, outside: bool) -> None:
    """Make a scenario's budgets the official budgets of its month.

    The earlier budgets stay on record as a version. Prints the path of the changed file.

    Example: finops-nb adopt scenarios/more-for-gamma --reason "org-gamma serves two more regions"
    """
    from datetime import date

    from finops_nb.clock import now
    from finops_nb.home import find_home
    from finops_nb.scenarios.adoption import adopt as adopt_name

    today = date.fromisoformat(now()[:10])
    adoption = adopt_name(find_home(), name, reason, today, author, outside=outside)
    for sentence in (f"{adoption.version}: {'; '.join(adoption.changes)}", *adoption.notices):
        _tell(sentence)
    click.echo(adoption.file)
    _tell(f"Publish it: finops-nb run {adoption.base}")


@main.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--to",
    multiple=True,
    metavar="ADDRESS",
    help="A recipient, instead of those in the params; can be repeated.",
)
@click.option("--send", is_flag=True, help="Send it to everyone who has not received it.")
@click.option(
    "--allow",
    is_flag=True,
    help="Send it even if it is a what-if, is outdated or NOT RECONCILED, or its last run failed.",
)
@click.option(
    "--resend", is_flag=True, help="Send it again, even to recipients who have it or may have it."
)
def mail(name: str, to: tuple[str, ...], send: bool, allow: bool, resend: bool) -> None:
    """Write the email for a published report; --send sends it.

    Prints the path of the message, and of a preview for a browser. $FINOPS_NB_SMTP_HOST names the
    mail server; README.md lists the other settings.

    Example: finops-nb mail 2025-12 --to me@example.com --send
    """
    if (allow or resend) and not send:
        raise click.UsageError("--allow and --resend need --send; add it, or leave them out.")
    from finops_nb.commands.names import one_name
    from finops_nb.home import find_home
    from finops_nb.mail.send import mail as mail_name

    done = mail_name(
        find_home(), one_name(name), to=to, send=send, allow=allow, resend=resend, notice=_tell
    )
    _print_lines((str(done.message), str(done.preview)))
    sys.exit(0 if done.complete else 1)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="FOLDER")
def init(folder: Path) -> None:
    """Create a home (a folder to work in) with a sample month.

    FOLDER gets params/, notebooks/, outputs/ and a ten-row CSV to try.

    Example: finops-nb init demo
    """
    from finops_nb.commands.scaffold import lay_out

    _print_lines(lay_out(folder))


@main.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--copy-notebooks",
    is_flag=True,
    help="Before that, copy the packaged notebooks that this home does not have into it.",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[JUPYTERLAB OPTIONS]")
def lab(copy_notebooks: bool, options: tuple[str, ...]) -> None:
    """Open JupyterLab on this home and its notebooks.

    It shows the home's notebooks, params and outputs. Install it with pip install "finops-nb[lab]".
    Other options, such as --no-browser and --port 8889, go to JupyterLab.

    Example: finops-nb lab
    """
    from finops_nb.commands import lab as module
    from finops_nb.home import VARIABLE

    home = _home(named=True)
    if copy_notebooks:
        _print_lines(module.copy_notebooks(home))
    command = module.lab_command(home, options)
    sys.stdout.flush()
    # JupyterLab takes the place of this process, so that signals reach it.
    os.execve(command[0], command, os.environ | {VARIABLE: str(home.root)})


def _checked_jobs(jobs: int | None) -> int | None:
    """The `--jobs` of `run`; click's own range would stand in the help as [1<=x<=64]."""
    if jobs is not None and not 1 <= jobs <= 64:
        raise click.BadParameter(f"{jobs} is not a number from 1 to 64.", param_hint="--jobs")
    return jobs


def _check_what_to_run(names: tuple[str, ...], everything: bool) -> None:
    if names and everything:
        raise click.UsageError("--all already means every NAME; leave out --all or the NAMEs.")
    if not names and not everything:
        raise click.UsageError(WHAT_TO_RUN)


def _forked(kernel: str | None) -> bool:
    """Whether kernels are copies of one process; by default, wherever that works."""
    from finops_nb.notebook.fork_provisioner import AVAILABLE

    if kernel == "fork" and not AVAILABLE:
        raise click.UsageError("--kernel fork works on Linux only; leave it out.")
    return AVAILABLE and kernel != "plain"


def _exit_code(codes: set[int]) -> int:
    """The code of several runs: a failure, which needs a person, before one that may be retried."""
    return next((code for code in (130, 1, 75) if code in codes), 0)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _print_json(record: dict[str, Any]) -> None:
    click.echo(json_line(record, sys.stdout))


def _home(named: bool) -> Home:
    """The home; where it is `named`, its path is printed unless it is the current folder."""
    from finops_nb.home import find_home

    home = find_home()
    if named and home.elsewhere:
        click.echo(home.elsewhere)
    return home


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)
