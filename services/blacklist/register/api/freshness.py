"""How long a public answer may be kept: not without asking, or as set, never past the next known change.

Listings begin and end at midnight in Asia/Shanghai; removals come at any moment. So an answer is always asked
for again (ETag) unless the operator trades freshness for a cache in front.
"""

from datetime import datetime, time, timedelta

from flask import Response, request

from services.blacklist.store import Deps
from shared.clock import SHANGHAI


def revalidated(deps: Deps, response: Response) -> Response:
    """Answers may be kept but, unless the operator says otherwise, never used without asking."""
    if request.method in {"GET", "HEAD"} and response.status_code == 200 and not response.is_streamed:
        response.headers["Cache-Control"] = cache_control(deps)
        response.add_etag()
        response.make_conditional(request)
    return response


def cache_control(deps: Deps) -> str:
    """The header's value for whatever shows listings."""
    if not deps.cache_seconds:
        return "no-cache"
    return kept_for(deps, deps.cache_seconds)


def kept_for(deps: Deps, seconds: int) -> str:
    """At most so long, and never past midnight, when what is public changes by itself."""
    return f"public, max-age={max(0, min(seconds, until_midnight(deps.clock.now())))}"


def until_midnight(now: datetime) -> int:
    """Whole seconds left of the statutory day."""
    local = now.astimezone(SHANGHAI)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), SHANGHAI)
    return int((midnight - local).total_seconds())
