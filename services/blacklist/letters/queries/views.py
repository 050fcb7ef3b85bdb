"""Letters in JSON and on pages: what a case has, what it may have, where service and publication clash."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.serving import SERVED, methods
from services.blacklist.cases.models import Case
from services.blacklist.letters.domain.clash import Clash, service_clash
from services.blacklist.letters.domain.templates import DECISION, NOTICE, templates
from services.blacklist.letters.domain.wording import chinese_day
from services.blacklist.letters.models import Letter, LetterCopy, LetterService
from services.blacklist.letters.queries.finding import (
    copies_of,
    counted_from,
    letters_of,
    services_of,
    told_steps,
)
from services.blacklist.rules.models import Duty

AWAITING = ("decided", "served")


def case_letters(session: Session, case: Case, today: date) -> dict[str, Any]:
    """All letters of a case, newest last, the kinds that may be made out now, and any clash."""
    letters = letters_of(session, case.id)
    ids = [letter.id for letter in letters]
    copies, services = copies_of(session, ids), services_of(session, ids)
    clash = clash_of(session, case, today)
    return {
        "items": [
            letter_view(each, copies.get(each.id, ()), services.get(each.id, ()), case) for each in letters
        ],
        "next": None,
        "available": _available(session, case, letters),
        "clash": clash.view() if clash else None,
    }


def letter_view(
    letter: Letter,
    copies: Sequence[LetterCopy] = (),
    services: Sequence[LetterService] = (),
    case: Case | None = None,
) -> dict[str, Any]:
    """With its case, the day service counts from is the case's own: one truth for both."""
    return {
        "id": letter.id,
        "case_id": letter.case_id,
        "kind": letter.kind,
        "kind_name": templates()[letter.kind].name,
        "title": letter.title,
        "number": letter.number,
        "version": letter.version,
        "organ": letter.organ,
        "date": letter.dated.isoformat(),
        "template_version": letter.template_version,
        "rule_version": letter.rule_version,
        "code": letter.code,
        "verify_at": letter.address,
        "shows_identity": letter.shows_identity,
        "size": letter.size,
        "sha256": letter.sha256,
        "by": letter.creator_name,
        "created_at": _instant(letter.created_at),
        "superseded_at": _instant(letter.superseded_at),
        "copies": [copy_view(each) for each in copies],
        "services": [service_view(each) for each in services],
        "served_on": _counted(letter, case) or _served_on(services),
    }


def copy_view(each: LetterCopy) -> dict[str, Any]:
    return {
        "id": each.id,
        "kind": each.kind,
        "media_type": each.media_type,
        "file_name": each.file_name,
        "size": each.size,
        "sha256": each.sha256,
        "algorithm": each.algorithm,
        "key_id": each.key_id,
        "public_key": each.public_key,
        "signature": each.signature,
        "added_at": _instant(each.added_at),
    }


def service_view(each: LetterService) -> dict[str, Any]:
    known = methods().get(each.method)
    return {
        "id": each.id,
        "method": each.method,
        "method_name": known.name if known else each.method,
        "outcome": each.outcome,
        "served_on": each.served_on.isoformat(),
        "effective_on": each.effective_on.isoformat() if each.effective_on else None,
        "rule": known.rule if known else None,
        "recipient": each.recipient,
        "tracking_number": each.tracking_number,
        "place": each.place,
        "note": each.note,
        "proof_name": each.proof_name,
        "proof_sha256": each.proof_sha256,
        "by": each.recorder_name,
        "recorded_at": _instant(each.recorded_at),
    }


def clash_of(session: Session, case: Case, today: date) -> Clash | None:
    """Between service and the publication duty, while the case waits to be published."""
    if case.state not in AWAITING:
        return None
    wanted = select(Duty).where(
        Duty.case_id == case.id, Duty.kind == "publish", Duty.done_at.is_(None), Duty.cancelled_at.is_(None)
    )
    duty = session.scalars(wanted).first()
    if duty is None:
        return None
    return service_clash(
        due=duty.due_on, duty_rule=_duty_rule(case, duty), served=_service_of(session, case), today=today
    )


def _service_of(session: Session, case: Case) -> tuple[str, date] | None:
    """How and from when the decision counts as served: as the case records it, else as its letter does."""
    if case.service_effective_on:
        return (case.service or {}).get("method", ""), case.service_effective_on
    wanted = (
        select(LetterService)
        .join(Letter, Letter.id == LetterService.letter_id)
        .where(
            Letter.case_id == case.id,
            Letter.kind == DECISION,
            Letter.superseded_at.is_(None),
            LetterService.outcome == SERVED,
        )
        .order_by(LetterService.effective_on)
    )
    served = session.scalars(wanted).first()
    return (served.method, served.effective_on) if served and served.effective_on else None


def _duty_rule(case: Case, duty: Duty) -> str:
    start = f"自{chinese_day(duty.start_on)}起" if duty.start_on else ""
    return f"{case.list_name}：{start}{duty.length_wd}个工作日内公示（规则版本{duty.rule_version}）"


def _available(session: Session, case: Case, letters: Sequence[Letter]) -> list[dict[str, Any]]:
    """Kinds there is occasion for, each with the letter already made out for that occasion."""
    steps, services = told_steps(session, case), services_of(session, [each.id for each in letters])
    current = {(each.kind, each.step_id): each for each in letters if each.superseded_at is None}
    found = []
    for kind, step in steps.items():
        made = current.get((kind, step.id))
        served = made is not None and bool(_counted(made, case) or _served_on(services.get(made.id, ())))
        found.append(
            {
                "kind": kind,
                "name": templates()[kind].name,
                "made": made.id if made else None,
                "served": served,
            }
        )
    return found


def _counted(letter: Letter, case: Case | None) -> str | None:
    """What the case counts, for the letter that is in force and no older than what it tells of."""
    if case is None or letter.superseded_at is not None:
        return None
    told_on = case.noticed_on if letter.kind == NOTICE else case.decided_on
    day = counted_from(case, letter.kind)
    return day.isoformat() if day and told_on and letter.dated >= told_on else None


def _served_on(services: Sequence[LetterService]) -> str | None:
    """The day service counts from, by the first attempt that succeeded."""
    days = [each.effective_on for each in services if each.outcome == SERVED and each.effective_on]
    return min(days).isoformat() if days else None


def _instant(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
