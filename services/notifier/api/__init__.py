"""The notification centre over HTTP: a department's messages, who hears what, every attempt, its webhooks."""

from apiflask import APIBlueprint

from services.notifier.api import (
    deliveries,
    enforcement,
    health,
    inbox,
    people,
    receipts,
    replays,
    robots,
    routes,
    subscribers,
    subscriptions,
    texts,
    watches,
    webhooks,
)
from services.notifier.models import Deps


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("notices", __name__, url_prefix="/api/v1", tag="消息")
    inbox.add_routes(made, deps)
    subscriptions.add_routes(made, deps)
    deliveries.add_routes(made, deps)
    webhooks.add_routes(made, deps)
    replays.add_routes(made, deps)
    robots.add_routes(made, deps)
    receipts.add_routes(made, deps)
    routes.add_routes(made, deps)
    subscribers.add_routes(made, deps)
    watches.add_routes(made, deps)
    enforcement.add_routes(made, deps)
    people.add_routes(made, deps)
    texts.add_routes(made, deps)
    health.add_routes(made, deps)
    return made
