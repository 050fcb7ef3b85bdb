"""Submit, approve, confirm, return, dismiss and withdraw: effects before there is a decision of ours."""

from datetime import date

from sqlalchemy import select

from services.blacklist.cases.domain.content import missing_documents, missing_fields
from services.blacklist.cases.models import Case, CaseAttachment
from services.blacklist.cases.queries.standing import unpublished
from services.blacklist.cases.queries.views import filing_view
from services.blacklist.cases.usecases.deciding import decision_of
from services.blacklist.cases.usecases.duties import cancel_all, end_publication, owe_publication
from services.blacklist.cases.usecases.moves import Move, invalid, plain
from services.blacklist.cases.usecases.publicity import chosen_publicity, require_necessity
from services.blacklist.cases.usecases.windows import count_windows


def submit(move: Move) -> None:
    """Nothing the law wants in the file may be missing; from here on publication is owed."""
    gaps = [*missing_fields(_shown(move.case)), *_missing_attachments(move)]
    if gaps:
        raise invalid(*gaps)
    owe_publication(move)


def _shown(case: Case) -> dict[str, dict[str, object]]:
    shown = filing_view(case)
    shown["subject"]["id_number"] = shown["subject"]["id_masked"]
    return shown


def _missing_attachments(move: Move) -> list[tuple[str, str]]:
    wanted = move.needed_rule().requires_documents
    if not wanted:
        return []
    kinds = select(CaseAttachment.kind).where(CaseAttachment.case_id == move.case.id)
    return list(missing_documents(wanted, set(move.batch.session.scalars(kinds))))


def approve_notice(move: Move) -> None:
    """The reviewed content is fixed by its hash; the party's time to speak starts today (告知)."""
    case, rule, calendar = move.case, move.needed_rule(), move.batch.deps.calendar
    if rule.superior_consent and not move.inputs.get("consent"):
        raise invalid(("/consent", "该名单须经上级机关同意，请填写同意文书的文号和日期"))
    case.reviewer_id, case.reviewed_hash = move.person, case.content_hash
    case.notice_number, case.noticed_on = move.inputs["notice_number"], move.today
    case.window_ends_on = case.hearing_ends_on = None
    count_windows(case, rule, move.today, calendar)
    move.detail |= {
        "notice_number": case.notice_number,
        "window_ends_on": str(case.window_ends_on),
        "hearing_ends_on": str(case.hearing_ends_on),
        "provisional": case.window_provisional,
        "consent": plain({"document": move.inputs.get("consent")})["document"],
    }


def confirm_decision(move: Move) -> None:
    """The document is the decision: it and its service are accepted as they stand."""
    case, rule = move.case, move.needed_rule()
    served_on: date = move.inputs.get("served_on") or case.document_date or move.today
    require_served_on(case, served_on, move.today)
    severity, months = chosen_publicity(
        rule, move.inputs.get("severity"), move.inputs.get("publicity_months"), case.domain
    )
    require_necessity(rule, severity, months, move.inputs)
    case.reviewer_id, case.reviewed_hash = move.person, case.content_hash
    case.severity, case.publicity_months = severity, months
    case.decision = decision_of(move)
    case.decided_on, case.service_effective_on = case.document_date, served_on
    if unpublished(case, rule):
        end_publication(move)
    case.service = {"method": "as-documented", "served_on": served_on.isoformat()}
    move.detail |= {"served_on": served_on.isoformat(), "severity": severity, "publicity_months": months}
    move.detail["necessity"] = move.inputs.get("necessity")


def require_served_on(case: Case, served_on: date, today: date) -> None:
    """Service lies between the document and today."""
    if served_on > today:
        raise invalid(("/served_on", "送达日期不能晚于今天"))
    if case.document_date and served_on < case.document_date:
        raise invalid(("/served_on", "送达日期不能早于文书日期"))


def approve_redaction(move: Move) -> None:
    """What the preview covers, and what it leaves, is right: bound to this content."""
    case = move.case
    case.redactor_id, case.redacted_hash = move.person, case.content_hash
    move.detail["content"] = case.content_hash


def return_for_revision(move: Move) -> None:
    """Back to draft: every approval is void and must be given anew."""
    case = move.case
    cancel_all(move)
    case.reviewer_id = case.decider_id = case.reviewed_hash = None
    case.redactor_id = case.redacted_hash = case.notice_service = case.notice_failed_on = None
    case.notice_number = case.noticed_on = case.window_ends_on = case.hearing_ends_on = None
    case.window_provisional, case.window_calendar = False, None
    case.statement = case.hearing = case.service = case.decision = case.legal_review = None
    case.severity = case.publicity_months = case.decided_on = case.service_effective_on = None
    case.measures = []


def end_without_listing(move: Move) -> None:
    """Dismissed or withdrawn: nothing is owed any more."""
    move.case.reason, move.case.ended_at = move.reason, move.batch.at
    cancel_all(move)
