"""Cross-site request forgery defence without tokens in forms: the browser says where a request comes from.

An unsafe request that rides on the session cookie must be same-origin by Sec-Fetch-Site, or by Origin where
an old browser or plain HTTP leaves that header out. Posts without a cookie (signing in) may not be cross-site
either.
"""

from urllib.parse import urlsplit

from flask import Request

from shared.errors import Forbidden

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def check_origin(request: Request, *, by_cookie: bool) -> None:
    """Raise Forbidden for an unsafe request another site made the browser send."""
    if request.method in SAFE_METHODS:
        return
    verdict = same_origin(request)
    if verdict is False or (verdict is None and by_cookie):
        raise Forbidden("cross-site-request", "请求来源不明", "该请求不是从本网站页面发出的，已被拒绝。")


def same_origin(request: Request) -> bool | None:
    """True or False by what the browser says; None when it says nothing (programs, not browsers)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    if origin is None:
        return None
    try:
        return urlsplit(origin).netloc == request.host
    except ValueError:
        return False
