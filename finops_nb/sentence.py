"""Sentence: a fact as the text that a reader sees, every figure printed by its unit."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any, cast

from markupsafe import Markup, escape

from finops_nb.fact import Fact
from finops_nb.format import Format, listing, noun, visible
from finops_nb.schema import Unit


def sentence(said: Any, fmt: Format) -> Markup:
    """A fact as HTML: every name escaped and isolated, every figure printed by its unit."""
    return Markup(_Sentence(fmt, lambda name: Markup("<bdi>{}</bdi>").format(visible(name)), escape).say(said))


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
