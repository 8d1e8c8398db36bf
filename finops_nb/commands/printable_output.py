"""Printable output: what a terminal's encoding has no character for is printed as a stand-in."""

from __future__ import annotations

import codecs
import json
import sys
from typing import Any, Final, TextIO

from finops_nb.money import SIGNS

HANDLER: Final = "finops_nb.stand_in"
"""The name of the error handler of the streams."""

STAND_INS: Final = {
    "→": "->",
    "−": "-",
    "·": "-",
    "…": "...",
    "÷": "/",
    **{sign: f"{code} " for code, sign in SIGNS.items() if not sign.isascii()},
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
}
"""What is printed for a character that an encoding such as Latin-1 lacks; "?" for any other."""

UNDECODABLE: Final = range(0xDC80, 0xDD00)
"""How Python holds the bytes of a path that are no text, from 0x80 to 0xFF."""


def print_safely() -> None:
    """From now on, printing to stdout and stderr never fails because of a character."""
    codecs.register_error(HANDLER, _stand_in)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # None: closed, or not of a terminal
        if reconfigure:
            reconfigure(errors=HANDLER)


def json_line(record: Any, stream: TextIO) -> str:
    r"""A record as one line of JSON that a stream can hold without a stand-in.

    Args:
        record: as JSON holds it.
        stream: where the line goes. If its encoding lacks a character, the line is ASCII, with
            escapes such as \u20ac, which every reader of JSON reads as that character.
    """
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(record)
    return text


def _stand_in(error: UnicodeError) -> tuple[str | bytes, int]:
    """What is printed for the first character that can't be, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    char = error.object[error.start]
    if ord(char) in UNDECODABLE:
        return bytes([ord(char) - 0xDC00]), error.start + 1
    return STAND_INS.get(char, "?"), error.start + 1
