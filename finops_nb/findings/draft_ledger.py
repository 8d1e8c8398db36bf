"""A ledger that is still a draft: why, and how to make it final."""

from __future__ import annotations

from finops_nb.figures.chargeback import is_final
from finops_nb.figures.report_data import ReportData
from finops_nb.findings.sentence import Sentence, sentence
from finops_nb.outputs.artifacts import DRAFT_LEDGER
from finops_nb.outputs.manifest import Kind
from finops_nb.words import listing


def draft_ledger_sentences(data: ReportData) -> tuple[Sentence, ...]:
    """Why the ledger of an official month can't be booked yet, and what to do about it.

    Returns:
        Nothing if the ledger is final, or the report has none.

    Example:
        "The ledger is a draft (chargeback.DRAFT.csv), not for booking, because usage is complete
        only through December 18, 2025. To make it final, add the missing usage; if no usage is
        missing, write as_of: 2025-12-31 in params/2025-12.yaml. Then run finops-nb run 2025-12."
    """
    usage, name = data.usage, data.manifest.name
    if data.manifest.kind is not Kind.OFFICIAL or is_final(usage):
        return ()
    reasons, steps = [], []
    if not usage.complete:
        reasons.append("usage is complete only through {known:date}")
        steps.append(
            f"add the missing usage; if no usage is missing, write as_of: {usage.period.last_day} "
            f"in params/{name}.yaml"
        )
    if usage.reconciliation and not usage.reconciliation.reconciled:
        reasons.append("invoices differ from the usage data (see Invoices)")
        steps.append(f"correct the usage, or invoices in params/{name}.yaml")
    why = f"The ledger is a draft ({DRAFT_LEDGER}), not for booking, because {listing(reasons)}."
    how = f"To make it final, {'; and '.join(steps)}. Then run finops-nb run {name}."
    return sentence(why, known=usage.complete_through), sentence(how)
