"""Before a listing's term ends with obligations open, its department is asked (期满询问); and when a parent
case ends, its children are put before their department (关联复核). Nothing here ends a listing by itself.
"""

from datetime import date

from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.domain.standing import Blocked
from services.blacklist.cases.domain.table import REMOVED
from services.blacklist.cases.models import Case, CaseLink
from services.blacklist.cases.usecases.duties import owe, settle
from services.blacklist.cases.usecases.moves import Move, invalid, refusal
from services.blacklist.cases.usecases.overlays import close_overlay, open_overlay
from services.blacklist.cases.usecases.publication import decided_rule, republish
from services.blacklist.cases.usecases.removal import remove
from services.blacklist.rules.domain import ExpiryRule, expiry_rule, publicity_range
from shared.calendar import add_months

EXPIRY, LINKED = "expiry", "linked"
DECIDE_EXPIRY, REVIEW_LINKED = "decide-expiry", "review-linked"


def record_obligations(move: Move) -> None:
    """Whether the party has done what the decision asked of it, as far as the department knows."""
    fulfilled = bool(move.inputs["fulfilled"])
    noted = {"fulfilled": fulfilled, "content": move.inputs.get("content"), "on": move.today.isoformat()}
    move.case.obligations, move.case.obligations_open = noted, not fulfilled
    move.detail["fulfilled"] = fulfilled


def ask_expiry(move: Move) -> None:
    """The sector's rule may prolong: the decider says. Until then the case waits, out of public sight."""
    case = move.case
    due = owe(move, DECIDE_EXPIRY, move.today, figure(EXPIRY, "decide_wd"))
    case.expiry_asked_for = case.publicity_max_end
    open_overlay(move, EXPIRY, "open", due_on=due, detail={"max_end": str(case.publicity_max_end)})


def decide_expiry(move: Move) -> None:
    """Prolonged by the sector's term, or ended: at once when its day has passed, else on its day."""
    case, extended = move.case, bool(move.inputs["extended"])
    longer = _prolonged(move) if extended else None
    settle(move, DECIDE_EXPIRY)
    close_overlay(move, EXPIRY, "extended" if extended else "ending")
    move.detail["extended"] = extended
    if longer is not None:
        _prolong(move, *longer)
    elif case.publicity_max_end is not None and case.publicity_max_end <= move.today:
        move.target = REMOVED
        remove(move, "expiry", move.reason or "")


def _prolonged(move: Move) -> tuple[date, ExpiryRule]:
    """The new end: the sector's term on top, never past the longest the law allows for the severity."""
    case, rule = move.case, decided_rule(move)
    before: date = case.publicity_max_end or move.today
    sector = expiry_rule(rule, case.domain)
    if sector is None:
        raise refusal(Blocked("这个名单没有期满延长的规定，只能期满移出", case.list_name))
    ends = add_months(max(before, move.today), sector.extend_months)
    allowed = publicity_range(rule, case.severity or rule.default_severity, case.domain)
    if allowed is not None and case.publicity_start is not None:
        ends = min(ends, add_months(case.publicity_start, allowed.max_months))
    if ends <= max(before, move.today):
        raise invalid(("/extended", "已经公示至这一失信程度的最长公示期，不得延长，只能期满移出"))
    return ends, sector


def _prolong(move: Move, ends: date, sector: ExpiryRule) -> None:
    case = move.case
    case.publicity_max_end = ends
    move.detail |= {"extend_months": sector.extend_months, "source": sector.source}
    move.detail["max_end"] = ends.isoformat()
    republish(move)


def propose_removal(move: Move) -> None:
    """The parent ended: its department's decider says whether this case ends with it."""
    link = move.batch.session.get_one(CaseLink, move.inputs["link"])
    parent = move.batch.session.get_one(Case, link.parent_id)
    link.proposed_at = move.batch.at
    due = owe(move, REVIEW_LINKED, move.today, figure(LINKED, "review_wd"))
    code = parent.reason_code or EXPIRY
    detail = {"parent": parent.id, "relation": link.relation, "reason_code": code}
    open_overlay(move, LINKED, "open", due_on=due, detail=detail)
    move.detail |= detail


def keep_listing(move: Move) -> None:
    """This case stands on its own feet; the reason is on record."""
    settle(move, REVIEW_LINKED)
    close_overlay(move, LINKED, "kept")
