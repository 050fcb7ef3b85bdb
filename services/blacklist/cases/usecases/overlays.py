"""What runs beside the state: suspension (中止), shield (屏蔽), objection (异议), repair (信用修复)."""

from datetime import date
from typing import Any

from services.blacklist.cases.domain.standing import Blocked
from services.blacklist.cases.domain.table import REMOVED, REVOKED
from services.blacklist.cases.models import CaseOverlay
from services.blacklist.cases.queries.standing import bar_of
from services.blacklist.cases.usecases import answering
from services.blacklist.cases.usecases.duties import extend, owe, settle
from services.blacklist.cases.usecases.moves import Move, invalid, plain, refusal
from services.blacklist.cases.usecases.publication import correct
from services.blacklist.cases.usecases.removal import remove, undo
from services.blacklist.register.usecases import annotate_listing, hide_listing, show_listing
from services.blacklist.rules.domain import ObjectionRule, RemovalRule
from shared.ids import new_id

SUSPENDED, SHIELD, OBJECTION, REPAIR = "suspended", "shield", "objection", "repair"
SHIELD_REASONS = ("reorganisation", "stay", "privacy")
_UNDER_OBJECTION = "异议处理中"
UNFULFILLED = Blocked(
    "义务履行情况登记为尚未履行，不得准予信用修复；"
    "已经履行完毕的，先由经办人登记义务履行情况，仍未履行的，不予修复并说明理由",
    "国办发〔2025〕22号：已纠正违法失信行为、履行完毕法定义务",
)


def open_overlay(move: Move, kind: str, state: str, **columns: Any) -> CaseOverlay:
    overlay = CaseOverlay(
        id=new_id(),
        case_id=move.case.id,
        kind=kind,
        state=state,
        opened_by=move.person,
        opened_at=move.batch.at,
        **{"reason": move.reason, "detail": {}, **columns},
    )
    move.batch.session.add(overlay)
    move.overlays[kind] = overlay
    return overlay


def close_overlay(move: Move, kind: str, state: str) -> CaseOverlay:
    overlay = move.overlays[kind]
    overlay.state, overlay.closed_at, overlay.outcome_reason = state, move.batch.at, move.reason
    if move.batch.actor and move.person != overlay.opened_by and overlay.second_by is None:
        overlay.second_by = move.person
    return overlay


def _kind_of(move: Move) -> str:
    return OBJECTION if move.row.action.endswith(OBJECTION) else REPAIR


def suspend(move: Move) -> None:
    """Any one officer hides at once; without a second by the end of the next working day it lapses."""
    if SUSPENDED in move.overlays:
        confirm_suspension(move)
        return
    days = move.needed_rule().objection.suspend_confirm_wd
    due = move.batch.deps.calendar.add_working_days(move.today, days)
    open_overlay(move, SUSPENDED, "open", due_on=due.day)
    move.detail["confirm_by"] = due.day.isoformat()
    _hide(move, SUSPENDED, move.reason or "")


def confirm_suspension(move: Move) -> None:
    overlay = move.overlays[SUSPENDED]
    overlay.state, overlay.second_by, overlay.due_on = "confirmed", move.person, None


def shield(move: Move) -> None:
    """Hidden by law for reorganisation, a stay of execution or privacy, until a day or until lifted."""
    until: date | None = move.inputs.get("until")
    if move.inputs["reason"] not in SHIELD_REASONS:
        raise invalid(("/reason", f"屏蔽事由应为下列之一：{'、'.join(SHIELD_REASONS)}"))
    if until is not None and until <= move.today:
        raise invalid(("/until", "屏蔽截止日期应晚于今天"))
    open_overlay(
        move, SHIELD, "active", due_on=until, detail=plain({"document": move.inputs.get("document")})
    )
    move.detail["until"] = until.isoformat() if until else None
    _hide(move, f"shield:{move.reason}", move.reason or "")


def _hide(move: Move, code: str, reason: str) -> None:
    move.batch.session.flush()
    hide_listing(
        move.batch.session,
        move.batch.deps.keyring,
        str(move.case.listing_id),
        code=code,
        reason=reason,
        at=move.batch.at,
    )


def show_again(move: Move) -> None:
    """Suspension lifted or lapsed, shield lifted or over."""
    kind = SUSPENDED if "suspension" in move.row.action else SHIELD
    overlay = close_overlay(move, kind, "lapsed" if move.batch.actor is None else "lifted")
    code = SUSPENDED if kind == SUSPENDED else f"shield:{overlay.reason}"
    move.batch.session.flush()
    show_listing(
        move.batch.session,
        move.batch.deps.keyring,
        str(move.case.listing_id),
        code=code,
        reason=move.reason,
        at=move.batch.at,
    )


