"""Names such as MÃ¼nchen, which once were UTF-8 and were read as something else: they are told, never repaired."""

from __future__ import annotations

from typing import Final

import duckdb

from finops_nb.params.model import ColumnName
from finops_nb.usage.sources import values
from finops_nb.usage.sources.dialects import NAMED
from finops_nb.usage.model import Notice

FOLLOWING: Final = r"\x{80}-\x{9f}\x{a1}-\x{bf}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
"""What Windows-1252 and Latin-1 show for the second and later bytes of a letter in UTF-8, but for the blank that does not break."""

MISREAD: Final = rf"[Â-ÅÎ-Ñ][{FOLLOWING}\x{{a0}}]|[à-ï][{FOLLOWING}]{{2}}|ð[{FOLLOWING}]{{3}}"
"""Western, Greek and Cyrillic letters in two bytes, other scripts in three, emoji in four. French puts the blank between a letter
and its quotation mark, so that it does not count in the last two."""


def misread_names(db: duckdb.DuckDBPyConnection) -> tuple[Notice, ...]:
    """A notice of the rows of the period with such a name, if there are any; a customer is not named in it."""
    misread = {name: f"(strlen({name}) > length({name}) AND regexp_matches({name}, {values.sql_text(MISREAD)}))" for name in NAMED}
    shown: tuple[ColumnName, ...] = ("organization", "product", "feature")
    examples = ", ".join(f"min({name}) FILTER ({misread[name]})" for name in shown)
    query = f"SELECT coalesce({examples}), sum(entries), sum(cost) FROM owners WHERE {' OR '.join(misread.values())}"
    example, rows, cost = db.execute(query).fetchone() or ()
    if not rows:
        return ()
    such = f', such as "{example}"' if example else ""
    return (Notice(f"Some names look like UTF-8 that was read in another encoding{such}; they were kept as they are.", rows, cost),)
