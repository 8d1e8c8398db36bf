"""Drivers: what made cost change, in words, from the variance bridge."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from finops_nb.figures.bridge import MIX, OTHER, PRICE, TOKENS, VOLUME, Bridge, bridge
from finops_nb.figures.bridge_in_cents import in_cents
from finops_nb.figures.budget_bridge import budget_bridge_by_name
from finops_nb.figures.change_by_name import model_share
from finops_nb.figures.compared import published_before
from finops_nb.figures.report_data import ReportData
from finops_nb.figures.variance import headline_dimension
from finops_nb.findings.materiality import is_material
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.findings.tense import tense_of
from finops_nb.money import minor_units, ratio, rounded, total
from finops_nb.words import listing

WORDS: Final = {
    VOLUME: ("{growth:share} more calls", "{growth:share} fewer calls"),
    MIX: ("a more expensive mix of models and tasks", "a cheaper mix of models and tasks"),
    TOKENS: ("longer calls", "shorter calls"),
    PRICE: ("higher prices", "lower prices"),
    OTHER: ("more cost without calls", "less cost without calls"),
}
"""What an effect is called above and below zero."""


def drivers(data: ReportData) -> Sentence | None:
    """The material effects behind the change of the total, the largest first.

    Args:
        data: of the report.

    Returns:
        A sentence without its full stop; None where there is no bridge, or no effect is material.

    Example:
        "57.6% more calls added $3,341.50, and a cheaper mix of models and tasks offset $469.87
        (gpt-4 fell from 20.9% to 16.7% of calls)"
    """
    whole = next(iter(bridge(data)), None)
    if whole is None:
        return None
    # Printed as in the table of the bridge.
    effects = in_cents(whole.effects, minor_units(data.params.currency))
    material = [
        (effect, amount)
        for effect, amount in effects.items()
        if amount and is_material(amount, whole.before, data.params)
    ]
    material.sort(key=lambda pair: -abs(pair[1]))
    parts = tuple(
        _effect(data, whole, *pair, is_first=not place) for place, pair in enumerate(material)
    )
    if not parts:
        return None
    places = [f"{{effects[{place}]}}" for place in range(len(parts))]
    text = ", and ".join([", ".join(places[:-1]), places[-1]] if len(places) > 1 else places)
    return sentence(text, effects=parts)


def budget_change(data: ReportData) -> Sentence | None:
    """How the total budget changed from the period before.

    Args:
        data: of the report.

    Returns:
        A sentence without its full stop; None where one of the periods has none, they are
        equal, or the one before is not published.

    Example:
        "The budget rose 72.4%, from $5,800.00 to $10,000.00"
    """
    published = published_before(data)
    before = published.budget if published else None
    now = total(data.budgets.of(headline_dimension(data.budgets)).values())
    change = ratio(now - before, before) if before and now else None
    if not change:
        return None
    tense = tense_of(data.params)
    verb = tense.verb("rose", "rise") if change > 0 else tense.verb("fell", "fall")
    text = f"The budget {verb} {{share:share}}, from {{before:money}} to {{now:money}}"
    return sentence(text, share=abs(change), before=before, now=now)


def volume_and_rate(data: ReportData, by: str, name: str) -> Sentence | None:
    """How much of an overrun is more calls, and how much a higher cost per call.

    Args:
        data: of the report.
        by: organization or product.
        name: over its budget.

    Returns:
        A clause; None where its budget does not state calls, or both print as zero.

    Example:
        "of which $10.00 is more calls and $3.00 a higher cost per call"
    """
    line = budget_bridge_by_name(data).get((by, name))
    if line is None or line.volume is None or line.rate is None:
        return None
    decimals = minor_units(data.params.currency)
    volume, rate = rounded(line.volume, decimals), rounded(line.rate, decimals)
    values = {"volume": abs(line.volume), "rate": abs(line.rate)}
    if volume > 0 and rate > 0:
        text = "of which {volume:money} is more calls and {rate:money} a higher cost per call"
        return sentence(text, **values)
    parts = {}
    if volume:
        parts["more calls added" if volume > 0 else "fewer calls saved"] = "volume"
    if rate:
        words = "a higher cost per call added" if rate > 0 else "a lower cost per call saved"
        parts[words] = "rate"
    # What added to the cost comes first: it is why the budget was exceeded.
    order = sorted(parts, key=lambda words: words.endswith("saved"))
    clauses = [f"{words} {{{parts[words]}:money}}" for words in order]
    return sentence(f"as {listing(clauses)}", **values) if clauses else None


def _effect(
    data: ReportData, whole: Bridge, effect: str, amount: Decimal, *, is_first: bool
) -> Sentence:
    """One effect; the first one begins the sentence."""
    more, less = WORDS[effect]
    if amount > 0:
        text = f"{more} added {{amount:money}}"
    else:
        text = f"{less} {'offset' if whole.change > 0 else 'saved'} {{amount:money}}"
    if is_first:
        text = text[0].upper() + text[1:]
    growth = None if whole.growth is None else abs(whole.growth)
    model = model_share(data, dearer=amount > 0) if effect == MIX else None
    if model is None or model.before == model.now:
        return sentence(text, amount=abs(amount), growth=growth)
    moved = "rose" if model.now > model.before else "fell"
    text += f" ({{model}} {moved} from {{was:share}} to {{now:share}} of calls)"
    return sentence(
        text, amount=abs(amount), growth=growth, model=model.model, was=model.before, now=model.now
    )
