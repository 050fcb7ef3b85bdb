"""名单的推送情况: where messages about deliveries lead, also the officers of the filing department."""

from apiflask import APIBlueprint
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from services.credit_push import queries, requested
from services.credit_push.models import Listing, ListingVersion
from services.credit_push.usecases import Deps
from services.credit_push.usecases.answering import STATES
from services.credit_push.web.monitor import READERS, page_of, visible_region
from shared.contracts.request_outcomes import OUTCOMES
from shared.errors import NotFound
from shared.web.access import access, principal, roles

OFFICE = ("clerk", "reviewer", "decider")
MOST = 200


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/listings/<listing_id>")
    @access(roles(*READERS, *OFFICE))
    def listing(listing_id: str) -> Response:
        with deps.db.read() as session:
            found = _seen(session, listing_id)
            rows = queries.deliveries(session, queries.Filter(listing_id=listing_id), None, MOST)[:MOST]
            told = requested.answers_of(session, listing_id)
            version = session.get(ListingVersion, (found.id, found.sequence))
        return page_of(
            "push/listing.html",
            "deliveries",
            row=found,
            rows=rows,
            told=told,
            answer_states=STATES,
            outcomes=OUTCOMES,
            case_id=version.payload.get("case_id") if version else None,
            catalogue=deps.catalogue,
            monitors=principal().has(*READERS),
        )


def _seen(session: Session, listing_id: str) -> Listing:
    """Who watches the exchange sees the own regions; an officer, what the own department filed."""
    who, row = principal(), session.get(Listing, listing_id)
    watched = row is not None and who.has(*READERS) and row.region.startswith(visible_region(who))
    filed = row is not None and who.has(*OFFICE) and row.department_id == who.department_id
    if row is None or not (watched or filed):
        raise NotFound("not-found", "没有这条名单")
    return row
