"""Edit a draft (修改). Whoever edits last may neither review nor decide; approvals given before are void."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.filing import merged, normalised
from services.blacklist.cases.domain.table import DRAFT
from services.blacklist.cases.models import Case, CaseStep
from services.blacklist.cases.queries import case_to_act_on
from services.blacklist.cases.usecases.columns import content_columns, filing_of
from services.blacklist.cases.usecases.filing import filing_problems, refuse
from services.blacklist.cases.usecases.office import Office
from services.blacklist.cases.usecases.versions import require_version
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import Conflict
from shared.ids import new_id
from shared.web.access import Principal


def edit_case(
    session: Session,
    deps: Deps,
    case_id: str,
    version: int,
    changes: Mapping[str, Any],
    *,
    actor: Principal,
    at: datetime,
) -> Case:
    """The draft with `changes` laid over it; Conflict when it is not a draft or the version is stale."""
    case = case_to_act_on(session, case_id, actor)
    require_version(case, version)
    if case.state != DRAFT:
        raise Conflict(
            "case-not-editable",
            "案件已提交，不能修改",
            "需要修改的，请由审核人退回修改。",
            state=case.state,
            rule="审核的内容即公示的内容",
        )
    office = Office(session, local_date(at))
    filing = merged(filing_of(deps.keyring, case), changes)
    refuse(filing_problems(office, filing, case.department_id))
    before = case.content_hash
    for name, value in content_columns(deps.keyring, case.id, normalised(filing)).items():
        setattr(case, name, value)
    case.last_editor_id, case.updated_at, case.version = actor.user_id, at, case.version + 1
    _note(session, case, sorted(changes), before, actor, at)
    return case


def _note(
    session: Session, case: Case, changed: list[str], before: str, actor: Principal, at: datetime
) -> None:
    session.add(
        CaseStep(
            id=new_id(),
            case_id=case.id,
            version=case.version,
            action="edit",
            from_state=case.state,
            to_state=case.state,
            actor_id=actor.user_id,
            actor_name=actor.display_name,
            actor_role="key" if actor.key_id else "clerk",
            detail={"changed": changed},
            at=at,
        )
    )
    audit.record(
        session,
        actor=actor,
        action="case.edit",
        object_type="case",
        object_id=case.id,
        detail={"changed": changed, "before": before, "after": case.content_hash},
        at=at,
    )
    session.flush()
