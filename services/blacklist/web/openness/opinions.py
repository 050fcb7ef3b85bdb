"""政务舆情 at the officer's desk: recording, the two clocks, the press meeting, the end."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.openness.api.items import ACTORS, OFFICERS
from services.blacklist.openness.api.opinions import take
from services.blacklist.openness.domain.opinions import LEVELS, STATES
from services.blacklist.openness.models import Opinion
from services.blacklist.openness.queries.opinions import list_opinions, opinion_views
from services.blacklist.openness.queries.rounds import is_late, list_rounds, round_view
from services.blacklist.openness.queries.sight import find
from services.blacklist.openness.schemas.inputs import OpinionActIn, OpinionIn, RoundIn
from services.blacklist.openness.usecases.opinions import record_opinion
from services.blacklist.openness.usecases.watching import record_round
from services.blacklist.store import Deps
from services.blacklist.web.openness.asking import with_moments
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen, listed
from shared.web.pages import form_errors, render

PER_PAGE, ROUNDS = 30, 10
LABELS = {
    "title": "标题", "summary": "主要内容", "source": "来源", "level": "级别", "reported_at": "发现时间",
    "held_at": "举行时间", "note": "地点和主要内容", "reason": "理由",
    "sources": "监测范围", "found": "发现件数",
}  # fmt: skip


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _list(made, deps)
    _one(made, deps)


def _list(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/opinions")
    @access(OFFICERS)
    def opinions() -> Response:
        return _shown(deps, {}, {}, 200)

    @made.post("/opinions")
    @access(ACTORS)
    def record() -> AnyResponse:
        try:
            given = load_form(OpinionIn(), with_moments(read_form(request.form), "reported_at"))
            with deps.db.write() as session:
                made_id = record_opinion(session, deps, given, actor=principal(), at=deps.clock.now()).id
        except DomainError as error:
            return _shown(deps, request.form.to_dict(), form_errors(error), int(error.kind))
        return redirect(f"/opinions/{made_id}", 303)

    @made.post("/opinion-rounds")
    @access(ACTORS)
    def record_watching() -> AnyResponse:
        try:
            given = load_form(RoundIn(), read_form(request.form, integers=("found",)))
            with deps.db.write() as session:
                record_round(session, given, actor=principal(), at=deps.clock.now())
        except DomainError as error:
            return _shown(deps, request.form.to_dict(), form_errors(error), int(error.kind))
        return redirect("/opinions#rounds", 303)


def _shown(deps: Deps, values: dict[str, Any], errors: dict[str, str], status: int) -> Response:
    asked = request.args.get("state", "")
    with deps.db.read() as session:
        rows = list_opinions(
            session, principal(), state=asked if asked in STATES else None, before=last_seen(),
            limit=PER_PAGE + 1,
        )  # fmt: skip
        shown, around = listed(rows, PER_PAGE)
        views = opinion_views(session, shown, principal(), deps.clock.now())
        rounds = [round_view(row) for row in list_rounds(session, principal(), before=None, limit=ROUNDS)]
        late = is_late(session, principal(), deps.clock.now())
    return render(
        "blacklist/openness/opinions.html", status, rows=views, state=asked, states=list(STATES.items()),
        levels=list(LEVELS.items()), values=values, errors=errors, labels=LABELS,
        rounds=rounds, watch_late=late, **around,
    )  # fmt: skip


def _one(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/opinions/<opinion_id>")
    @access(OFFICERS)
    def opinion(opinion_id: str) -> Response:
        return _page(deps, opinion_id, {}, 200, "")

    @made.post("/opinions/<opinion_id>/<action>")
    @access(ACTORS)
    def act_on_opinion(opinion_id: str, action: str) -> AnyResponse:
        try:
            values = with_moments(read_form(request.form), "held_at")
            given = load_form(OpinionActIn(), {**values, "action": action})
            with deps.db.write() as session:
                take(session, deps, opinion_id, given, principal())
        except NotFound:
            raise
        except DomainError as error:
            return _page(deps, opinion_id, form_errors(error), int(error.kind), action)
        return redirect(f"/opinions/{opinion_id}", 303)


def _page(deps: Deps, opinion_id: str, errors: dict[str, str], status: int, tried: str) -> Response:
    with deps.db.read() as session:
        view = opinion_views(
            session, [find(session, Opinion, opinion_id, principal())], principal(), deps.clock.now()
        )[0]
    return render(
        "blacklist/openness/opinion.html", status, view=view, errors=errors, labels=LABELS, tried=tried,
        values=request.form,
    )  # fmt: skip
