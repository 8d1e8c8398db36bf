"""Data quality: days with little or no usage, and garbled names."""

from __future__ import annotations

import string
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.usage_files import call, costs, read, write_calls, write_parquet

from finops_nb.usage.data_quality import notices_of_misread_names
from finops_nb.usage.engine import open_engine
from finops_nb.usage.sources.notice import Notice

GARBLED = "Some names look like UTF-8 that was read in another encoding"


@pytest.fixture
def noticed(tmp_path):
    """The notices about a December with so many calls of 1.00 on each day, from the first."""

    def read_back(*rows: int, **params) -> list[Notice]:
        # Each call has its own feature, so that no two rows are identical.
        calls = [
            call(timestamp=f"2025-12-{day:02}", feature_id=f"f{n}")
            for day, count in enumerate(rows, 1)
            for n in range(count)
        ]
        return list(read(write_calls(tmp_path / "calls.csv", *calls), **params).notices)

    return read_back


def test_usage_on_every_day_has_no_notice(noticed):
    """A month with usage on each day has no notice."""
    assert noticed(*[2] * 31) == []


def test_days_without_usage_are_named(noticed):
    """Up to five days are listed; of eight days, the first five."""
    text = "No usage on {}; the files may be incomplete."
    assert noticed(2, 0, *[2] * 29) == [Notice(text.format("2025-12-02"), 0, Decimal(0))]
    first = ", ".join(f"2025-12-0{day}" for day in range(2, 7))
    assert noticed(2, *[0] * 8, *[2] * 22) == [
        Notice(text.format(f"{first} and 3 more"), 0, Decimal(0))
    ]
    assert noticed(2, *[0] * 6, *[2] * 24)[0].text == text.format(f"{first} and 1 more")


def test_days_before_the_first_usage_count(noticed):
    """The first of the month is missed like any other day."""
    assert noticed(0, *[1] * 30)[0].text.startswith("No usage on 2025-12-01;")


def test_days_that_are_not_over_do_not_count(noticed):
    """No day after the last day with usage, or after `as_of`, is missed."""
    assert noticed(*[1] * 10) == []
    assert noticed(*[1] * 10, 0, 1, as_of="2025-12-10") == []
    assert len(noticed(*[1] * 10, as_of="2025-12-11")) == 1


def test_a_day_with_less_than_a_tenth_of_the_usual_rows_is_named_with_its_money(noticed):
    """A day with two rows is thin if the median day has 21 rows, but not if it has 20."""
    notice = Notice(
        "Less than a tenth of a usual day's rows on 2025-12-03; the files may be incomplete.",
        2,
        Decimal(2),
    )
    assert noticed(21, 21, 2, *[21] * 28) == [notice]
    assert noticed(20, 20, 2, *[20] * 28) == []


def test_what_has_rows_on_half_of_the_days_is_not_daily(noticed):
    """A weekly bill (6 of 31 days) has no gaps; usage on 16 of 31 days is daily."""
    assert noticed(*[1, 0, 0, 0, 0, 0, 0] * 4, 1, 0, 1) == []
    assert noticed(*[1, 0] * 15, 0, as_of="2025-12-31") == []
    assert len(noticed(*[1, 0] * 15, 1)) == 1


def test_half_a_missing_month_has_a_notice(noticed):
    """With usage on 14 days and the last one, 16 of 31 days are missing."""
    assert "and 11 more" in noticed(*[1] * 14, *[0] * 16, 1)[0].text


def count_misread(*names: str) -> int:
    """How many of these organizations the notice counts."""
    with open_engine() as db:
        db.executemany(
            "INSERT INTO owners (organization, cost, entries) VALUES (?, 1, 1)",
            [[name] for name in names],
        )
        return sum(notice.rows for notice in notices_of_misread_names(db))


def misread(name: str, encoding: str = "cp1252") -> str:
    """The name as a reader of that encoding shows its UTF-8.

    A byte that the encoding lacks is read as Latin-1, as browsers do.
    """
    return "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in name.encode())


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_notice_has_the_rows_and_the_money_of_the_period_and_keeps_the_name(tmp_path, kind):
    """The notice counts 2.00 and 4.00 in the period; 1.00 is sound, 8.00 is from November."""
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
        (f'{GARBLED}, such as "MÃ¼nchen"; they were kept unchanged.', 2, 6)
    ]
    assert costs(usage, "organization") == {"org-a": "5", "MÃ¼nchen": "2"}


def test_a_customer_is_not_named(tmp_path):
    (notice,) = read(write_calls(tmp_path / "u.csv", call(customer_id="JosÃ©"))).notices
    assert notice.text == f"{GARBLED}; they were kept unchanged."


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize(
    "name",
    ["é", "Ñ", "Łódź", "Αθήνα", "Москва", "it’s", "–", "€", "東京", "서울", "🚀", "don’t à la"],
)
def test_it_knows_the_letters_of_many_languages(name, encoding):
    assert count_misread(misread(name, encoding)) == 1


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
def test_a_sound_name_is_not_garbled(name):
    assert count_misread(name) == 0


@given(
    st.lists(
        st.text(string.ascii_letters + "äöüßéèêçñåøæœÄÖÜÉØ", min_size=1), min_size=1, max_size=8
    )
)
def test_of_western_names_only_misread_ones_are_found(names):
    """A name of ASCII alone cannot be misread."""
    misreadings = [misread(name) for name in names]
    assert count_misread(*names) == 0
    assert count_misread(*misreadings) == sum(not name.isascii() for name in names)


@pytest.mark.parametrize("word", ["NULL", "None", "nan", "N/A", "null", "#N/A", "undefined"])
def test_a_word_for_nothing_is_a_name_with_a_notice(tmp_path, word):
    """1.00 of the 2.00 is of an organization called NULL; a name that contains it is a name."""
    calls = [call(organization_id=word), call(organization_id=f"{word} Ltd")]
    usage = read(write_calls(tmp_path / "calls.csv", *calls))
    assert costs(usage, "organization") == {word: "1", f"{word} Ltd": "1"}
    assert usage.notices[:1] == (
        Notice(
            f'Counted as the name of an organization: "{word}". If there is no organization, '
            "export such fields as empty, or leave them out of organizations.csv; "
            "the cost is then unallocated.",
            1,
            Decimal(1),
        ),
    )
    cleaned = read(write_calls(tmp_path / "calls.csv", calls[0] | {"organization_id": ""}))
    assert costs(cleaned, "organization") == {"(unallocated)": "1"}
    assert not any("Counted as" in notice.text for notice in cleaned.notices)


def test_every_name_has_its_notice(tmp_path):
    """One for each column, with all its spellings."""
    calls = [call(product_id="NULL", feature_id="x"), call(product_id="null", customer_id="None")]
    texts = [notice.text for notice in read(write_calls(tmp_path / "c.csv", *calls)).notices]
    assert [text.partition(". ")[0] for text in texts if "Counted as" in text] == [
        'Counted as the name of a product: "NULL" and "null"',
        'Counted as the name of a customer: "None"',
    ]
