"""What both forms ask for: the purpose a bidder is judged for; and answers nobody may keep."""

from typing import Any

from flask import Response

from services.blacklist.rules.queries import all_measures
from services.blacklist.store import Deps
from services.blacklist.web import wording
from services.blacklist.web.options import region_options


def purpose_options(deps: Deps) -> dict[str, Any]:
    """Choices of domain, region and action."""
    with deps.db.read() as session:
        regions = region_options(session)
    measures = [(each.code, each.name) for each in all_measures(deps.clock.today())]
    return {"domains": wording.domain_options(), "regions": regions, "actions": measures}


def private(answer: Response) -> Response:
    """Who is checked is nobody else's business."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
