"""Keeping the decision ledger: entries one by one or from a sheet, zero returns, explanations of numbers."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit.usecases import record
from services.blacklist.cases.domain.sheet import RefusedSheet
from services.blacklist.cases.usecases.imports.parsing import read_in_child
from services.blacklist.rules.queries import list_rule
from services.blacklist.store import Deps
from services.blacklist.supervision.domain.ledger_sheet import LedgerRow, NoHeading, read_ledger
from services.blacklist.supervision.domain.numbers import number_key, number_problem
from services.blacklist.supervision.domain.periods import Period
from services.blacklist.supervision.models import LedgerDecision, LedgerUpload, NumberExplanation, ZeroReturn
from services.blacklist.supervision.queries.ledger import made_in
from shared.clock import local_date
from shared.db import dialect_of, upsert
from shared.errors import Conflict, FieldError, Invalid, NotFound, describe_errors
from shared.file_names import file_name
from shared.ids import new_id
from shared.web.access import Principal

ADDED, KNOWN, DIFFERS = "added", "known", "differs"
PREVIEW, DONE = "preview", "done"
TERM_RULE = "penalty-publication"

describe_errors(
    {
        "decision-not-found": "台账中没有这件决定，或者当前账号不可查看。",
        "ledger-upload-not-found": "没有这次台账导入，或者当前账号不可查看。",
        "ledger-upload-done": "这次台账导入已经确认过。",
        "ledger-upload-empty": "表格中没有可以登记的行。请按提示改正后重新上传。",
        "ledger-sheet-refused": "台账表格不能读取，detail 说明原因。",
        "zero-return-contradicted": "该期间已有决定或者案件，不能签署零报告。请核对台账。",
        "zero-return-too-early": "期间尚未结束，不能签署零报告。",
        "zero-return-signed": "该期间的零报告已经签署。",
        "number-explained": "该文号已经说明过。",
    }
)


@dataclass(frozen=True)
class DecisionRow:
    """A decision as a department names it."""

    number: str
    decided_on: date
    organ: str
    kind: str


@dataclass(frozen=True)
class Entered:
    """What became of one row; `id` is the ledger's row, old or new."""

    number: str
    result: str
    id: str


def enter_decisions(
    session: Session,
    deps: Deps,
    rows: Sequence[DecisionRow],
    *,
    actor: Principal,
    at: datetime,
    upload_id: str | None = None,
) -> list[Entered]:
    """Add what the ledger does not know yet; a number known with another date or organ is named."""
    _refuse_bad(rows, local_date(at))
    known = _known(session, actor.department_id, [number_key(row.number) for row in rows])
    fresh = {number_key(row.number): row for row in rows if number_key(row.number) not in known}
    made = [_decision(deps, row, actor, at, upload_id) for row in fresh.values()]
    if made:
        insert = upsert(dialect_of(session))(LedgerDecision)
        session.execute(insert.on_conflict_do_nothing(index_elements=["department_id", "number_key"]), made)
    stored = _known(session, actor.department_id, list(fresh))
    record(
        session, actor=actor, action="ledger.entered", object_type="ledger", object_id=actor.department_id,
        detail={"added": len(made), "known": len(rows) - len(made), "upload_id": upload_id}, at=at,
    )  # fmt: skip
    return [_entered(row, known, stored) for row in rows]


def _refuse_bad(rows: Sequence[DecisionRow], today: date) -> None:
    wrong = []
    for index, row in enumerate(rows):
        problem = number_problem(row.number)
        if problem:
            wrong.append(FieldError(f"/decisions/{index}/number", problem))
        if row.decided_on > today:
            wrong.append(FieldError(f"/decisions/{index}/date", "决定日期不能晚于今天"))
    if wrong:
        raise Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=wrong[:50])


