"""Guards of what brings a listing back into public view: a shield or suspension lifted, a removal undone."""

from datetime import date

from services.blacklist.cases.domain.standing import Actor, Blocked, Standing
from services.blacklist.rules import minors

FALSE_MATERIAL = "以虚假材料取得移出的，恢复列入"


def may_be_shown(case: Standing, _: Actor, today: date) -> Blocked | None:
    """No minor, and no person a list does not name, is shown again; the listing is revoked instead."""
    if case.minor_until is not None and case.minor_until > today:
        return Blocked("当事人为未成年人，不得恢复公示；应当撤销列入", minors.RULE)
    if case.list_in_force and case.subject_type not in case.subject_types:
        reason = "该名单的依据不包括此类主体，不得恢复公示；应当撤销列入"
        return Blocked(reason, "名单依据规定的主体范围")
    return None


def restorable(case: Standing, _: Actor, __: date) -> Blocked | None:
    return None if case.restorable else Blocked("该名单的规定没有恢复列入", "名单规定的恢复列入情形")


def removed_by_repair(case: Standing, _: Actor, __: date) -> Blocked | None:
    """What was left of the period when it ended resumes, however long ago that was."""
    if case.reason_code != "repair":
        return Blocked("只有因信用修复移出的可以恢复列入", FALSE_MATERIAL)
    if case.publicity_max_end is None or case.ended_on is None or case.ended_on < case.publicity_max_end:
        return None
    return Blocked("移出时公示期已经届满，没有剩余的公示期可以恢复", "公示期限")
