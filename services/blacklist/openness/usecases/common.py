"""Small things every use case of openness needs: refusals, running numbers, the trail, departments."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.disclosure.models import DisclosureCounter
from services.blacklist.identity.domain import Period
from services.blacklist.identity.models import Department
from shared.db import dialect_of, upsert
from shared.errors import FieldError, Invalid, describe_errors
from shared.web.access import Principal

describe_errors(
    {
        "item-not-found": "没有这条公开信息，或者不是本部门的、尚未公开的信息。",
        "item-wrong-state": "信息当前的办理情况不能进行这个事项。possible_actions 列出可以办理的事项。",
        "item-stale": "信息在您查看之后已被修改。请重新查看后再办理；edition 是现在的稿次。",
        "item-four-eyes": "拟制和审批须由不同的人员办理。",
        "opinion-not-found": "没有这件舆情，或者不是本部门的舆情。",
        "opinion-closed": "舆情已经办结，不能再办理。",
        "opinion-four-eyes": "登记舆情和办结须由不同的人员办理。",
        "channel-draft-not-found": "没有这份文字稿，或者不是本部门的文字稿。",
        "channel-draft-wrong-state": "文字稿当前的情况不能进行这个事项。",
        "channel-draft-four-eyes": "拟写文字稿和审批须由不同的人员办理。",
        "report-not-found": "没有这件举报。请核对查询码；工作人员只能查看可见范围内的举报。",
        "report-wrong-state": "举报当前的办理情况不能进行这个事项。",
        "report-four-eyes": "拟写答复和签发答复须由不同的人员办理。",
        "report-too-many": "同一网络地址提交的举报过多。请稍后再试，或者当面、来信提出。",
    }
)


def refuse(problems: Sequence[tuple[str, str]]) -> None:
    """Invalid, pointing at each field; nothing where there is no problem."""
    if problems:
        fields = [FieldError(f"/{name}", message) for name, message in problems]
        raise Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=fields)


def require_inputs(needs: Sequence[str], optional: Sequence[str], given: Mapping[str, Any]) -> None:
    """Exactly what the act asks for: nothing missing, nothing more."""
    wrong = [(name, "这个事项没有此项，请删去。") for name in given if name not in (*needs, *optional)]
    wrong += [(name, "必填，请补充。") for name in needs if given.get(name) in (None, "", [])]
    refuse(wrong)


def next_count(session: Session, prefix: str, region: str, year: int) -> int:
    """The next number of a region's year, under its row lock."""
    key = f"{prefix}{region}-{year}"
    insert = upsert(dialect_of(session))(DisclosureCounter).values(key=key, value=0)
    session.execute(insert.on_conflict_do_nothing())
    wanted = select(DisclosureCounter).where(DisclosureCounter.key == key).with_for_update()
    counter = session.scalars(wanted.execution_options(populate_existing=True)).one()
    counter.value += 1
    session.flush()
    return counter.value


def department_on(session: Session, department_id: str, today: date) -> Department | None:
    """The department, where it is in force."""
    found = session.get(Department, department_id)
    return found if found and Period(found.valid_from, found.valid_to).covers(today) else None


def write_down(
    session: Session, kind: str, thing: Any, act: str, actor: Principal | None, at: datetime, **detail: Any
) -> None:
    """One entry of the trail: numbers and states, never the text."""
    audit.record(
        session, actor=actor, action=f"{kind}.{act}", object_type=kind, object_id=thing.id,
        detail={"number": thing.number, "state": thing.state, "department_id": thing.department_id, **detail},
        at=at,
    )  # fmt: skip
