"""The register's past, for officials with a stated purpose; the public never sees it."""

from typing import Any

from apiflask import APIBlueprint

from services.blacklist.register import schemas
from services.blacklist.register.domain.scope import INDIVIDUALS, remembered
from services.blacklist.register.usecases.remembering import look_back, look_back_at_person
from services.blacklist.store import Deps
from shared.web.access import access, principal, roles
from shared.web.paging import page
from shared.web.problem import problems

OFFICIALS = roles("clerk", "reviewer", "decider", "supervisor", "auditor")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/past")
    @access(OFFICIALS)
    @bp.input(schemas.PastQuery)
    @bp.output(schemas.PastPage)
    @bp.doc(summary="查看过去某日的登记情况，已移出的也在内（写明目的，记入审计记录）")
    def read_past(json_data: dict[str, Any]) -> Any:
        asked = {"on": json_data.pop("as_of"), **json_data}
        with deps.db.write() as session:
            found = look_back(session, **asked, actor=principal(), at=deps.clock.now())
        return page(found, None) | {"scope": remembered(asked["on"])}, {"Cache-Control": "no-store"}

    @bp.post("/past/persons")
    @access(OFFICIALS)
    @bp.input(schemas.PastPersonQuery)
    @bp.output(schemas.PastPage)
    @bp.doc(
        summary="查看自然人过去某日的登记情况：姓名和证件号码（或其后几位）相符，姓名遮盖（写明目的，记入审计记录）"
    )
    @problems(429)
    def read_past_of_person(json_data: dict[str, Any]) -> Any:
        found = look_back_at_person(deps, json_data, principal())
        told = {"scope": remembered(json_data["as_of"], INDIVIDUALS)}
        return page(found, None) | told, {"Cache-Control": "no-store"}
