"""Pages of the message texts: the list, one text with its history, a proposal with preview, its approval."""

import difflib
from collections.abc import Iterator
from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.models.texts import TextRevision
from services.notifier.proofing import recent_facts, sample_facts, show
from services.notifier.queries import texts
from services.notifier.templates import LANGUAGES, Text, all_texts
from services.notifier.usecases import wording
from shared.errors import Conflict, DomainError, FieldError, Invalid
from shared.web.access import access, principal, roles, signed_in
from shared.web.pages import form_errors, render

KEEPERS = roles(*ENDPOINT_KEEPERS)
LONGEST_NOTE = 300
STATE_COLOURS = {"proposed": "yellow", "approved": "green", "refused": "red", "withdrawn": "grey"}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_list(bp, deps)
    _add_one(bp, deps)
    _add_edit(bp, deps)
    _add_revision(bp, deps)
    _add_rollback(bp, deps)


def _add_list(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/texts")
    @access(signed_in())
    def list_texts() -> Response:
        wanted = request.args.get("q", "").strip()
        with deps.db.read() as session:
            rows = texts.text_rows(session, deps.clock.today(), wanted)
        return render("notices/texts.html", rows=rows, wanted=wanted)


def _add_one(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/texts/<name>")
    @access(signed_in())
    def one_text(name: str) -> Response:
        language = _language()
        with deps.db.read() as session:
            text, row = texts.text_of(session, name, language, deps.clock.today())
            return render(
                "notices/text.html",
                **_named(name, language),
                text=text,
                row=row if row is not None and row.body is not None else None,
                history=texts.history(session, name, language),
                shown=show(session, name, text, principal()),
                states=texts.STATE_NAMES,
                colours=STATE_COLOURS,
                today=deps.clock.today(),
                may_change=principal().has(*ENDPOINT_KEEPERS),
            )


def _add_edit(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/texts/<name>/edit")
    @access(KEEPERS)
    def edit_text(name: str) -> Response:
        return _form(deps, name, {})

    @bp.post("/texts/<name>/edit")
    @access(KEEPERS)
    def propose_text(name: str) -> AnyResponse:
        if request.form.get("go") == "trial":
            return _try(deps, name)
        if request.form.get("go") != "propose":
            return _form(deps, name, _preview_errors(name))
        given, language = request.form, _language()
        try:
            with deps.db.write() as session:
                row = wording.propose(
                    session,
                    name,
                    language,
                    (given.get("title", ""), given.get("body", "")),
                    note=_short("note"),
                    seen=_whole(request.form.get("seen", "")),
                    actor=principal(),
                    today=deps.clock.today(),
                    at=deps.clock.system_now(),
                )
                number = row.number
        except DomainError as error:
            return _form(deps, name, form_errors(error), int(error.kind))
        return redirect(url_for("pages.text_revision", name=name, number=number, lang=language), 303)


def _try(deps: Deps, name: str) -> Response:
    text = _stated(name)
    try:
        if not deps.mail_origin:
            raise Conflict("text-trial-unavailable", "本站尚未配置邮件服务", "可以先用预览查看。")
        with deps.db.write() as session:
            facts = recent_facts(session, name, principal()) or sample_facts(name, text.variables)
            wording.try_text(session, text, facts, actor=principal(), at=deps.clock.system_now())
    except DomainError as error:
        return _form(deps, name, form_errors(error), int(error.kind))
    return _form(deps, name, {}, tried=True)


def _preview_errors(name: str) -> dict[str, str]:
    found = wording.check_wording(_stated(name))
    return {each.pointer.strip("/"): each.message for each in reversed(found)}


def _stated(name: str) -> Text:
    title, body = (request.form.get(key, "").replace("\r\n", "\n").strip() for key in ("title", "body"))
    return texts.known_text(name, _language()).worded(title, body)


def _form(
    deps: Deps, name: str, errors: dict[str, str], status: int = 200, *, tried: bool = False
) -> Response:
    language = _language()
    with deps.db.read() as session:
        standing, _ = texts.text_of(session, name, language, deps.clock.today())
        text = _stated(name) if request.method == "POST" else standing
        newest = wording.newest_number(session, name, language)
        shown = [] if errors else show(session, name, text, principal())
    samples = sample_facts(name, standing.variables)
    return render(
        "notices/text_edit.html",
        status,
        **_named(name, language),
        text=text,
        errors=errors,
        tried=tried,
        labels={**wording.FIELD_NAMES, "note": "修改说明"},
        note=request.form.get("note", ""),
        seen=request.form.get("seen", newest) if request.method == "POST" else newest,
        shown=shown if request.method == "POST" else [],
        variables=[(each, samples.get(each, "")) for each in sorted(standing.variables)],
    )


def _add_revision(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/texts/<name>/revisions/<number>")
    @access(signed_in())
    def text_revision(name: str, number: str) -> Response:
        with deps.db.read() as session:
            row = texts.revision_of(session, name, _language(), _whole(number))
            return _revision_page(deps, row, {})

    @bp.post("/texts/<name>/revisions/<number>/decision")
    @access(KEEPERS)
    def decide_text(name: str, number: str) -> AnyResponse:
        try:
            with deps.db.write() as session:
                _decide(deps, session, texts.revision_of(session, name, _language(), _whole(number)))
        except Invalid as error:
            with deps.db.read() as session:
                row = texts.revision_of(session, name, _language(), _whole(number))
                return _revision_page(deps, row, form_errors(error), 422)
        return redirect(url_for("pages.one_text", name=name, lang=_language()), 303)


def _decide(deps: Deps, session: Session, row: TextRevision) -> None:
    at, who = deps.clock.system_now(), principal()
    match request.form.get("go"):
        case "approve":
            wording.approve(session, row, since=_since(deps), actor=who, today=deps.clock.today(), at=at)
        case "refuse":
            wording.refuse(session, row, reason=_short("reason", required=True), actor=who, at=at)
        case "withdraw":
            wording.withdraw(session, row, actor=who, at=at)
        case _:
            raise Invalid("validation-failed", "提交的内容有误", "请选择批准、不批准或者撤回。")


def _revision_page(deps: Deps, row: TextRevision, errors: dict[str, str], status: int = 200) -> Response:
    with deps.db.read() as session:
        standing, _ = texts.text_of(session, row.name, row.language, deps.clock.today())
        shipped = texts.known_text(row.name, row.language)
        after = shipped.worded(row.title, row.body) if row.title and row.body else shipped
        before = _before(session, row, shipped)
        shown = show(session, row.name, after, principal())
    return render(
        "notices/text_revision.html",
        status,
        **_named(row.name, row.language),
        row=row,
        changes=[("标题", _changes(before.title_source, after.title_source)),
                 ("正文", _changes(before.body_source, after.body_source))],
        shown=shown,
        states=texts.STATE_NAMES,
        colours=STATE_COLOURS,
        errors=errors,
        today=deps.clock.today().isoformat(),
        may_decide=principal().has(*ENDPOINT_KEEPERS),
        in_force=after == standing,
    )  # fmt: skip


def _before(session: Session, row: TextRevision, shipped: Text) -> Text:
    """The approved wording that came before this revision."""
    for each in texts.history(session, row.name, row.language):
        if each.number < row.number and each.state == texts.APPROVED:
            return shipped.worded(each.title, each.body) if each.title and each.body else shipped
    return shipped


def _changes(before: str, after: str) -> Iterator[tuple[str, str]]:
    """(what happened, line): 不变, 删去 or 新增."""
    words = {" ": "不变", "-": "删去", "+": "新增"}
    for line in difflib.ndiff(before.split("\n"), after.split("\n")):
        if line[0] in words:
            yield words[line[0]], line[2:]


def _add_rollback(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/texts/<name>/rollback")
    @access(KEEPERS)
    def roll_back_text(name: str) -> AnyResponse:
        language = _language()
        with deps.db.write() as session:
            wording.roll_back(
                session,
                name,
                language,
                _whole(request.form.get("number", "")),
                reason=_short("reason", required=True),
                actor=principal(),
                today=deps.clock.today(),
                at=deps.clock.system_now(),
            )
        return redirect(url_for("pages.one_text", name=name, lang=language), 303)


def _named(name: str, language: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": texts.text_label(name),
        "language": language,
        "languages": {key: title for key, title in LANGUAGES.items() if name in all_texts(key)},
    }


def _language() -> str:
    return request.values.get("lang", "zh")


def _whole(said: str) -> int:
    """A revision's number as asked for; nothing sensible becomes one that no revision has."""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 6 else -1


def _short(field: str, *, required: bool = False) -> str:
    said = " ".join(request.form.get(field, "").split())
    problem = "必填。" if required and not said else "不能超过 300 个字。" if len(said) > LONGEST_NOTE else ""
    if problem:
        raise Invalid("validation-failed", "提交的内容有误", fields=[FieldError(f"/{field}", problem)])
    return said


def _since(deps: Deps) -> date:
    said = request.form.get("since", "").strip()
    try:
        return date.fromisoformat(said) if said else deps.clock.today()
    except ValueError:
        wrong = FieldError("/since", "应为日期，例如 2026-12-01。")
        raise Invalid("text-in-force-date", "生效日期有误", fields=[wrong]) from None
