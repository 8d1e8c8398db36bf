"""Words for sentences: items listed, counted or shortened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


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