def open_request(move: Move) -> None:
    """An objection or repair request came in; accepting it is owed within the statutory days."""
    inputs, kind = move.inputs, _kind_of(move)
    received: date = inputs["received_at"]
    if received > move.today:
        raise invalid(("/received_at", "收到日期不能晚于今天"))
    due = owe(move, f"accept-{kind}", received, _times(move, kind).accept_wd)
    open_overlay(
        move,
        kind,
        "open",
        channel=inputs["channel"],
        ticket=inputs.get("ticket"),
        received_on=received,
        due_on=due,
        detail=plain({"evidence": inputs["evidence"], "commitment": inputs.get("commitment")}),
    )
    move.detail |= {
        "channel": inputs["channel"],
        "ticket": inputs.get("ticket"),
        "received_at": received.isoformat(),
    }
    if kind == OBJECTION:
        _annotate(move, _UNDER_OBJECTION)


def _times(move: Move, kind: str) -> RemovalRule | ObjectionRule:
    rule = move.needed_rule()
    return rule.removal if kind == REPAIR else rule.objection


def accept_request(move: Move) -> None:
    kind = _kind_of(move)
    settle(move, f"accept-{kind}")
    overlay = move.overlays[kind]
    overlay.state = "accepted"
    overlay.due_on = owe(move, f"settle-{kind}", move.today, _times(move, kind).settle_wd)
    answering.answer(move, kind, answering.ACCEPTED)


def extend_repair(move: Move) -> None:
    """A complex request gets more time, with its reason, within what the law allows."""
    overlay, reason = move.overlays[REPAIR], move.reason or "情况复杂"
    if overlay.detail.get("extended"):
        raise invalid(("/action", "办理期限已经延长过一次"))
    overlay.due_on = extend(move, f"settle-{REPAIR}", move.needed_rule().removal.extend_wd, reason)
    overlay.detail = {**overlay.detail, "extended": reason}
    _answer(move, REPAIR, answering.EXTENDED)


def refuse_request(move: Move) -> None:
    """Not accepted (不予受理): nothing is owed on it any more, and its note goes."""
    kind = _kind_of(move)
    settle(move, f"accept-{kind}")
    close_overlay(move, kind, "refused")
    _answer(move, kind, answering.REFUSED)
    if kind == OBJECTION:
        _annotate(move, None)


def settle_repair(move: Move) -> None:
    """Granted: the listing ends everywhere (令第36号); refused: it stays, with the reason."""
    granted = bool(move.inputs["granted"])
    if granted and move.case.obligations_open:
        raise refusal(UNFULFILLED)
    if granted and (barred := bar_of(move.case, move.today)):
        raise refusal(Blocked("属于不可修复的情形，不得准予信用修复", barred))
    settle(move, f"settle-{REPAIR}")
    close_overlay(move, REPAIR, "granted" if granted else "refused")
    _answer(move, REPAIR, answering.GRANTED if granted else answering.NOT_GRANTED)
    move.detail["granted"] = granted
    if granted:
        move.target = REMOVED
        remove(move, "repair", move.reason or "")


def settle_objection(move: Move) -> None:
    """Upheld: corrected where `changes` say how, else revoked (T11); rejected: only the note goes."""
    upheld = bool(move.inputs["upheld"])
    if move.inputs.get("changes") and not upheld:
        raise invalid(("/changes", "异议不成立的，不作更正"))
    if move.inputs.get("changes"):
        correct(move)
    settle(move, f"settle-{OBJECTION}")
    close_overlay(move, OBJECTION, "upheld" if upheld else "rejected")
    move.detail["upheld"] = upheld
    _answer(move, OBJECTION, answering.UPHELD if upheld else answering.REJECTED)
    if upheld and not move.inputs.get("changes"):
        move.target = REVOKED
        undo(move, OBJECTION)
    else:
        _annotate(move, None)


def _answer(move: Move, kind: str, outcome: str) -> None:
    """The result goes back to where the request came from: its channel and outside ticket say where."""
    overlay = move.overlays[kind]
    result = {
        "outcome": overlay.state,
        "reason": move.reason,
        "on": move.today.isoformat(),
        "to": overlay.channel,
        "ticket": overlay.ticket,
    }
    overlay.detail = {**overlay.detail, "awaiting": False, "result": result}
    move.detail["answered"] = {"to": overlay.channel, "ticket": overlay.ticket, "outcome": overlay.state}
    answering.answer(move, kind, outcome)


def _annotate(move: Move, note: str | None) -> None:
    move.batch.session.flush()
    annotate_listing(
        move.batch.session,
        move.batch.deps.keyring,
        str(move.case.listing_id),
        annotation=note,
        at=move.batch.at,
    )
