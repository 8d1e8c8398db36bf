"""Words for sentences: items listed, counted or shortened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

PLURALS: Final[Mapping[str, str]] = {
    **{"series": "series", "ies": "y", "xes": "x", "ches": "ch", "shes": "sh", "sses": "ss"},
    **{"ss": "ss", "us": "us", "is": "is", "s": ""},
}
"""Endings of plurals, and of words that end like one, with that of the singular; first one wins."""


def listing(items: Iterable[str]) -> str:
    """A list in a sentence.

    >>> listing(["a"]), listing(["a", "b"]), listing(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    words = list(items)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def first_of(items: Sequence[str], most: int) -> str:
    """The first few of a list in a sentence, and how many more there are.

    >>> first_of(["a", "b", "c"], 2), first_of(["a", "b"], 2)
    ('a, b and 1 more', 'a and b')
    """
    if len(items) <= most:
        return listing(items)
    return f"{', '.join(items[:most])} and {len(items) - most:,} more"


def shortened(text: str, length: int) -> str:
    """`text` of at most `length` characters; a longer one ends with "…".

    >>> shortened("organization", 6), shortened("team", 6)
    ('organ…', 'team')
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def shortened_inside(name: str, length: int) -> str:
    """`name` of at most `length` characters; a longer one keeps its beginning and its end.

    Names of one organization's branches often differ only at the end.

    >>> shortened_inside("organization Paris", 11), shortened_inside("team", 11)
    ('organ…Paris', 'team')
    """
    if len(name) <= length:
        return name
    end = (length - 1) // 2
    return f"{name[: length - 1 - end]}…{name[len(name) - end :]}"


def singular(noun: str) -> str:
    """One of several, as English spells it most often; a word that does not end in "s" stays.

    >>> singular("orders"), singular("companies"), singular("boxes"), singular("access")
    ('order', 'company', 'box', 'access')
    """
    for ending, one in PLURALS.items():
        if noun.endswith(ending) and len(noun) > len(ending):
            return noun.removesuffix(ending) + one
    return noun


def short_names(names: Iterable[str], length: int) -> dict[str, str]:
    """Each of some names as it is printed beside the others: shortened, and still distinct.

    Names that would be the same are twice as long at most; if that does not help, they have a
    number, in the order of the alphabet.

    Args:
        names: distinct or not.
        length: the highest number of characters of a name that is like no other.

    Example:
        `short_names(["team Paris", "team Prague"], 5)` has "te…is" and "te…ue".
    """
    alike: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        alike.setdefault(shortened_inside(name, length), []).append(name)
    return {name: short for same in alike.values() for name, short in _told_apart(same, length)}


def _told_apart(names: Sequence[str], length: int) -> Iterator[tuple[str, str]]:
    for room in range(length, 2 * length + 1):
        short = [shortened_inside(name, room) for name in names]
        if len(set(short)) == len(names):
            return zip(names, short, strict=True)
    numbered = enumerate(names, start=1)
    return ((name, f"{shortened_inside(name, length)} ({number:,})") for number, name in numbered)
