"""The page kit: server-rendered pages in one look for all three services, working without JavaScript.

`render(template, **context)` answers a page; templates extend `kit/base.html` and take every element from
`kit/macros.html` (see docs/web-kit.md). Everything is escaped; scripts run only by nonce.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from apiflask import APIFlask
from flask import Blueprint, Response, current_app, g, render_template, request, url_for

from shared.clock import SHANGHAI, Clock
from shared.errors import DomainError
from shared.web.access import current_principal
from shared.web.pages.turning import turned
from shared.web.problem import wants_page
from shared.web.site import NavItem, SignIn, Site
from shared.web.tokens import REFRESH_AFTER, span_hint, token_of

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = HERE / "templates"
ELDER_COOKIE = "display_elder"
MAIN_LENGTH = 12


def render(template: str, status: int = 200, **context: Any) -> Response:
    """A page from a template, in UTF-8."""
    return Response(render_template(template, **context), status, mimetype="text/html")


def chinese_day(value: date | datetime | str | None) -> str:
    """2026年11月23日, a datetime taken in Asia/Shanghai; nothing for None."""
    day = _as_date(value)
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def chinese_moment(value: datetime | str | None) -> str:
    """2026年11月23日 09:05, in Asia/Shanghai; nothing for None."""
    if not value:
        return ""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = at.astimezone(SHANGHAI)
    return f"{chinese_day(local.date())} {local:%H:%M}"


def _as_date(value: date | datetime | str | None) -> date | None:
    if not value:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    return value.astimezone(SHANGHAI).date() if isinstance(value, datetime) else value


def wan(value: Decimal | str | None) -> str:
    """2.5 万元; nothing for None."""
    if value in (None, ""):
        return ""
    plain = f"{Decimal(str(value)):f}"
    return f"{plain.rstrip('0').rstrip('.') if '.' in plain else plain} 万元"


def size(value: int) -> str:
    """A file's size as people say it."""
    if value < 1024:
        return f"{value} 字节"
    return f"{value / 1024:.0f} KB" if value < 1024 * 1024 else f"{value / 1024 / 1024:.1f} MB"


def form_errors(error: DomainError) -> dict[str, str]:
    """Field name → message of a refusal, for showing a form again; the empty name is about the whole form."""
    found = {field.pointer.strip("/").replace("/", "."): field.message for field in error.fields}
    return found or {"": "。".join(part.rstrip("。") for part in (error.title, error.detail) if part) + "。"}


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:MAIN_LENGTH]


def asset(name: str) -> str:
    """The address of a static file, changing with its content."""
    return url_for("static", filename=name, v=_fingerprint(name))


def here() -> str:
    """The page being shown, with its query: where to come back to."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def with_query(**changes: str | int | None) -> str:
    """This page's address with some query parameters changed (None takes one away)."""
    query = {**request.args.to_dict(), **changes}
    values = {**(request.view_args or {}), **{k: v for k, v in query.items() if v not in (None, "")}}
    return url_for(request.endpoint or "", **values)


def problem_page(document: Mapping[str, Any]) -> Response:
    """A refusal as a page; someone not signed in is taken to where that can be done."""
    if document["status"] == 401 and request.method == "GET":
        return _send_to_sign_in()
    return render("kit/problem.html", document["status"], problem=document)


def _send_to_sign_in() -> Response:
    span = _shown_span()
    expired = span is not None and span[1] <= _system_now()
    return _redirect(SignIn.refresh if expired else SignIn.sign_in)


def keep_signed_in() -> Response | None:
    """Renew the token of someone who moves about the pages, so that a form opened now can be sent later."""
    span = _shown_span()
    if span is None or current_principal() is None or request.method != "GET" or not wants_page():
        return None
    if "HX-Request" in request.headers or request.path in (SignIn.refresh, SignIn.sign_in):
        return None
    return _redirect(SignIn.refresh) if span[0] + REFRESH_AFTER < _system_now() else None


def _system_now() -> datetime:
    clock: Clock = current_app.extensions["clock"]
    return clock.system_now()


def _shown_span() -> tuple[datetime, datetime] | None:
    if request.headers.get("Authorization"):
        return None
    token = token_of(request, production=current_app.config["PRODUCTION"])
    return span_hint(token) if token else None


def _redirect(place: str) -> Response:
    answer = Response(status=303)
    answer.headers["Location"] = f"{place}?{urlencode({'next': here()})}"
    return answer


def install_pages(app: APIFlask, site: Site, nav: tuple[NavItem, ...], *, production: bool) -> None:
    """Make the kit's templates, filters and globals known to the application."""
    app.register_blueprint(Blueprint("kit", __name__, template_folder=str(TEMPLATES)))
    app.extensions["problem_page"] = problem_page
    env = app.jinja_env
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(day=chinese_day, moment=chinese_moment, wan=wan, size=size)
    env.globals.update(asset=asset, with_query=with_query, here=here, site=site, sign_in=SignIn())
    env.globals["turned"] = partial(turned, with_query)
    app.context_processor(lambda: _context(nav))
    app.config["PRODUCTION"] = production


def _context(nav: tuple[NavItem, ...]) -> dict[str, Any]:
    who = current_principal()
    return {
        "nonce": g.get("nonce", ""),
        "who": who,
        "elder": request.cookies.get(ELDER_COOKIE) == "1",
        "nav_items": [item for item in nav if item.visible(who)],
        "nav_current": _current(nav),
        "prefix": current_app.config["URL_PREFIX"],
        "request_id": g.get("request_id", ""),
    }


def _current(nav: tuple[NavItem, ...]) -> str:
    """The navigation entry the page belongs to: the one with the longest address, if any."""
    fitting = [item.url for item in nav if item.covers(request.path)]
    return max(fitting, key=len, default="")
