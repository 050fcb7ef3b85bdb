"""Who hears what, as one officer sees it: the routing data with the officer's own choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifier.domain import CHANNEL_NAMES, ROBOTS, ROLE_NAMES, SEVERITY_NAMES
from services.notifier.models import AddedRoute, Phone, Preference
from services.notifier.queries.people import declined_severities
from services.notifier.queries.routes import routes_of
from services.notifier.queries.staff import active_endpoints, active_robots
from services.notifier.routing import Route, routing
from services.notifier.routing.added import OWN, PUBLIC
from shared.errors import NotFound
from shared.web.access import Principal

PERSONAL = (
    "email"  # the only channel a person may decide about: the inbox is the floor, webhooks the department's
)
AT_ONCE = (True, False)
INBOX_FLOOR = "站内消息是底线：应知晓的部门必须收到，任何人不得关闭。"
MAIL_FLOORS = {
    "duty": "涉及法定期限，须确保知悉，邮件不得关闭。",
    "case": "涉及停止公示或者撤销决定，须立即办理，邮件不得关闭。",
    "delivery": "平台没有收到会延误公示或者移出，邮件不得关闭。",
    "escalation": "逐级催办须确保知悉，邮件不得关闭。",
}
MAIL_FLOOR = "须确保知悉，邮件不得关闭。"
DEPARTMENTS = "由本部门的推送运维或系统管理员统一设置。"
PHONES = "登记手机号码后发送，可在接收设置中按紧急程度关闭。"


@dataclass(frozen=True)
class Chosen:
    """What decides about an officer's channels: their own choices and what the department has set up."""

    singly: Mapping[tuple[str, str], tuple[bool, bool]]
    declined: frozenset[tuple[str, str]]  # (channel, severity)
    has_phone: bool
    listening: Mapping[str, list[list[str]]]  # by channel the filters of the department's receivers

    def wants(self, route: Route, channel: str) -> bool:
        """Whether the officer wants it: as chosen for the event, else as for its severity."""
        stated = self.singly.get((route.event, channel))
        return stated[0] if stated else (channel, route.severity) not in self.declined

    def is_on(self, route: Route, channel: str) -> bool:
        """Whether it is sent to the officer, or to what the department has set up for it."""
        if channel in route.floor or channel == "inbox":
            return True
        if channel in self.listening:
            return any(_lets_through(types, route.event) for types in self.listening[channel])
        return self.wants(route, channel) and (channel != "sms" or self.has_phone)


def _lets_through(patterns: list[str], event: str) -> bool:
    return not patterns or any(fnmatchcase(event, pattern) for pattern in patterns)


def subscriptions(session: Session, actor: Principal) -> list[dict[str, Any]]:
    """One entry per route, in the order of the routing data."""
    chosen, added = _chosen(session, actor), routes_of(session, actor)
    return [{**_view(route, actor, chosen), "added": _added(route, added)} for route in routing().routes]


def _added(route: Route, added: Sequence[AddedRoute]) -> list[str]:
    """What of the department's own routes is about such events, in words."""
    return [
        f"{'、'.join(ROLE_NAMES.get(role, role) for role in each.roles)}（{each.name}）"
        for each in added
        if _lets_through(each.event_types, route.event) and (each.source == OWN or route.event in PUBLIC)
    ]


def _chosen(session: Session, actor: Principal) -> Chosen:
    rows = session.scalars(select(Preference).where(Preference.user_id == actor.user_id))
    singly = {(row.event, row.channel): (row.enabled, row.digest) for row in rows}
    declined = frozenset(
        (channel, severity)
        for channel in (PERSONAL, "sms")
        for _, severity in declined_severities(session, [actor.user_id], channel)
    )
    own = [actor.department_id]
    listening: dict[str, list[list[str]]] = {name: [] for name in ("webhook", *ROBOTS)}
    listening["webhook"] = [each.event_types for each in active_endpoints(session, own).get(own[0], [])]
    for robot in active_robots(session, own).get(own[0], []):
        listening[robot.channel].append(robot.event_types)
    return Chosen(singly, declined, session.get(Phone, actor.user_id) is not None, listening)


def route_named(event: str) -> Route:
    for route in routing().routes:
        if route.event == event:
            return route
    raise NotFound("not-found", "没有这类消息", "请从订阅清单中选择。")


def _view(route: Route, actor: Principal, chosen: Chosen) -> dict[str, Any]:
    roles = set(route.department)
    roles |= {"supervisor"} if route.supervisors else set()
    roles |= {"operator"} if route.operators else set()
    return {
        "event": route.event,
        "name": route.label,
        "severity": route.severity,
        "severity_name": SEVERITY_NAMES[route.severity],
        "roles": sorted(roles),
        "role_names": [ROLE_NAMES.get(role, role) for role in sorted(roles)],
        "for_me": not actor.roles.isdisjoint(roles),
        "channels": [_channel(route, channel, chosen) for channel in route.channels],
    }


def _channel(route: Route, channel: str, chosen: Chosen) -> dict[str, Any]:
    locked = channel in route.floor or channel != PERSONAL
    return {
        "channel": channel,
        "name": CHANNEL_NAMES.get(channel, channel),
        "enabled": chosen.is_on(route, channel),
        "locked": locked,
        "required": channel in route.floor,
        "why": why_locked(route, channel) if locked else None,
        "digest": chosen.singly.get((route.event, channel), AT_ONCE)[1] and route.may_gather,
        "may_digest": channel == PERSONAL and route.may_gather,
    }


def why_locked(route: Route, channel: str) -> str:
    """Why a person cannot decide about this channel."""
    if channel == "inbox":
        return INBOX_FLOOR
    if channel in route.floor:
        return MAIL_FLOORS.get(route.event.partition(".")[0], MAIL_FLOOR)
    return PHONES if channel == "sms" else DEPARTMENTS
