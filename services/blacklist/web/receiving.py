"""电子送达 on pages: an officer orders it; the party, who is not signed in, signs for the letter by a code.

Opening the page changes nothing, for mail scanners open links too; the button is the signature.
"""

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.letters.queries.unserved import unserved_letters
from services.blacklist.letters.usecases.reading import trace_unserved
from services.blacklist.letters.usecases.sending import (
    CHANNELS,
    STATES,
    SendingWish,
    find_sending,
    open_received,
    send_letter,
    sign_for,
)
from services.blacklist.store import Deps
from services.blacklist.web.desk import OFFICERS
from shared.errors import FieldError, Invalid
from shared.web.access import access, principal, public, roles
from shared.web.files import file_answer
from shared.web.pages import render

PAGE_SIZE = 50
WORKERS = roles("clerk", "reviewer", "decider")
LONGEST = {"contact": 254, "consent": 300}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _waiting(made, deps)
    _ordering(made, deps)
    _receiving(made, deps)


def _waiting(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/letters/unserved")
    @access(OFFICERS)
    def letters_to_serve() -> Response:
        with deps.db.read() as session:
            found = unserved_letters(session, principal(), request.args.get("cursor"), PAGE_SIZE)
        trace_unserved(deps, principal(), found["items"])
        return render(
            "blacklist/letters_unserved.html",
            items=found["items"],
            next_cursor=found["next"],
            states=STATES,
        )


def _ordering(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/letters/<letter_id>/sendings")
    @access(WORKERS)
    def announce_letter(letter_id: str) -> AnyResponse:
        with deps.db.write() as session:
            send_letter(session, deps, letter_id, _wish(), actor=principal(), at=deps.clock.now())
        return redirect(f"/letters/{letter_id}?done=sending", 303)


def _wish() -> SendingWish:
    given = {name: request.form.get(name, "").strip() for name in LONGEST}
    channel = request.form.get("channel", "")
    wrong = [
        FieldError(f"/{name}", "必填。" if not given[name] else f"不能超过{most}个字。")
        for name, most in LONGEST.items()
        if not given[name] or len(given[name]) > most
    ]
    if channel not in CHANNELS:
        wrong.append(FieldError("/channel", "请选择电子邮件或者短信。"))
    if wrong:
        raise Invalid("validation-failed", "提交的内容有误", "请返回修改后重新提交。", fields=wrong)
    return SendingWish(channel, **given)


def _receiving(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/letters/receive")
    @access(public())
    def ask_receiving_code() -> AnyResponse:
        code = request.args.get("code", "").strip().replace("-", "")[:40]
        if code.isalnum() and code.isascii():
            return redirect(f"/letters/receive/{code.upper()}", 303)
        return _private(render("blacklist/letter_receive.html", code=""))

    @made.get("/letters/receive/<code>")
    @access(public())
    def receive_letter(code: str) -> Response:
        return _show(deps, code)

    @made.post("/letters/receive/<code>")
    @access(public())
    def sign_for_letter(code: str) -> AnyResponse:
        with deps.db.write() as session:
            sign_for(session, deps, code, at=deps.clock.now())
        return redirect(f"/letters/receive/{code}", 303)

    @made.get("/letters/receive/<code>/files/<letter_id>")
    @access(public())
    def received_file(code: str, letter_id: str) -> Response:
        with deps.db.read() as session:
            letter, media, content = open_received(session, deps, code, letter_id, deps.clock.now())
            name = f"{letter.title}{letter.number}"
        return _private(file_answer(content, media, name))


def _show(deps: Deps, code: str) -> Response:
    with deps.db.read() as session:
        row, letters = find_sending(session, code, deps.clock.now())
        shown = [{"id": each.id, "title": each.title, "number": each.number} for each in letters]
        page = render(
            "blacklist/letter_receive.html",
            code=code,
            letters=shown,
            organ=letters[0].organ,
            day=letters[0].dated,
            signed_at=row.signed_at,
        )
    return _private(page)


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
