"""结果回传: what became of requests, whether their platforms know, and what people do where not."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from services.credit_push import requested
from services.credit_push.catalogue.answering import SENT
from services.credit_push.transports.told import Post
from services.credit_push.usecases import Deps
from services.credit_push.usecases.answering import (
    RESULTS,
    SETTLED_BY_HAND,
    STATES,
    send_again,
    tell_by_hand,
)
from services.credit_push.usecases.rehearsing import file_of
from services.credit_push.usecases.rehearsing_answers import rehearse_answer
from services.credit_push.usecases.requesting import KINDS
from services.credit_push.web.monitor import DOERS, PER_PAGE, READERS, page_of, visible_region
from shared.contracts.request_outcomes import OUTCOMES
from shared.errors import DomainError, FieldError, Invalid, NotFound
from shared.web.access import access, principal, roles
from shared.web.files import file_answer
from shared.web.listing import last_seen, listed

LONGEST_NOTE = 500
COLOURS = {
    "waiting": "blue",
    "answered": "green",
    "dead": "red",
    "awaiting-hand": "orange",
    "told": "green",
    "by-events": "grey",
}


def add_routes(bp: APIBlueprint, deps: Deps, post: Callable[[str], Post | None]) -> None:
    @bp.get("/answers")
    @access(roles(*READERS))
    def answers() -> Response:
        return _page(deps)

    @bp.post("/answers/<answer_id>/again")
    @access(roles(*DOERS))
    def again_form(answer_id: str) -> Response:
        who = principal().username
        return _done(deps, answer_id, lambda session: send_again(session, deps, answer_id, who))

    @bp.post("/answers/<answer_id>/told")
    @access(roles(*DOERS))
    def told_form(answer_id: str) -> Response:
        who, note = principal().username, request.form.get("note", "").strip()
        if not 0 < len(note) <= LONGEST_NOTE:
            _require_visible(deps, answer_id)
            field = FieldError("/note", f"请写明如何告知平台，不超过 {LONGEST_NOTE} 个字符。")
            return _page(deps, Invalid("validation-failed", "登记内容有误", fields=[field]), answer_id)
        return _done(deps, answer_id, lambda session: tell_by_hand(session, deps, answer_id, who, note))

    @bp.get("/answers/<answer_id>/dry-run")
    @access(roles(*DOERS))
    def answer_dry_run(answer_id: str) -> Response:
        row, shown = rehearse_answer(deps, post, answer_id, visible_region(principal()))
        profile = deps.catalogue[row.platform]
        return page_of("push/answer_dry_run.html", "requests", row=row, profile=profile, shown=shown)

    @bp.get("/answers/<answer_id>/dry-run/files/<name>")
    @access(roles(*DOERS))
    def answer_dry_run_file(answer_id: str, name: str) -> Response:
        file = file_of(rehearse_answer(deps, post, answer_id, visible_region(principal()))[1], name)
        return file_answer(file.body, file.media_type.partition(";")[0], file.name)


def _done(deps: Deps, answer_id: str, act: Callable[..., object]) -> Response:
    _require_visible(deps, answer_id)
    try:
        with deps.db.write() as session:
            act(session)
    except DomainError as error:
        return _page(deps, error, answer_id)
    return redirect(url_for(".answers", **_kept()), 303)


def _kept() -> dict[str, Any]:
    """What the list was narrowed to, for the addresses of its forms and for the way back."""
    return {name: request.args[name] for name in ("state", "ticket", "cursor") if request.args.get(name)}


def _require_visible(deps: Deps, answer_id: str) -> None:
    with deps.db.read() as session:
        if requested.answer(session, answer_id, visible_region(principal())) is None:
            raise NotFound("not-found", "没有这项办理结果")


def _page(deps: Deps, error: DomainError | None = None, answer_id: str = "") -> Response:
    """`answer_id`: of which row the form was wrong; it keeps what was typed."""
    state = request.args.get("state", "")
    ticket = request.args.get("ticket", "").strip()
    known = state if state in STATES else None
    with deps.db.read() as session:
        found = requested.answers(
            session,
            visible_region(principal()),
            state=known,
            ticket=ticket or None,
            before=last_seen(),
            limit=PER_PAGE,
        )
        trail = requested.attempts_of(session, [row.id for row in found])
    rows, around = listed(found, PER_PAGE)
    return page_of(
        "push/answers.html",
        "requests",
        error,
        rows=rows,
        trail=trail,
        results=RESULTS,
        state=known or "",
        ticket=ticket,
        answer_states=STATES,
        answer_colours=COLOURS,
        outcomes=OUTCOMES,
        kinds=KINDS,
        by_hand=SETTLED_BY_HAND,
        catalogue=deps.catalogue,
        sent=SENT,
        kept=urlencode(_kept()),
        wrong_id=answer_id,
        typed=request.form.get("note", ""),
        **around,
    )
