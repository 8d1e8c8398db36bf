"""Cost by organization and product of two results: which pairs differ, and a sentence on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from finops_nb.findings.sentence import Sentence, first_few, sentence
from finops_nb.money import ZERO, total

TABLE: Final = "organization_product_breakdown"
"""The table of results.json with the cost of every organization by product."""

Results = Mapping[str, Any]
Pair = tuple[str, str]


class PairChange(NamedTuple):
    """What changed for one organization on one product.

    Args:
        organization: its name.
        product: its name.
        money: the difference of its cost; above zero where it costs more.
        rows: how many more rows it has; None where the results do not count them by pair.
    """

    organization: str
    product: str
    money: Decimal
    rows: int | None


def pair_changes(before: Results, after: Results) -> tuple[PairChange, ...] | None:
    """The organizations and products whose cost or rows differ, largest difference first.

    Args:
        before: the object of a `results.json`.
        after: likewise, or one that has this table alone.

    Returns:
        Their money adds up to the difference of the totals. None where one of the results has no
        such table, or one that does not add up to its total.

    Example:
        One more row: `(PairChange("org-beta", "chat", Decimal("12.40"), 1),)`.
    """
    was, now = _costs(before), _costs(after)
    if was is None or now is None:
        return None
    rows_before, rows_after = _rows(before), _rows(after)
    pairs = []
    for pair in dict.fromkeys((*now, *was)):
        money = now.get(pair, ZERO) - was.get(pair, ZERO)
        rows = None
        if rows_before is not None and rows_after is not None:
            rows = rows_after.get(pair, 0) - rows_before.get(pair, 0)
        if money or rows:
            pairs.append(PairChange(*pair, money, rows))
    return tuple(sorted(pairs, key=lambda pair: (-abs(pair.money), pair[:2])))


def is_late(pairs: Sequence[PairChange]) -> bool:
    """No pair has less cost or fewer rows than before."""
    return all(pair.money >= 0 and (pair.rows or 0) >= 0 for pair in pairs)


def pair_names(pairs: Sequence[PairChange], late: bool = False) -> tuple[Sentence, ...]:
    """The pairs in a sentence, each with its money, if there are several, and its rows.

    Args:
        pairs: in their order; the first few are named.
        late: the rows were added, so that nobody needs to be told that they are more.

    Example:
        "org-beta on chat (+$12.40, 1 row)".
    """
    return first_few([_named(pair, late, several=len(pairs) > 1) for pair in pairs])


def move(pairs: Sequence[PairChange]) -> Sentence | None:
    """A sentence on money that one pair lost and another one gained; None where it is not that.

    Example:
        "$50.00 of org-b moved from search to chat".
    """
    moved = [pair for pair in pairs if pair.money]
    if len(moved) != 2 or moved[0].money != -moved[1].money:
        return None
    source, target = sorted(moved, key=lambda pair: pair.money)
    money = target.money
    if source.organization == target.organization:
        text = "{money:money} of {whose} moved from {source} to {target}"
        products = {"source": source.product, "target": target.product}
        return sentence(text, money=money, whose=source.organization, **products)
    if source.product == target.product:
        text = "{money:money} on {product} moved from {source} to {target}"
        organizations = {"source": source.organization, "target": target.organization}
        return sentence(text, money=money, product=source.product, **organizations)
    places = {"source": _place(source), "target": _place(target)}
    return sentence("{money:money} moved from {source} to {target}", money=money, **places)


def _named(pair: PairChange, late: bool, several: bool) -> Sentence:
    details = ["{money:change}"] if several else []
    if pair.rows:
        change = "" if late else "more " if pair.rows > 0 else "fewer "
        details.append(f"{{rows:count {change}row}}")
    text = "{place}" + (f" ({', '.join(details)})" if details else "")
    return sentence(text, place=_place(pair), money=pair.money, rows=abs(pair.rows or 0))


def _place(pair: PairChange) -> Sentence:
    names = {"organization": pair.organization, "product": pair.product}
    return sentence("{organization} on {product}", **names)


def _costs(results: Results) -> dict[Pair, Decimal] | None:
    """The cost of each pair; None if they are not known."""
    lines = (results.get("tables") or {}).get(TABLE)
    if not lines:
        return None
    costs: dict[Pair, Decimal] = {}
    for line in lines:
        pair = line["organization"], line["product"]
        costs[pair] = costs.get(pair, ZERO) + Decimal(line["cost"])
    return costs if total(costs.values()) == Decimal(results["total"]) else None


def _rows(results: Results) -> dict[Pair, int] | None:
    """The rows of each pair, where each row is one call; None if they are not known."""
    calls = {
        (line["organization"], line["product"]): line.get("calls")
        for line in results["tables"][TABLE]
    }
    if None in calls.values():
        return None
    rows = {pair: int(number) for pair, number in calls.items() if number is not None}
    return rows if sum(rows.values()) == results["rows"]["used"] else None
