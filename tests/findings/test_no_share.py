"""No share: why there is no allocated share, in the same words everywhere."""

from __future__ import annotations

import pytest
from support.made_usage import Call, data_of, findings_of, usage_of

from finops_nb.figures.variance import total_of
from finops_nb.findings.insights import Allocated, insight_sentence
from finops_nb.findings.main_findings import main_findings
from finops_nb.findings.no_share import why_no_share
from finops_nb.findings.recommendations import recommend
from finops_nb.report.format import Format, text_sentence
from finops_nb.report.headline import headlines


def usage(**costs: str):
    """Usage of organizations; `none` has no name."""
    return usage_of(
        [Call("" if name == "none" else name, "x", "f", "c", cost) for name, cost in costs.items()]
    )


@pytest.mark.parametrize(
    ("costs", "why"),
    [
        ({"a": "10", "none": "2"}, ""),
        ({"a": "0"}, ""),
        ({"a": "-10", "none": "12"}, "credits exceed the cost of an organization"),
        ({"a": "-10", "b": "5"}, "credits exceed the cost of an organization"),
        ({"a": "10", "none": "-5"}, "credits exceed the cost without an organization"),
    ],
)
def test_it_says_whose_credits_exceed_the_cost(costs, why):
    """Nothing where there is a share, or no cost at all."""
    expected = f"; there is no share because {why}" if why else ""
    assert why_no_share(usage(**costs)) == expected


def test_the_card_the_finding_the_insight_and_the_recommendation_use_the_same_words():
    """12.00 without an organization, and 10.00 of credits of org-a."""
    data = data_of(usage(a="-10", none="12"))
    findings, fmt = findings_of(data), Format("USD")
    [card] = [
        each
        for each in headlines(data, total_of(data, findings.organizations))
        if each.key == "allocated"
    ]
    [finding] = [each for each in main_findings(findings) if each.title == "Unallocated Cost"]
    [insight] = [each for each in findings.insights if isinstance(each, Allocated)]
    [advice] = [each for each in recommend(findings) if each.title == "Cost Allocation"]
    texts = [card.detail, finding.sentence, insight_sentence(insight)[1], advice.action]
    for text in texts:
        assert text_sentence(text, fmt).endswith(why_no_share(data.usage))
        assert "$12.00" in text_sentence(text, fmt)
    assert text_sentence(card.value, fmt) == "n/a"
