"""The service's one address: the manifest, a batch of questions, or a request for facts, by what is sent."""

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import current_app, request
from marshmallow import ValidationError

from services.blacklist.register.api.reconciling.manifest import manifest
from services.blacklist.register.api.reconciling.shapes import (
    MOST_QUERIES,
    Asked,
    Extension,
    Query,
    first_text,
    types_of,
)
from services.blacklist.register.domain.scope import searched
from services.blacklist.register.index import reading
from services.blacklist.register.queries.reconciling import MOST, Question, candidates, extended
from services.blacklist.store import Deps
from shared.errors import FieldError, Invalid
from shared.regions import is_known
from shared.web.access import access, public
from shared.web.body import clean, strict_json
from shared.web.place import origin
from shared.web.problem import problems, validation_fields
from shared.web.site import Site
from shared.web.tally import note


def add_routes(bp: APIBlueprint, deps: Deps, path: str) -> None:
    @bp.get("")
    @access(public())
    @problems(400)
    @bp.input(Asked, location="query")
    @bp.doc(summary="服务说明、查询批次或者数据扩展", responses={200: "按 Reconciliation API 0.2"})
    def reconcile(query_data: dict[str, Any]) -> dict[str, Any]:
        return _answer(deps, query_data, path)

    @bp.post("")
    @access(public())
    @problems(400)
    @bp.input(Asked, location="form")
    @bp.doc(summary="查询批次或者数据扩展", responses={200: "按 Reconciliation API 0.2"})
    def reconcile_form(form_data: dict[str, Any]) -> dict[str, Any]:
        return _answer(deps, form_data, path)


def _answer(deps: Deps, asked: Mapping[str, Any], path: str) -> dict[str, Any]:
    if asked["queries"] is not None:
        return _batch(deps, _document(asked["queries"], "queries"))
    if asked["extend"] is not None:
        return _extension(deps, _document(asked["extend"], "extend"))
    site: Site = current_app.jinja_env.globals["site"]  # type: ignore[assignment]
    return manifest(site.name, origin(), f"{origin()}{path}")


def _document(text: str, name: str) -> dict[str, Any]:
    """The JSON object within the parameter; BadRequest or Invalid otherwise."""
    found = strict_json(text.encode())
    if not isinstance(found, dict):
        raise _wrong([FieldError(f"/{name}", "应为 JSON 对象。")])
    return found


def _wrong(fields: list[FieldError]) -> Invalid:
    return Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=fields)


def _loaded(schema: Any, value: Any, pointer: str) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(value)
    except ValidationError as error:
        found = [
            FieldError(f"/{pointer}{each.pointer}", each.message)
            for each in validation_fields({"json": error.messages})
        ]
        raise _wrong(found[:50]) from error
    return loaded


def _batch(deps: Deps, document: dict[str, Any]) -> dict[str, Any]:
    if len(document) > MOST_QUERIES:
        raise _wrong([FieldError("/queries", f"每批最多 {MOST_QUERIES} 条。")])
    asked = {key: _question(_loaded(Query(), value, "queries")) for key, value in document.items()}
    today = deps.clock.today()
    with reading(deps.db.reading) as connection:
        found = {key: candidates(connection, each, today) for key, each in asked.items()}
    matched = any(each["match"] for answer in found.values() for each in answer)
    note(request.environ, "reconcile", "listed" if matched else "none")
    scope = searched(today) | {"as_of": today.isoformat()}
    return {key: {"result": answer, "scope": scope} for key, answer in found.items()}


def _question(loaded: Mapping[str, Any]) -> Question:
    values = {each["pid"]: first_text(each["v"]) for each in loaded["properties"]}
    given = {pid: value for pid, value in values.items() if value and clean(value)}
    if not is_known(given.get("region", "")):
        given.pop("region", None)
    text = loaded["query"] if clean(loaded["query"]) else ""
    return Question(text, min(loaded["limit"], MOST), types_of(loaded["type"]), given)


def _extension(deps: Deps, document: dict[str, Any]) -> dict[str, Any]:
    asked = _loaded(Extension(), document, "extend")
    ids = [each for each in asked["ids"] if clean(each)]
    with reading(deps.db.reading) as connection:
        wanted = [each["id"] for each in asked["properties"]]
        return extended(connection, ids, wanted, deps.clock.today())
