"""Strict YAML: texts, lists and mappings with their lines; nothing is executed or guessed."""

from __future__ import annotations

import json
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from finops_nb.errors import Problem, Refusal
from finops_nb.params.text_file import BOM
from finops_nb.params.yaml_file import (
    DEPTH,
    SIZE,
    Document,
    lines_of,
    read_document,
    yaml_text,
)

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
names = texts.filter(lambda text: text and unicodedata.is_normalized("NFC", text))
values = st.recursive(
    texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="session")
def read(tmp_path_factory):
    """Read text or bytes as the file p.yaml."""
    path = tmp_path_factory.mktemp("yaml") / "p.yaml"

    def read(content: str | bytes) -> Document:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_document(path, "p.yaml")

    return read


@pytest.fixture(scope="session")
def problems_of(read):
    """The problems of a text, whether it is refused at once or by the caller."""

    def problems_of(content: str | bytes) -> list[Problem]:
        try:
            return list(read(content).problems)
        except Refusal as refusal:
            return list(refusal.problems)

    return problems_of


@pytest.mark.parametrize(
    "scalar",
    [
        *("NO", "on", "yes", "y", "true", "null", "~", "012345", "0x1F", "0o7", "1e3", "1_000"),
        *(".inf", ".nan", "12:30:45", "2025-12-31", "5000", "5000.50", "=", "<<", "${HOME}"),
        *("$(touch canary)", "{{ 1 }}", "%(x)s", "-", "007"),
    ],
)
def test_it_reads_every_scalar_as_text(read, scalar):
    """Values and names that others turn into booleans, octals, seconds or days stay text."""
    quoted = scalar if scalar not in ("{{ 1 }}", "%(x)s", "-") else f"'{scalar}'"

    assert read(f"{quoted}: {quoted}\n").data == {scalar: scalar}


@given(st.dictionaries(names, values, min_size=1, max_size=4))
def test_it_reads_back_what_a_yaml_writer_wrote(read, data):
    """Any text is read exactly: quotes, newlines, control characters, emoji."""
    assert read(yaml.safe_dump(data, default_style='"')).data == data


def test_it_knows_the_line_of_each_value(read):
    """A value has the line of its key, a list's item its own; blank lines and comments count."""
    text = "# budgets\n\na:\n  b: 1\n\n  c:\n    - x\n    - y\nd: |\n  two\n  lines\ne:\n"
    document = read(text)

    assert document.data == {"a": {"b": "1", "c": ["x", "y"]}, "d": "two\nlines\n", "e": None}
    assert document.lines == {
        (): 1,
        ("a",): 3,
        ("a", "b"): 4,
        ("a", "c"): 6,
        ("a", "c", 0): 7,
        ("a", "c", 1): 8,
        ("d",): 9,
        ("e",): 12,
    }
    assert document.text == text


def test_it_distinguishes_no_value_from_empty_text(read):
    """A key without a value is None; one with quotes is text."""
    assert read("a:\nb: ''\nc: # nothing\n").data == {"a": None, "b": "", "c": None}


def test_it_accepts_a_byte_order_mark_and_crlf(read):
    """A file saved on Windows reads the same, lines included."""
    document = read(b"\xef\xbb\xbfa: 1\r\nb:\r\n  c: Zo\xc3\xab\r\n")

    assert document.data == {"a": "1", "b": {"c": "Zoë"}}
    assert document.lines["b", "c"] == 3


@given(
    st.lists(st.sampled_from(["a: 1", "# b", "", "  ", "c:"]), max_size=6),
    st.lists(st.sampled_from(["\n", "\r\n", "\r", "\x85", "\u2028"]), min_size=6, max_size=6),
    st.sampled_from(["", BOM]),
)
def test_its_lines_are_those_of_yaml(read, before, breaks, bom):
    """A key is found in the line that its number names, and the lines make up the file."""
    text = bom + "".join(map("".join, zip(before, breaks, strict=False))) + "key: x"
    assume(before.count("a: 1") < 2 and before.count("c:") < 2)
    document = read(text)
    lines = lines_of(document.text)

    assert "".join(lines) == document.text == text
    assert lines[document.lines["key",] - 1].removeprefix(BOM) == "key: x"


def test_it_knows_where_each_value_begins_and_ends(read):
    """Quotes belong to a value, comments do not; only collections in braces have an end."""
    text = f"{BOM}a: '1'  # '1'\nb:\n  c: [x, y]\n  d:\n"
    document = read(text)

    assert {path: text[slice(*span)] for path, span in document.spans.items()} == {
        ("a",): "'1'",
        ("b", "c"): "[x, y]",
        ("b", "c", 0): "x",
        ("b", "c", 1): "y",
        ("b", "d"): "",
    }


@pytest.mark.parametrize("start", ["---\n", "# why\n---\n", "%YAML 1.1\n---\n"])
def test_it_accepts_one_marked_document(read, start):
    """A file may mark the start and the end of its one document."""
    assert read(f"{start}a: 1\n...\n").data == {"a": "1"}


