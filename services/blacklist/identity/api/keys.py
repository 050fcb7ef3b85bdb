"""API keys of departments' systems, kept by the security administrator."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from services.blacklist.identity import queries, schemas, usecases
from services.blacklist.identity.models import ApiKey
from services.blacklist.store import Deps
from shared.web.access import access, principal, roles
from shared.web.paging import cut, last_id, page
from shared.web.problem import problems


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_reading(bp, deps)
    _add_keeping(bp, deps)


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/api-keys")
    @access(roles("security-admin", "auditor"))
    @bp.input(schemas.UserQuery, location="query")
    @bp.output(schemas.ApiKeyPage)
    @bp.doc(summary="接口密钥（不含密钥本身）")
    def list_api_keys(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit, department = query_data["cursor"], query_data["limit"], query_data["department_id"]
        after = last_id(cursor)
        with deps.db.read() as session:
            rows = queries.list_api_keys(
                session, department_id=str(department) if department else None, after=after, limit=limit + 1
            )
        shown, following = cut(rows, limit, lambda row: [row.id])
        return page(shown, following)


def _add_keeping(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/api-keys")
    @access(roles("security-admin"))
    @problems(404)
    @bp.input(schemas.ApiKeyFiling)
    @bp.output(schemas.ApiKeyIssued, status_code=201)
    @bp.doc(summary="签发接口密钥（只显示一次）")
    def issue_api_key(json_data: dict[str, Any]) -> dict[str, Any]:
        department = str(json_data.pop("department_id"))
        with deps.db.write() as session:
            issued = usecases.issue_api_key(
                session, actor=principal(), department_id=department, at=deps.clock.system_now(), **json_data
            )
        return {"key": issued.key, "presented": issued.presented}

    @bp.delete("/api-keys/<uuid:key_id>")
    @access(roles("security-admin"))
    @problems(404)
    @bp.output(schemas.ApiKeyView)
    @bp.doc(summary="吊销接口密钥，立即生效")
    def revoke_api_key(key_id: UUID) -> ApiKey:
        with deps.db.write() as session:
            return usecases.revoke_api_key(
                session, str(key_id), actor=principal(), at=deps.clock.system_now()
            )
