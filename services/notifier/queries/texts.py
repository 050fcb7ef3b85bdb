"""The texts that stand: what is shipped, what the site put in its place and from when, and what waits."""

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifier.domain import PARTY_LABEL, PARTY_LETTER
from services.notifier.models import Notice
from services.notifier.models.people import Profile
from services.notifier.models.texts import TextRevision
from services.notifier.routing import routing
from services.notifier.templates import LANGUAGES, SMS, Rendered, Text, all_texts, render
from shared.errors import NotFound

PROPOSED, APPROVED, REFUSED, WITHDRAWN = "proposed", "approved", "refused", "withdrawn"
STATE_NAMES = {PROPOSED: "待审批", APPROVED: "已批准", REFUSED: "未批准", WITHDRAWN: "已撤回"}
OWN_NAMES = {
    "webhook.test": "测试消息",
    PARTY_LETTER: PARTY_LABEL,
    "notice.digest": "每日汇总",
    "notice.handover": "工作交接",
    "watch.confirm": "公众订阅：确认",
    "watch.standing": "公众订阅：已订阅",
    "watch.renew": "公众订阅：续期",
    "watch.listed": "公众订阅：列入",
    "watch.lifted": "公众订阅：停止公示",
}


def texts_in_force(session: Session, today: date, language: str = "zh") -> dict[str, Text]:
    """The site's own texts as of a day, by name; one that went back to the shipped text is not among them."""
    standing = _standing(session, today, language)
    shipped = all_texts(language)
    return {
        name: shipped[name].worded(row.title, row.body)
        for name, row in standing.items()
        if row.title is not None and row.body is not None and name in shipped
    }


def _standing(session: Session, today: date, language: str) -> dict[str, TextRevision]:
    """Of each text the newest decision that is in force: by its date, then by when it was decided."""
    query = (
        select(TextRevision)
        .where(TextRevision.state == APPROVED, TextRevision.in_force_from <= today)
        .where(TextRevision.language == language)
        .order_by(TextRevision.in_force_from, TextRevision.decided_at, TextRevision.id)
    )
    return {row.name: row for row in session.scalars(query)}


def personal_wording(session: Session, notice: Notice, user_id: str, today: date) -> Rendered | None:
    """The message in the language its reader asked for; None where it stands in it already."""
    asked = {notice.id: (user_id, notice.event_type, notice.facts)}
    return personal_wordings(session, asked, today).get(notice.id)


def personal_wordings(
    session: Session, asked: Mapping[str, tuple[str, str, Mapping[str, str]]], today: date
) -> dict[str, Rendered]:
    """By key, for (reader, event type, facts): the text in the reader's language unless that is Chinese."""
    readers = {user_id for user_id, _, _ in asked.values()}
    query = select(Profile.user_id, Profile.language).where(Profile.language != "zh")
    languages = {
        row.user_id: row.language for row in session.execute(query.where(Profile.user_id.in_(readers)))
    }
    own = {language: texts_in_force(session, today, language) for language in set(languages.values())}
    found: dict[str, Rendered] = {}
    for key, (user_id, event_type, facts) in asked.items():
        language = languages.get(user_id, "zh")
        if facts and any(fnmatchcase(event_type, name) for name in all_texts(language) if language != "zh"):
            found[key] = render(event_type, facts, own[language], language)
    return found


def text_of(session: Session, name: str, language: str, today: date) -> tuple[Text, TextRevision | None]:
    """The text that is in force, and the revision it comes from (none: the shipped one)."""
    shipped = known_text(name, language)
    row = _standing(session, today, language).get(name)
    if row is None or row.title is None or row.body is None:
        return shipped, row
    return shipped.worded(row.title, row.body), row


def known_text(name: str, language: str) -> Text:
    """The shipped text; NotFound for what there is not."""
    found = all_texts(language).get(name) if language in LANGUAGES else None
    if found is None:
        raise NotFound("not-found", "没有这段文字", "请从消息文字清单中选择。")
    return found


def text_label(name: str) -> str:
    """What people call the kind of message."""
    if name.startswith(SMS):
        return f"短信：{text_label(name.removeprefix(SMS))}"
    route = routing().route(name)
    return OWN_NAMES.get(name) or (route.label if route else name)


def history(session: Session, name: str, language: str) -> list[TextRevision]:
    """Every revision of a text, newest first."""
    mine = (TextRevision.name == name, TextRevision.language == language)
    return list(session.scalars(select(TextRevision).where(*mine).order_by(TextRevision.number.desc())))


def revision_of(session: Session, name: str, language: str, number: int) -> TextRevision:
    known_text(name, language)
    mine = (TextRevision.name == name, TextRevision.language == language, TextRevision.number == number)
    found = session.scalar(select(TextRevision).where(*mine))
    if found is None:
        raise NotFound("not-found", "没有这一版文字", "请从修改记录中选择。")
    return found


def text_rows(session: Session, today: date, wanted: str = "") -> list[dict[str, Any]]:
    """One entry per text and language for the list; `wanted` narrows by words of the name or label."""
    standing = {language: _standing(session, today, language) for language in LANGUAGES}
    waiting = _waiting(session)
    rows = []
    for name in sorted(all_texts(), key=lambda each: (each.partition(".")[0], each)):
        label = text_label(name)
        if wanted and wanted not in name and wanted not in label:
            continue
        languages = [
            _row(name, language, standing[language].get(name), (name, language) in waiting)
            for language in LANGUAGES
            if name in all_texts(language)
        ]
        rows.append({"name": name, "label": label, "languages": languages})
    return rows


def _row(name: str, language: str, row: TextRevision | None, pending: bool) -> dict[str, Any]:
    own = row is not None and row.body is not None
    return {
        "language": language,
        "language_name": LANGUAGES[language],
        "own": own,
        "number": row.number if row is not None and own else None,
        "since": row.in_force_from if row is not None and own else None,
        "pending": pending,
        "name": name,
    }


def _waiting(session: Session) -> set[tuple[str, str]]:
    query = select(TextRevision.name, TextRevision.language).where(TextRevision.state == PROPOSED)
    return {(row.name, row.language) for row in session.execute(query)}
