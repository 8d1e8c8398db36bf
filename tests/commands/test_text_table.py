"""Text table: aligned columns of plain text."""

from __future__ import annotations

from finops_nb.commands.text_table import text_table


def test_columns_are_aligned_and_lines_have_no_spaces_at_their_ends():
    """Figures are on the right, wide characters count twice, and a short row is filled up."""
    rows = [("chat", "$9.00", "UNDER"), ("部署", "$12.50", "OVER"), ("and 2 more", "$1.00")]
    assert text_table(("name", "cost", "status"), rows, right=("cost",)).splitlines() == [
        "name          cost  status",
        "chat         $9.00  UNDER",
        "部署        $12.50  OVER",
        "and 2 more   $1.00",
    ]


def test_what_looks_like_markup_is_printed_as_it_is():
    """Names come from people's files."""
    assert "[bold]x[/bold]" in text_table(("name",), [("[bold]x[/bold]",)])


def test_a_long_name_leaves_the_figures_beside_it_whole():
    """A line is as wide as its cells; a key of the cloud may have 190 characters, or 500."""
    for length in (190, 500):
        name = "/subscriptions/" + "x" * (length - 15)
        rows = [(name, "$2.50", "NO BUDGET"), ("north", "$1.25", "NO BUDGET")]
        lines = text_table(("organization", "cost", "status"), rows, right=("cost",)).splitlines()
        assert lines[1:] == [
            f"{name}  $2.50  NO BUDGET",
            f"north{' ' * (length - 5)}  $1.25  NO BUDGET",
        ]
