"""The environment of the Jinja templates: the one exit for names of the data into HTML.

A section of the report is made of cells of notebooks/organizational_alignment.ipynb; its text is in
`report/prose.py`, its tables are named in `report/tables.py`.
"""

from __future__ import annotations

from functools import cache

import jinja2

from finops_nb.report.format import has_long_word, named, noun, visible


@cache
def templates(room: str = "report") -> jinja2.Environment:
    """The templates of a room.

    Every value they print is escaped, so this is the one exit for names of the data.

    Args:
        room: the folder of the package whose `templates/` are meant.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(f"finops_nb.{room}"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["visible"] = visible
    environment.filters["named"] = named
    environment.tests["long"] = has_long_word
    environment.globals["noun"] = noun
    return environment
