"""What arrives from the event log, turned into our own words; a contract object goes no further than here."""

import json
from collections.abc import Callable, Collection, Mapping
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any

from sqlalchemy.orm import Session

from services.notifier.domain import Happening, chinese_date
from services.notifier.models import calendar_years, revocations
from services.notifier.routing import routing
from services.notifier.routing.quiet import pauses
from services.notifier.usecases.announcing import announce
from services.notifier.usecases.escalating import start_ladders
from services.notifier.usecases.staff import DepartmentFacts, UserFacts, remember_departments, remember_users
from shared.calendar import WorkingCalendar, builtin_calendar
from shared.calendar.copies import ConfirmedYear, keep_years
from shared.clock import Clock, local_date
from shared.contracts.envelope import Event, Record, from_record
from shared.contracts.request_outcomes import OUTCOMES
from shared.logs import get_log
from shared.web.revocations import apply_identity_events
from shared.written import cover_identities

IDENTITY_TOPICS = ("blacklist.identity.v1",)
RULES_TOPICS = ("blacklist.rules.v1",)
NEWS_TOPICS = ("blacklist.cases.v1", "credit-push.deliveries.v1")
GOLDEN = files("shared.contracts").joinpath("golden")
OPERATIONS = {"list": "公示", "correct": "更正", "withdraw": "撤下"}
DIFFERENCES = {"missing": "平台缺少", "extra": "平台多出", "stale": "平台为旧版本", "altered": "内容不一致"}
DUTIES = {
    "publish": "公示列入信息",
    "publish-change": "公开变更后的列入信息",
    "serve-again": "再次送达被退回的决定书",
    "accept-objection": "受理异议",
    "settle-objection": "核查异议并答复",
    "accept-repair": "受理信用修复申请",
    "settle-repair": "办结信用修复申请",
    "rectify": "完成监督检查整改",
    "correct-delivery": "更正被平台退回的信息",
    "answer-disclosure": "答复政府信息公开申请",
    "publish-item": "公开政府信息",
    "interpret-policy": "发布政策解读",
    "opinion-information": "发布舆情权威信息",
    "opinion-press": "举行舆情新闻发布会",
    "answer-report": "答复监督举报",
    "publish-annual-report": "公布年度报告",
}
MATTERS = {
    "answer-disclosure": "/disclosure-desk/{}",
    "publish-item": "/openness-desk/{}",
    "interpret-policy": "/openness-desk/{}",
    "opinion-information": "/opinions/{}",
    "opinion-press": "/opinions/{}",
    "answer-report": "/reports-desk/{}",
    "publish-annual-report": "/supervision/annual",
}
"""Where the thing stands that a duty belongs to; all others belong to cases."""
REQUEST_KINDS = {"objection": "异议", "repair": "信用修复"}
TENDERS = {
    "listed": "新查到公示信息",
    "possible": "新查到疑似信息",
    "lifted": "原查到的信息不再公示",
    "changed": "原查到的信息有更正",
}
STATED = ("subject_name", "list_name", "document_number", "reason")
log = get_log(__name__)

Facts = dict[str, str]


def learn_identity(session: Session, events: list[Event]) -> None:
    """Departments, officers and ended sessions."""
    at = max((event.time for event in events), default=None)
    remember_departments(session, [_department(e) for e in events if e.type == "department.changed"], at)
    remember_users(session, [_user(e) for e in events if e.type == "user.changed"], at)
    apply_identity_events(session, revocations, events)


def learn_calendar(session: Session, events: list[Event]) -> None:
    """Confirmed calendar years: quiet hours and ladders count by them from then on."""
    told = [ConfirmedYear.told(event.data) for event in events if event.type == "calendar.confirmed"]
    keep_years(session, calendar_years, told)


def hear_news(
    clock: Clock,
    channels: Collection[str],
    calendar: WorkingCalendar | None = None,
    *,
    quiet: bool = False,
) -> Callable[[Session, list[Event]], None]:
    """The handler that turns news into messages on the channels that are configured."""
    working = calendar or builtin_calendar()

    def handle(session: Session, events: list[Event]) -> None:
        happenings = [_happening(event) for event in events if _is_expected(event.type)]
        now, at = clock.now(), clock.system_now()
        waits = pauses(working, now, quiet=quiet)
        fresh = announce(session, happenings, channels=channels, today=local_date(now), at=at, pauses=waits)
        start_ladders(session, fresh, calendar=working, now=now)

    return handle


def golden_facts(name: str) -> Facts | None:
    """The facts of the golden sample of a kind of event (exact, or a pattern); None where there is none."""
    for topic in NEWS_TOPICS:
        for entry in sorted(GOLDEN.joinpath(topic).iterdir(), key=lambda each: each.name):
            if fnmatchcase(entry.name.removesuffix(".json"), name):
                sample = json.loads(entry.read_text("utf-8"))
                headers = tuple((key, text.encode()) for key, text in sample["headers"].items())
                record = Record(topic, sample["key"], json.dumps(sample["data"]).encode(), headers)
                return dict(_happening(from_record(record)).facts)
    return None


def _is_expected(event_type: str) -> bool:
    if not routing().is_known(event_type):
        log.warning("event type nobody routes", event_type=event_type)
        return False
    return event_type not in routing().silent


