"""平台配置: the profiles in force, an editor that names every wrong line, and release by a second person."""

from collections.abc import Sequence

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from services.credit_push.catalogue import FOLDER, Problem
from services.credit_push.models import ProfileDraft
from services.credit_push.usecases import Deps
from services.credit_push.usecases.profiles import (
    LONGEST,
    check_text,
    decide_profile,
    drafts,
    propose_profile,
    state_of,
)
from services.credit_push.web.monitor import READERS, page_of
from shared.errors import DomainError, FieldError, Invalid, NotFound
from shared.web.access import access, principal, roles

EDITORS = ("operator", "system-admin")
STATES = {"waiting": ("待发布", "yellow"), "released": ("已发布", "green"), "refused": ("已退回", "grey")}
MOST = 50
KINDS = {
    "http": "接口",
    "exchange_db": "前置库",
    "packet": "数据包",
    "kafka": "消息主题",
    "manual": "人工报送",
    "pull": "平台自取",
    "observed": "仅观察",
}
RECEIPTS = {
    "answer": "应答",
    "callback": "回调",
    "column": "结果列",
    "feedback": "反馈文件",
    "topic": "回执主题",
    "hand": "人工登记",
    "door": "平台送回",
    "relay": "由下级转送",
}
WITHDRAWALS = {"message": "撤销报文", "content": "按内容删除", "letter": "撤销函", "relay": "由下级转送"}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/profiles")
    @access(roles(*READERS, "system-admin"))
    def profiles() -> Response:
        return _list(deps)

    @bp.get("/profiles/<platform>")
    @access(roles(*READERS, "system-admin"))
    def profile(platform: str) -> Response:
        return _editor(deps, platform, _text_of(deps, platform))

    @bp.post("/profiles/<platform>")
    @access(roles(*EDITORS))
    def profile_form(platform: str) -> Response:
        text, reason = request.form.get("text", "").strip(), request.form.get("reason", "").strip()
        found: list[Problem] | None = None
        try:
            found = check_text(deps, _storable(text))[1]
            if request.form.get("do") != "propose":
                return _editor(deps, platform, text, found=found)
            with deps.db.write() as session:
                propose_profile(session, deps, _storable(text), _reason(reason), principal().username)
        except DomainError as error:
            return _editor(deps, platform, text, error=error, found=found)
        return redirect(url_for(".profiles"), 303)

    @bp.post("/profile-decisions/<draft_id>")
    @access(roles(*EDITORS))
    def profile_decision(draft_id: str) -> Response:
        try:
            with deps.db.write() as session:
                agree = request.form.get("agree") == "true"
                decide_profile(session, deps, draft_id, principal().username, agree=agree)
        except DomainError as error:
            return _list(deps, error)
        return redirect(url_for(".profiles"), 303)


def _storable(text: str) -> str:
    bad = any(ord(char) < 32 and char not in "\n\r\t" for char in text)
    if bad or not text or len(text) > LONGEST or text.encode("utf-8", "ignore").decode() != text:
        field = FieldError("/text", f"请填写配置，不超过 {LONGEST} 个字符，不含控制字符。")
        raise Invalid("validation-failed", "平台配置不完整", fields=[field])
    return text.replace("\r\n", "\n")


def _reason(reason: str) -> str:
    if not reason or len(reason) > 500 or not reason.isprintable():
        field = FieldError("/reason", "请填写改动的理由，不超过 500 个字符。")
        raise Invalid("validation-failed", "请填写理由", fields=[field])
    return reason


def _text_of(deps: Deps, platform: str) -> str:
    """What is in force of a platform as text: the newest release, else the shipped file; `new` is empty."""
    if platform == "new":
        return ""
    if platform not in deps.catalogue:
        raise NotFound("not-found", "没有这个平台")
    released = (
        select(ProfileDraft.text)
        .where(ProfileDraft.platform == platform, ProfileDraft.number.is_not(None))
        .order_by(ProfileDraft.number.desc())
        .limit(1)
    )
    with deps.db.read() as session:
        text = session.scalars(released).first()
    return text if text is not None else (FOLDER / f"{platform}.toml").read_text("utf-8")


def _list(deps: Deps, error: DomainError | None = None) -> Response:
    with deps.db.read() as session:
        rows = drafts(session, None, None, MOST)[:MOST]
    return page_of(
        "push/profiles.html",
        "profiles",
        error,
        profiles=list(deps.catalogue.values()),
        kinds=KINDS,
        receipts=RECEIPTS,
        withdrawals=WITHDRAWALS,
        rows=[(row, *STATES[state_of(row)]) for row in rows],
        me=principal().username,
        may_act=principal().has(*EDITORS),
    )


def _editor(
    deps: Deps,
    platform: str,
    text: str,
    error: DomainError | None = None,
    found: Sequence[Problem] | None = None,
) -> Response:
    with deps.db.read() as session:
        earlier = _history(session, platform)
    return page_of(
        "push/profile.html",
        "profiles",
        error,
        platform=platform,
        profile=deps.catalogue.get(platform),
        text=text,
        found=found,
        reason=request.form.get("reason", ""),
        rows=[(row, *STATES[state_of(row)]) for row in earlier],
        may_act=principal().has(*EDITORS),
    )


def _history(session: Session, platform: str) -> Sequence[ProfileDraft]:
    return drafts(session, platform, None, MOST)[:MOST] if platform != "new" else ()
