"""Counts and times requests by route and status, and logs each without its query, body or identity."""

import time
from functools import lru_cache

from apiflask import APIFlask
from flask import Response, g, request

from shared.logs import get_log
from shared.metrics import counter, histogram
from shared.web.access import current_principal

log = get_log("request")
COUNTING = "count_request"
"""Extension under which an application offers its counting to what answers before Flask."""
MOST_KINDS = 1000
"""Of routes, methods and statuses, whose counters are at hand."""
QUIET = frozenset({"static", "meta.healthz", "meta.readyz", "meta.metrics"})


def install_observation(app: APIFlask, service: str) -> None:
    """Observe every request of the application."""
    requests = counter("http_requests_total", "HTTP requests", ("service", "route", "method", "status"))
    seconds = histogram("http_request_seconds", "HTTP request duration", ("service", "route"))

    def start() -> None:
        g.started = time.perf_counter()

    of_requests = lru_cache(MOST_KINDS)(requests.labels)
    of_seconds = lru_cache(MOST_KINDS)(seconds.labels)

    def count(route: str, method: str, status: int, spent: float) -> None:
        of_requests(service, route, method, str(status)).inc()
        of_seconds(service, route).observe(spent)

    def stop(response: Response) -> Response:
        spent = time.perf_counter() - g.get("started", time.perf_counter())
        route = str(request.url_rule) if request.url_rule else "unknown"
        count(route, request.method, response.status_code, spent)
        if request.endpoint not in QUIET:
            _write(response.status_code, route, spent)
        return response

    app.before_request(start)
    app.after_request(stop)
    app.extensions[COUNTING] = count


def _write(status: int, route: str, spent: float) -> None:
    who = current_principal()
    log.info(
        "request",
        method=request.method,
        route=route,
        status=status,
        ms=round(spent * 1000, 1),
        user=who.user_id if who else None,
    )
