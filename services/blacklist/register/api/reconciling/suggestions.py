"""Completion while somebody types: organisations, properties, types; and which facts can be fetched."""

from typing import Any

from apiflask import APIBlueprint

from services.blacklist.register.api.reconciling.shapes import (
    Prefix,
    Proposal,
    Proposed,
    SuggestedEntities,
    Suggestions,
)
from services.blacklist.register.domain.scope import searched
from services.blacklist.register.index import reading
from services.blacklist.register.queries.reconciling import PROPERTIES, TYPES, suggest, suggest_entities
from services.blacklist.store import Deps
from shared.web.access import access, public

MOST = 20


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/suggest/entity")
    @access(public())
    @bp.input(Prefix, location="query")
    @bp.output(SuggestedEntities)
    @bp.doc(summary="按名称开头提示法人和非法人组织")
    def suggest_entity(query_data: dict[str, Any]) -> dict[str, Any]:
        first = query_data["cursor"]
        with reading(deps.db.reading) as connection:
            today = deps.clock.today()
            found = suggest_entities(connection, query_data["prefix"], today, first + MOST)
        return {"result": found[first:], "scope": searched(today)}

    @bp.get("/suggest/property")
    @access(public())
    @bp.input(Prefix, location="query")
    @bp.output(Suggestions)
    @bp.doc(summary="提示属性")
    def suggest_property(query_data: dict[str, Any]) -> dict[str, Any]:
        names = {each.id: each.name for each in PROPERTIES.values()}
        return {"result": suggest(names, query_data["prefix"])[query_data["cursor"] :]}

    @bp.get("/suggest/type")
    @access(public())
    @bp.input(Prefix, location="query")
    @bp.output(Suggestions)
    @bp.doc(summary="提示类型")
    def suggest_type(query_data: dict[str, Any]) -> dict[str, Any]:
        return {"result": suggest(TYPES, query_data["prefix"])[query_data["cursor"] :]}

    @bp.get("/properties")
    @access(public())
    @bp.input(Proposal, location="query")
    @bp.output(Proposed)
    @bp.doc(summary="可以取得的属性")
    def propose_properties(query_data: dict[str, Any]) -> dict[str, Any]:
        limit = query_data["limit"]
        found = [{"id": each.id, "name": each.name} for each in PROPERTIES.values()][:limit]
        return {"type": query_data["type"], "limit": limit, "properties": found}
