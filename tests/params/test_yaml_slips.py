"""YAML slips: each has its own sentence, with the line that a person must change."""

from __future__ import annotations

import pytest

from finops_nb.errors import Refusal
from finops_nb.params.yaml_file import read_document

ALONE = "Put the whole value in quotes"
ALIGN = "Put the same number of spaces before each line of a block"
CLOSE = "a bracket that is not closed, or a missing comma"
APOSTROPHE = f"{ALONE}; in single quotes, write an apostrophe twice"
DASHES = 'Write "- " before every line of the block, or before none'
MIXED = "a list and `key: value` lines in one block"
SPACE = "Write a space after each colon"
COLON = "Write a colon and a space between the key and the value"
QUOTE_COLON = 'Put quotes around text that contains ": " or ends with ":", such as usage: "sample:"'
BLOCK = "Put the value in quotes, or begin it on the next line"
BACKSLASH = "Use single quotes, or write each backslash twice"

SLIPS = [
    ("a:\n\tb: 1\n", 2, "a tab", "Use spaces, not tabs"),
    ("a: [1, 2\nb: 3\n", 1, CLOSE, 'Write the closing "]", and a comma between the values'),
    ("a: {b: 1\n", 1, CLOSE, 'Write the closing "}", and a comma between the values'),
    ("a: 1\nb: [\n# said\n", 2, "a bracket that is not closed", 'Write the closing "]"'),
    ("a: [{b: 1},\n", 1, "a bracket that is not closed", 'Write the closing "]"'),
    ("a: [{b:\n", 1, "a bracket that is not closed", 'Write the closing "}"'),
    ("a: 1\nb: 'open\nc: 2\n", 2, "a quote that is not closed", "Write the closing quote"),
    ("a: 'Ada's team\n", 1, "text after a closing quote or bracket", APOSTROPHE),
    ('a: "Ada" and Bob\n', 1, "text after a closing quote or bracket", APOSTROPHE),
    ("a:\n  b:1\n  c: 2\n", 2, "no space after the colon", SPACE),
    ('a:"1"\n# said\n\nb: 2\n', 1, "no space after the colon", SPACE),
    ("a: 1\nb:2\nc: 3\n", 2, "no space after the colon", SPACE),
    ("a: 1\nb 2\nc: 3\n", 2, "no colon after the key", COLON),
    ("a\n  b: 2\n", 1, "no colon after the key", COLON),
    ("a: see: below\n", 1, "an unexpected colon", QUOTE_COLON),
    ("a: sample:\n", 1, "an unexpected colon", QUOTE_COLON),
    ("a:\n  b: 1\n   c: 2\n", 3, "a line that begins further right than the one above", ALIGN),
    (
        "a:\n   b: 1\n  c: 2\n",
        3,
        "a line that is indented differently from the lines above",
        ALIGN,
    ),
    (" a: 1\nb: 2\n", 2, "a line that is indented differently from the lines above", ALIGN),
    ("a:\n  - b: 1\n  c: 2\n", 3, MIXED, DASHES),
    ("a:\n  b: 1\n  - c: 2\n", 3, MIXED, DASHES),
    ("a: - b\n", 1, '"- " after a colon', "Begin the list on the next line"),
    ("a: %b\n", 1, 'a value that begins with "%"', ALONE),
    ("a: @b\n", 1, 'a value that begins with "@"', ALONE),
    ("a: `b`\n", 1, 'a value that begins with "`"', ALONE),
    ("a: *.csv\n", 1, 'a value that begins with "*"', ALONE),
    ("a: &.x\n", 1, 'a value that begins with "&"', ALONE),
    ("%a: 1\n", 1, 'a value that begins with "%"', ALONE),
    ("a: > 5 calls\n", 1, 'a value that begins with "|" or ">"', BLOCK),
    ("a: |x\n", 1, 'a value that begins with "|" or ">"', BLOCK),
    ('a: "C:\\Users"\n', 1, "a backslash in double quotes", BACKSLASH),
    ("a: [1, , 2]\n", 1, "a comma without a value", "Write a value before it, or delete it"),
    (
        "a: ]\n",
        1,
        '"]" without its opening bracket',
        "Write the opening bracket, or put the value in quotes",
    ),
]


@pytest.mark.parametrize(("text", "line", "rule", "fix"), SLIPS, ids=[slip[0] for slip in SLIPS])
def test_each_slip_has_its_line_its_rule_and_its_fix(tmp_path, text, line, rule, fix):
    """The line is the one to change, also where the parser noticed further below."""
    file = tmp_path / "p.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refusal) as refusal:
        read_document(file, "p.yaml")
    (problem,) = refusal.value.problems
    assert (problem.line, problem.rule, problem.fix) == (line, f"not valid YAML: {rule}", fix)


@pytest.mark.parametrize(
    ("slip", "mended"),
    [
        ("a: [1, 2\nb: 3\n", "a: [1, 2]\nb: 3\n"),
        ("a: 'Ada's team\n", "a: 'Ada''s team'\n"),
        ("a:\n  b:1\n  c: 2\n", "a:\n  b: 1\n  c: 2\n"),
        ("a: see: below\n", 'a: "see: below"\n'),
        ("a:\n  - b: 1\n  c: 2\n", "a:\n  b: 1\n  c: 2\n"),
        ("a:\n  - b: 1\n  c: 2\n", "a:\n  - b: 1\n  - c: 2\n"),
        ("a: - b\n", "a:\n- b\n"),
        ("a: > 5 calls\n", "a: >\n  5 calls\n"),
        ('a: "C:\\Users"\n', "a: 'C:\\Users'\n"),
        ('a: "C:\\Users"\n', 'a: "C:\\\\Users"\n'),
        ("a: [1, , 2]\n", "a: [1, 2]\n"),
        ("a: ]\n", "a: []\n"),
    ],
)
def test_a_fix_that_is_followed_is_accepted(tmp_path, slip, mended):
    """What the fix tells to write is YAML."""
    assert slip != mended
    file = tmp_path / "p.yaml"
    file.write_text(mended, encoding="utf-8")
    assert read_document(file, "p.yaml").data
