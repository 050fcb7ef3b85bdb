"""Pages for watching an organisation: ask, confirm, renew, end. Nobody signs in; a link in a mail is the key.

Opening a link changes nothing, for mail scanners open links too; a button does. A mail program's one-click
unsubscription (RFC 8058) posts to the same address as the button.
"""

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.models import Deps, Watch
from services.notifier.usecases import watching
from services.notifier.usecases.watch_asking import ask, read_wish
from services.notifier.usecases.watch_links import MANAGE, make_link
from shared.errors import DomainError
from shared.web.access import access, public
from shared.web.pages import form_errors, render

LABELS = {"uscc": "统一社会信用代码", "email": "电子邮箱"}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_asking(bp, deps)
    _add_confirmation(bp, deps)
    _add_managing(bp, deps)
    _add_ending(bp, deps)


def _add_asking(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/watches/new")
    @access(public())
    def new_watch() -> Response:
        return _form(deps, {"uscc": request.args.get("uscc", "")[:18]}, {})

    @bp.post("/watches/new")
    @access(public())
    def ask_for_watch() -> Response:
        given = {name: request.form.get(name, "").strip() for name in LABELS}
        try:
            ask(deps, read_wish(**given, network=request.remote_addr or ""))
        except DomainError as error:
            return _form(deps, given, form_errors(error), int(error.kind), error.retry_after)
        return render("notices/watch_asked.html", 202)


def _form(
    deps: Deps, values: dict[str, str], errors: dict[str, str], status: int = 200, wait: float | None = None
) -> Response:
    shown = render(
        "notices/watch_new.html",
        status,
        values=values,
        errors=errors,
        labels=LABELS,
        available=bool(deps.mail_origin),
    )
    if wait is not None:
        shown.headers["Retry-After"] = str(max(1, round(wait)))
    return shown


def _add_confirmation(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/watches/confirmations/<link>")
    @access(public())
    def watch_to_confirm(link: str) -> Response:
        with deps.db.read() as session:
            watch = watching.pending_watch(session, deps.keyring, link, deps.clock.system_now())
            done = watch.confirmed_at is not None
            return _private(render("notices/watch_confirm.html", uscc=watch.uscc, done=done))

    @bp.post("/watches/confirmations/<link>")
    @access(public())
    def confirm_watch(link: str) -> AnyResponse:
        with deps.db.write() as session:
            watch = watching.confirm_watch(session, deps.keyring, link, at=deps.clock.system_now())
        return _managing(deps, watch, "confirmed")


def _add_managing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/watches/<link>")
    @access(public())
    def manage_watch(link: str) -> Response:
        with deps.db.read() as session:
            watch = watching.managed_watch(session, deps.keyring, link, deps.clock.system_now())
            shown = render(
                "notices/watch.html",
                uscc=watch.uscc,
                until=watch.expires_at,
                link=link,
                done=request.args.get("done", ""),
            )
        return _private(shown)

    @bp.post("/watches/<link>/renewal")
    @access(public())
    def renew_watch(link: str) -> AnyResponse:
        with deps.db.write() as session:
            watch = watching.renew_watch(session, deps.keyring, link, at=deps.clock.system_now())
        return _managing(deps, watch, "renewed")


def _managing(deps: Deps, watch: Watch, done: str) -> AnyResponse:
    """On to the watch's own page, by a link that holds as long as it does."""
    manage = make_link(deps.keyring, MANAGE, watch.id, watch.expires_at)
    return redirect(url_for("pages.manage_watch", link=manage, done=done), 303)


def _add_ending(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/watches/<link>/removal")
    @access(public())
    def watch_to_end(link: str) -> AnyResponse:
        return redirect(url_for("pages.manage_watch", link=link), 303)

    @bp.post("/watches/<link>/removal")
    @access(public())
    def end_watch(link: str) -> Response:
        everything = request.form.get("scope") == "all"
        with deps.db.write() as session:
            now = deps.clock.system_now()
            watching.end_watch(session, deps.keyring, link, everything=everything, at=now)
        return render("notices/watch_ended.html", everything=everything)


def _private(page: Response) -> Response:
    """Whoever has the address manages the watch: no cache keeps it, no search engine names it."""
    page.headers["Cache-Control"] = "no-store"
    page.headers["X-Robots-Tag"] = "noindex"
    return page
