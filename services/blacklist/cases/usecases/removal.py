"""Revoke, restore, expire and archive: how a listing ends, returns, and is put away."""

from typing import Any

from services.blacklist.cases.domain.table import REVOKED
from services.blacklist.cases.usecases import answering
from services.blacklist.cases.usecases.duties import cancel_all, owe_service_again
from services.blacklist.cases.usecases.moves import Move, plain
from services.blacklist.cases.usecases.publication import publicity_of
from services.blacklist.register.usecases import remove_listing, restore_listing, revoke_listing
from shared.clock import local_date

UNDONE = ("revoked", "objection")
"""Reasons by which a listing should never have been."""
REQUESTS = ("objection", "repair")


def revoke(move: Move) -> None:
    """The decision was annulled, unlawful or void: gone from public view with this commit."""
    move.detail["document"] = plain(move.inputs["document"])
    undo(move, "revoked")


def undo(move: Move, reason_code: str) -> None:
    """Take the listing back as one that should not have been (撤销)."""
    end(move, reason_code)
    revoke_listing(
        move.batch.session,
        move.batch.deps.keyring,
        str(move.case.listing_id),
        reason=move.reason or "",
        reason_code=reason_code,
        at=move.batch.at,
    )


def expire(move: Move) -> None:
    """The longest publicity is over."""
    remove(move, "expiry", "公示期满")


def remove_linked(move: Move) -> None:
    """The parent case ended, and a decider found that this one ends with it."""
    overlay = move.overlays["linked"]
    overlay.state, overlay.second_by = "followed", move.person
    move.detail["parent"] = overlay.detail.get("parent")
    code = str(overlay.detail.get("reason_code") or "expiry")
    if code in UNDONE:
        move.target = REVOKED
        undo(move, code)
    else:
        remove(move, code, move.reason or "")


def remove(move: Move, reason_code: str, reason: str) -> None:
    """Take the listing out for a reason other than revocation (移出)."""
    end(move, reason_code)
    move.case.reason = reason
    remove_listing(
        move.batch.session,
        move.batch.deps.keyring,
        str(move.case.listing_id),
        reason_code=reason_code,
        reason=reason,
        at=move.batch.at,
    )


def end(move: Move, reason_code: str) -> None:
    """Common to every end: when, why, no overlay left open, nothing owed, nobody left without an answer."""
    case = move.case
    case.ended_at, case.reason_code, case.reason = move.batch.at, reason_code, move.reason
    for kind, overlay in move.overlays.items():
        if overlay.closed_at is None:
            overlay.closed_at, overlay.outcome_reason = move.batch.at, reason_code
            if kind in REQUESTS:
                answering.answer(move, kind, answering.MOOT)
    cancel_all(move)
    move.batch.gone.append(case.id)
    move.batch.session.flush()


def restore(move: Move) -> None:
    """Removal was obtained by false material: what was left of the period runs again from today, however
    long ago the removal was, and also from the archive.
    """
    case = move.case
    if case.ended_at is None or case.publicity_max_end is None:
        raise ValueError(f"case {case.id} was not removed")
    left = case.publicity_max_end - local_date(case.ended_at)
    case.publicity_max_end = move.today + left
    case.ended_at = case.reason_code = case.reason = None
    case.restored_on = move.today
    if case.decision_failed_on is not None:
        owe_service_again(move)
    move.detail |= {"document": plain(move.inputs["document"]), "max_end": case.publicity_max_end.isoformat()}
    move.batch.shown.append(case)
    move.batch.session.flush()
    restore_listing(
        move.batch.session,
        move.batch.deps.keyring,
        str(case.listing_id),
        reason=move.reason or "",
        publicity=publicity_of(case),
        at=move.batch.at,
    )


def archive(move: Move) -> None:
    """Every platform has confirmed the withdrawal: the case rests in the back office (后台保存)."""
    note: dict[str, Any] = {"reason_code": move.case.reason_code}
    move.detail |= note
