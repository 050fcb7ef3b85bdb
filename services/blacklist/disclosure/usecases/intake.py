"""The applicant's side: sending a request, adding what was asked for, taking it back, all by its code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.audit.domain import without_identities
from services.blacklist.disclosure.domain import (
    ANSWER_DUTY,
    CORRECTION,
    OPEN,
    RECEIVED,
    STATES,
    WITHDRAWN,
    limit,
    new_code,
    procedure,
    request_number,
)
from services.blacklist.disclosure.models import APPLICANT_AAD, DisclosureCounter, DisclosureRequest
from services.blacklist.disclosure.queries.requests import request_by_code
from services.blacklist.disclosure.usecases.timeline import write_step
from services.blacklist.identity.domain import Period
from services.blacklist.identity.models import Department
from services.blacklist.rules.usecases import cancel_duties, create_duty, start_duty
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.db import dialect_of, upsert
from shared.errors import Conflict, FieldError, Invalid, TooMany
from shared.ids import new_id

RULE = "政府信息公开条例第三十三条"


@dataclass(frozen=True)
class Receipt:
    """回执: the number anyone may know and the code only the applicant holds."""

    request: DisclosureRequest
    code: str
    due: date
    provisional: bool


def submit_request(
    session: Session, deps: Deps, given: Mapping[str, Any], *, address: str, at: datetime
) -> Receipt:
    """Receive a request; the automatic receipt counts as both sides' confirmation: time runs from today."""
    blind = deps.keyring.blind_index(f"disclosure {address}")
    _require_patience(session, blind, deps.clock.system_now())
    today, code = local_date(at), new_code()
    department = _department(session, given["department_id"], today)
    row = _row(session, deps, given, department, at)
    row.lookup_blind, row.address_blind = deps.keyring.blind_index(code), blind
    session.add(row)
    session.flush()
    terms = procedure()
    duty = create_duty(
        session,
        case_id=row.id,
        department_id=department.id,
        kind=ANSWER_DUTY,
        rule=RULE,
        rule_version=terms.version,
        length_wd=terms.answer_wd,
        start_on=today,
        calendar=deps.calendar,
        soon_wd=terms.soon_wd,
    )
    write_step(session, row, "submit", "收到申请", actor=None, at=at, told="已收到您的申请。")
    return Receipt(row, code, duty.due_on or today, duty.provisional)


def _row(
    session: Session, deps: Deps, given: Mapping[str, Any], department: Department, at: datetime
) -> DisclosureRequest:
    today, row_id = local_date(at), new_id()
    sealed = json.dumps(dict(given["applicant"]), ensure_ascii=False)
    return DisclosureRequest(
        id=row_id,
        number=_next_number(session, department.region, today.year),
        sequence=0,
        state=RECEIVED,
        department_id=department.id,
        department_name=department.name,
        region=department.region,
        applicant_type=given["applicant"]["type"],
        applicant_sealed=deps.keyring.seal(sealed, f"{APPLICANT_AAD}.{row_id}"),
        wanted=without_identities(given["wanted"]),
        delivery=given["delivery"],
        received_on=today,
        sent_at=deps.clock.system_now(),
        created_at=at,
        updated_at=at,
    )


def _require_patience(session: Session, blind: str, now: datetime) -> None:
    """At most so many requests from one address in an hour and a day, counted in the database."""
    for name, span in (("per_address_hour", timedelta(hours=1)), ("per_address_day", timedelta(days=1))):
        sent = select(func.count()).where(
            DisclosureRequest.address_blind == blind, DisclosureRequest.sent_at > now - span
        )
        if (session.scalar(sent) or 0) >= limit(name):
            raise TooMany(
                "disclosure-too-many",
                "提交的申请过多",
                "请稍后再试，或者到政府信息公开工作机构当面提出。",
                retry_after=span.total_seconds(),
            )


def _department(session: Session, department_id: str, today: date) -> Department:
    found = session.get(Department, department_id)
    if found is None or not Period(found.valid_from, found.valid_to).covers(today):
        pointed = FieldError("/department_id", "没有这个部门，或者该部门已经撤并，请重新选择。")
        raise Invalid("validation-failed", "提交的内容有误", fields=[pointed])
    return found


def _next_number(session: Session, region: str, year: int) -> str:
    key = f"{region}-{year}"
    insert = upsert(dialect_of(session))(DisclosureCounter).values(key=key, value=0)
    session.execute(insert.on_conflict_do_nothing())
    wanted = select(DisclosureCounter).where(DisclosureCounter.key == key).with_for_update()
    counter = session.scalars(wanted.execution_options(populate_existing=True)).one()
    counter.value += 1
    session.flush()
    return request_number(region, year, counter.value)


def supplement(session: Session, deps: Deps, code: str, text: str, *, at: datetime) -> DisclosureRequest:
    """补正: what was asked for; the time to answer begins anew (第三十条)."""
    row = request_by_code(session, deps.keyring, code, lock=True)
    today = local_date(at)
    if row.state != CORRECTION:
        raise _wrong_state(row)
    if row.correction_until is not None and today > row.correction_until:
        raise Conflict(
            "disclosure-too-late", "补正期限已过", "请重新提出申请。", rule="政府信息公开条例第三十条"
        )
    added = without_identities(text)
    row.wanted = f"{row.wanted}\n（补正）{added}"
    row.state, row.correction_until = RECEIVED, None
    start_duty(session, row.id, ANSWER_DUTY, today, deps.calendar)
    write_step(session, row, "supplement", "收到补正", actor=None, at=at, told=added)
    return row


def withdraw(session: Session, deps: Deps, code: str, *, at: datetime) -> DisclosureRequest:
    """The applicant takes the request back; nothing is owed any more."""
    row = request_by_code(session, deps.keyring, code, lock=True)
    if row.state not in OPEN:
        raise _wrong_state(row)
    row.state, row.draft, row.drafted_by = WITHDRAWN, None, None
    cancel_duties(session, row.id, at)
    write_step(session, row, "withdraw", "申请人撤回申请", actor=None, at=at)
    return row


def _wrong_state(row: DisclosureRequest) -> Conflict:
    return Conflict(
        "disclosure-wrong-state",
        "申请现在不能办理这个事项",
        f"申请目前“{STATES[row.state]}”。",
        state=row.state,
    )
