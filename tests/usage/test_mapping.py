"""organizations.csv: keys are allocated by day, and unmapped keys are listed with their money."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.usage_files import call, write_calls

from finops_nb.errors import Refusal
from finops_nb.params.model import make_params
from finops_nb.usage.model import Usage
from finops_nb.usage.reader import read_usage

HEADER = "key,organization,product,valid_from,valid_to\n"


def mapped(folder: Path, lines: str, *calls: dict[str, str], period: str = "2025-12") -> Usage:
    (folder / "organizations.csv").write_text(HEADER + lines)
    file = write_calls(folder / "u.csv", *calls)
    return read_usage(
        make_params(
            {"period": period, "usage": str(file), "mapping": str(folder / "organizations.csv")}
        )
    )


def costs(usage: Usage, by: str) -> dict[str, Decimal]:
    frame = usage.groups[by,]
    return dict(zip(frame[by], frame["cost"], strict=True))


def of(
    key: str, cost: str = "1.00", day: str = "2025-12-20", product: str = "chat"
) -> dict[str, str]:
    return call(organization_id=key, cost_usd=cost, timestamp=day, product_id=product)


def test_a_month_in_which_a_key_moves_is_divided_by_the_day(tmp_path):
    """team-1 belongs to org-a up to the 14th, and to org-b from the 15th: 1 + 2 and 4."""
    lines = "team-1,org-a,,,2025-12-15\nteam-1,org-b,,2025-12-15,\n"
    calls = (
        of("team-1", "1", "2025-12-01"),
        of("team-1", "2", "2025-12-14T23:59:59Z"),
        of("team-1", "4", "2025-12-15"),
    )
    usage = mapped(tmp_path, lines, *calls)
    assert (costs(usage, "organization"), usage.unmapped) == ({"org-a": 3, "org-b": 4}, ())
    assert (usage.mapping.name, usage.mapping.rows) == ("organizations.csv", 2)


def test_a_key_that_was_deleted_keeps_its_past(tmp_path):
    """Its days up to then belong to its organization, whatever it maps to later."""
    assert costs(mapped(tmp_path, "team-1,org-a,,,2025-12-21\n", of("team-1")), "organization") == {
        "org-a": 1
    }


def test_unmapped_keys_are_unallocated_and_listed(tmp_path):
    """The most money comes first; a row without a key is not listed. The total stays the same."""
    usage = mapped(
        tmp_path,
        "team-1,org-a,,,\n",
        of("team-1"),
        of("team-2", "2"),
        of("team-3", "3"),
        of("team-3", "3"),
        of(""),
    )
    assert costs(usage, "organization") == {"(unallocated)": 9, "org-a": 1}
    assert usage.unmapped == (("team-3", 2, 6), ("team-2", 1, 2))
    assert (usage.cost, usage.rows_unallocated) == (10, 4)


def test_spellings_are_merged_where_the_file_says_so(tmp_path):
    """Two keys of one organization become one; a spelling with one more blank maps nowhere."""
    usage = mapped(
        tmp_path, "Team 1,org-a,,,\nteam-1,org-a,,,\n", of("Team 1"), of("team-1"), of("team-1 ")
    )
    assert costs(usage, "organization") == {"(unallocated)": 1, "org-a": 2}
    assert usage.unmapped == (("team-1 ", 1, 1),)


def test_a_line_may_say_the_product_too(tmp_path):
    """The product in the map replaces the row's; without one, the row's stays."""
    usage = mapped(
        tmp_path, "team-1,org-a,search,,\nteam-2,org-a,,,\n", of("team-1"), of("team-2", "2")
    )
    assert costs(usage, "product") == {"chat": 2, "search": 1}


def test_a_file_with_two_lines_for_a_day_is_refused(tmp_path):
    """Otherwise cost would count twice; the refusal names the second line."""
    with pytest.raises(
        Refusal,
        match=r"organizations\.csv, line 3, key: line 2 has the same key on the same days",
    ):
        mapped(tmp_path, "team-1,org-a,,,\nteam-1,org-b,,2025-12-15,\n", of("team-1"))


@pytest.mark.slow
@given(
    cuts=st.lists(st.integers(1, 30), min_size=1, max_size=4, unique=True).map(sorted),
    days=st.lists(st.integers(0, 30), min_size=1, max_size=12),
)
def test_the_parts_of_a_month_add_up(tmp_path_factory, cuts, days):
    """Wherever the month is cut, each call belongs to one organization, and the total stays."""
    folder, first = tmp_path_factory.mktemp("cuts"), date(2025, 12, 1)
    edges = ["", *(f"{first + timedelta(days=cut)}" for cut in cuts), ""]
    lines = "".join(
        f"team,org-{part},,{edges[part]},{edges[part + 1]}\n" for part in range(len(edges) - 1)
    )
    usage = mapped(
        folder, lines, *(of("team", "1", f"{first + timedelta(days=day)}") for day in days)
    )
    expected: dict[str, int] = {}
    for day in days:
        name = f"org-{sum(cut <= day for cut in cuts)}"
        expected[name] = expected.get(name, 0) + 1
    assert (costs(usage, "organization"), usage.cost) == (dict(sorted(expected.items())), len(days))


def test_a_usage_without_keys_cannot_be_mapped(tmp_path):
    """Otherwise all cost would be unallocated without a notice."""
    (tmp_path / "organizations.csv").write_text(HEADER + "team-1,org-a,,,\n")
    (tmp_path / "u.csv").write_text("timestamp,amount\n2025-12-01,1\n")
    keys = {
        "usage": str(tmp_path / "u.csv"),
        "mapping": str(tmp_path / "organizations.csv"),
        "columns": {"cost": "amount"},
    }
    with pytest.raises(
        Refusal,
        match=r"^u\.csv: organizations are mapped, but the usage has no column for their keys",
    ):
        read_usage(make_params({"period": "2025-12"} | keys))
