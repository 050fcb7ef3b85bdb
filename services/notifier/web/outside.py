"""Pages for outside subscribers: apply, and the page of one webhook, opened by its sealed address alone."""

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import LISTING_KINDS
from services.notifier.models import Deps
from services.notifier.models.outside import APPROVED
from services.notifier.queries.messages import DispatchFilter, dispatch_rows, dispatch_views
from services.notifier.queries.outside import subscriber_view
from services.notifier.queries.replays import replays_of
from services.notifier.routing.scopes import Scope
from services.notifier.usecases import endpoints, outside
from services.notifier.usecases.replaying import REACHES_BACK, Window, replay
from services.notifier.web.looks import STATE_COLOURS
from services.notifier.web.scopes import LABELS, read_scope, receiver_errors, scope_form
from shared.errors import DomainError, Invalid
from shared.web.access import access, public
from shared.web.pages import render

MINE = {
    "organization": "单位名称", "purpose": "用途", "email": "联系邮箱", "url": "接收地址", **LABELS,
}  # fmt: skip
TYPED = ("organization", "purpose", "email", "url")
SHOWN = 20


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_asking(bp, deps)
    _add_page(bp, deps)
    _add_keeping(bp, deps)
    _add_narrowing(bp, deps)


def _add_asking(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/subscribers/new")
    @access(public())
    def new_subscriber() -> Response:
        return _form({})

    @bp.post("/subscribers/new")
    @access(public())
    def apply_outside() -> Response:
        try:
            typed = {name: request.form.get(name, "").strip() for name in TYPED}
            kinds, network = tuple(request.form.getlist("event_types")), request.remote_addr or ""
            wish = outside.Application(**typed, event_types=kinds, scope=read_scope(), network=network)
            with deps.db.write() as session:
                at, hosts = deps.clock.system_now(), deps.allowed_hosts
                link = outside.apply_for(session, deps.keyring, wish, allowed_hosts=hosts, at=at)
        except DomainError as error:
            shown = _form(receiver_errors(error), int(error.kind))
            if error.retry_after is not None:
                shown.headers["Retry-After"] = str(max(1, round(error.retry_after)))
            return shown
        return _private(render("notices/outside_asked.html", 201, link=link))


def _form(errors: dict[str, str], status: int = 200) -> Response:
    return render(
        "notices/outside_new.html",
        status,
        errors=errors,
        labels=MINE,
        values=request.form,
        kinds=list(LISTING_KINDS.items()),
        chosen=request.form.getlist("event_types"),
        scope=scope_form(),
    )


def _add_page(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/subscribers/mine/<link>")
    @access(public())
    def outside_page(link: str) -> Response:
        return _page(deps, link)

    @bp.post("/subscribers/mine/<link>/secret")
    @access(public())
    def take_secret(link: str) -> Response:
        with deps.db.write() as session:
            at = deps.clock.system_now()
            subscriber, endpoint = outside.kept_by(session, deps.keyring, link, at)
            secret = outside.take_secret(session, deps.keyring, subscriber, endpoint, at)
        return _page(deps, link, secret)


def _page(deps: Deps, link: str, secret: str = "", errors: dict[str, str] | None = None) -> Response:
    """With `errors` the filters as typed, else as kept."""
    with deps.db.read() as session:
        subscriber, endpoint = outside.kept_by(session, deps.keyring, link, deps.clock.system_now())
        wanted = DispatchFilter(target=f"webhook:{endpoint.id}")
        rows = dispatch_rows(session, outside.visitor(endpoint.id), wanted, None, SHOWN)
        kept = None if errors else Scope.read(endpoint.scope)
        shown = render(
            "notices/outside_page.html",
            422 if errors else 200,
            errors=errors or {},
            labels=LABELS,
            kinds=list(LISTING_KINDS.items()),
            chosen=request.form.getlist("event_types") if errors else endpoint.event_types,
            scope=scope_form(kept),
            item=subscriber_view(session, deps.keyring, subscriber),
            approved=subscriber.state == APPROVED,
            secret=secret,
            has_secret=outside.has_secret(session, endpoint),
            sent=dispatch_views(session, rows),
            replays=replays_of(session, endpoint.id, 5),
            colours=STATE_COLOURS,
            link=link,
        )
    return _private(shown)


def _add_keeping(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/subscribers/mine/<link>/orders")
    @access(public())
    def keep_outside(link: str) -> AnyResponse:
        """Enable, disable, try, send again what was missed, or end."""
        order, at = request.form.get("order", ""), deps.clock.system_now()
        with deps.db.write() as session:
            subscriber, endpoint = outside.kept_by(session, deps.keyring, link, at)
            who = outside.visitor(endpoint.id)
            if order in ("enable", "disable"):
                outside.switch(session, subscriber, endpoint, enabled=order == "enable", at=at)
            elif order == "test":
                endpoints.try_endpoint(session, endpoint, actor=who, at=at)
            elif order == "replay":
                replay(session, endpoint, Window(at - REACHES_BACK, at), actor=who, at=at)
            elif order == "end":
                outside.end(session, subscriber, endpoint)
                return render("notices/outside_ended.html")
        return redirect(url_for("pages.outside_page", link=link), 303)


def _add_narrowing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/subscribers/mine/<link>/filters")
    @access(public())
    def narrow_outside(link: str) -> AnyResponse:
        try:
            kinds, at = tuple(request.form.getlist("event_types")), deps.clock.system_now()
            with deps.db.write() as session:
                subscriber, endpoint = outside.kept_by(session, deps.keyring, link, at)
                outside.narrow(session, subscriber, endpoint, kinds, read_scope(), at)
        except Invalid as error:
            return _page(deps, link, errors=receiver_errors(error))
        return redirect(url_for("pages.outside_page", link=link), 303)


def _private(page: Response) -> Response:
    """Whoever has the address keeps the webhook: no cache keeps it, no search engine names it."""
    page.headers["Cache-Control"] = "no-store"
    page.headers["X-Robots-Tag"] = "noindex"
    return page
