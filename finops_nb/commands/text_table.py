"""Text table: names, figures and statuses in aligned columns, for a terminal or a log.

Rich is imported when a table is made, so that `finops-nb --help` starts without it.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.table import Table

WIDTH: Final = 200
"""Characters of a line of text; a terminal's own width is used where one is drawn on."""

WIDEST: Final = 10_000
"""Characters that a line may have, so that a long name leaves the figures beside it whole."""


def empty_table(heads: Sequence[str] = (), right: Collection[str] = ()) -> Table:
    """A table without rules, two spaces between its columns; every cell stays on one line.

    Args:
        heads: of the columns.
        right: the heads whose columns are aligned to the right.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in heads:
        table.add_column(head, justify="right" if head in right else "left", no_wrap=True)
    return table


def as_text(table: Table) -> str:
    """A table as lines of plain text, without spaces at their ends."""
    from rich.console import Console
    from rich.measure import Measurement

    with io.StringIO() as output:
        console = Console(file=output, width=WIDEST, no_color=True, highlight=False)
        console.width = max(WIDTH, Measurement.get(console, console.options, table).maximum)
        console.print(table)
        return "\n".join(line.rstrip() for line in output.getvalue().splitlines())


def text_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[str] = ()
) -> str:
    """Rows of plain text in columns. What looks like markup is printed as it is.

    Args:
        heads: of the columns.
        rows: a text for each column; a shorter row leaves its last columns empty.
        right: the heads whose columns are aligned to the right.

    >>> print(text_table(("name", "cost"), [("chat", "$9.00"), ("search", "$12.50")], ("cost",)))
    name      cost
    chat     $9.00
    search  $12.50
    """
    from rich.text import Text

    table = empty_table(heads, right)
    for row in rows:
        table.add_row(*map(Text, row))
    return as_text(table)
