"""异议与修复: what parties asked for through platforms, handed on to the case, and what became of it."""

from apiflask import APIBlueprint
from werkzeug.wrappers import Response

from services.credit_push import requested
from services.credit_push.usecases import Deps
from services.credit_push.usecases.answering import STATES
from services.credit_push.usecases.requesting import KINDS
from services.credit_push.web.answers import COLOURS
from services.credit_push.web.monitor import PER_PAGE, READERS, page_of, visible_region
from shared.contracts.request_outcomes import OUTCOMES
from shared.web.access import access, principal, roles
from shared.web.listing import last_seen, listed


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/requests")
    @access(roles(*READERS))
    def requests() -> Response:
        with deps.db.read() as session:
            found = requested.requests(session, visible_region(principal()), None, last_seen(), PER_PAGE)
            rows, around = listed(found, PER_PAGE)
            became = requested.newest_answers(session, rows)
        return page_of(
            "push/requests.html",
            "requests",
            rows=rows,
            kinds=KINDS,
            became=became,
            outcomes=OUTCOMES,
            answer_states=STATES,
            answer_colours=COLOURS,
            catalogue=deps.catalogue,
            **around,
        )
