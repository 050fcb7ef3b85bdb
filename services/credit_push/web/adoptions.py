"""认领: migrated listings that no record of a platform matches exactly, and what people decide."""

import re
from typing import Any

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from services.credit_push import queries
from services.credit_push.usecases import Deps
from services.credit_push.usecases.adopting import ADOPTED, CHOSEN, LEFT, OPEN, PUSHED, SECOND, SYSTEM, answer
from services.credit_push.usecases.choosing import adoption_view
from services.credit_push.web.monitor import DOERS, PER_PAGE, READERS, page_of, visible_region
from shared.errors import DomainError, FieldError, Invalid, NotFound
from shared.web.access import access, principal, roles
from shared.web.listing import last_seen, listed

STATE_TAGS = {
    "unmatched": ("平台没有", "orange"),
    "ambiguous": ("须人工辨认", "orange"),
    "proposed": ("待确认补推", "yellow"),
    CHOSEN: ("待确认认领", "yellow"),
    ADOPTED: ("已认领", "green"),
    PUSHED: ("已补推", "green"),
    LEFT: ("不处理", "grey"),
}
STATES = [("", "待处理"), *((name, tag[0]) for name, tag in STATE_TAGS.items())]
ACTIONS = ("choose", "leave", "push", "confirm", "refuse")
LONGEST = 500
_CANDIDATE = re.compile(r"[0-9a-f]{32}")
TABLES = {
    "blacklist_org": "失信名单（法人）表",
    "blacklist_person": "失信名单（自然人）表",
    "penalty_2018": "行政处罚表",
}
"""Where a record lies, where that is no list of its own."""


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/adoptions")
    @access(roles(*READERS))
    def adoptions() -> Response:
        return _page(deps)

    @bp.post("/adoptions/<adoption_id>/answer")
    @access(roles(*DOERS))
    def adoption_form(adoption_id: str) -> Response:
        with deps.db.read() as session:
            if queries.adoption(session, adoption_id, visible_region(principal())) is None:
                raise NotFound("not-found", "没有这项认领")
        try:
            given = _given()
            with deps.db.write() as session:
                answer(session, deps, adoption_id, principal().username, given)
        except DomainError as error:
            return _page(deps, error)
        return redirect(url_for(".adoptions"), 303)


def _given() -> dict[str, Any]:
    action, _, candidate = request.form.get("action", "").partition(":")
    reason = request.form.get("reason", "").strip()
    named = _CANDIDATE.fullmatch(candidate) is not None
    if action not in ACTIONS or len(reason) > LONGEST or named != (action == "choose"):
        field = FieldError("/reason", f"请选择处理方式并填写理由，不超过 {LONGEST} 个字符。")
        raise Invalid("validation-failed", "处理意见有误", fields=[field])
    return {"action": action, "candidate": candidate, "reason": reason}


def _page(deps: Deps, error: DomainError | None = None) -> Response:
    state = request.args.get("state", "")
    platform = request.args.get("platform", "").strip()
    states = (state,) if state in STATE_TAGS else OPEN
    with deps.db.read() as session:
        found = queries.adoptions(
            session, states, platform or None, visible_region(principal()), last_seen(), PER_PAGE
        )
        rows, around = listed(found, PER_PAGE)
        items = [adoption_view(deps, row) for row in rows]
    return page_of(
        "push/adoptions.html",
        "adoptions",
        error,
        items=items,
        state=state,
        state_options=STATES,
        state_tags=STATE_TAGS,
        open_states=OPEN,
        second_states=SECOND,
        system=SYSTEM,
        tables=TABLES,
        platform=platform,
        platform_options=[("", "全部平台"), *((p.id, p.name) for p in deps.catalogue.values() if p.pushed)],
        catalogue=deps.catalogue,
        me=principal().username,
        **around,
    )
