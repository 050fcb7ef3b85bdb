"""A department teaches the importer its own headings, once for all its sheets."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import and_, delete
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.layout import all_layouts, folded
from services.blacklist.cases.models import ImportMapping
from services.blacklist.cases.usecases.moves import invalid
from shared.web.access import Principal


def teach_headings(
    session: Session,
    columns: Mapping[str, str | None],
    layout: str = "",
    *,
    actor: Principal,
    at: datetime,
) -> None:
    """Heading → column code of a layout ("" for any that has it); None forgets a heading."""
    meant = [each for each in all_layouts() if layout in ("", each.code)]
    if not meant:
        raise invalid(("/layout", "没有这种表格格式，请对照 /api/v1/imports/layouts"))
    known = {column.code for each in meant for column in each.columns}
    wrong = [
        (f"/columns/{heading}", "没有这个字段代码，请对照 /api/v1/imports/layouts")
        for heading, code in columns.items()
        if code is not None and code not in known
    ]
    if wrong:
        raise invalid(*wrong)
    keys = {folded(heading): (heading, code) for heading, code in columns.items()}
    own = and_(ImportMapping.department_id == actor.department_id, ImportMapping.layout == layout)
    session.execute(delete(ImportMapping).where(own, ImportMapping.heading.in_(keys)))
    session.add_all(
        ImportMapping(
            department_id=actor.department_id,
            layout=layout,
            heading=key,
            shown=heading,
            code=code,
            updated_by=actor.user_id,
            updated_at=at,
        )
        for key, (heading, code) in keys.items()
        if code is not None
    )
    audit.record(
        session,
        actor=actor,
        action="import.teach-headings",
        object_type="department",
        object_id=actor.department_id,
        detail={"layout": layout, "columns": dict(columns)},
        at=at,
    )
    session.flush()
