"""法制审核 before a decision: by somebody who neither made the case nor decides it, of this very content."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from services.blacklist.cases.domain.standing import Actor, Blocked, Standing, different

AGREED, AMEND, OBJECTED = "agreed", "amend", "objected"
CONCLUSIONS = {AGREED: "审核通过", AMEND: "建议修改", OBJECTED: "审核未通过"}
RULE = "法制审核由非承办人员进行"
LAW = "行政处罚法第五十八条"


def standing_review(
    review: Mapping[str, Any] | None,
    content_hash: str,
    *,
    heard: bool,
    statement: Mapping[str, Any] | None,
) -> tuple[str | None, str | None]:
    """(conclusion, reviewer) of a review that still counts: of this content and of what the party said with
    our answer, and after the hearing held. What the party says later undoes no objection. A review of an
    earlier release does not tell which statement.
    """
    if not review or review["content"] != content_hash or (heard and not review["after_hearing"]):
        return None, None
    agreed = review["conclusion"] == AGREED
    if agreed and "statement" in review and review["statement"] != said(statement):
        return None, None
    return review["conclusion"], review["recorded_by"]


def said(statement: Mapping[str, Any] | None) -> str | None:
    """A mark of the statement and its answer; None where the party said nothing or waived it."""
    if not statement or not statement.get("content"):
        return None
    text = json.dumps([statement["content"], statement.get("answer")], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def legal_reviewer_not_maker(case: Standing, actor: Actor, _: date) -> Blocked | None:
    if blocked := different(actor.user_id, case.filer, "录入人不得对本人录入的案件进行法制审核"):
        return blocked
    return different(actor.user_id, case.last_editor, "修改人不得对本人修改的案件进行法制审核")


def legal_review_open(case: Standing, _: Actor, __: date) -> Blocked | None:
    if case.legal_review != AGREED:
        return None
    return Blocked("法制审核已经通过；案件内容修改、登记陈述申辩或者举行听证后，重新审核", RULE)


def legally_reviewed(case: Standing, _: Actor, __: date) -> Blocked | None:
    """Where a rule demands it, no decision without a review that passed."""
    if case.legal_review in (OBJECTED, AMEND):
        words = CONCLUSIONS[case.legal_review]
        return Blocked(f"法制审核意见为“{words}”，不得作出决定；可以退回修改，或者重新审核", LAW)
    if case.review_demand is None or case.legal_review == AGREED:
        return None
    reason = "作出决定前须经法制审核：请由审核人（非录入、修改人员）登记法制审核的人员、日期和意见"
    return Blocked(reason, case.review_demand)


def decider_not_legal_reviewer(case: Standing, actor: Actor, _: date) -> Blocked | None:
    return different(actor.user_id, case.legal_reviewer, "法制审核人员不得对同一案件作出决定")
