"""A site's own wording: proposed by one officer, approved by another, in force from a day, and taken back.

Every step adds to the record; nothing that was once proposed is changed or deleted.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from services.notifier.domain import one_line
from services.notifier.models import Dispatch, Notice, UserCopy
from services.notifier.models.texts import TextRevision
from services.notifier.queries.texts import APPROVED, PROPOSED, REFUSED, WITHDRAWN, known_text, text_of
from services.notifier.templates import Text
from services.notifier.usecases.dispatching import WAKE_CHANNEL, dispatch_row
from shared.db import dialect_of, upsert, wake
from shared.errors import Conflict, FieldError, Forbidden, Invalid, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

TRIAL_EVENT = "notice.trial"
FIELD_NAMES = {"title": "标题", "body": "正文"}
describe_errors(
    {
        "text-not-usable": "消息文字有误：只能使用该类消息允许的变量和条件，不得过长。",
        "text-same": "修改后的文字与现行文字相同。",
        "text-pending": "该文字已有待审批的修改，请先审批或者撤回。",
        "text-changed": "该文字已被他人修改，请按最新文字重新提出。",
        "text-decided": "该修改已经审批或者撤回。",
        "text-same-officer": "消息文字的修改须由提出人以外的人员审批。",
        "text-not-proposer": "只有提出人可以撤回修改。",
        "text-in-force-date": "生效日期不得早于今天，也不得晚于一年以后。",
        "text-no-address": "您没有登记电子邮箱，无法试看。",
        "text-trial-unavailable": "本站尚未配置邮件服务，无法试看。",
        "text-not-approved": "只能恢复曾经生效的文字。",
    }
)


def propose(
    session: Session,
    name: str,
    language: str,
    wording: tuple[str, str],
    *,
    note: str,
    seen: int,
    actor: Principal,
    today: date,
    at: datetime,
) -> TextRevision:
    """Put a new wording forward; `seen` is the number of the newest revision its author had before them."""
    title, body = (part.replace("\r\n", "\n").strip() for part in wording)
    standing, _ = text_of(session, name, language, today)
    _usable(standing.worded(title, body))
    if (title, body) == (standing.title_source, standing.body_source):
        raise Conflict("text-same", "文字没有变化", "修改后的文字与现行文字相同。")
    if _open(session, name, language):
        raise Conflict("text-pending", "已有待审批的修改", "请先审批或者撤回。")
    if newest_number(session, name, language) != seen:
        raise Conflict("text-changed", "文字已被他人修改", "请按最新文字重新提出。")
    values = {"title": title, "body": body, "note": note, "state": PROPOSED, "in_force_from": None}
    return _add(session, name, language, values, actor, at)


def approve(
    session: Session, row: TextRevision, *, since: date, actor: Principal, today: date, at: datetime
) -> None:
    """Let a wording come into force on a day, by somebody other than who proposed it."""
    if row.proposed_by == actor.user_id:
        raise Forbidden("text-same-officer", "不能审批本人提出的修改", "须由提出人以外的人员审批。")
    if not today <= since <= today + timedelta(days=366):
        wrong = FieldError("/since", "应为今天至一年以内的日期。")
        raise Invalid("text-in-force-date", "生效日期有误", fields=[wrong])
    if row.title is not None and row.body is not None:
        _usable(known_text(row.name, row.language).worded(row.title, row.body))
    _decide(session, row, APPROVED, actor, at, since=since)


def refuse(session: Session, row: TextRevision, *, reason: str, actor: Principal, at: datetime) -> None:
    """Send a proposal back, by somebody other than who proposed it."""
    if row.proposed_by == actor.user_id:
        raise Forbidden("text-same-officer", "不能审批本人提出的修改", "须由提出人以外的人员审批。")
    _decide(session, row, REFUSED, actor, at, reason=reason)


def withdraw(session: Session, row: TextRevision, *, actor: Principal, at: datetime) -> None:
    """Take one's own proposal back."""
    if row.proposed_by != actor.user_id:
        raise Forbidden("text-not-proposer", "不能撤回他人提出的修改", "只有提出人可以撤回。")
    _decide(session, row, WITHDRAWN, actor, at)


def roll_back(
    session: Session,
    name: str,
    language: str,
    number: int,
    *,
    reason: str,
    actor: Principal,
    today: date,
    at: datetime,
) -> TextRevision:
    """Go back at once to wording that was once in force, or to the shipped text (number 0).

    What was approved for a later day is taken back: its day would undo the roll-back unseen.
    """
    known_text(name, language)
    wanted: TextRevision | None = None
    if number:
        mine = (TextRevision.name == name, TextRevision.language == language, TextRevision.number == number)
        begun = (TextRevision.state == APPROVED, TextRevision.in_force_from <= today)
        wanted = session.scalar(select(TextRevision).where(*mine, *begun))
        if wanted is None:
            raise Conflict("text-not-approved", "不能恢复这一版", "只能恢复曾经生效的文字。")
        if wanted.title is not None and wanted.body is not None:
            _usable(known_text(name, language).worded(wanted.title, wanted.body))
    values = {
        "title": wanted.title if wanted else None,
        "body": wanted.body if wanted else None,
        "note": reason,
        "state": APPROVED,
        "in_force_from": today,
        "restores": number,
        "decided_by": actor.user_id,
        "decider_name": actor.display_name,
        "decided_at": at,
    }
    row = _add(session, name, language, values, actor, at)
    _cancel_scheduled(session, row, today)
    return row


