"""The reason that a person gives for a run, on one line."""

from __future__ import annotations

from typing import Final

from finops_nb.errors import Problem, Refusal
from finops_nb.report.format import visible

LONGEST: Final = 500
"""Characters of a reason, which is printed in the report's provenance and in its mail."""


def checked_reason(reason: str | None) -> str:
    """The reason on one line; empty where none is given.

    Raises:
        Refusal: it is blank, or too long.
    """
    if reason is None:
        return ""
    if not reason.strip():
        fix = "Say why in a sentence"
        raise Refusal(Problem("no reason", fix, column="--reason"))
    if len(reason) > LONGEST:
        rule = f"a reason of more than {LONGEST} characters"
        raise Refusal(Problem(rule, "Write a sentence or two", column="--reason"))
    return visible(" ".join(reason.split()))
