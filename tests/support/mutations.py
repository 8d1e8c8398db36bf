"""Mutations of finished files: a figure changed, a row, table or sheet lost, cut off, emptied."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable
from decimal import Decimal

Mutation = Callable[[bytes, random.Random], bytes]

DIGITS = "0123456789"


def emptied(data: bytes, choose: random.Random) -> bytes:
    return b""


def truncated(data: bytes, choose: random.Random) -> bytes:
    return data[: choose.randrange(1, len(data.rstrip()) - 1)]


def other_digit(text: str, place: int, choose: random.Random) -> str:
    """The text with another digit at a place."""
    digit = choose.choice(DIGITS.replace(text[place], ""))
    return text[:place] + digit + text[place + 1 :]


def html_figure(data: bytes, choose: random.Random) -> bytes:
    """A digit between two tags of the body, or in the alt text of a chart."""
    page = data.decode()
    body = page.index("</head>")
    texts = [
        match.span(1)
        for match in re.finditer(r'>([^<>]*\d[^<>]*)<|alt="([^"]*\d[^"]*)"', page)
        if match.start() > body and match[1]
    ]
    alts = [m.span(1) for m in re.finditer(r'alt="([^"]*\d[^"]*)"', page)]
    start, end = choose.choice([*texts, *alts])
    places = [place for place in range(start, end) if page[place] in DIGITS]
    # A digit of a character reference is no figure.
    places = [place for place in places if not re.search(r"&#?\w*$", page[start:place])]
    return other_digit(page, choose.choice(places), choose).encode() if places else b""


def html_without(pattern: str) -> Mutation:
    """Loses one of the elements that a pattern matches."""

    def lose(data: bytes, choose: random.Random) -> bytes:
        page = data.decode()
        match = choose.choice(list(re.finditer(pattern, page, re.DOTALL)))
        return (page[: match.start()] + page[match.end() :]).encode()

    return lose


HTML = (
    *(html_figure,) * 5,
    html_without(r'<tr class="(?:line|total|other|rounding)">.*?</tr>'),
    html_without(r'<tr class="(?:line|total|other|rounding)">.*?</tr>'),
    html_without(r'<div [^>]*class="finops table.*?</table>\s*</div>'),
    html_without(r"<h2.*?</h2>"),
    html_without(r"<figure.*?</figure>"),
    html_without(r"<li>.*?</li>"),
    truncated,
    emptied,
)


def in_zip(part: str, change: Callable[[str, random.Random], str | None]) -> Mutation:
    """Changes the text of a part, or loses it, and writes the file anew with right checksums."""

    def mutate(data: bytes, choose: random.Random) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        while True:
            name = choose.choice([name for name in parts if re.fullmatch(part, name)])
            changed = change(parts[name].decode(), choose)
            if changed != parts[name].decode():
                break
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for each, content in parts.items():
                if each != name:
                    archive.writestr(each, content)
                elif changed is not None:
                    archive.writestr(each, changed)
        return file.getvalue()

    return mutate


def _other_number(xml: str, choose: random.Random) -> str:
    """Another digit in the value of a cell that holds a number."""
    cells = list(re.finditer(r'<c r="[A-Z]+\d+"(?: s="\d+")?><v>([^<]*)</v>', xml))
    if not cells:
        return xml
    start, end = choose.choice(cells).span(1)
    places = [place for place in range(start, end) if xml[place] in DIGITS]
    changed = other_digit(xml, choose.choice(places), choose)
    return xml if Decimal(changed[start:end]) == Decimal(xml[start:end]) else changed


def _other_text(xml: str, choose: random.Random) -> str:
    """Another digit in a text of a cell."""
    texts = list(re.finditer(r"<t(?: [^>]*)?>([^<]*\d[^<]*)</t>", xml))
    start, end = choose.choice(texts).span(1)
    places = [place for place in range(start, end) if xml[place] in DIGITS]
    return other_digit(xml, choose.choice(places), choose)


def _without_row(xml: str, choose: random.Random) -> str:
    rows = [row for row in re.finditer(r"<row .*?</row>", xml) if "<v>" in row[0]]
    row = choose.choice(rows)
    return xml[: row.start()] + xml[row.end() :]


def _without_sheet(xml: str, choose: random.Random) -> str:
    sheet = choose.choice(list(re.finditer(r"<sheet name.*?/>", xml)))
    return xml[: sheet.start()] + xml[sheet.end() :]


def flipped(data: bytes, choose: random.Random) -> bytes:
    """One bit of the packed content of a part."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = choose.choice([each for each in archive.infolist() if each.compress_size > 100])
    place = info.header_offset + 30 + len(info.filename) + choose.randrange(info.compress_size)
    return data[:place] + bytes([data[place] ^ 1 << choose.randrange(8)]) + data[place + 1 :]


SHEET = r"xl/worksheets/sheet\d+\.xml"
XLSX = (
    *(in_zip(SHEET, _other_number),) * 4,
    *(in_zip(r"xl/sharedStrings\.xml", _other_text),) * 2,
    *(in_zip(SHEET, _without_row),) * 2,
    in_zip(r"xl/workbook\.xml", _without_sheet),
    in_zip(SHEET, lambda xml, choose: None),
    flipped,
    truncated,
    emptied,
)


def csv_figure(data: bytes, choose: random.Random) -> bytes:
    """A digit in any field but the header."""
    text = data.decode()
    start = text.index("\n")
    places = [place for place in range(start, len(text)) if text[place] in DIGITS]
    return other_digit(text, choose.choice(places), choose).encode()


def csv_without_line(data: bytes, choose: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    del lines[choose.randrange(len(lines))]
    return b"".join(lines)


def csv_twice(data: bytes, choose: random.Random) -> bytes:
    """A line stands there twice."""
    lines = data.splitlines(keepends=True)
    return data + choose.choice(lines[1:])


CSV = (*(csv_figure,) * 4, csv_without_line, csv_without_line, csv_twice, truncated, emptied)
