"""对外文字稿: texts about listings for 微博、微信 and other outlets, on one page."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.openness.api.items import ACTORS, CLERK, OFFICERS
from services.blacklist.openness.api.listing_texts import DECIDER, take_text
from services.blacklist.openness.domain.channels import channels
from services.blacklist.openness.domain.listing_texts import STATES
from services.blacklist.openness.queries.listing_texts import list_texts, outlets_of, text_views
from services.blacklist.openness.schemas.inputs import ChannelActIn
from services.blacklist.openness.schemas.listing_texts import ListingTextIn, OutletsIn
from services.blacklist.openness.usecases.listing_texts import choose_outlets, draft_text
from services.blacklist.store import Deps
from services.blacklist.web.openness.asking import with_moments
from shared.clock import local_date
from shared.errors import DomainError
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen, listed
from shared.web.pages import form_errors, render
from shared.web.place import origin

PER_PAGE = 20
LABELS = {
    "listing_id": "列入信息编号", "channel": "渠道", "text": "文字", "sent_at": "发出时间",
    "sent_to": "发出地址",
    "channels": "自动拟稿的渠道", "state": "办理情况",
}  # fmt: skip
COLOURS = {
    "draft": "yellow", "approved": "blue", "sent": "green", "dropped": "grey", "gone": "grey",
    "withdrawn": "grey",
}  # fmt: skip


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/listing-texts")
    @access(OFFICERS)
    def listing_texts() -> Response:
        return _shown(deps, {}, "")

    @made.post("/listing-texts")
    @access(CLERK)
    def draft_listing_text() -> AnyResponse:
        try:
            given = load_form(ListingTextIn(), read_form(request.form))
            with deps.db.write() as session:
                draft_text(
                    session, str(given["listing_id"]), given["channel"], given["text"], site=origin(),
                    actor=principal(), at=deps.clock.now(),
                )  # fmt: skip
        except DomainError as error:
            return _shown(deps, form_errors(error), "draft", int(error.kind))
        return redirect("/listing-texts", 303)

    @made.post("/listing-texts/outlets")
    @access(DECIDER)
    def choose_listing_outlets() -> AnyResponse:
        try:
            given = load_form(OutletsIn(), {"channels": request.form.getlist("channels")})
            with deps.db.write() as session:
                choose_outlets(session, given["channels"], actor=principal(), at=deps.clock.now())
        except DomainError as error:
            return _shown(deps, form_errors(error), "outlets", int(error.kind))
        return redirect("/listing-texts#outlets", 303)

    @made.post("/listing-texts/<uuid:text_id>/<action>")
    @access(ACTORS)
    def act_on_listing_text(text_id: Any, action: str) -> AnyResponse:
        try:
            values = with_moments(read_form(request.form), "sent_at")
            given = load_form(ChannelActIn(), {**values, "action": action})
            with deps.db.write() as session:
                take_text(session, str(text_id), given, principal(), deps.clock.now())
        except DomainError as error:
            return _shown(deps, form_errors(error), str(text_id), int(error.kind))
        return redirect(f"/listing-texts#text-{text_id}", 303)


def _shown(deps: Deps, errors: dict[str, str], tried: str, status: int = 200) -> Response:
    asked = request.args.get("state", "")
    with deps.db.read() as session:
        rows = list_texts(
            session, principal(), state=asked if asked in STATES else None, before=last_seen(),
            limit=PER_PAGE + 1,
        )  # fmt: skip
        shown, around = listed(rows, PER_PAGE, lambda row: row[0].id)
        views = text_views(session, shown, local_date(deps.clock.now()))
        chosen = [each.channel for each in outlets_of(session, principal().department_id)]
    return render(
        "blacklist/openness/listing_texts.html", status, rows=views, state=asked, states=list(STATES.items()),
        colours=COLOURS, errors=errors, tried=tried, labels=LABELS, values=request.form, chosen=chosen,
        outlets=_outlets(),
        listing_id=request.args.get("listing_id", ""), **around,
    )  # fmt: skip


def _outlets() -> list[tuple[str, str, str]]:
    return [(each.code, f"{each.name}（{each.longest} 字）", each.basis) for each in channels().values()]
