"""Guards of what runs beside the state: requests, shields, suspensions, questions, returned decisions."""

from collections.abc import Mapping
from datetime import date

from services.blacklist.cases.domain.standing import Actor, Blocked, Guard, Standing, different


def material_awaited(case: Standing, _: Actor, __: date) -> Blocked | None:
    if any(overlay.awaiting for overlay in case.overlays.values()):
        return None
    return Blocked("没有等待补正的申请", "一次性告知补正材料")


def service_failed(case: Standing, _: Actor, __: date) -> Blocked | None:
    return None if case.service_failed else Blocked("公示后没有登记决定书未送达", "决定书应当送达当事人")


def service_not_failed(case: Standing, _: Actor, __: date) -> Blocked | None:
    return (
        Blocked("已经登记决定书未送达，请再次送达", "决定书应当送达当事人") if case.service_failed else None
    )


def _overlay_open(kind: str, words: str) -> Guard:
    def guard(case: Standing, _: Actor, __: date) -> Blocked | None:
        return None if kind in case.overlays else Blocked(f"没有进行中的{words}", f"{words}程序")

    return guard


def _overlay_absent(kind: str, words: str) -> Guard:
    def guard(case: Standing, _: Actor, __: date) -> Blocked | None:
        return Blocked(f"已有进行中的{words}", f"{words}程序") if kind in case.overlays else None

    return guard


def _overlay_state(kind: str, state: str, words: str) -> Guard:
    def guard(case: Standing, _: Actor, __: date) -> Blocked | None:
        overlay = case.overlays.get(kind)
        return None if overlay and overlay.state == state else Blocked(words, "办理顺序")

    return guard


def _second_person(kind: str, words: str) -> Guard:
    def guard(case: Standing, actor: Actor, _: date) -> Blocked | None:
        overlay = case.overlays.get(kind)
        return different(actor.user_id, overlay.opened_by if overlay else None, words)

    return guard


def no_suspension_of_mine(case: Standing, actor: Actor, _: date) -> Blocked | None:
    """A second officer who also asks for suspension thereby confirms the first one's."""
    overlay = case.overlays.get("suspended")
    if overlay is None:
        return None
    if overlay.state == "open":
        return different(actor.user_id, overlay.opened_by, "已由本人紧急暂停公示，须由另一名工作人员确认")
    return Blocked("已紧急暂停公示", "紧急暂停公示程序")


def repair_or_objection(case: Standing, _: Actor, __: date) -> Blocked | None:
    if "repair" in case.overlays or "objection" in case.overlays:
        return None
    return Blocked("没有进行中的修复或异议申请", "一次性告知补正材料")


BESIDE: Mapping[str, Guard] = {
    "corrector_not_reporter": _second_person("change", "登记变更的人员不得自行更正或者认定变更不成立"),
    "no_change_reported": _overlay_absent("change", "变更登记"),
    "change_reported": _overlay_open("change", "变更登记"),
    "material_awaited": material_awaited,
    "no_expiry_question": _overlay_absent("expiry", "期满询问"),
    "expiry_asked": _overlay_open("expiry", "期满询问"),
    "not_proposed": _overlay_absent("linked", "关联复核"),
    "removal_proposed": _overlay_open("linked", "关联复核"),
    "service_failed": service_failed,
    "service_not_failed": service_not_failed,
    "repair_or_objection": repair_or_objection,
    "no_suspension_of_mine": no_suspension_of_mine,
    "suspension_active": _overlay_open("suspended", "紧急暂停公示"),
    "suspension_unconfirmed": _overlay_state("suspended", "open", "没有待确认的紧急暂停公示"),
    "confirmer_not_suspender": _second_person("suspended", "紧急暂停公示须由另一名工作人员确认"),
    "no_shield": _overlay_absent("shield", "屏蔽"),
    "shield_active": _overlay_open("shield", "屏蔽"),
    "no_objection": _overlay_absent("objection", "异议"),
    "objection_opened": _overlay_state("objection", "open", "没有待受理的异议"),
    "objection_pending": _overlay_open("objection", "异议"),
    "objection_accepted": _overlay_state(
        "objection", "accepted", "异议尚未受理，受理后方可答复；不符合受理条件的，办理不予受理"
    ),
    "settler_not_opener_objection": _second_person("objection", "登记人不得答复本人登记的异议"),
    "no_repair": _overlay_absent("repair", "信用修复"),
    "repair_opened": _overlay_state("repair", "open", "没有待受理的修复申请"),
    "repair_accepted": _overlay_state("repair", "accepted", "修复申请尚未受理"),
    "settler_not_opener_repair": _second_person("repair", "登记人不得决定本人登记的修复申请"),
}
