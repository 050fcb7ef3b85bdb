"""File a case (录入): a draft of the actor's own department on a list it may decide."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.entitlement import entitlement_problems
from services.blacklist.cases.domain.filing import Problem, normalised, problems
from services.blacklist.cases.domain.table import DRAFT
from services.blacklist.cases.models import Case, CaseStep
from services.blacklist.cases.usecases.columns import content_columns
from services.blacklist.cases.usecases.office import Office
from services.blacklist.rules.domain import ListRule
from services.blacklist.rules.queries import domain
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import FieldError, Invalid
from shared.ids import new_id
from shared.regions import is_known
from shared.web.access import Principal


def file_case(
    session: Session, deps: Deps, filing: Mapping[str, Any], *, actor: Principal, at: datetime
) -> Case:
    """A new draft; Invalid names every field that is wrong."""
    office = Office(session, local_date(at))
    refuse(filing_problems(office, filing, actor.department_id))
    case = Case(**draft_columns(office, deps, filing, actor, at))
    session.add(case)
    session.flush()
    session.add(CaseStep(**filed_step(case.id, actor, at)))
    audit.record(
        session,
        actor=actor,
        action="case.file",
        object_type="case",
        object_id=case.id,
        detail={"list_code": case.list_code, "document_number": case.document_number},
        at=at,
    )
    return case


def filing_problems(office: Office, filing: Mapping[str, Any], department_id: str) -> list[Problem]:
    """Content first, then whether this department may file it on this list."""
    rule = office.rule(filing["list_code"])
    if rule is None:
        return [("/list_code", "没有这个名单，或其依据目前不在有效期内")]
    return [
        *problems(filing, office.today),
        *_unknown_places(filing),
        *_barred(office, rule, filing, department_id),
    ]


def _unknown_places(filing: Mapping[str, Any]) -> list[Problem]:
    found = []
    if domain(filing["domain"]) is None:
        found.append(("/domain", "没有这个领域代码"))
    if not is_known(filing["region"]):
        found.append(("/region", "没有这个行政区划代码"))
    return found


def _barred(office: Office, rule: ListRule, filing: Mapping[str, Any], department_id: str) -> list[Problem]:
    department = office.department(department_id)
    return list(
        entitlement_problems(
            rule,
            subject_type=filing["subject"].get("type", ""),
            region=filing["region"],
            department_region=department.region,
            level=department.level,
            organ_kind=department.kind,
        )
    )


def refuse(found: list[Problem]) -> None:
    """Raise Invalid with a JSON pointer per problem, if there is any."""
    if found:
        fields = [FieldError(pointer, message) for pointer, message in dict.fromkeys(found)]
        raise Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=fields)


def draft_columns(
    office: Office, deps: Deps, filing: Mapping[str, Any], actor: Principal, at: datetime
) -> dict[str, Any]:
    """All columns of a new draft: the server, never the caller, sets state, department and people."""
    case_id, rule = new_id(), office.needed_rule(filing["list_code"])
    department = office.department(actor.department_id)
    return {
        "id": case_id,
        "state": DRAFT,
        "version": 1,
        "sequence": 0,
        "list_code": rule.code,
        "list_name": rule.name,
        "list_class": rule.list_class,
        "procedure": rule.procedure,
        "rule_version": rule.version,
        "department_id": department.id,
        "department_name": department.name,
        "department_uscc": department.uscc,
        "filer_id": actor.user_id,
        "filer_name": actor.display_name,
        "last_editor_id": actor.user_id,
        "measures": [],
        "created_at": at,
        "updated_at": at,
        **content_columns(deps.keyring, case_id, normalised(filing)),
    }


def filed_step(case_id: str, actor: Principal, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "case_id": case_id,
        "version": 1,
        "action": "file",
        "from_state": None,
        "to_state": DRAFT,
        "actor_id": actor.user_id,
        "actor_name": actor.display_name,
        "actor_role": "key" if actor.key_id else "clerk",
        "detail": {},
        "at": at,
    }