def _known(session: Session, department_id: str, keys: Sequence[str]) -> dict[str, LedgerDecision]:
    found: dict[str, LedgerDecision] = {}
    for start in range(0, len(keys), 500):
        wanted = select(LedgerDecision).where(
            LedgerDecision.department_id == department_id,
            LedgerDecision.number_key.in_(keys[start : start + 500]),
        )
        found |= {each.number_key: each for each in session.scalars(wanted)}
    return found


def _entered(
    row: DecisionRow, known: dict[str, LedgerDecision], stored: dict[str, LedgerDecision]
) -> Entered:
    key = number_key(row.number)
    old = known.get(key)
    if old is None:
        return Entered(row.number, ADDED, stored[key].id)
    same = (old.decided_on, old.organ) == (row.decided_on, row.organ)
    return Entered(row.number, KNOWN if same else DIFFERS, old.id)


def _decision(
    deps: Deps, row: DecisionRow, actor: Principal, at: datetime, upload_id: str | None
) -> dict[str, Any]:
    return {
        "id": new_id(), "department_id": actor.department_id, "number": row.number,
        "number_key": number_key(row.number), "decided_on": row.decided_on, "organ": row.organ,
        "kind": row.kind, "upload_id": upload_id, "created_by": actor.user_id, "created_at": at,
        **term(deps, row.kind, row.decided_on, local_date(at)),
    }  # fmt: skip


def term(deps: Deps, kind: str, decided_on: date, today: date) -> dict[str, Any]:
    """The last day to publish: 7 working days for a penalty decision, else 20, as the rule data says."""
    length = list_rule(TERM_RULE, today).publication_duty_wd(kind)
    due = deps.calendar.add_working_days(decided_on, length)
    return {"due_on": due.day, "provisional": due.provisional}


def correct_decision(
    session: Session,
    deps: Deps,
    decision_id: str,
    *,
    decided_on: date,
    organ: str,
    kind: str,
    reason: str,
    actor: Principal,
    at: datetime,
) -> LedgerDecision:
    """Put right a date, organ or kind; the number stays, the former values are kept in the audit trail."""
    wanted = select(LedgerDecision).where(
        LedgerDecision.id == decision_id, LedgerDecision.department_id == actor.department_id
    )
    found = session.scalars(wanted.with_for_update()).first()
    if found is None:
        raise NotFound("decision-not-found", "台账中没有这件决定")
    if decided_on > local_date(at):
        wrong = FieldError("/date", "决定日期不能晚于今天")
        raise Invalid("validation-failed", "提交的内容有误", fields=[wrong])
    before = {"date": found.decided_on.isoformat(), "organ": found.organ, "kind": found.kind}
    found.decided_on, found.organ, found.kind = decided_on, organ, kind
    fixed = term(deps, kind, decided_on, local_date(at))
    found.due_on, found.provisional = fixed["due_on"], fixed["provisional"]
    record(
        session, actor=actor, action="ledger.corrected", object_type="ledger-decision", object_id=found.id,
        detail={"before": before, "reason": reason}, at=at,
    )  # fmt: skip
    return found


def read_upload(name: str, content: bytes, today: date) -> list[LedgerRow]:
    """A sheet's rows, read outside any transaction; Invalid says why a file cannot be taken."""
    try:
        return read_ledger(read_in_child(name, content), today)
    except (RefusedSheet, NoHeading) as refused:
        wrong = FieldError("/file", str(refused))
        raise Invalid("ledger-sheet-refused", "表格不能读取", str(refused), fields=[wrong]) from refused


def keep_upload(
    session: Session, name: str, content: bytes, rows: Iterable[LedgerRow], *, actor: Principal, at: datetime
) -> LedgerUpload:
    """The preview; nothing enters the ledger before it is confirmed."""
    made = LedgerUpload(
        id=new_id(),
        department_id=actor.department_id,
        state=PREVIEW,
        file_name=file_name(name),
        sha256=hashlib.sha256(content).hexdigest(),
        rows=[row.as_json() for row in rows],
        added=0,
        uploaded_by=actor.user_id,
        created_at=at,
    )
    session.add(made)
    session.flush()
    return made


