"""YAML as the kit writes it reads back as the same text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from finops_nb.params.yaml_file import read_document, yaml_text

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


def test_amounts_and_days_are_plain_and_the_order_is_kept():
    """What another reader of YAML would take for something else is quoted."""
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


@given(
    st.dictionaries(
        texts,
        texts | st.dictionaries(texts, st.decimals(-(10**9), 10**9, places=4), min_size=1),
        min_size=1,
        max_size=4,
    )
)
def test_it_reads_back(tmp_path_factory, values):
    """Every key and value as text, amounts with their digits."""
    file = tmp_path_factory.mktemp("yaml") / "x.yaml"
    file.write_text(yaml_text(values), encoding="utf-8")
    document = read_document(file, "x.yaml")
    if not document.problems:  # keys that look the same are refused
        assert document.data == {
            key: {name: format(amount, "f") for name, amount in value.items()}
            if isinstance(value, dict)
            else value
            for key, value in values.items()
        }
