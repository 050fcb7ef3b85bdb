"""Counts and times requests by route and status, and logs each without its query, body or identity."""

import time

from apiflask import APIFlask
from flask import Response, g, request

from shared.logs import get_log
from shared.metrics import counter, histogram
from shared.web.access import current_principal

log = get_log("request")
QUIET = frozenset({"static", "meta.healthz", "meta.readyz", "meta.metrics"})


def install_observation(app: APIFlask, service: str) -> None:
    """Observe every request of the application."""
    requests = counter("http_requests_total", "HTTP requests", ("service", "route", "method", "status"))
    seconds = histogram("http_request_seconds", "HTTP request duration", ("service", "route"))

    def start() -> None:
        g.started = time.perf_counter()

    def stop(response: Response) -> Response:
        spent = time.perf_counter() - g.get("started", time.perf_counter())
        route = str(request.url_rule) if request.url_rule else "unknown"
        requests.labels(service, route, request.method, str(response.status_code)).inc()
        seconds.labels(service, route).observe(spent)
        if request.endpoint not in QUIET:
            _write(response.status_code, route, spent)
        return response

    app.before_request(start)
    app.after_request(stop)


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
