"""Recording the legal review (法制审核) of a case that is about to be decided."""

from datetime import date

from sqlalchemy import select

from services.blacklist.cases.domain.days import written_day
from services.blacklist.cases.domain.hearing import same_name, was_held
from services.blacklist.cases.domain.legal_review import AGREED, said, standing_review
from services.blacklist.cases.models import CaseStep
from services.blacklist.cases.queries.standing import review_demand
from services.blacklist.cases.usecases.moves import Move, invalid, plain

NAMESAKE = "录入、修改本案的人员不得进行法制审核；同名的，请在姓名后注明所在科室"
UNREVIEWED = "这一失信程度的决定须先经法制审核，请先登记法制审核的人员、日期和意见"


def record_legal_review(move: Move) -> None:
    """Who reviewed, on which day, with what opinion; bound to the content reviewed."""
    case, given = move.case, move.inputs
    day: date = given.get("reviewed_on") or move.today
    if problem := _day_problem(move, day):
        raise invalid(("/reviewed_on", problem))
    named = given.get("legal_reviewer")
    if named and any(same_name(named, each) for each in _makers(move)):
        raise invalid(("/legal_reviewer", NAMESAKE))
    actor = move.batch.actor
    kept = {
        "reviewer": named or (actor.display_name if actor else None),
        "recorded_by": move.person,
        "reviewed_on": day,
        "conclusion": given["conclusion"],
        "opinion": given["opinion"],
        "content": case.content_hash,
        "after_hearing": was_held(case.hearing),
        "statement": said(case.statement),
    }
    case.legal_review = plain(kept)
    told = ("reviewer", "reviewed_on", "conclusion", "opinion")  # the next review takes its place
    move.detail |= plain({name: kept[name] for name in told})


def _makers(move: Move) -> list[str]:
    """Who filed the case and who edited it, by name."""
    edited = select(CaseStep.actor_name).where(CaseStep.case_id == move.case.id, CaseStep.action == "edit")
    return [move.case.filer_name, *(name for name in move.batch.session.scalars(edited) if name)]


def _day_problem(move: Move, day: date) -> str | None:
    """Between the notice, or the end of a hearing that was held, and today."""
    hearing = move.case.hearing or {}
    ended = date.fromisoformat(hearing["closed_on"]) if was_held(hearing) else None
    if day > move.today:
        return "法制审核的日期不能晚于今天"
    if ended and day < ended:
        return f"听证后重新审核的，日期不能早于听证结束的日期（{written_day(ended)}）"
    noticed = move.case.noticed_on
    return f"法制审核的日期不能早于告知日期（{written_day(noticed)}）" if noticed and day < noticed else None


def require_review(move: Move, severity: str) -> None:
    """What only the severity that is being decided demands, and that who decides is not who reviewed."""
    case, actor = move.case, move.batch.actor
    review, heard = case.legal_review or {}, was_held(case.hearing)
    counts = standing_review(case.legal_review, case.content_hash, heard=heard, statement=case.statement)
    passed = counts[0] == AGREED
    if not passed and review_demand(move.case, move.today, severity=severity):
        raise invalid(("/severity", UNREVIEWED))
    named = review.get("reviewer")
    if passed and named and actor and same_name(named, actor.display_name):
        raise invalid(("/action", "登记的法制审核人员与负责人同名，法制审核人员不得作出决定"))
