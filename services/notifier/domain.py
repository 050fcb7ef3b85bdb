"""Plain words of the notification centre: what happened, who should hear of it, what is said to them.

Nothing here knows the database, the event log or HTTP.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from shared.clock import local_date

SEVERITIES = ("info", "notice", "warning", "urgent")
SEVERITY_NAMES = {"info": "一般", "notice": "提示", "warning": "预警", "urgent": "紧急"}
ROLE_NAMES = {
    "clerk": "经办人",
    "reviewer": "审核人",
    "decider": "负责人",
    "supervisor": "监督员",
    "operator": "推送运维员",
    "auditor": "审计员",
    "assessor": "外部评估员",
    "system-admin": "系统管理员",
    "security-admin": "安全管理员",
}
ROBOTS = ("wecom", "dingtalk", "feishu")
CHANNEL_NAMES = {
    "inbox": "站内消息",
    "email": "电子邮件",
    "webhook": "Webhook",
    "wecom": "企业微信群机器人",
    "dingtalk": "钉钉群机器人",
    "feishu": "飞书群机器人",
    "sms": "短信",
}
TEST_EVENT = "webhook.test"
WATCH_CONFIRM, WATCH_STANDING, WATCH_RENEW = "watch.confirm", "watch.standing", "watch.renew"
WATCH_LISTED, WATCH_LIFTED = "watch.listed", "watch.lifted"
LISTING_PUBLISHED, LISTING_CORRECTED, LISTING_LIFTED = (
    "listing.published", "listing.corrected", "listing.lifted",
)  # fmt: skip
LISTING_KINDS = {
    LISTING_PUBLISHED: "列入信息公示",
    LISTING_CORRECTED: "公示信息更正",
    LISTING_LIFTED: "停止公示",
}
"""What outside subscribers may be sent."""
PARTY_LETTER, PARTY_LABEL = "party.letter", "文书送达"
DIGEST_EVENT = "notice.digest"
HANDOVER_EVENT = "notice.handover"
TAKEN, REPEATED, STALE, IGNORED = "taken", "repeated", "stale", "ignored"  # what becomes of a bounce report
BOUNCE_EFFECTS = {TAKEN: "已生效", STALE: "过期，未生效"}
BOUNCED_MAILS = {"department": "部门的消息", "letter": "致当事人的函件", "watch": "公众的名单变动提醒"}
MOST_ITEMS = 50
PHONE = r"1[3-9]\d{9}"
MAIL_ADDRESS = r"[A-Za-z0-9_.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
ENDPOINT_KEEPERS = ("operator", "system-admin")  # the roles that manage a department's webhooks and robots


@dataclass(frozen=True)
class Happening:
    """One thing the event log said (事项), stripped of its contract; `facts` are texts ready to be shown."""

    event_id: str
    type: str
    subject_id: str
    occurred_at: datetime
    department_id: str | None = None
    region: str | None = None
    case_id: str | None = None
    listing_id: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    domain: str | None = None
    list_code: str | None = None
    of_organization: bool = False  # said to be about an organisation: a person is never told to strangers


@dataclass(frozen=True)
class Seat:
    """A role that somebody holds in a department: what routing needs to know of the staff."""

    department_id: str
    region: str
    role: str


@dataclass(frozen=True)
class Recipient:
    """A department that hears of a happening, and the roles in it that are meant."""

    department_id: str
    roles: frozenset[str]
    added: frozenset[str] = frozenset()  # those of them that only a department's own route tells


def one_line(text: str, limit: int = 200) -> str:
    """`text` as one printable line, so that it is safe as a mail subject or a heading."""
    spaced = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text)
    clean = " ".join(spaced.split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def chinese_date(day: date | datetime | str | None) -> str:
    """2026-11-03 → 2026年11月3日; an instant counts by the Shanghai calendar; nothing stays empty."""
    if not day:
        return ""
    if isinstance(day, str):
        day = datetime.fromisoformat(day) if "T" in day else date.fromisoformat(day)
    if isinstance(day, datetime):
        day = local_date(day)
    return f"{day.year}年{day.month}月{day.day}日"


def mask_email(address: str) -> str:
    """zhangsan@example.gov.cn → z***@example.gov.cn, for lists that many eyes see."""
    name, at, host = address.partition("@")
    return f"{name[:1]}***{at}{host}"


def fold_facts(before: Mapping[str, str], happening: Happening) -> dict[str, str]:
    """Facts of a message that gathers several happenings: the first items, one a line, and their number."""
    items = before.get("items", "").splitlines()
    count = int(before.get("count", "0"))
    item = one_line(happening.facts.get("item", ""))
    if item not in items:
        count += 1
        items = [*items, item][:MOST_ITEMS]
    return {**before, **happening.facts, "items": "\n".join(items), "count": str(count)}
