"""Missing material (补正): asked for once, and while it is awaited the clock of the request stands still."""

from services.blacklist.cases.models import CaseOverlay
from services.blacklist.cases.usecases.answering import MATERIAL, answer
from services.blacklist.cases.usecases.duties import pause, resume
from services.blacklist.cases.usecases.moves import Move, invalid

KINDS = ("repair", "objection")
AWAITING = "等待当事人补正材料"


def request_material(move: Move) -> None:
    """Told once what is missing; the duty pauses where the law lets it (受理异议 runs on)."""
    overlay = _asked_of(move)
    if overlay.detail.get("awaiting"):
        raise invalid(("/action", "已经要求补正，须等待材料"))
    asked = {"on": move.today.isoformat(), "what": move.reason}
    earlier = overlay.detail.get("material_requested", ())
    overlay.detail = {**overlay.detail, "awaiting": True, "material_requested": [*earlier, asked]}
    answer(move, overlay.kind, MATERIAL)
    move.detail |= {"request": overlay.kind, "paused": pause(move, duty_kind(overlay), AWAITING)}


def receive_material(move: Move) -> None:
    """The material came: the count goes on from today."""
    overlay = next(each for each in move.overlays.values() if each.detail.get("awaiting"))
    came = {"on": move.today.isoformat(), "what": move.inputs.get("content")}
    earlier = overlay.detail.get("material_received", ())
    overlay.detail = {**overlay.detail, "awaiting": False, "material_received": [*earlier, came]}
    due = resume(move, duty_kind(overlay))
    overlay.due_on = due or overlay.due_on
    move.detail |= {"request": overlay.kind, "due": overlay.due_on.isoformat() if overlay.due_on else None}


def duty_kind(overlay: CaseOverlay) -> str:
    """The duty a request stands under now."""
    return f"accept-{overlay.kind}" if overlay.state == "open" else f"settle-{overlay.kind}"


def _asked_of(move: Move) -> CaseOverlay:
    asked = move.inputs.get("overlay")
    if asked and asked not in move.overlays:
        raise invalid(("/overlay", "没有进行中的这类申请"))
    return move.overlays[asked] if asked else next(move.overlays[k] for k in KINDS if k in move.overlays)
