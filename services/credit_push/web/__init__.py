"""推送监控: the pages of the push service, working without JavaScript."""

from collections.abc import Callable

from apiflask import APIBlueprint

from services.credit_push.transports import Transport
from services.credit_push.transports.told import Post
from services.credit_push.usecases import Deps
from services.credit_push.web import (
    adoptions,
    answers,
    appearances,
    dead,
    findings,
    hand,
    listings,
    matrix,
    monitor,
    platforms,
    profiles,
    reconciliations,
    refused,
    requests,
)


def blueprint(
    deps: Deps, way: Callable[[str], Transport], post: Callable[[str], Post | None]
) -> APIBlueprint:
    """All pages of the service; `way` and `post` give a platform's transports for previews and probes."""
    made = APIBlueprint("push_pages", __name__, template_folder="templates", enable_openapi=False)
    pages = (monitor, hand, reconciliations, dead, matrix, appearances, findings, adoptions)
    parts = (*pages, profiles, refused, requests, listings)
    for part in parts:
        part.add_routes(made, deps)
    platforms.add_routes(made, deps, way)
    answers.add_routes(made, deps, post)
    return made
