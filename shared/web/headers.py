"""What every answer carries: request id, trace, and security headers with a content policy by nonce.

Scripts run only with the nonce of their own page; styles and pictures come from here; nobody frames us.
"""

import re
from base64 import urlsafe_b64encode

from apiflask import APIFlask
from flask import Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

from shared.ids import new_id
from shared.random_bytes import random_bytes
from shared.web.access import current_principal

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_TRACE = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
YEAR = 365 * 24 * 3600


def open_request() -> None:
    """Give the request its id, trace and nonce, and name them to the log."""
    g.request_id = request_id_of(request.headers.get("X-Request-Id", ""))
    g.nonce = _nonce()
    found = _TRACE.fullmatch(request.headers.get("traceparent", ""))
    g.traceparent = f"00-{found[1] if found else random_bytes(16).hex()}-{random_bytes(8).hex()}-01"
    clear_contextvars()
    bind_contextvars(request_id=g.request_id)


def current_trace() -> str | None:
    """The W3C traceparent of the request being handled, for events it causes."""
    found = g.get("traceparent") if g else None
    return found if isinstance(found, str) else None


def framed_by(sources: str) -> None:
    """Let other websites show this answer in a frame: a content policy's list of sources."""
    g.framed_by = sources


def open_to_others() -> None:
    """Let programs on other websites read this answer: it is public and nobody is signed in by it."""
    g.cross_origin = True


def _nonce() -> str:
    return urlsafe_b64encode(random_bytes(16)).decode().rstrip("=")


def policy(nonce: str, ancestors: str = "'none'") -> str:
    """The content security policy of one answer."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {ancestors}"
    )


def fixed_headers(request_id: str, *, production: bool) -> dict[str, str]:
    """What every answer carries whatever it says."""
    found = {
        "X-Request-Id": request_id,
        "Content-Security-Policy": policy(_nonce()),
        **_FIXED,
    }
    return found | _TRANSPORT if production else found


def request_id_of(given: str) -> str:
    """The caller's own id of the request where it is one, else a new one."""
    return given if _REQUEST_ID.fullmatch(given) else new_id()


_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TRANSPORT = {"Strict-Transport-Security": f"max-age={YEAR}; includeSubDomains"}


def close_request(response: Response, *, production: bool) -> Response:
    """Add the headers; a view's own Cache-Control stands."""
    headers = response.headers
    headers["X-Request-Id"] = g.get("request_id", "")
    ancestors = g.get("framed_by", "'none'")
    headers["Content-Security-Policy"] = policy(g.get("nonce", ""), ancestors)
    headers.update(_FIXED)
    if "framed_by" in g:
        del headers["X-Frame-Options"]  # knows no list of sites; the policy does
    if "cross_origin" in g or "framed_by" in g:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if "cross_origin" in g:
        headers["Access-Control-Allow-Origin"] = "*"
    if production:
        headers.update(_TRANSPORT)
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-cache" if current_principal() is None else "no-store"
    if request.endpoint != "static":
        response.vary.update(("Cookie", "Accept"))
    return response


def install_headers(app: APIFlask, *, production: bool) -> None:
    """Open and close every request of the application."""
    app.before_request(open_request)
    app.after_request(lambda response: close_request(response, production=production))
