"""Mojibake: a name that was read in another encoding is told with rows and money, and stays as it is."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.usage_files import call, costs, read, write_calls, write_parquet

from finops_nb.usage.data_quality import misread_names
from finops_nb.usage.engine import open_engine

SAID = "Some names look like UTF-8 that was read in another encoding"


def told(*names: str) -> int:
    """How many of these organizations are told of."""
    with open_engine() as db:
        db.executemany(
            "INSERT INTO owners (organization, cost, entries) VALUES (?, 1, 1)",
            [[name] for name in names],
        )
        return sum(notice.rows for notice in misread_names(db))


def misread(name: str, encoding: str = "cp1252") -> str:
    """The name as a reader of that encoding shows its UTF-8; a byte that the encoding lacks is taken for Latin-1, as browsers do."""
    return "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in name.encode())


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_notice_has_the_rows_and_the_money_of_the_period_and_keeps_the_name(tmp_path, kind):
    """2.00 and 4.00 of the period are told; 1.00 is sound, 8.00 is of November."""
    calls = [
        call(),
        call(organization_id="MÃ¼nchen", cost_usd="2"),
        call(product_id="cafÃ©", cost_usd="4"),
    ]
    calls.append(call(organization_id="KÃ¶ln", cost_usd="8", timestamp="2025-11-30"))
    usage = read(
        write_calls(tmp_path / "u.csv", *calls)
        if kind == "csv"
        else write_parquet(tmp_path / "u.parquet", calls)
    )
    assert [(notice.text, notice.rows, notice.money) for notice in usage.notices] == [
        (f'{SAID}, such as "MÃ¼nchen"; they were kept as they are.', 2, 6)
    ]
    assert costs(usage, "organization") == {"org-a": "5", "MÃ¼nchen": "2"}


def test_a_customer_is_not_named(tmp_path):
    (notice,) = read(write_calls(tmp_path / "u.csv", call(customer_id="JosÃ©"))).notices
    assert notice.text == f"{SAID}; they were kept as they are."


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize(
    "name",
    ["é", "Ñ", "Łódź", "Αθήνα", "Москва", "it’s", "–", "€", "東京", "서울", "🚀", "don’t à la"],
)
def test_it_knows_the_letters_of_many_languages(name, encoding):
    assert told(misread(name, encoding)) == 1


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "Ünïcödé",
        "São Paulo",
        "NÃO",
        "Ångström",
        "Łódź",
        "Москва",
        "東京",
        "🚀",
        "« été\u00a0»",
        "à\u00a0«\u00a0x",
        "£5",
        "x™",
        "É…",
    ],
)
def test_a_sound_name_is_not_told(name):
    assert told(name) == 0


@given(
    st.lists(
        st.text(string.ascii_letters + "äöüßéèêçñåøæœÄÖÜÉØ", min_size=1), min_size=1, max_size=8
    )
)
def test_of_western_names_just_those_are_told_that_were_misread(names):
    """A name of ASCII alone cannot be misread."""
    misreadings = [misread(name) for name in names]
    assert told(*names) == 0
    assert told(*misreadings) == sum(not name.isascii() for name in names)
