"""Where a case stands, as the guards need it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.guards import Standing
from services.blacklist.cases.domain.redaction import things_to_cover
from services.blacklist.cases.domain.table import SERVED
from services.blacklist.cases.models import Case, CaseOverlay
from services.blacklist.rules.domain import ListRule
from services.blacklist.rules.queries import list_rule
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


def standing_of(case: Case, overlays: Overlays, rule: ListRule | None, twin: str | None = None) -> Standing:
    """`rule` is the list's rule in force today, None when there is none; `twin` see `queries.twins`."""
    statement, hearing = case.statement or {}, case.hearing or {}
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
        statement_heard=bool(statement.get("waived") or statement.get("answer")),
        hearing_opened=case.hearing is not None,
        hearing_closed=bool(hearing.get("closed")),
        window_ends=case.window_ends_on,
        notice_served=case.notice_service is not None,
        service_effective_on=case.service_effective_on,
        twin=twin,
        unpublished=unpublished(case, rule),
        publicity_min_end=case.publicity_min_end,
        publicity_max_end=case.publicity_max_end,
        reason_code=case.reason_code,
        restorable=rule.removal.restorable if rule else True,
        list_in_force=rule is not None,
        subject_types=rule.subject_types if rule else (),
        overlays={kind: overlay.as_guarded() for kind, overlay in overlays.items()},
    )


def unpublished(case: Case, rule: ListRule | None) -> bool:
    """Decided with no publicity; a ban that is published until its end is not that."""
    banned = any(measure.get("to") for measure in case.measures or ())
    return case.publicity_months == 0 and not (banned and rule is not None and rule.publicity_follows_ban)


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
