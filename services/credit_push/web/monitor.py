"""The platform board, the list of deliveries, one delivery with its attempts."""

from typing import Any

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from services.credit_push import queries
from services.credit_push.domain import OPERATION_NAMES, REPLAYABLE, STATE_NAMES, STATES
from services.credit_push.requested import answers
from services.credit_push.routing import relay_chain
from services.credit_push.standing import late_letters, platform_views
from services.credit_push.usecases import Deps
from services.credit_push.usecases.deciding import RETRY, propose
from services.credit_push.usecases.profiles import faulty_releases
from services.credit_push.usecases.showing import show_attempt
from shared.errors import DomainError, FieldError, Invalid, NotFound
from shared.web.access import Principal, access, principal, roles
from shared.web.listing import last_seen, listed
from shared.web.pages import form_errors, render

READERS = ("operator", "supervisor", "auditor")
DOERS = ("operator", "supervisor")
PER_PAGE = 50
MOST_LEFT = 100
STATE_COLOURS = {
    "waiting": "blue",
    "sending": "blue",
    "accepted": "yellow",
    "acknowledged": "green",
    "rejected": "red",
    "awaiting-hand": "orange",
    "dead": "red",
    "superseded": "grey",
}
ATTEMPT_NAMES = {
    "send": "推送",
    "query": "向平台查询",
    "check": "推送前校验",
    "receipt": "平台回执",
    "hand": "人工登记",
    "operator": "人工处理",
    "revival": "恢复撤销",
    "adopt": "对账认领",
}
OUTCOME_NAMES = {
    "filed": "已入库",
    "taken": "已接收",
    "refused": "被退回",
    "failed": "未送达",
    "unknown": "结果不明",
    "absent": "平台无此记录",
    "by-hand": "转人工报送",
    "replayed": "重新推送",
    "discarded": "确认放弃",
    "adopted": "认领平台原有记录",
}
TABS = [
    ("", "平台总览"),
    ("matrix", "名单与平台"),
    ("deliveries", "推送记录"),
    ("dead", "失败处理"),
    ("findings", "网站核查"),
    ("hand", "人工报送"),
    ("reconciliations", "对账"),
    ("adoptions", "认领"),
    ("requests", "异议与修复"),
    ("refused", "拒收回执"),
    ("profiles", "平台配置"),
]
ADMITTED = {"hand": DOERS, "profiles": (*READERS, "system-admin")}
"""Who may open a tab, where that is not the section's readers."""


def visible_region(who: Principal) -> str:
    """An operator runs the exchange for all regions; others see their own subtree."""
    return "" if who.has("operator") else queries.subtree(who.region)


def page_of(template: str, current: str, error: DomainError | None = None, **context: Any) -> Response:
    """A page of the monitor with its section navigation, and with what was wrong with the form sent last."""
    names = {"states": STATE_NAMES, "colours": STATE_COLOURS, "operations": OPERATION_NAMES}
    tabs = [tab for tab in TABS if principal().has(*ADMITTED.get(tab[0], READERS))]
    status, errors = (int(error.kind), form_errors(error)) if error else (200, {})
    may_act = principal().has(*DOERS)
    told = {"tabs": tabs, "current_tab": current, "errors": errors, "may_act": may_act, **names}
    return render(template, status, **told | context)


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/")
    @access(roles(*READERS))
    def board() -> Response:
        with deps.db.read() as session:
            region = visible_region(principal())
            views = platform_views(session, deps.catalogue, deps.clock, region)
            left = {
                "answers": len(answers(session, region, state="dead", limit=MOST_LEFT)),
                "letters": late_letters(session, deps.clock.today(), region),
            }
        totals = {state: sum(view["counts"][state] for view in views) for state in STATES}
        return page_of(
            "push/board.html",
            "",
            platforms=views,
            totals=totals,
            faulty=faulty_releases(deps.catalogue, deps.keys),
            left=left,
        )

    @bp.get("/deliveries")
    @access(roles(*READERS))
    def deliveries() -> Response:
        return _deliveries(deps)

    @bp.get("/deliveries/<delivery_id>")
    @access(roles(*READERS))
    def delivery(delivery_id: str) -> Response:
        return _delivery(deps, delivery_id)

    @bp.get("/deliveries/<delivery_id>/attempts/<attempt_id>")
    @access(roles("operator"))
    def attempt(delivery_id: str, attempt_id: str) -> Response:
        with deps.db.read() as session:
            shown = show_attempt(session, deps, delivery_id, attempt_id, visible_region(principal()))
        return page_of(
            "push/attempt.html",
            "deliveries",
            shown=shown,
            attempt_names=ATTEMPT_NAMES,
            outcome_names=OUTCOME_NAMES,
        )

    @bp.post("/deliveries/<delivery_id>/replay")
    @access(roles(*DOERS))
    def replay_form(delivery_id: str) -> Response:
        with deps.db.read() as session:
            if queries.delivery(session, delivery_id, visible_region(principal())) is None:
                raise NotFound("not-found", "没有这条推送记录")
        try:
            _propose(deps, delivery_id)
        except DomainError as error:
            return _delivery(deps, delivery_id, error)
        return redirect(url_for(".dead_letters"), 303)


def _propose(deps: Deps, delivery_id: str) -> None:
    """To push it again: on the pages two people decide, whichever page it begins on."""
    reason = request.form.get("reason", "").strip()
    if not reason:
        field = FieldError("/reason", "请填写重推的理由。")
        raise Invalid("validation-failed", "处理意见不完整", fields=[field])
    with deps.db.write() as session:
        propose(session, deps, delivery_id, RETRY, reason, principal().username)


def _deliveries(deps: Deps) -> Response:
    args = request.args
    given = {
        name: args.get(name, "").strip() or None
        for name in ("platform", "state", "operation", "q", "listing_id")
    }
    wanted = queries.Filter(**given, region=visible_region(principal()))
    with deps.db.read() as session:
        rows, around = listed(queries.deliveries(session, wanted, last_seen(), PER_PAGE), PER_PAGE)
    return page_of(
        "push/deliveries.html",
        "deliveries",
        rows=rows,
        filters=given,
        catalogue=deps.catalogue,
        **around,
    )


def _delivery(deps: Deps, delivery_id: str, error: DomainError | None = None) -> Response:
    with deps.db.read() as session:
        row = queries.delivery(session, delivery_id, visible_region(principal()))
        if row is None:
            raise NotFound("not-found", "没有这条推送记录")
        tried = queries.attempts(session, [row.id]).get(row.id, [])
        department = queries.department_names(session, [row.department_id]).get(row.department_id, "")
        letter = queries.letters(session, [row.id]).get(row.id)
    profile = deps.catalogue.get(row.platform)
    return page_of(
        "push/delivery.html",
        "deliveries",
        error,
        row=row,
        profile=profile,
        department=department,
        letter=letter,
        attempts=tried,
        attempt_names=ATTEMPT_NAMES,
        outcome_names=OUTCOME_NAMES,
        relay=relay_chain(deps.catalogue, row.platform) if profile else [],
        may_rehearse=principal().has("operator"),
        replayable=row.state in REPLAYABLE and principal().has(*DOERS),
    )
