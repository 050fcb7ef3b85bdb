"""What became of a party's request goes back to where it came from: an event for each of its tickets."""

from services.blacklist.cases.models import CaseOverlay
from services.blacklist.cases.publishes import RequestAnswer
from services.blacklist.cases.usecases.moves import Move

SINGLE_WINDOW = "credit-china"
"""信用中国: where parties file by law (国办发〔2025〕22号)."""
ACCEPTED, REFUSED, MOOT = "accepted", "refused", "moot"
MATERIAL, EXTENDED = "material-requested", "extended"
"""Not the end of it: what the party must hand in, or that it takes longer."""
UPHELD, REJECTED, GRANTED, NOT_GRANTED = "upheld", "rejected", "granted", "not-granted"


def keep_ticket(overlay: CaseOverlay, platform: str, ticket: str) -> None:
    """Whoever else asks for the same while it is open is told the same in the end."""
    one = {"platform": platform, "ticket": ticket}
    known = overlay.detail.get("tickets") or []
    if one not in known:
        overlay.detail = {**overlay.detail, "tickets": [*known, one]}


def tickets_of(overlay: CaseOverlay) -> list[dict[str, str]]:
    """Where it came from outside; of what an officer entered, only what the single window numbered."""
    kept: list[dict[str, str]] = overlay.detail.get("tickets") or []
    if kept or overlay.channel != SINGLE_WINDOW or not overlay.ticket:
        return kept
    return [{"platform": SINGLE_WINDOW, "ticket": overlay.ticket}]


def answer(move: Move, kind: str, outcome: str) -> None:
    """To be told with this transition, in its transaction."""
    for came in tickets_of(move.overlays[kind]):
        told = RequestAnswer(
            move.case, kind, outcome, came["platform"], came["ticket"], move.reason, move.batch.at
        )
        move.batch.answers.append(told)
