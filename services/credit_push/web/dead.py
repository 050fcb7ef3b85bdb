"""失败处理: dead and refused deliveries, and what two people decide about them."""

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from services.credit_push import queries
from services.credit_push.usecases import Deps
from services.credit_push.usecases.deciding import ACTIONS, RETRY, decide, propose
from services.credit_push.web.monitor import DOERS, PER_PAGE, READERS, page_of, visible_region
from shared.errors import DomainError, FieldError, Invalid, NotFound
from shared.web.access import access, principal, roles
from shared.web.listing import last_seen, listed


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/dead")
    @access(roles(*READERS))
    def dead_letters() -> Response:
        return _page(deps)

    @bp.post("/deliveries/<delivery_id>/proposals")
    @access(roles(*DOERS))
    def propose_form(delivery_id: str) -> Response:
        _visible(deps, delivery_id)
        action, reason = request.form.get("action", RETRY), request.form.get("reason", "").strip()
        if action not in ACTIONS or not reason:
            field = FieldError("/reason", "请选择处理方式并填写理由。")
            return _page(deps, Invalid("validation-failed", "处理意见不完整", fields=[field]))
        try:
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


def _visible(deps: Deps, delivery_id: str) -> None:
    with deps.db.read() as session:
        if queries.delivery(session, delivery_id, visible_region(principal())) is None:
            raise NotFound("not-found", "没有这条推送记录")


def _page(deps: Deps, error: DomainError | None = None) -> Response:
    with deps.db.read() as session:
        found = queries.undecided(session, visible_region(principal()), last_seen(), PER_PAGE)
        rows, around = listed(found, PER_PAGE)
        decisions = queries.decisions(session, [row.id for row in rows])
    return page_of(
        "push/dead.html",
        "dead",
        error,
        rows=rows,
        decisions=decisions,
        actions=ACTIONS,
        catalogue=deps.catalogue,
        me=principal().username,
        **around,
    )
