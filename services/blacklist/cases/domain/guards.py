"""Pure guards: given where a case stands and who acts, is a transition allowed; if not, why, by which rule,
and from when on. Nothing here reads a clock or a database.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.blacklist.cases.domain.beside import BESIDE
from services.blacklist.cases.domain.days import written_day
from services.blacklist.cases.domain.figures import rule_of
from services.blacklist.cases.domain.legal_review import (
    decider_not_legal_reviewer,
    legal_review_open,
    legal_reviewer_not_maker,
    legally_reviewed,
)
from services.blacklist.cases.domain.repairing import repair_minimum, repairable
from services.blacklist.cases.domain.serving import PUBLIC_NOTICE, methods
from services.blacklist.cases.domain.showing import may_be_shown, removed_by_repair, restorable
from services.blacklist.cases.domain.standing import (
    ROLE,
    TWICE,
    WAIT,
    Actor,
    Blocked,
    Guard,
    Standing,
    different,
)
from services.blacklist.cases.domain.table import DECIDED, ROLE_NAMES, SERVED, Transition, rows_from
from services.blacklist.rules import minors

ONCE = "同一决定公示一次"
UNREACHED = "陈述申辩和要求听证的期限自告知书送达之日起算"
UNREACHED_REMEDY = "请改以其他方式送达，无法送达的可以公告送达"
UNREACHED_DECIDED = "作出决定前已经以其他方式送达的，补登告知书送达；没有送达的，撤回或者不予列入，重新告知"
TWIN_REMEDY = "内容相同的，请撤回本案；前一条有误的，请先更正或者撤销前一条"


REDACTION = "政府信息公开条例第十五条、第三十七条：区分处理后公开；双人复核"


def reviewer_not_filer(case: Standing, actor: Actor, _: date) -> Blocked | None:
    if blocked := different(actor.user_id, case.filer, "录入人不得审核本人录入的案件"):
        return blocked
    return different(actor.user_id, case.last_editor, "修改人不得审核本人修改的案件")


def decider_not_filer(case: Standing, actor: Actor, _: date) -> Blocked | None:
    return different(actor.user_id, case.filer, "录入人不得对本人录入的案件作出决定")


def decider_not_editor(case: Standing, actor: Actor, _: date) -> Blocked | None:
    return different(actor.user_id, case.last_editor, "最后修改人不得对该案件作出决定")


def corrector_not_maker(case: Standing, actor: Actor, _: date) -> Blocked | None:
    """What the public reads is altered by somebody who did not write it."""
    if blocked := different(actor.user_id, case.filer, "录入人不得更正本人录入的案件"):
        return blocked
    return different(actor.user_id, case.last_editor, "最后修改人不得更正该案件")


def publisher_not_filer(case: Standing, actor: Actor, _: date) -> Blocked | None:
    if blocked := different(actor.user_id, case.filer, "录入人不得公示本人录入的案件"):
        return blocked
    return different(actor.user_id, case.last_editor, "最后修改人不得公示该案件")


def content_as_reviewed(case: Standing, _: Actor, __: date) -> Blocked | None:
    if case.reviewed_hash == case.content_hash:
        return None
    return Blocked("案件内容与审核通过时不一致，须退回重新审核", "审核的内容即公示的内容")


def list_in_force(case: Standing, _: Actor, __: date) -> Blocked | None:
    return (
        None
        if case.list_in_force
        else Blocked("该名单当前没有有效的法律依据，不得列入", "国办发〔2020〕49号（六）")
    )


def subject_allowed(case: Standing, _: Actor, __: date) -> Blocked | None:
    if case.subject_type in case.subject_types:
        return None
    return Blocked("该名单的依据不包括此类主体", "名单依据规定的主体范围")


def not_minor(case: Standing, _: Actor, today: date) -> Blocked | None:
    """No minor at the time of the misconduct, and none today (`minor_until` = the 18th birthday)."""
    if case.minor_until is None or case.minor_until <= today:
        return None
    return Blocked("当事人为未成年人，不得列入和公示", minors.RULE)


def redaction_pending(case: Standing, _: Actor, __: date) -> Blocked | None:
    if not case.to_cover:
        return Blocked("公示内容没有须遮盖的信息，可以直接公示", REDACTION)
    return Blocked("公示遮盖已经审核", REDACTION) if case.redacted_hash == case.content_hash else None


def redaction_approved(case: Standing, _: Actor, __: date) -> Blocked | None:
    """What is covered, and what is not, a second person has looked at before the public does."""
    if not case.to_cover or case.redacted_hash == case.content_hash:
        return None
    names = "、".join(case.to_cover)
    return Blocked(f"公示内容含有须遮盖的信息（{names}），须先由另一名工作人员审核公示预览", REDACTION)


def redactor_not_filer(case: Standing, actor: Actor, _: date) -> Blocked | None:
    if blocked := different(actor.user_id, case.filer, "录入人不得审核本人录入案件的公示遮盖"):
        return blocked
    return different(actor.user_id, case.last_editor, "修改人不得审核本人修改案件的公示遮盖")


def publisher_not_redactor(case: Standing, actor: Actor, _: date) -> Blocked | None:
    return different(actor.user_id, case.redactor, "审核公示遮盖的人员不得公示同一案件")


def disclosure_proactive(case: Standing, _: Actor, __: date) -> Blocked | None:
    if case.disclosure == "proactive":
        return None
    return Blocked(
        "公开属性不是主动公开，不得公示；确需公示的，应先修改公开属性并重新审核", "政府信息公开属性"
    )


def disclosure_not_proactive(case: Standing, actor: Actor, today: date) -> Blocked | None:
    if case.disclosure != "proactive" or case.unpublished or publicity_not_over(case, actor, today):
        return None
    return Blocked("公开属性为主动公开的，应当公示", "政府信息公开属性")


def statement_heard(case: Standing, _: Actor, today: date) -> Blocked | None:
    """Deciding needs the statement answered or waived, a hearing held, or the window to be over."""
    if case.statement_heard or case.hearing_held:
        return None
    if blocked := notice_reached(case, _, today):
        return blocked
    if case.window_ends is not None and today > case.window_ends:
        return None
    earliest = date.fromordinal(case.window_ends.toordinal() + 1) if case.window_ends else None
    reason = "陈述申辩期未满，且未登记当事人的陈述申辩或放弃声明"
    return Blocked(f"{_counted_from(case)}{reason}", _counted_by(case), WAIT, earliest)


def notice_reached(case: Standing, _: Actor, __: date) -> Blocked | None:
    """A notice that came back tells nobody anything; who was heard has been reached all the same."""
    failed = case.notice_failed_on
    if failed is None or case.statement_heard or case.hearing_held:
        return None
    remedy = UNREACHED_DECIDED if case.state in (DECIDED, SERVED) else UNREACHED_REMEDY
    reason = f"告知书没有送达（{written_day(failed)}登记未送达），陈述申辩期没有起算；{remedy}"
    return Blocked(reason, UNREACHED)


def _counted_from(case: Standing) -> str:
    """The proof of service the window runs from, once there is one."""
    known, counted = methods().get(case.notice_method or ""), case.notice_effective_on
    if known is None or counted is None:
        return ""
    return f"告知书{known.name}，{written_day(counted)}视为送达，"


def _counted_by(case: Standing) -> str:
    heard, known = "告知后应当听取陈述申辩", methods().get(case.notice_method or "")
    return heard if known is None or not known.days else f"{heard}；{known.rule}"


def hearing_settled(case: Standing, _: Actor, today: date) -> Blocked | None:
    """Giving up the statement gives up no hearing: it may be asked for until its own window ends."""
    ends = case.hearing_ends
    if case.hearing_waived or case.hearing_closed or ends is None or today > ends:
        return None
    reason = "听证申请期限未满，且未登记当事人书面放弃听证"
    return Blocked(reason, "行政处罚法第六十四条", WAIT, date.fromordinal(ends.toordinal() + 1))


def hearing_on_record(case: Standing, _: Actor, __: date) -> Blocked | None:
    """第六十五条: after a hearing the decision rests on its record."""
    if not case.hearing_held or case.hearing_recorded:
        return None
    reason = "听证笔录尚未归入案卷，请先上传听证笔录（材料种类：听证笔录），再根据笔录作出决定"
    return Blocked(reason, rule_of("hearing_record"))


def notice_served(case: Standing, _: Actor, __: date) -> Blocked | None:
    return None if case.notice_served else Blocked("告知书还没有登记送达", "告知书送达")


def notice_not_served(case: Standing, _: Actor, __: date) -> Blocked | None:
    return Blocked("告知书已经登记送达", "告知书送达") if case.notice_served else None


def service_effective(case: Standing, _: Actor, today: date) -> Blocked | None:
    effective = case.service_effective_on
    if effective is None:
        return Blocked("决定书尚未送达", "决定送达后公示")
    if today < effective:
        return Blocked("公告送达期未满", methods()[PUBLIC_NOTICE].rule, WAIT, effective)
    return None


def publicity_not_over(case: Standing, _: Actor, today: date) -> Blocked | None:
    if case.publicity_max_end is None or today < case.publicity_max_end:
        return None
    advice = "；请办理不公开结案" if case.state == SERVED else ""
    return Blocked(f"按规定计算的公示期已经届满，不再公示{advice}", "公示期限")


def publicity_given(case: Standing, _: Actor, __: date) -> Blocked | None:
    return Blocked("决定不予公示，期限为零；送达后办理不公开结案", "公示期限") if case.unpublished else None


def not_published_twice(case: Standing, _: Actor, __: date) -> Blocked | None:
    if case.twin is None:
        return None
    return Blocked(
        f"同一文书、机关、主体和名单的信息正在公示（{case.twin}），不得重复公示。{TWIN_REMEDY}", ONCE, TWICE
    )


def hearing_not_held(case: Standing, _: Actor, __: date) -> Blocked | None:
    return Blocked("该案件的听证程序已经办理过", "当事人依法要求听证") if case.hearing_opened else None


def hearing_request_problem(
    noticed_on: date | None, window_ends: date | None, requested_on: date, today: date
) -> Blocked | None:
    """T4: only what was asked for between the notice and the end of the hearing window opens a hearing."""
    if requested_on > today:
        return Blocked("要求听证的日期不能晚于今天", "当事人依法要求听证")
    if noticed_on is not None and requested_on < noticed_on:
        return Blocked("要求听证的日期不能早于告知日期", "当事人依法要求听证")
    if window_ends is not None and requested_on > window_ends:
        return Blocked(
            f"听证申请期限已于{written_day(window_ends)}届满", "当事人应当在告知后的期限内要求听证"
        )
    return None


GUARDS: Mapping[str, Guard] = {
    "reviewer_not_filer": reviewer_not_filer,
    "decider_not_filer": decider_not_filer,
    "decider_not_editor": decider_not_editor,
    "publisher_not_filer": publisher_not_filer,
    "corrector_not_maker": corrector_not_maker,
    "may_be_shown": may_be_shown,
    "content_as_reviewed": content_as_reviewed,
    "list_in_force": list_in_force,
    "subject_allowed": subject_allowed,
    "not_minor": not_minor,
    "redaction_pending": redaction_pending,
    "redaction_approved": redaction_approved,
    "redactor_not_filer": redactor_not_filer,
    "publisher_not_redactor": publisher_not_redactor,
    "disclosure_proactive": disclosure_proactive,
    "disclosure_not_proactive": disclosure_not_proactive,
    "statement_heard": statement_heard,
    "hearing_settled": hearing_settled,
    "hearing_on_record": hearing_on_record,
    "notice_served": notice_served,
    "notice_not_served": notice_not_served,
    "notice_reached": notice_reached,
    "service_effective": service_effective,
    "publicity_not_over": publicity_not_over,
    "publicity_given": publicity_given,
    "not_published_twice": not_published_twice,
    "removed_by_repair": removed_by_repair,
    "restorable": restorable,
    "hearing_not_held": hearing_not_held,
    "repair_minimum": repair_minimum,
    "repairable": repairable,
    "legal_reviewer_not_maker": legal_reviewer_not_maker,
    "legal_review_open": legal_review_open,
    "legally_reviewed": legally_reviewed,
    "decider_not_legal_reviewer": decider_not_legal_reviewer,
    **BESIDE,
}


def check(transition: Transition, case: Standing, actor: Actor, today: date) -> Blocked | None:
    """The first thing that stands against a transition: role and department, then people, then the law."""
    if actor.department_id != case.department_id or not actor.roles & set(transition.roles):
        names = "、".join(ROLE_NAMES[role] for role in transition.roles)
        return Blocked(f"应由本部门的{names}办理", "岗位职责", ROLE)
    return _forbidden(transition, case, actor, today)


def law_forbids(transition: Transition, case: Standing, today: date) -> Blocked | None:
    """The same for what the system does by itself: nobody's role is asked, the law is."""
    return _forbidden(transition, case, Actor("system", frozenset(), case.department_id), today)


def _forbidden(transition: Transition, case: Standing, actor: Actor, today: date) -> Blocked | None:
    for name in transition.guards:
        if blocked := GUARDS[name](case, actor, today):
            return blocked
    return None


def available_actions(case: Standing, actor: Actor, today: date) -> list[dict[str, Any]]:
    """Every action people may take from the current state, each allowed or explained."""
    answers: list[dict[str, Any]] = []
    for row in rows_from(case.procedure, case.state):
        if not row.roles:
            continue
        blocked = check(row, case, actor, today)
        answers.append(describe(row, blocked))
    return answers


def describe(row: Transition, blocked: Blocked | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"action": row.action, "title": row.title, "allowed": blocked is None}
    if blocked:
        answer |= {"reason": blocked.reason, "rule": blocked.rule}
        if blocked.earliest:
            answer["earliest"] = blocked.earliest.isoformat()
    else:
        answer["rule"] = row.rule
    return answer
