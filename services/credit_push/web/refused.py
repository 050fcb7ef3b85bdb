"""拒收回执: what was not believed, and receipts that fitted nothing we sent."""

from apiflask import APIBlueprint
from flask import request
from werkzeug.wrappers import Response

from services.credit_push import queries
from services.credit_push.usecases import Deps
from services.credit_push.usecases.refusing import DOORS, MOST_A_DAY, WHYS
from services.credit_push.web.monitor import OUTCOME_NAMES, PER_PAGE, READERS, page_of
from shared.web.access import access, roles
from shared.web.listing import last_seen, listed

DAYS = 7


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/refused")
    @access(roles(*READERS))
    def refused() -> Response:
        given = {name: request.args.get(name, "").strip() for name in ("platform", "why")}
        with deps.db.read() as session:
            found = queries.refused_receipts(session, given["platform"], given["why"], last_seen(), PER_PAGE)
            counts = queries.refused_counts(session, DAYS)
            strays = queries.stray_receipts(session)
        rows, around = listed(found, PER_PAGE)
        return page_of(
            "push/refused.html",
            "refused",
            rows=rows,
            counts=counts,
            strays=strays,
            filters=given,
            whys=WHYS,
            doors=DOORS,
            outcome_names=OUTCOME_NAMES,
            most=MOST_A_DAY,
            catalogue=deps.catalogue,
            **around,
        )
