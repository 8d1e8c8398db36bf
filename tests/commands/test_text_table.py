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
