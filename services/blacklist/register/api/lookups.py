"""Searching: organisations by words, persons by proof, many at once, and the change feed."""

from collections.abc import Callable
from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import request
from sqlalchemy.orm import Session

from services.blacklist.register import queries, schemas
from services.blacklist.register.api import streaming
from services.blacklist.register.api.noting import note_check, note_search
from services.blacklist.register.api.waiting import WaitingRoom
from services.blacklist.register.domain.days import refuse_future
from services.blacklist.register.domain.scope import checked, persons_searched, searched
from services.blacklist.register.queries import Criteria, Entity, Purpose
from services.blacklist.register.usecases.persons import look_up_person
from services.blacklist.store import Deps
from shared.errors import Gone, describe_errors
from shared.web.access import access, public
from shared.web.openapi import also_produces
from shared.web.paging import cut, decode_cursor, page
from shared.web.place import origin
from shared.web.problem import problems

describe_errors(
    {"cursor-expired": "游标早于保留的变更流。请按 snapshot 所指地址重新加载快照，再从其中的 position 继续。"}
)
Logged = Callable[[Session], dict[str, Any] | None]
"""What the transparency log says of the register's version, where this process can read it."""


def nothing_logged(_: Session) -> None:
    """For a process without the log."""


def add_routes(bp: APIBlueprint, deps: Deps, *, persons: bool, logged: Logged = nothing_logged) -> None:
    _add_search(bp, deps)
    if persons:
        _add_persons(bp, deps)
    _add_check(bp, deps, logged)
    _add_changes(bp, deps)


def _add_search(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("")
    @access(public())
    @bp.input(schemas.SearchQuery, location="query")
    @bp.output(schemas.SearchPage)
    @bp.doc(summary="公开查询法人和非法人组织")
    def search_register(query_data: dict[str, Any]) -> dict[str, Any]:
        today = deps.clock.today()
        refuse_future(query_data["as_of"], today)
        cursor, limit = query_data.pop("cursor"), query_data.pop("limit")
        criteria = Criteria(**query_data)
        worded = bool(criteria.q.strip())
        after = _place(cursor, worded=worded) if cursor else None
        with deps.db.read() as session:
            rows = queries.search(session, criteria, today, after=after, limit=limit)
        shown, following = cut(rows, limit, score_key if worded else _date_key)
        note_search(request.environ, criteria.q, shown)
        return page(shown, following) | {"scope": searched(today, criteria.as_of)}


def _place(cursor: str, *, worded: bool) -> list[Any]:
    if worded:
        return decode_cursor(cursor, (int, str))
    place = decode_cursor(cursor, (str, str))
    return [_day(place[0]), place[1]]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min


def score_key(row: dict[str, Any]) -> tuple[int, str]:
    return round(row["score"] * 1000), row["id"]


def _date_key(row: dict[str, Any]) -> tuple[str, str]:
    return row["listed_on"].isoformat(), row["id"]


def _add_persons(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/persons")
    @access(public())
    @bp.input(schemas.PersonQuery)
    @bp.output(schemas.PersonPage)
    @problems(429)
    @bp.doc(summary="凭姓名和证件号码查询自然人")
    def find_person(json_data: dict[str, Any]) -> dict[str, Any]:
        found = look_up_person(deps, json_data, request.remote_addr or "")
        return page(found, None) | {"scope": persons_searched(deps.clock.today())}


def _add_check(bp: APIBlueprint, deps: Deps, logged: Logged) -> None:
    @bp.post("/check")
    @access(public())
    @bp.input(schemas.CheckRequest)
    @bp.output(schemas.CheckPage)
    @bp.doc(summary="批量核查：列入、疑似或者未查到，以及是否受限")
    def check_entities(json_data: dict[str, Any]) -> dict[str, Any]:
        today = deps.clock.today()
        on = json_data["as_of"] or today
        refuse_future(on, today)
        purpose = Purpose(**json_data["purpose"]) if json_data["purpose"] else None
        entities = [_entity(each) for each in json_data["entities"]]
        with deps.db.read() as session:
            version = queries.version_of(session, today) | {"log": logged(session)}
            answers = queries.check_entities(
                session, entities, today, on=on, purpose=purpose, alike=json_data["alike"], listed_by=on
            )
        note_check(request.environ, answers)
        return page(answers, None) | {"scope": checked(today, on), "register": version}


def _entity(given: dict[str, Any]) -> Entity:
    members = tuple(Entity(each["name"], each["uscc"]) for each in given["consortium"])
    return Entity(given["name"], given["uscc"], members)


def last_position(deps: Deps) -> int:
    with deps.db.read() as session:
        return queries.newest_position(session)


def _require_kept(deps: Deps, after: int) -> None:
    """Gone for a cursor before what is kept: nobody may take the rest of the feed for all of it."""
    with deps.db.read() as session:
        oldest = queries.oldest_position(session)
    if after < oldest - 1:
        snapshot = f"{origin()}/api/v1/register/snapshot/index.json"
        advice = "请重新加载快照，再从其中的 position 继续。"
        raise Gone("cursor-expired", "游标早于保留的变更流", advice, snapshot=snapshot, oldest=oldest)


def _add_changes(bp: APIBlueprint, deps: Deps) -> None:
    waiting = WaitingRoom()

    @bp.get("/changes")
    @access(public())
    @bp.input(schemas.FeedQuery, location="query")
    @bp.output(schemas.ChangePage)
    @problems(410, 503)
    @also_produces(streaming.MEDIA_TYPE)
    @bp.doc(summary="变更流；Accept 为 text/event-stream 时持续推送，断开后以 Last-Event-ID 续读")
    def list_changes(query_data: dict[str, Any]) -> Any:
        after: int = query_data["after"]
        if streaming.wants_stream():
            after = streaming.start_after(after)
            _require_kept(deps, after)
            return streaming.stream(deps, waiting, after)
        _require_kept(deps, after)
        if query_data["wait"] and last_position(deps) == after:
            waiting.until(lambda: last_position(deps) > after, query_data["wait"])
        with deps.db.read() as session:
            items = queries.changes_after(session, after, query_data["limit"], deps.clock.today())
        return {"items": items, "next": items[-1]["position"] if items else after}