def _cancel_scheduled(session: Session, restoring: TextRevision, today: date) -> None:
    """The record keeps who approved each of them and for which day."""
    mine = (TextRevision.name == restoring.name, TextRevision.language == restoring.language)
    later = update(TextRevision).where(
        *mine, TextRevision.state == APPROVED, TextRevision.in_force_from > today
    )
    session.execute(later.values(state=WITHDRAWN, reason=f"因第{restoring.number}版恢复文字而撤回"))


def try_text(
    session: Session, text: Text, facts: Mapping[str, str], *, actor: Principal, at: datetime
) -> None:
    """Mail a text, filled in, to the officer alone; it is shown in nobody's inbox."""
    _usable(text)
    user = session.get(UserCopy, actor.user_id)
    if user is None or not user.email:
        raise Conflict("text-no-address", "您没有登记电子邮箱", "请先由系统管理员登记。")
    filled, notice_id = text.filled(facts), new_id()
    notice = Notice(
        id=notice_id,
        dedupe_key=notice_id,
        event_id=notice_id,
        event_type=TRIAL_EVENT,
        subject_id=actor.department_id,
        department_id=actor.department_id,
        audience=[],
        severity="info",
        title=one_line(f"【试看】{filled.title}"),
        body=filled.body,
        link="/notices/texts",
        facts={},
        occurred_at=at,
        created_at=at,
    )
    session.add(notice)
    session.flush()
    row = dispatch_row(notice_id, actor.department_id, "email", f"user:{user.id}", at)
    session.execute(insert(Dispatch), [row])
    wake(session, WAKE_CHANNEL)


def newest_number(session: Session, name: str, language: str) -> int:
    """The number of the newest revision; 0 before the first."""
    mine = (TextRevision.name == name, TextRevision.language == language)
    return session.scalar(select(func.max(TextRevision.number)).where(*mine)) or 0


def check_wording(text: Text) -> list[FieldError]:
    """What is wrong with a text, said beside the field of the form it stands in."""
    return [
        FieldError(f"/{field}", f"{FIELD_NAMES[field]}第{line}行：{said}。")
        for field, line, said in text.problems()
    ]


def _usable(text: Text) -> None:
    blank = [("title", text.title_source), ("body", text.body_source)]
    wrong: Sequence[FieldError] = [FieldError(f"/{key}", "必填。") for key, said in blank if not said]
    wrong = wrong or check_wording(text)
    if wrong:
        raise Invalid("text-not-usable", "文字不能使用", fields=list(wrong))


def _open(session: Session, name: str, language: str) -> bool:
    mine = (TextRevision.name == name, TextRevision.language == language)
    waiting = select(TextRevision.id).where(*mine, TextRevision.state == PROPOSED)
    return session.scalar(waiting.limit(1)) is not None


def _add(
    session: Session, name: str, language: str, values: Mapping[str, object], actor: Principal, at: datetime
) -> TextRevision:
    """The next number; whoever takes it at the same moment is told to look again."""
    row = {
        "id": new_id(),
        "name": name,
        "language": language,
        "number": newest_number(session, name, language) + 1,
        "proposed_by": actor.user_id,
        "proposer_name": actor.display_name,
        "proposed_at": at,
        **values,
    }
    table = TextRevision.__table__
    add = upsert(dialect_of(session))(table).values(**row).on_conflict_do_nothing().returning(table.c.id)
    made = session.execute(add).scalar()
    if made is None:
        raise Conflict("text-changed", "文字已被他人修改", "请按最新文字重新提出。")
    return session.get_one(TextRevision, made)


def _decide(
    session: Session,
    row: TextRevision,
    state: str,
    actor: Principal,
    at: datetime,
    *,
    since: date | None = None,
    reason: str | None = None,
) -> None:
    """Only what still waits can be decided about, once."""
    waiting = update(TextRevision).where(TextRevision.id == row.id, TextRevision.state == PROPOSED)
    values = {"state": state, "in_force_from": since, "reason": reason}
    values |= {"decided_by": actor.user_id, "decider_name": actor.display_name, "decided_at": at}
    if session.execute(waiting.values(**values).returning(TextRevision.id)).scalar() is None:
        raise Conflict("text-decided", "该修改已有结果", "请查看修改记录。")
    session.refresh(row)
