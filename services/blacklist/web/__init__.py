"""The pages of the blacklist service: public register, signing in, and the regulator's desk.

Pages call the same use cases and queries as the API and decide nothing themselves; they work without
JavaScript.
"""

from functools import partial

from apiflask import APIBlueprint

from services.blacklist.identity.api.departments import FollowTransfer
from services.blacklist.store import Deps
from services.blacklist.web import (
    accounts,
    administration,
    adopting,
    attachments,
    blocked,
    board,
    bulk,
    calendar,
    catalogue_desk,
    checks,
    data,
    data_users,
    desk,
    disclosure,
    disclosure_desk,
    embedding,
    exports,
    filing,
    headings,
    import_steps,
    imports,
    letter_series,
    letters,
    linking,
    openness,
    past,
    public,
    receiving,
    statistics,
    steps,
    supervision,
    transparency,
    wording,
)


def blueprint(deps: Deps, follow_transfer: FollowTransfer | None = None) -> APIBlueprint:
    """All pages; outside the OpenAPI document. `follow_transfer` is what the API's handover does, too."""
    made = APIBlueprint("web", __name__, enable_openapi=False, template_folder="templates")
    made.app_context_processor(
        lambda: {"words": wording, "export_blocked": partial(blocked.export_blocked, deps)}
    )
    for part in (
        public,
        data,
        data_users,
        statistics,
        embedding,
        board,
        accounts,
        desk,
        filing,
        steps,
        attachments,
        linking,
        adopting,
        letters,
        receiving,
        letter_series,
        imports,
        import_steps,
        headings,
        exports,
        past,
        bulk,
        disclosure,
        disclosure_desk,
        catalogue_desk,
        openness,
        calendar,
        supervision,
        transparency,
        checks,
    ):
        part.add_routes(made, deps)
    administration.add_routes(made, deps, follow_transfer)
    return made
