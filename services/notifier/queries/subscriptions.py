"""Who hears what, as one officer sees it: the routing data with the officer's own choices."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifier.domain import CHANNEL_NAMES, ROLE_NAMES, SEVERITY_NAMES
from services.notifier.models import Preference
from services.notifier.routing import Route, routing
from shared.errors import NotFound
from shared.web.access import Principal

PERSONAL = (
    "email"  # the only channel a person may decide about: the inbox is the floor, webhooks the department's
)
AT_ONCE = (True, False)


def subscriptions(session: Session, actor: Principal) -> list[dict[str, Any]]:
    """One entry per route, in the order of the routing data."""
    chosen = {
        (row.event, row.channel): (row.enabled, row.digest)
        for row in session.scalars(select(Preference).where(Preference.user_id == actor.user_id))
    }
    return [_view(route, actor, chosen) for route in routing().routes]


def route_named(event: str) -> Route:
    for route in routing().routes:
        if route.event == event:
            return route
    raise NotFound("not-found", "没有这类消息", "请从订阅清单中选择。")


def _view(route: Route, actor: Principal, chosen: dict[tuple[str, str], tuple[bool, bool]]) -> dict[str, Any]:
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
        "channels": [
            {
                "channel": channel,
                "name": CHANNEL_NAMES.get(channel, channel),
                "enabled": channel in route.floor or chosen.get((route.event, channel), AT_ONCE)[0],
                "locked": channel in route.floor or channel != PERSONAL,
                "digest": chosen.get((route.event, channel), AT_ONCE)[1] and route.may_gather,
                "may_digest": channel == PERSONAL and route.may_gather,
            }
            for channel in route.channels
        ],
    }
