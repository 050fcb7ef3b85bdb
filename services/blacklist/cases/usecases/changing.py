"""A change of what is public (信息变更): reported with its day, published by a correction, or found none.

From the day of the change its publication is owed (R23), so a late correction is seen to be late.
"""

from datetime import date

from services.blacklist.cases.domain.days import written_day
from services.blacklist.cases.usecases import publication
from services.blacklist.cases.usecases.duties import cancel, owe, settle
from services.blacklist.cases.usecases.moves import Move, invalid
from services.blacklist.cases.usecases.overlays import close_overlay, open_overlay

CHANGE, PUBLISH_CHANGE = "change", "publish-change"


def report_change(move: Move) -> None:
    """Somebody learnt that facts or decision changed: from that day on the correction is owed."""
    changed = _checked(move, move.inputs["changed_on"])
    open_overlay(move, CHANGE, "open", received_on=changed, due_on=_owe(move, changed))
    move.detail["changed_on"] = changed.isoformat()


def drop_change(move: Move) -> None:
    """Looked into, and nothing had changed."""
    cancel(move, PUBLISH_CHANGE)
    close_overlay(move, CHANGE, "dropped")


def correct(move: Move) -> None:
    """Correct what is public; the day of the change says whether that is in time."""
    reported = move.overlays[CHANGE].received_on if CHANGE in move.overlays else None
    given = move.inputs.get("changed_on")
    if reported and given and given != reported:
        told = (
            f"已登记变更日期为{written_day(reported)}，不填或者填写同一日期；登记有误的，先办理“变更不成立”"
        )
        raise invalid(("/changed_on", told))
    changed = reported or _checked(move, given or move.today)
    publication.correct(move)
    if reported is None:
        _owe(move, changed)
    else:
        close_overlay(move, CHANGE, "published")
    settle(move, PUBLISH_CHANGE)
    move.detail["changed_on"] = changed.isoformat()


def _owe(move: Move, changed: date) -> date | None:
    return owe(move, PUBLISH_CHANGE, changed, move.needed_rule().correct_wd)


def _checked(move: Move, changed: date) -> date:
    """Between the decision and today."""
    case = move.case
    first = case.decided_on or case.document_date or case.publicity_start
    if changed > move.today:
        raise invalid(("/changed_on", "变更日期不能晚于今天"))
    if first and changed < first:
        raise invalid(("/changed_on", f"变更日期不能早于作出决定的日期（{written_day(first)}）"))
    return changed