@pytest.mark.parametrize(
    "value",
    [
        '!!python/object/apply:os.system ["touch CANARY"]',
        "!!python/object/apply:pathlib.Path.touch [CANARY]",
        "!!python/object/new:os.system [touch CANARY]",
        "!!python/name:os.system",
        "!!python/module:os",
        "!include CANARY",
        "!ENV ${HOME}",
        "!secret {a: b}",
        "!!int 5",
        "!!binary aGVsbG8=",
        "!!set {a, b}",
        "!!timestamp 2025-12-31",
    ],
)
def test_it_refuses_tags_and_executes_none(problems_of, tmp_path, monkeypatch, value):
    """A tag is refused with its line anywhere, and no canary file appears."""
    monkeypatch.chdir(tmp_path)
    written = value.replace("CANARY", str(tmp_path / "canary"))

    for text, line in (
        (f"a: 1\nb: {written}\n", 2),
        (f"a:\n  - 1\n  - {written}\n", 3),
        (f"? {written}\n: 1\n", 1),
    ):
        rules = ("a YAML tag", "a key that is not text")
        problem = next(each for each in problems_of(text) if each.rule in rules)
        assert (problem.file, problem.line) == ("p.yaml", line)
    assert list(tmp_path.iterdir()) == []


def test_it_refuses_a_tag_on_a_name(problems_of):
    """A tag on a name is refused too."""
    (problem,) = problems_of("a: 1\n!!int 5: 2\n")

    assert str(problem) == (
        'p.yaml, line 2, 5: a YAML tag (found "!!int"). '
        'Delete it, or put text that begins with "!" in quotes.'
    )


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "first", "count"),
    [
        ("a: &x 1\nb: *x\n", 2, 1),
        ("a: &x [*x]\n", 1, 1),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, 1),
        (LAUGHS, 2, 8 * 9),
    ],
)
def test_it_refuses_aliases_before_they_expand(problems_of, text, first, count):
    """Aliases, also recursive, merged or a billion of them, are refused with their lines."""
    problems = problems_of(text)

    assert (problems[0].rule, problems[0].line, len(problems)) == ("a YAML alias", first, count)


@given(st.characters(min_codepoint=0x10000))
def test_it_reads_a_character_that_json_spells_in_two_halves(read, char):
    r"""A program that writes YAML as JSON spells U+1F600 "\ud83d\ude00"; keys are read so too."""
    spelled = json.dumps(char)
    assert spelled.count("\\u") == 2
    assert read(f"{spelled}: [{spelled}, x{char}]\n").data == {char: [char, f"x{char}"]}


@pytest.mark.parametrize("key", ["a", "usage", "mapping", "budgets"])
def test_it_refuses_half_of_a_character(problems_of, key):
    """Wherever it stands, each has its line; no file could hold it."""
    problems = problems_of(f'"\\ud83d": 1\n{key}: ["\\ude00\\ud83d"]\n')
    assert [(problem.line, problem.value) for problem in problems] == [
        (1, "\ud83d"),
        (2, "\ude00\ud83d"),
    ]
    assert str(problems[0]) == (
        "p.yaml, line 1: half of a character, written as \\ud800 or similar "
        '(found "\\ud83d"). Write the character itself.'
    )


def test_it_refuses_depth(problems_of, read):
    """Twenty levels are read, one more is refused, and a hundred thousand are refused as fast."""
    for depth in (DEPTH + 1, 100_000):
        (problem,) = problems_of("a:\n  " + "[" * (depth - 1) + "]" * (depth - 1))
        assert (problem.rule, problem.line) == ("nested deeper than 20 levels", 2)

    assert read("a: " + "[" * (DEPTH - 1) + "]" * (DEPTH - 1)).problems == ()


def test_it_refuses_size(problems_of, read):
    """The limit is a megabyte, to the byte."""
    (problem,) = problems_of("a: " + "x" * (SIZE - 2))
    assert problem.rule == "too large: 1,000,001 bytes"

    assert read("a: " + "x" * (SIZE - 3)).problems == ()


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a"),
        ("b:\n  x: 1\n  y: 2\n  x: 1\n", 4, "b.x"),
        ('b:\n  "Zo\u00eb": 1\n  y: 2\n  "Zoe\u0308": 3\n', 4, "b.Zoe\u0308"),
        ("b: {x: 1,\n y: 2,\n 'x': 3}\n", 3, "b.x"),
    ],
)
def test_it_refuses_a_duplicate_key(problems_of, text, line, key):
    """Keys may be equal exactly, in other quotes or only to the eye; both lines are named."""
    (problem,) = problems_of(text)
    first = 1 if key == "a" else line - 2

    assert (problem.line, problem.column, problem.rule) == (
        line,
        key,
        f"duplicate key, first on line {first}",
    )


def test_it_accepts_one_name_in_two_places(problems_of):
    """The same name below two keys is not a duplicate."""
    assert problems_of("a: {x: 1}\nb: {x: 1}\n") == []


