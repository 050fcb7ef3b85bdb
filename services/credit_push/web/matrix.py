"""名单与平台: which listing stands how at which platform."""

from apiflask import APIBlueprint
from flask import request
from werkzeug.wrappers import Response

from services.credit_push import queries
from services.credit_push.sights import SEEN_NAMES
from services.credit_push.usecases import Deps
from services.credit_push.web.appearances import AGAINST, AWAITED
from services.credit_push.web.monitor import READERS, page_of, visible_region
from shared.web.access import access, principal, roles
from shared.web.listing import last_seen, listed

PER_PAGE = 30


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/matrix")
    @access(roles(*READERS))
    def matrix() -> Response:
        sought = request.args.get("q", "").strip()
        with deps.db.read() as session:
            region = visible_region(principal())
            found = queries.listings(session, region, sought or None, last_seen(), PER_PAGE)
            listings, around = listed(found, PER_PAGE)
            ids = [row.id for row in listings]
            cells, seen = queries.latest_deliveries(session, ids), queries.appearances(session, ids)
        reached = {platform for found in (cells, seen) for one in found.values() for platform in one}
        return page_of(
            "push/matrix.html",
            "matrix",
            listings=listings,
            cells=cells,
            seen=seen,
            seen_names=SEEN_NAMES,
            awaited=AWAITED,
            against=AGAINST,
            platforms=[profile for profile in deps.catalogue.values() if profile.id in reached],
            q=sought,
            **around,
        )
