"""失败处理: dead and refused deliveries, and what two people decide about each, or about all that fit."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from services.credit_push import queries
from services.credit_push.domain import REPLAYABLE
from services.credit_push.usecases import Deps
from services.credit_push.usecases.deciding import ACTIONS, RETRY, decide, propose
from services.credit_push.usecases.deciding_many import MOST, Done, decide_all, propose_all
from services.credit_push.usecases.operating import Wanted
from services.credit_push.web.monitor import DOERS, PER_PAGE, READERS, page_of, visible_region
from shared.clock import SHANGHAI
from shared.errors import DomainError, FieldError, Invalid, NotFound
from shared.ids import new_id
from shared.web.access import access, principal, roles
from shared.web.listing import last_seen, listed

FILTERS = ("platform", "state", "operation", "code", "since", "until")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/dead")
    @access(roles(*READERS))
    def dead_letters() -> Response:
        return _page(deps)

    @bp.post("/dead/proposals")
    @access(roles(*DOERS))
    def propose_many_form() -> Response:
        who = principal().username
        return _many(deps, lambda wanted: propose_all(deps, wanted, *_proposal(), who))

    @bp.post("/dead/decisions")
    @access(roles(*DOERS))
    def decide_many_form() -> Response:
        who, agree = principal().username, request.form.get("agree") == "true"
        seen = request.form.get("seen", "")
        return _many(deps, lambda wanted: decide_all(deps, wanted, who, agree=agree, seen=seen))

    @bp.post("/deliveries/<delivery_id>/proposals")
    @access(roles(*DOERS))
    def propose_form(delivery_id: str) -> Response:
        _visible(deps, delivery_id)
        try:
            action, reason = _proposal()
            with deps.db.write() as session:
                propose(session, deps, delivery_id, action, reason, principal().username)
        except DomainError as error:
            return _page(deps, error)
        return redirect(url_for(".dead_letters"), 303)

    @bp.post("/proposals/<decision_id>/decide")
    @access(roles(*DOERS))
    def decide_form(decision_id: str) -> Response:
        with deps.db.read() as session:
            decision = queries.decision(session, decision_id)
        if decision is None:
            raise NotFound("not-found", "没有这条处理意见")
        _visible(deps, decision.delivery_id)
        try:
            with deps.db.write() as session:
                agree = request.form.get("agree") == "true"
                decide(session, deps, decision_id, principal().username, agree=agree)
        except DomainError as error:
            return _page(deps, error)
        return redirect(url_for(".dead_letters"), 303)


def _proposal() -> tuple[str, str]:
    """What is proposed, and why."""
    action, reason = request.form.get("action", RETRY), request.form.get("reason", "").strip()
    if action not in ACTIONS or not reason:
        field = FieldError("/reason", "请选择处理方式并填写理由。")
        raise Invalid("validation-failed", "处理意见不完整", fields=[field])
    return action, reason


def _many(deps: Deps, act: Callable[[Wanted], Done]) -> Response:
    """What fits the filters of the page the form stood on; nothing where one of them cannot be read."""
    try:
        done = act(_wanted())
    except DomainError as error:
        return _page(deps, error)
    kept: dict[str, Any] = {name: value for name, value in _given().items() if value}
    return redirect(url_for(".dead_letters", done=done.done, left=done.left, **kept), 303)


def _given() -> dict[str, str]:
    return {name: request.args.get(name, "").strip()[:64] for name in FILTERS}


def _wanted() -> Wanted:
    given = _given()
    until = _day("until", given["until"])
    return Wanted(
        platform=given["platform"] or None,
        states=(given["state"],) if given["state"] else REPLAYABLE,  # an unknown word fits nothing
        operation=given["operation"] or None,
        code=given["code"] or None,
        since=_day("since", given["since"]),
        until=until + timedelta(days=1) if until else None,
        region=visible_region(principal()),
    )


def _day(name: str, text: str) -> datetime | None:
    """The beginning of a day in Beijing."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        field = FieldError(f"/{name}", "日期应写作 2026-11-02。")
        raise Invalid("validation-failed", "筛选条件有误", fields=[field]) from error
    if not date(2000, 1, 1) <= day <= date(2999, 12, 31):
        field = FieldError(f"/{name}", "日期不在可用的范围内。")
        raise Invalid("validation-failed", "筛选条件有误", fields=[field])
    return datetime.combine(day, time(), SHANGHAI)


def _visible(deps: Deps, delivery_id: str) -> None:
    with deps.db.read() as session:
        if queries.delivery(session, delivery_id, visible_region(principal())) is None:
            raise NotFound("not-found", "没有这条推送记录")


def _page(deps: Deps, error: DomainError | None = None) -> Response:
    found: list[Any] = []
    decisions: dict[str, Any] = {}
    seen = new_id()  # before the proposals are read: whoever agrees has had them before his eyes
    try:
        wanted = _wanted()
        with deps.db.read() as session:
            found = queries.undecided(session, wanted.conditions(), last_seen(), PER_PAGE)
            decisions = queries.decisions(session, [row.id for row in found[:PER_PAGE]])
    except DomainError as unreadable:
        error = error or unreadable
    rows, around = listed(found, PER_PAGE)
    given = _given()
    return page_of(
        "push/dead.html",
        "dead",
        error,
        rows=rows,
        decisions=decisions,
        actions=ACTIONS,
        catalogue=deps.catalogue,
        me=principal().username,
        filters=given,
        kept=urlencode({name: value for name, value in given.items() if value}),
        replayable=REPLAYABLE,
        done=_count("done"),
        left=_count("left"),
        most=MOST,
        seen=seen,
        **around,
    )


def _count(name: str) -> int | None:
    """How many were done, as the redirection tells."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None
