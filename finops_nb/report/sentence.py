"""Sentence: a fact, or a name, as the text that a reader sees, every figure printed by its unit."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any, Final, cast

from markupsafe import Markup, escape

from finops_nb.findings.sentence import Fact
from finops_nb.report.format import Format, listing, noun, visible
from finops_nb.schema import Unit

NAME_LENGTH: Final = 60
"""Characters of a name that the page prints; results.json and the XLSX have all."""


def named(name: str) -> Markup:
    """A name of the data as HTML: escaped, isolated, and on a few lines at most; a longer one is whole in its title."""
    whole = visible(name)
    if len(whole) <= NAME_LENGTH:
        return Markup("<bdi>{}</bdi>").format(whole)
    return Markup('<bdi title="{}">{}…</bdi>').format(whole, whole[: NAME_LENGTH - 1])


def sentence(said: Any, fmt: Format) -> Markup:
    """A fact as HTML: every name escaped and isolated, every figure printed by its unit."""
    return Markup(_Sentence(fmt, named, escape).say(said))


def plain_sentence(said: Any, fmt: Format) -> str:
    """A fact as text."""
    return _Sentence(fmt, str, str).say(said)


class _Sentence(string.Formatter):
    """Prints facts; how a name and how a figure is written is the caller's."""

    def __init__(self, fmt: Format, name: Callable[[str], str], figure: Callable[[str], str]):
        self.fmt, self.name, self.figure = fmt, name, figure

    def say(self, said: Any) -> str:
        if isinstance(said, tuple):
            return listing([self.say(each) for each in said])
        return self.vformat(said.text, (), said.values) if isinstance(said, Fact) else str(self.name(str(said)))

    def format_field(self, value: Any, unit: str) -> str:
        if unit.startswith("count "):
            return str(self.figure(noun(value, unit.removeprefix("count "))))
        # What stands behind the colon of a fact is a unit.
        return str(self.figure(self.fmt.of(cast(Unit, unit), value))) if unit else self.say(value)
