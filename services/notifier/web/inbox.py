"""The inbox page with its filters and bulk acknowledgement, and the page of one message."""

from collections.abc import Mapping

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import SEVERITIES, SEVERITY_NAMES
from services.notifier.models import Deps
from services.notifier.queries import messages
from services.notifier.queries.receipts import receipts_of
from services.notifier.queries.texts import personal_wording
from services.notifier.routing import routing
from services.notifier.usecases import reading
from services.notifier.web.looks import SEVERITY_COLOURS, STATE_COLOURS
from shared.web.access import access, current_principal, principal, public, signed_in
from shared.web.pages import render
from shared.web.site import safe_next

PAGE_SIZE = 30
MOST_IDS = 200
MOST_TEXT = 100
FAMILIES = (
    ("case.*", "案件（全部）"),
    ("duty.*", "法定期限（全部）"),
    ("delivery.*", "推送（全部）"),
    ("escalation.*", "催办（全部）"),
)


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_list(bp, deps)
    _add_one(bp, deps)
    _add_acknowledgement(bp, deps)


def _add_list(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/")
    @access(signed_in())
    def inbox() -> Response:
        with deps.db.read() as session:
            found = messages.inbox_page(
                session,
                principal(),
                _filter(request.args),
                request.args.get("cursor"),
                PAGE_SIZE,
                deps.clock.today(),
            )
            unread = messages.unread_count(session, principal(), messages.MOST_COUNTED)
        return render(
            "notices/inbox.html",
            items=found["items"],
            next_cursor=found["next"],
            unread=unread,
            most=messages.MOST_COUNTED,
            colours=SEVERITY_COLOURS,
            severities=[(key, SEVERITY_NAMES[key]) for key in SEVERITIES],
            events=[*FAMILIES, *((route.event, route.label) for route in routing().routes)],
        )

    @bp.get("/badge")
    @access(public())
    def badge() -> Response:
        """The number beside 消息 in every page's menu; nothing for who is not signed in any more."""
        who = current_principal()
        if who is None:
            return Response(status=204)
        with deps.db.read() as session:
            unread = messages.unread_count(session, who)
        return render("notices/badge.html", unread=unread, most=messages.MOST_UNREAD)


def _filter(given: Mapping[str, str]) -> messages.InboxFilter:
    return messages.InboxFilter(
        unread={"unread": True, "read": False}.get(given.get("show", "")),
        event_type=given.get("event_type") or None,
        severity=given.get("severity") or None,
        subject_id=given.get("subject_id") or None,
        for_me={"yes": True, "no": False}.get(given.get("for_me", "")),
        required={"yes": True, "no": False}.get(given.get("required", "")),
        text=given.get("text", "").strip()[:MOST_TEXT] or None,
    )


def _add_one(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/messages/<notice_id>")
    @access(signed_in())
    def message(notice_id: str) -> Response:
        with deps.db.read() as session:
            found = messages.notice_of(session, principal(), notice_id)
            view = messages.notice_views(session, principal(), [found], deps.clock.today())[0]
            ladder = messages.ladder_of(session, notice_id)
            signed = receipts_of(session, principal(), notice_id)
            english = personal_wording(session, found, principal().user_id, deps.clock.today())
            wanted = messages.DispatchFilter(notice_id=notice_id)
            sent = messages.dispatch_views(
                session, messages.dispatch_rows(session, principal(), wanted, None, 100)
            )
        return render(
            "notices/message.html",
            item=view,
            sent=sent,
            ladder=ladder,
            signed=signed,
            english=english,
            colours=SEVERITY_COLOURS,
            states=STATE_COLOURS,
        )


def _add_acknowledgement(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/acknowledgements")
    @access(signed_in())
    def acknowledge() -> AnyResponse:
        chosen = "shown" if request.form.get("go") == "page" else "id"
        ids, now = request.form.getlist(chosen)[:MOST_IDS], deps.clock.system_now()
        with deps.db.write() as session:
            if request.form.get("go") == "all":
                today = deps.clock.today()
                reading.read_matching(session, _filter(request.form), actor=principal(), today=today, at=now)
            else:
                reading.acknowledge(session, ids, actor=principal(), at=now, keyring=deps.keyring)
        return redirect(safe_next(request.form.get("next"), url_for("pages.inbox")), 303)