def find_upload(session: Session, upload_id: str, who: Principal, *, lock: bool = False) -> LedgerUpload:
    wanted = select(LedgerUpload).where(
        LedgerUpload.id == upload_id, LedgerUpload.department_id == who.department_id
    )
    found = session.scalars(wanted.with_for_update() if lock else wanted).first()
    if found is None:
        raise NotFound("ledger-upload-not-found", "没有这次台账导入")
    return found


def confirm_upload(
    session: Session, deps: Deps, upload_id: str, *, actor: Principal, at: datetime
) -> LedgerUpload:
    """Enter the preview's good rows; the others wait for another sheet."""
    upload = find_upload(session, upload_id, actor, lock=True)
    if upload.state != PREVIEW:
        raise Conflict("ledger-upload-done", "这次导入已经确认过")
    good = [
        DecisionRow(row["number"], date.fromisoformat(row["date"]), row["organ"], row["kind"])
        for row in upload.rows
        if not row["errors"]
    ]
    if not good:
        raise Conflict("ledger-upload-empty", "没有可以登记的行")
    entered = enter_decisions(session, deps, good, actor=actor, at=at, upload_id=upload.id)
    results = iter(entered)
    upload.rows = [row if row["errors"] else {**row, "result": next(results).result} for row in upload.rows]
    upload.state, upload.confirmed_at = DONE, at
    upload.added = sum(each.result == ADDED for each in entered)
    return upload


def sign_zero_return(
    session: Session, period: Period, note: str | None, *, actor: Principal, at: datetime
) -> ZeroReturn:
    """Declare that no decision was made in a period that is over and shows none."""
    if local_date(at) <= period.end:
        raise Conflict("zero-return-too-early", "期间尚未结束", f"{period.title}结束后方可签署零报告。")
    if made_in(session, actor.department_id, period.start, period.end):
        raise Conflict("zero-return-contradicted", "该期间已有决定", "台账或者案件中有该期间的决定，请核对。")
    same = select(ZeroReturn.id).where(
        ZeroReturn.department_id == actor.department_id, ZeroReturn.period == period.name
    )
    if session.scalars(same).first() is not None:
        raise Conflict("zero-return-signed", "该期间的零报告已经签署")
    made = ZeroReturn(
        id=new_id(), department_id=actor.department_id, period=period.name, period_start=period.start,
        period_end=period.end, note=note, signed_by=actor.user_id, signer_name=actor.display_name,
        signed_at=at,
    )  # fmt: skip
    session.add(made)
    record(
        session, actor=actor, action="ledger.zero-return", object_type="ledger", object_id=made.id,
        detail={"period": period.name}, at=at,
    )  # fmt: skip
    session.flush()
    return made


def explain_number(
    session: Session, number: str, reason_code: str, reason: str, *, actor: Principal, at: datetime
) -> NumberExplanation:
    """Say why a number of one's own department is not public; said once, kept."""
    problem = number_problem(number)
    if problem:
        raise Invalid("validation-failed", "提交的内容有误", fields=[FieldError("/number", problem)])
    key = number_key(number)
    same = select(NumberExplanation.id).where(
        NumberExplanation.department_id == actor.department_id, NumberExplanation.number_key == key
    )
    if session.scalars(same).first() is not None:
        raise Conflict("number-explained", "该文号已经说明过")
    made = NumberExplanation(
        id=new_id(), department_id=actor.department_id, number=number, number_key=key,
        reason_code=reason_code, reason=reason, explained_by=actor.user_id, explainer_name=actor.display_name,
        explained_at=at,
    )  # fmt: skip
    session.add(made)
    record(
        session, actor=actor, action="ledger.explained", object_type="ledger", object_id=made.id,
        detail={"number": number, "reason_code": reason_code, "reason": reason}, at=at,
    )  # fmt: skip
    session.flush()
    return made
