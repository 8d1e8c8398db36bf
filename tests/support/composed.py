"""The report's notebook in the test's own process, on data made by hand."""

from __future__ import annotations

import ast
import json
from functools import cache
from typing import Any

from support.checkout import CHECKOUT

from finops_nb import api
from finops_nb.figures.report_data import ReportData
from finops_nb.notebook.results import Parts

NOTEBOOK = CHECKOUT / "notebooks" / "organizational_alignment.ipynb"


def composed(data: ReportData, *, with_charts: bool = True) -> Parts:
    """What the notebook shows of some data: every cell is run, and every output is drawn.

    Args:
        data: in place of what `read_report_data` reads.
        with_charts: draw the charts, too, which takes two thirds of the time.

    Returns:
        The parts of the report, in their order.
    """
    names: dict[str, Any] = {name: getattr(api, name) for name in api.__all__}
    names |= {"params": data.params, "data": data, "Style": lambda: None}
    left_out = ("read_parameters(", "read_report_data(", *(() if with_charts else ("charts.",)))
    for source in _cells():
        if any(each in source for each in left_out):
            continue
        statements, last = _compiled(source)
        exec(statements, names)
        output = eval(last, names) if last else None
        for method in ("_repr_html_", "_repr_svg_", "_repr_png_"):
            getattr(output, method, lambda: None)()
    shown: Parts = names["show"]
    return shown


@cache
def _cells() -> tuple[str, ...]:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return tuple(
        "".join(cell["source"])
        for cell in cells
        if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", [])
    )


@cache
def _compiled(source: str) -> tuple[Any, Any]:
    """The statements of a cell, and its last expression, which is its output."""
    tree = ast.parse(source)
    last = None
    if isinstance(tree.body[-1], ast.Expr):
        last = compile(ast.Expression(tree.body.pop().value), "cell", "eval")
    return compile(tree, "cell", "exec"), last
