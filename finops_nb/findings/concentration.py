"""Concentration in words: the largest customers, who are not named, and the largest names."""

from __future__ import annotations

from typing import Any

from finops_nb.figures.concentration import Concentration
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.findings.tense import Tense
from finops_nb.words import listing


def concentration_sentence(found: Concentration, tense: Tense) -> Sentence | None:
    """How much of the cost is due to the largest customers and names.

    Args:
        found: from `figures.concentration`.
        tense: from `tense_of`.

    Returns:
        None where there is nothing to say, as for one organization with one product.

    Example:
        "The largest of 100 customers caused 10.0% of cost, the ten largest 51.5%. By cost, the
        largest organization is org-a (40.4%) and the largest product is chat (44.6%)."
    """
    texts: list[str] = []
    values: dict[str, Any] = {}
    if found.largest_customer is not None:
        text = "The largest of {customers:count} customers caused {largest_customer:share} of cost"
        values |= {"customers": found.customers, "largest_customer": found.largest_customer}
        if found.largest_customers is not None:
            text += ", the ten largest {ten_largest_customers:share}"
            values["ten_largest_customers"] = found.largest_customers
        texts.append(f"{text}.")
    verb, names = tense.verb("is", "be"), []
    for by, (name, share) in found.names.items():
        names.append(f"the largest {by} {verb} {{{by}}} ({{{by}_share:share}})")
        values |= {by: name, f"{by}_share": share}
    if names:
        texts.append(f"By cost, {listing(names)}.")
    return sentence(" ".join(texts), **values) if texts else None
