"""A terminal that lacks a character gets a stand-in; no command ends with an encoding error."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.cli import main
from finops_nb.commands.printable_output import json_line, print_safely
from finops_nb.money import SIGNS

HEADER = "timestamp,cost_usd,organization_id,product_id,feature_id,customer_id,currency\n"
ROW = "2025-12-31T10:00:00Z,1.25,Zürich→東京,chat,ask,c-1,EUR\n"


@pytest.fixture
def latin(monkeypatch, tmp_path):
    """A terminal in Latin-1, and a home with a name that it can't show."""
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "2025-12.yaml").write_text(
        'period: "2025-12"\nusage: calls.csv\ncurrency: EUR\n', encoding="utf-8"
    )
    (tmp_path / "calls.csv").write_text(HEADER + ROW, encoding="utf-8")
    monkeypatch.setenv("FINOPS_NB_HOME", str(tmp_path))

    def run(*arguments: str) -> tuple[int, str]:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="latin-1") for _ in range(2)]
        with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
            with pytest.raises(SystemExit) as end:
                main(arguments)
            for stream in streams:
                stream.flush()
        texts = [stream.buffer.getvalue().decode("latin-1") for stream in streams]
        return end.value.code, "\n".join(texts)

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "2025-12"),
        ("status",),
        ("status", "--verify"),
        ("status", "--doctor"),
        ("what-changed", "2025-12"),
        ("check", "2025-1→"),
        ("run", "→"),
        ("new", "→"),
        ("adopt", "→", "--reason", "→"),
        ("mail", "→"),
        ("--help",),
        ("what-changed", "--help"),
        ("nonsense→",),
    ],
)
def test_no_command_fails_to_encode(latin, arguments):
    """Each prints what it has to say, whatever its exit code."""
    _, text = latin(*arguments)
    assert text.strip()
    assert "Internal error" not in text


def test_money_and_names_stay_readable(latin):
    """€ is printed as EUR, and an arrow as ->; "?" stands for what has no stand-in."""
    code, text = latin("check", "2025-12")
    assert code == 0
    assert "EUR 1.25" in text
    assert "Zürich->??" in text


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
@pytest.mark.parametrize("code", SIGNS)
def test_every_sign_of_a_currency_has_a_stand_in(code, encoding):
    """It is the sign itself, or the code of the currency."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with redirect_stdout(stream):
        print_safely()
    stream.write(f"{SIGNS[code]}1.25")
    stream.flush()
    printed = stream.buffer.getvalue().decode(encoding)
    assert printed in (f"{SIGNS[code]}1.25", f"{code} 1.25")


def test_json_keeps_every_name(latin):
    """It is escaped where the terminal lacks a character, so that programs read the same names."""
    code, text = latin("check", "2025-12", "--json")
    assert code == 0
    assert json.loads(text)["organizations"] == {"Zürich→東京": "1.25"}


@given(
    st.text(st.characters(exclude_categories=())),
    st.sampled_from(["latin-1", "cp1252", "ascii", "utf-8"]),
)
def test_any_text_is_printed_in_any_encoding(text, encoding):
    """A path's bytes that are no text are printed as they are."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with redirect_stdout(stream):
        print_safely()
    stream.write(text + "\udcff")
    stream.flush()
    assert stream.buffer.getvalue().endswith(b"\xff")


@given(st.text(), st.sampled_from(["latin-1", "cp1252", "ascii", "utf-8"]))
def test_json_reads_back_from_any_encoding(text, encoding):
    """The record is the same, and the line can be written without a stand-in."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    stream.write(json_line({"name": text}, stream))
    stream.flush()
    assert json.loads(stream.buffer.getvalue().decode(encoding)) == {"name": text}
