"""One listing, what changed in it, and which platforms show it or were told to stop."""

from typing import Any

from apiflask import APIBlueprint

from services.blacklist.register import queries, schemas
from services.blacklist.register.models import Listing
from services.blacklist.store import Deps
from shared.web.access import access, public
from shared.web.paging import page


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_listing(bp, deps)
    _add_versions(bp, deps)
    _add_deliveries(bp, deps)


def unsearched(listing: Listing) -> dict[str, str]:
    """Headers of an answer about a person: no search engine shall keep it."""
    return {"X-Robots-Tag": "noindex"} if listing.subject_type == "individual" else {}


def _add_listing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/<listing_id>")
    @access(public())
    @bp.output(schemas.ListingSchema)
    @bp.doc(summary="一条列入信息")
    def get_listing(listing_id: str) -> Any:
        with deps.db.read() as session:
            listing = queries.public_listing(session, listing_id, deps.clock.today())
            return queries.masked_view(listing), unsearched(listing)


def _add_versions(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/<listing_id>/versions")
    @access(public())
    @bp.output(schemas.VersionPage)
    @bp.doc(summary="变更记录")
    def list_versions(listing_id: str) -> Any:
        with deps.db.read() as session:
            listing = queries.public_listing(session, listing_id, deps.clock.today())
            return page(queries.history(session, listing), None), unsearched(listing)


def _add_deliveries(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/<listing_id>/deliveries")
    @access(public())
    @bp.output(schemas.DeliveryPage)
    @bp.doc(summary="各平台公示情况")
    def list_deliveries(listing_id: str) -> Any:
        with deps.db.read() as session:
            listing = queries.public_listing(session, listing_id, deps.clock.today())
            return page(queries.deliveries(session, listing_id), None), unsearched(listing)
