"""Edits of a params file: what does not change stays as it is, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import Refusal
from finops_nb.params.text_file import BOM
from finops_nb.params.yaml_edit import ParamsText, next_month_text
from finops_nb.params.yaml_file import Document, read_document, yaml_text

KEY = "organization_budgets"


@pytest.fixture(scope="session")
def read(tmp_path_factory):
    """Read text as the file p.yaml, which has no problems."""
    path = tmp_path_factory.mktemp("yaml") / "p.yaml"

    def read(text: str) -> Document:
        path.write_bytes(text.encode())
        document = read_document(path, "p.yaml")
        assert not document.problems
        return document

    return read


@pytest.fixture(scope="session")
def changed(read):
    """A text after a change of its budgets."""

    def changed(text: str, **changes: str | None) -> str:
        edit = ParamsText(read(text), "p.yaml")
        edit.change(KEY, {name: amount and Decimal(amount) for name, amount in changes.items()})
        return str(edit)

    return changed


@pytest.fixture(scope="session")
def replaced(read):
    """A text after one of its keys was replaced."""

    def replaced(text: str, key: str, value: object) -> str:
        edit = ParamsText(read(text), "p.yaml")
        edit.replace(key, value)
        return str(edit)

    return replaced


@dataclass(frozen=True)
class Row:
    """A budget's line, such as `  "org-a" : '5000'  # three teams`, and a line below it."""

    name: str
    gap: str
    quote: str
    amount: Decimal
    comment: str
    below: str

    def line(self, amount: Decimal | None = None) -> str:
        value = f"{self.quote}{self.amount}{self.quote}" if amount is None else f"{amount:f}"
        return f'  "{self.name}"{self.gap}{value}{self.comment}'


names = st.sampled_from(["org-a", "org b", "NO", "007", "a: 5", "5000", "Zoë", "it's"])
amounts = st.integers(0, 10**6).map(lambda cents: Decimal(cents).scaleb(-2))
rows = st.builds(
    Row,
    names,
    st.sampled_from([": ", ":   ", " : "]),
    st.sampled_from(["", "'", '"']),
    amounts,
    st.sampled_from(["", "  ", "  # three teams", " # was: 5000", "   # 'x'"]),
    st.sampled_from(["", "   ", "# a comment", "  # org-a: 5", "  #"]),
)
tables = st.lists(rows, min_size=1, max_size=5, unique_by=lambda row: row.name)
heads = st.sampled_from(
    [
        ['period: "2025-12"', "usage:   x  # calls"],
        ["# One month", "", "usage: [a.csv,", "  b.csv]", "notes: {x: 'two", "", "  lines'}"],
        ["---", "owners:", '  "org-a":    Ada', "notes:", "  x: |", "    # text", "", "    5000"],
    ]
)
tails = st.sampled_from(
    [
        [],
        [""],
        ["# for at_risk", "at_risk:   0.9"],
        ["phasing: even # x", "", ""],
        ["at_risk: 1", "...", "# the end"],
    ]
)
line_ends = st.sampled_from(["\n", "\r\n", "\r"])
marks = st.sampled_from(["", BOM])


@given(
    heads,
    tables,
    tails,
    st.dictionaries(names, st.none() | amounts, max_size=6),
    line_ends,
    marks,
    st.booleans(),
)
def test_only_changed_budgets_change(read, head, table, tail, changes, end, mark, ended):
    """All else is in its place: comments, quotes, blanks, line breaks, byte order mark."""
    known = [row.name for row in table]
    added = {
        name: amount for name, amount in changes.items() if name not in known and amount is not None
    }
    kept = [row for row in table if changes.get(row.name, row.amount) is not None]
    before, after = [], []
    for row in table:
        before += [row.line(), row.below]
        after += [row.line(changes.get(row.name))] if row in kept else []
        after += [row.below]
    # The new names come directly below the last budget.
    before, after = before[:-1], after[:-1]
    after += [f"  {line}" for line in yaml_text(added).splitlines()] if added else []
    colon = ":" if kept or added else ": {}"

    def text(key: str, lines: list[str], is_ended: bool) -> str:
        whole = mark + "".join(line + end for line in (*head, f"{key}  # ok", *lines, *tail))
        return whole if is_ended else whole.removesuffix(end)

    edit = ParamsText(read(text(f"{KEY}:", before, ended)), "p.yaml")
    edit.change(KEY, changes)

    last_line_stays = bool(tail) or (table[-1] in kept and not added)
    assert str(edit) == text(f"{KEY}{colon}", after, ended or not last_line_stays)
    amounts = {row.name: row.amount for row in table} | changes
    assert read(str(edit)).data[KEY] == {
        name: f"{amount:f}" for name, amount in amounts.items() if amount is not None
    }


