"""Where a case stands, as the guards need it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.hearing import was_held
from services.blacklist.cases.domain.legal_review import standing_review
from services.blacklist.cases.domain.redaction import things_to_cover
from services.blacklist.cases.domain.standing import Standing
from services.blacklist.cases.domain.table import NOTICED, PUBLISHED, SERVED
from services.blacklist.cases.models import Case, CaseOverlay
from services.blacklist.rules.domain import ListRule, publicity_window
from services.blacklist.rules.legal_review import demanded
from services.blacklist.rules.queries import list_rule, list_rule_version
from services.blacklist.rules.unrepairable import repair_bar
from shared.clock import local_date
from shared.errors import NotFound

Overlays = Mapping[str, CaseOverlay]
LISTED = frozenset({"published", "removed"})


def open_overlays(session: Session, cases: Iterable[Case]) -> dict[str, dict[str, CaseOverlay]]:
    """Open overlays by case and kind; only published cases can have any, others cost no query."""
    found: dict[str, dict[str, CaseOverlay]] = defaultdict(dict)
    ids = [case.id for case in cases if case.state in LISTED]
    if ids:
        wanted = select(CaseOverlay).where(CaseOverlay.case_id.in_(ids), CaseOverlay.closed_at.is_(None))
        for overlay in session.scalars(wanted):
            found[overlay.case_id][overlay.kind] = overlay
    return found


def standing_of(
    case: Case, overlays: Overlays, rule: ListRule | None, today: date, twin: str | None = None
) -> Standing:
    """`rule` is the list's rule in force today, None when there is none; `twin` see `queries.twins`."""
    statement, hearing, served = case.statement or {}, case.hearing or {}, case.notice_service
    reviewed = standing_review(
        case.legal_review, case.content_hash, heard=was_held(hearing), statement=case.statement
    )
    return Standing(
        procedure=case.procedure,
        state=case.state,
        department_id=case.department_id,
        filer=case.filer_id,
        last_editor=case.last_editor_id,
        content_hash=case.content_hash,
        reviewed_hash=case.reviewed_hash,
        subject_type=case.subject_type,
        minor_until=case.minor_until,
        disclosure=case.disclosure,
        to_cover=_to_cover(case),
        redacted_hash=case.redacted_hash,
        redactor=case.redactor_id,
        statement_heard=bool(
            statement.get("answer") or (statement.get("waived") and not case.notice_failed_on)
        ),
        hearing_waived=statement.get("hearing_waived", True if statement else None),
        hearing_ends=case.hearing_ends_on,
        hearing_opened=case.hearing is not None,
        hearing_closed=bool(hearing.get("closed")),
        hearing_held=was_held(hearing),
        hearing_recorded=bool(hearing.get("record")),
        window_ends=case.window_ends_on,
        notice_served=served is not None,
        notice_method=(served or {}).get("method"),
        notice_effective_on=_counted_from(served),
        notice_failed_on=case.notice_failed_on,
        service_effective_on=case.service_effective_on,
        twin=twin,
        unpublished=unpublished(case, rule),
        publicity_min_end=case.publicity_min_end,
        publicity_max_end=case.publicity_max_end or _term_end(case, rule),
        reason_code=case.reason_code,
        ended_on=local_date(case.ended_at) if case.ended_at else None,
        restorable=rule.removal.restorable if rule else True,
        repair_bar=bar_of(case, today),
        legal_review=reviewed[0],
        legal_reviewer=reviewed[1],
        review_demand=review_demand(case, today),
        service_failed=case.decision_failed_on is not None,
        list_in_force=rule is not None,
        subject_types=rule.subject_types if rule else (),
        overlays={kind: overlay.as_guarded() for kind, overlay in overlays.items()},
    )


def bar_of(case: Case, today: date) -> str | None:
    """The rule by which a public record may not be repaired (不可修复); asked of no other."""
    if case.state != PUBLISHED:
        return None
    content, restored = case.document.get("content"), case.restored_on is not None
    found = repair_bar(case.list_code, content, restored=restored, today=today)
    return found.rule if found else None


def review_demand(case: Case, today: date, *, severity: str | None = None) -> str | None:
    """The rule by which this decision needs a legal review first; none where a review is only advised."""
    if case.state != NOTICED:
        return None
    found = demanded(case.list_code, severity, heard=was_held(case.hearing), today=today)
    return next((each.rule for each in found if each.binding), None)


def _counted_from(served: Mapping[str, Any] | None) -> date | None:
    """The day a recorded service of the notice counts from."""
    return date.fromisoformat(served["effective_on"]) if served else None


def unpublished(case: Case, rule: ListRule | None) -> bool:
    """Decided with no publicity; a ban that is published until its end is not that."""
    banned = any(measure.get("to") for measure in case.measures or ())
    return case.publicity_months == 0 and not (banned and rule is not None and rule.publicity_follows_ban)


def _term_end(case: Case, rule: ListRule | None) -> date | None:
    """When the publicity of a case about to be published would be over, where its term already runs."""
    start = case.decided_on or case.document_date
    if case.state != SERVED or case.severity is None or start is None:
        return None
    rule = list_rule_version(case.list_code, case.rule_version) or rule
    if rule is None or rule.publicity_start == "publication" or case.severity not in rule.publicity:
        return None
    months = case.publicity_months or 0
    return publicity_window(rule, case.severity, months, start, case.domain, last_ban(case)).max_end


def last_ban(case: Case) -> date | None:
    """The day the longest measure with an end ends."""
    ends = [measure["to"] for measure in case.measures or () if measure.get("to")]
    return date.fromisoformat(max(ends)) if ends else None


def _to_cover(case: Case) -> tuple[str, ...]:
    """Only a case about to be published is looked through."""
    if case.state != SERVED:
        return ()
    groups = {"misconduct": case.misconduct, "document": case.document}
    return tuple(things_to_cover(groups, case.disclosure_exceptions, case.disclosure_covered))


def rule_on(code: str, day: date) -> ListRule | None:
    """The list's rule on a day, None where none is in force."""
    try:
        return list_rule(code, day)
    except NotFound:
        return None