@pytest.mark.parametrize("key", ["[1, 2]", "{a: b}", '""', ""])
def test_it_refuses_a_key_that_is_not_text(problems_of, key):
    """A list, a mapping and nothing at all can't be keys."""
    (problem,) = problems_of(f"a: 1\n? {key}\n: 2\n")

    assert (problem.line, problem.rule) == (2, "a key that is not text")


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("", "the file is empty", None),
        ("\n\n# only a comment\n", "the file is empty", None),
        ("- a\n- b\n", "not `key: value` pairs", 1),
        ("just text\n", "not `key: value` pairs", 1),
        ("a: 1\n---\nb: 2\n", "a second YAML document", 2),
        ("a: 1\n---\n", "a second YAML document", 2),
        ("a: 1\r# Zo\x85b: 2\u2028c: \x00\n", "a character that YAML can't hold", 4),
        ("a:\n  b: 1\n\tc: 2\n", "not valid YAML: a tab", 3),
        ("a: 1\nb 2\nc: 3\n", "not valid YAML: no colon after the key", 2),
        ("a: 1\nb: 'open\n", "not valid YAML: a quote that is not closed", 2),
        ("usage: sample:\n", "not valid YAML: an unexpected colon", 1),
        (b"a: 1\nb: 2\nc: Zo\xeb\n", "not UTF-8", 3),
        ("a: 1\n".encode("utf-16"), "not UTF-8", 1),
        ("a: 1\nb: \x00\n", "a character that YAML can't hold", 2),
        ("a: 1\nb: \x1b[31m\n", "a character that YAML can't hold", 2),
    ],
)
def test_it_refuses_a_file_that_is_not_one_mapping(problems_of, text, rule, line):
    """An empty file, a list, two documents, a tab or another encoding get rule and line."""
    problem = problems_of(text)[0]

    assert (problem.file, problem.line) == ("p.yaml", line)
    assert problem.rule == rule


def test_it_says_how_to_fix_a_tab_or_a_missing_colon(problems_of):
    """These are the parser's most frequent errors."""
    assert problems_of("a:\n\tb: 1\n")[0].fix == "Use spaces, not tabs"
    (problem,) = problems_of("a: 1\nb 2\nc: 3\n")
    assert problem.fix == "Write a colon and a space between the key and the value"


def test_it_says_how_to_write_text_that_ends_with_a_colon(problems_of):
    """`usage: sample:` is what everybody types first; the message shows the quotes."""
    (problem,) = problems_of("usage: sample:\n")

    assert problem.fix.startswith("Put quotes around text that contains")
    assert 'such as usage: "sample:"' in problem.fix


def test_it_names_the_byte_that_is_not_utf_8(problems_of):
    """A file in latin-1 gets its line and byte, with a byte order mark too."""
    for bom in (b"", BOM.encode()):
        (problem,) = problems_of(bom + "a: 1\nname: Zoë\n".encode("latin-1"))

        assert (problem.line, problem.value) == (2, "byte 0xeb")
        assert (problem.rule, problem.fix) == ("not UTF-8", "Save the file as UTF-8")


def test_it_reports_problems_together(problems_of):
    """Tags and duplicate keys do not hide each other."""
    problems = problems_of("a: !x 1\nb: 2\nb: !y 3\nc: !z 4\n")

    assert [problem.line for problem in problems] == [1, 3, 3, 4]


@pytest.mark.parametrize("place", ["missing.yaml", "."])
def test_it_refuses_a_file_it_can_not_read(tmp_path, place):
    """A missing file and a folder are refused without a path of this machine."""
    message = r"^p\.yaml: cannot be read: [A-Z].*\. Check the path and the permissions\.$"
    with pytest.raises(Refusal, match=message):
        read_document(Path(tmp_path / place), "p.yaml")


def test_it_writes_plain_amounts_and_days_in_order():
    """Text that another reader would take for something else is quoted."""
    values = {
        "b": Decimal("5000.50"),
        "a": Decimal("1E+3"),
        "day": date(2025, 12, 15),
        "names": {"NO": "007", "x": "1e3", "y": "on"},
    }
    assert yaml_text(values).splitlines() == [
        "b: 5000.50",
        "a: 1000",
        "day: 2025-12-15",
        "names:",
        "  'NO': '007'",
        "  x: 1e3",
        "  y: 'on'",
    ]


printable = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
amounts = st.decimals(-(10**9), 10**9, places=4)


@given(
    st.dictionaries(
        printable,
        printable | st.dictionaries(printable, amounts, min_size=1),
        min_size=1,
        max_size=4,
    )
)
def test_what_it_writes_reads_back(read, written):
    """Every key and value reads back as text, amounts with their digits."""
    document = read(yaml_text(written))
    assume(not document.problems)  # Keys that look the same are refused.
    for key, value in written.items():
        if isinstance(value, dict):
            value = {name: format(amount, "f") for name, amount in value.items()}
        assert document.data[key] == value
    assert list(document.data) == list(written)
