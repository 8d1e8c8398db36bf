"""What a user is told of each recipient: what became of the mail, and the way out, which sends it to nobody else."""

from __future__ import annotations

from finops_nb.mail.answer import is_too_large
from finops_nb.outputs.mail_journal import Entry
from finops_nb.mail.smtp import Outcome, State


def again(name: str, recipient: str, allow: bool) -> str:
    """The command that sends a report to one recipient once more, whatever is on record."""
    return f"finops-nb mail {name} --to {recipient} --send{' --allow' if allow else ''} --resend"


def advice(outcome: Outcome, command: str) -> str:
    """What became of it now.

    Args:
        outcome: from `deliver`.
        command: from `again`.
    """
    return {
        State.SENT: "sent",
        State.REFUSED: f"refused: {outcome.detail}. {_mend(outcome)}, then: {command}",
        State.DEFERRED: f"not sent: {outcome.detail}. Run it again later, without --resend; who was sent it is not sent it twice.",
        State.UNKNOWN: f"unknown: {outcome.detail}. Look whether it arrived; if not: {command}",
    }[outcome.state]


def advice_before(entry: Entry, command: str) -> str:
    """What became of it on a former run, which is why this one leaves it alone.

    Args:
        entry: from the journal.
        command: from `again`.
    """
    if entry.state is State.SENT:
        return f"already sent on {entry.time}; once more: {command}"
    if entry.state is State.REFUSED:
        return f"refused on {entry.time}; to try again: {command}"
    return f"unknown since {entry.time}: no answer came. Look whether it arrived; if not: {command}"


def _mend(outcome: Outcome) -> str:
    if not outcome.of_message:
        return "Mend the address, or what is said there"
    if is_too_large(outcome.detail):
        return "The mail is too large, the address is not at fault: attach less, such as mail: {attachment: none}"
    return "The message is refused, the address is not at fault: ask who runs the server, or attach less"
