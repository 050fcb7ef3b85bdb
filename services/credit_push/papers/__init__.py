"""Papers that prove what was delivered, withdrawn and reconciled: signed, as PDF, sheet or JSON."""

from services.credit_push.papers.paper import Paper, Section, as_json, as_pdf, as_xlsx, is_genuine, signed
from services.credit_push.papers.proof import prove
from services.credit_push.papers.report import report

__all__ = [
    "Paper", "Section", "as_json", "as_pdf", "as_xlsx", "is_genuine", "prove", "report", "signed",
]  # fmt: skip
