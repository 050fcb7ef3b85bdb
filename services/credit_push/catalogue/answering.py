"""`[answers]`: how a platform is told what became of requests it brought, and in which words."""

import re

from services.credit_push.catalogue.document import Document
from services.credit_push.catalogue.profile import Answers

WAYS = ("http", "hand", "events")
OUTCOMES = ("accepted", "refused", "upheld", "rejected", "granted", "not-granted", "moot")
"""What may become of a request; a platform has a word of its own for each."""
ON_THE_WAY = ("material-requested", "extended")
"""What may happen before: a platform without a word for it is told by hand."""
BASES = ("published", "assumed")
_PATH = re.compile(r"/[A-Za-z0-9/_.~-]{1,200}")


def read_answers(doc: Document) -> Answers:
    """The table of a profile, with every problem noted; without one the exchange events tell."""
    written = "answers" in doc.content
    by = doc.choice("answers.by", WAYS, None if written else "events")
    told = Answers(
        by=by,
        endpoint=doc.place("answers.endpoint"),
        path=doc.word("answers.path", ""),
        key=doc.word("answers.key", "") or doc.word("transport.key", ""),
        outcomes=doc.names("answers.outcomes"),
        basis=doc.choice("answers.basis", BASES, ""),
        source=doc.word("answers.source", ""),
    )
    if written:
        _check(doc, told)
    return told


def _check(doc: Document, told: Answers) -> None:
    if not doc.flag("door.requests", default=False):
        doc.note("answers", "只有转来异议和修复申请的平台（door.requests = true）有此项")
    if not told.basis or not told.source:
        doc.note("answers.source", "应写明依据（basis）和出处（source）")
    for name in set(told.outcomes) - {*OUTCOMES, *ON_THE_WAY}:
        doc.note(f"answers.outcomes.{name}", f"应为 {', '.join((*OUTCOMES, *ON_THE_WAY))} 之一")
    if told.by == "http":
        _check_http(doc, told)


def _check_http(doc: Document, told: Answers) -> None:
    for name in OUTCOMES:
        if not told.outcomes.get(name):
            doc.note("answers.outcomes", f"缺少办理结果 {name} 的平台用语")
    if not told.endpoint and not doc.text("transport.endpoint", ""):
        doc.note("answers.endpoint", "推送方式没有 http 地址的平台须在此写明")
    if not told.key:
        doc.note("answers.key", "回传需要密钥")
    if not _PATH.fullmatch(told.path):
        doc.note("answers.path", "应为以 / 开头的路径，如 /answers")