old_values = st.sampled_from(
    [
        [],
        ["budget_versions: []"],
        [
            "budget_versions:",
            "  - version: original",
            "    reason: |",
            "      why",
            "",
            "      # x",
        ],
        [
            "budget_versions:",
            "- {version: original,",
            "   date: }  # x",
            "- version: 'revised",
            "    1'",
        ],
    ]
)


@given(heads, old_values, tails, line_ends, marks, st.booleans())
def test_a_key_is_replaced_at_the_end(replaced, head, old, tail, end, mark, ended):
    """Only the lines of the key go; a blank line parts the new ones from what is above."""

    def text(lines: list[str]) -> str:
        return mark + "".join(line + end for line in lines)

    lines = [*head, *old, *tail]
    ended = ended or not lines[-1]
    place = tail.index("...") if "..." in tail else len(tail)
    rest, document_end = [*head, *tail[:place]], tail[place:]
    new = ["budget_versions:", "  - version: original", "    author: Zoë"]
    value = [{"version": "original", "author": "Zoë"}]
    before = text(lines) if ended else text(lines).removesuffix(end)

    result = replaced(before, "budget_versions", value)

    gap = [""] if rest[-1] else []
    after = text([*rest, *gap, *new, *document_end])
    assert result == (after.removesuffix(end) if document_end and not ended else after)


def test_a_comment_that_looks_like_an_amount_is_not_changed(changed):
    """The value is found by its place, not by its text."""
    text = f"{KEY}:\n  org-a: 5000 # before: 5000\n  'org-a: 5000': 5000\n"

    assert changed(text, **{"org-a": "5"}) == text.replace("org-a: 5000 #", "org-a: 5 #")
    assert changed(text, **{"org-a: 5000": "5"}) == text.replace("': 5000", "': 5")


@pytest.mark.parametrize("old", ["", f"{KEY}: {{}}\n", f"{KEY}: {{\n  }}  # none\n"])
def test_a_first_budget_is_written_at_the_end(changed, old):
    """The key may be missing, or in braces without a name."""
    text = changed(f"period: x\n{old}# below\nusage: x\n", **{"org-a": "5.50"})

    assert text == f"period: x\n# below\nusage: x\n\n{KEY}:\n  org-a: 5.50\n"


@pytest.mark.parametrize(
    "block",
    [
        "{org-a: 5000}",
        "{\n  org-a: 5000\n  }",
        "\n  org-a:\n    5000",
        "\n  org-a: |-\n    5000",
        "\n  org-a: '5000\n    '",
        "\n  ? org-a\n  : 5000",
    ],
)
@pytest.mark.parametrize("amount", ["5", None])
def test_a_budget_that_shares_its_line_is_refused(changed, block, amount):
    """Braces, a value on another line and a key with a question mark can't be changed."""
    message = rf"^p\.yaml, line \d, {KEY}\.org-a: this budget can't be changed where it stands\. "
    with pytest.raises(Refusal, match=message):
        changed(f"{KEY}: {block}\n", **{"org-a": amount})


