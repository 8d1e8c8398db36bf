"""YAML as the kit writes it: keys in the order given, amounts and days plain, and nothing that reads back as another value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Writes `Decimal` as the digits it was written with."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Items of a list stand in from their key."""
        super().increase_indent(flow, False)


def _digits(dumper: yaml.SafeDumper, amount: Decimal) -> yaml.Node:
    text = format(amount, "f")
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


_Dumper.add_representer(Decimal, _digits)
_Dumper.add_representer(date, lambda dumper, day: dumper.represent_scalar("tag:yaml.org,2002:timestamp", day.isoformat()))


def yaml_text(values: Mapping[str, Any]) -> str:
    """A mapping as lines of YAML.

    Args:
        values: text, `Decimal`, days, and mappings and lists of them.

    >>> print(yaml_text({"base": "2025-12", "organization_budgets": {"org-a": Decimal("5000.50"), "007": Decimal(1)}}), end="")
    base: 2025-12
    organization_budgets:
      org-a: 5000.50
      '007': 1
    """
    return yaml.dump(dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