def _department(event: Event) -> DepartmentFacts:
    data = event.data
    return DepartmentFacts(
        id=data["id"],
        sequence=event.sequence,
        name=data["name"],
        region=data["region"],
        email=data.get("email"),
        valid_to=data.get("valid_to"),
        successor_id=data.get("successor_id"),
    )


def _user(event: Event) -> UserFacts:
    data = event.data
    return UserFacts(
        id=data["id"],
        sequence=event.sequence,
        username=data["username"],
        display_name=data["display_name"],
        department_id=data["department_id"],
        email=data.get("email"),
        disabled=data["disabled"],
        roles=tuple(data["roles"]),
    )


def _happening(event: Event) -> Happening:
    data = event.data
    family = event.type.partition(".")[0]
    return Happening(
        event_id=event.id,
        type=event.type,
        subject_id=event.subject,
        occurred_at=event.time,
        department_id=data.get("department_id"),
        region=data.get("region"),
        case_id=data.get("case_id"),
        listing_id=data.get("listing_id"),
        facts={**_common(event), **_FAMILIES[family](data)},
        domain=data.get("domain"),
        list_code=data.get("list_code"),
        of_organization=data.get("subject_type") == "organization",
    )


def _common(event: Event) -> Facts:
    data = event.data
    stated = {
        name: _said(data.get(name)) for name in ("subject_name", "list_name", "document_number", "reason")
    }
    happened = data.get("occurred_at") or data.get("at") or event.time
    return {**stated, "occurred_on": chinese_date(happened)}


def _case(data: Mapping[str, Any]) -> Facts:
    return {
        "state_name": _text(data.get("state")),
        "action_name": _ACTIONS.get(_text(data.get("action")), ""),
    }


def _duty(data: Mapping[str, Any]) -> Facts:
    return {
        "duty_name": DUTIES.get(data["kind"], "法定职责"),
        "due": chinese_date(data["due"]),
        "provisional": "是" if data.get("provisional") else "",
        "rule": _text(data.get("rule")),
        "matter": MATTERS.get(data["kind"], "/cases/{}").format(_text(data.get("case_id"))),
    }


def _tender(data: Mapping[str, Any]) -> Facts:
    return {
        "project_id": _text(data["project_id"]),
        "project_number": _said(data["number"]),
        "project_name": _said(data["name"]),
        "group": _text(data["group"]),
        "change": TENDERS.get(_text(data["kind"]), "有变化"),
    }


def _gap(data: Mapping[str, Any]) -> Facts:
    gaps, numbers = data["gaps"], _said(data["numbers"])
    return {
        "year": _text(data["year"]),
        "gaps": _text(gaps),
        "numbers": f"{numbers}等" if gaps > numbers.count("、") + 1 else numbers,
    }


def _data_user(data: Mapping[str, Any]) -> Facts:
    return {
        "data_user_name": _text(data["name"]),
        "pending": _text(data["pending"]),
        "oldest_on": chinese_date(data["oldest_at"]),
    }


def _delivery(data: Mapping[str, Any]) -> Facts:
    platform = _text(data.get("platform_name")) or _text(data.get("platform"))
    return {
        "platform_name": platform,
        "item": platform,
        "operation": _text(data.get("operation")),
        "operation_name": OPERATIONS.get(_text(data.get("operation")), "处理"),
        "listing_id": _text(data.get("listing_id")),
        "version": _text(data.get("version")),
        "field": _text(data.get("field")),
        "code": _text(data.get("code")),
        "attempts": _text(data.get("attempts")),
        "due": chinese_date(data.get("due")),
        "receipt_number": _text(data.get("receipt_number")),
    }


def _answer(data: Mapping[str, Any]) -> Facts:
    return {
        "platform_name": _text(data.get("platform_name")) or _text(data.get("platform")),
        "listing_id": _text(data.get("listing_id")),
        "ticket": _said(data.get("ticket")),
        "kind_name": REQUEST_KINDS.get(_text(data.get("kind")), "申请"),
        "outcome_name": OUTCOMES.get(_text(data.get("outcome")), "已有结果"),
        "attempts": _text(data.get("attempts")),
    }


def _reconciliation(data: Mapping[str, Any]) -> Facts:
    kind = DIFFERENCES.get(_text(data.get("kind")), "不一致")
    item = "：".join(
        part for part in (kind, _said(data.get("detail")), _text(data.get("listing_id"))) if part
    )
    return {"platform_name": _text(data.get("platform")), "run_id": _text(data.get("run_id")), "item": item}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _said(value: Any) -> str:
    """What a person typed: an identity number in it never becomes part of a message."""
    return cover_identities(_text(value))


_ACTIONS = {
    "open_hearing": "听证开始",
    "close_hearing": "听证结束",
    "open_objection": "已提出",
    "accept_objection": "已受理",
    "refuse_objection": "不予受理",
    "settle_objection": "已有结论",
    "open_repair": "已申请",
    "accept_repair": "已受理",
    "refuse_repair": "不予受理",
    "request_material": "需补充材料",
    "extend_repair": "已延长期限",
    "settle_repair": "已有结论",
    "confirm_suspension": "已由第二人确认",
    "lapse_suspension": "逾期未确认，已自动恢复公示",
}
_FAMILIES: dict[str, Callable[[Mapping[str, Any]], Facts]] = {
    "case": _case,
    "duty": _duty,
    "tender": _tender,
    "data-user": _data_user,
    "gap": _gap,
    "delivery": _delivery,
    "answer": _answer,
    "reconciliation": _reconciliation,
}