@pytest.mark.parametrize("block", ["{org-a: 4}", "{org-a: 4,\n  org-c: 5}"])
def test_a_new_budget_beside_braces_is_refused(changed, block):
    """A line below braces would be a key of the file."""
    message = rf"^p\.yaml, line \d, {KEY}\.org-b: this budget can't be changed where it stands\. "
    with pytest.raises(Refusal, match=message):
        changed(f"{KEY}: {block}\n", **{"org-b": "5"})


def test_all_budgets_that_share_their_line_are_refused_together(changed):
    """Changed, removed and new ones, each with its line, or else that of the key."""
    changes = {"a": "1", "org-c": None, "org-a": "2"}
    with pytest.raises(Refusal) as refused:
        changed(f"x: y\n{KEY}: {{org-a: 4,\n  org-c: 5}}\n", **changes)
    places = [(problem.line, problem.column) for problem in refused.value.problems]
    assert places == [(3, f"{KEY}.org-c"), (2, f"{KEY}.org-a"), (2, f"{KEY}.a")]


@pytest.mark.parametrize(
    "block", ["  org-a:\n    4", "  ? org-a\n  : 4", "  org-a: |-\n    4", "  org-a: '4\n    '"]
)
@pytest.mark.parametrize("end", ["", "\n", "\n\n# end\n", "\nusage: x\n"])
def test_a_new_budget_stands_below_an_amount_on_a_line_of_its_own(read, changed, block, end):
    """The amount of the name before may stand below that name."""
    text = changed(f"{KEY}:\n{block}{end}", **{"org-b": "5"})

    assert text == f"{KEY}:\n{block}\n  org-b: 5{end or chr(10)}"
    amounts = [(name, amount.strip()) for name, amount in read(text).data[KEY].items()]
    assert amounts == [("org-a", "4"), ("org-b", "5")]


def test_keys_in_braces_are_refused(changed):
    """Nothing can be written below one pair of braces."""
    with pytest.raises(Refusal, match="the keys are in braces"):
        changed("{period: x, usage: y}\n", **{"org-a": "5"})


blocks = st.sampled_from(
    [
        # Lines of the old month, and of the new one; None is the mark of carried budgets.
        (['period: "2025-12"  # of 2025-12'], ['period: "2026-01"  # of 2026-01']),
        (
            ["usage:", "  # 2025-12", "  - 2025-12.csv"],
            ["usage:", "  # 2025-12", "  - 2026-01.csv"],
        ),
        (["# ours, 2025-12"], ["# ours, 2025-12"]),
        (["owners:", "  'a' :   2025-12  # x"], ["owners:", "  'a' :   2025-12  # x"]),
        ([f"{KEY}:", "  # ok", "  a: 5"], [None, f"{KEY}:", "  # ok", "  a: 5"]),
        (
            ["# carried over from 2025-11: confirm or change", "product_budgets: {a: 5}", ""],
            [None, "product_budgets: {a: 5}", ""],
        ),
        (["budget_versions:", "- version: original", "  author: A", "", "# x"], ["", "# x"]),
        (
            ["notes:", "  a: |", "    b", ""],
            ["# 2025-12: notes:", "# 2025-12:   a: |", "# 2025-12:     b", ""],
        ),
        (["as_of: 2025-12-18", "# why"], ["# 2025-12: as_of: 2025-12-18", "# why"]),
        (["currency:   EUR # x", "  "], ["currency:   EUR # x", "  "]),
    ]
)


@given(st.lists(blocks, max_size=8, unique_by=str), line_ends, marks, st.booleans())
def test_a_new_month_has_the_lines_of_the_last(read, blocks, end, mark, ended):
    """Lines are rolled, marked or commented by their key; all others stay byte for byte."""
    carried = "# carried over from 2025-12: confirm or change"
    before = [line for old, _ in blocks for line in old]
    after = [carried if line is None else line for _, new in blocks for line in new]
    old = mark + "".join(line + end for line in ["a: b", *before, "c: d"])
    new = mark + "".join(line + end for line in ["a: b", *after, "c: d"])
    if not ended:
        old, new = old.removesuffix(end), new.removesuffix(end)

    assert next_month_text(read(old), "2025-12", "2026-01") == new
