"""Pages of the notification centre; plain forms, working without JavaScript."""

from apiflask import APIBlueprint

from services.notifier.models import Deps
from services.notifier.web import (
    deliveries,
    enforcement,
    health,
    inbox,
    live,
    outside,
    people,
    replays,
    robots,
    routes,
    subscribers,
    subscriptions,
    texts,
    watches,
    webhooks,
)
from shared.web.app import Authenticate


def blueprint(deps: Deps, authenticate: Authenticate) -> APIBlueprint:
    made = APIBlueprint("pages", __name__, template_folder="templates", enable_openapi=False)
    inbox.add_routes(made, deps)
    deliveries.add_routes(made, deps)
    subscriptions.add_routes(made, deps)
    webhooks.add_routes(made, deps)
    replays.add_routes(made, deps)
    robots.add_routes(made, deps)
    routes.add_routes(made, deps)
    outside.add_routes(made, deps)
    subscribers.add_routes(made, deps)
    watches.add_routes(made, deps)
    enforcement.add_routes(made, deps)
    texts.add_routes(made, deps)
    people.add_routes(made, deps)
    health.add_routes(made, deps)
    live.add_routes(made, deps, authenticate)
    return made
