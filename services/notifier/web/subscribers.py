"""The page on which officers let outside subscribers in, refuse them, or end what was let in."""

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.models.outside import APPROVED, REFUSED, REVOKED
from services.notifier.queries.outside import subscriber_of, subscribers
from services.notifier.usecases import outside
from services.notifier.web.webhooks import stated_version
from shared.errors import Conflict, FieldError, Invalid
from shared.web.access import access, principal, roles
from shared.web.pages import form_errors, render

KEEPERS = roles(*ENDPOINT_KEEPERS)


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/subscribers")
    @access(KEEPERS)
    def list_subscribers() -> Response:
        return _page(deps, {})

    @bp.post("/subscribers/<subscriber_id>/decision")
    @access(KEEPERS)
    def decide_subscriber(subscriber_id: str) -> AnyResponse:
        verdict, reason = request.form.get("verdict", ""), request.form.get("reason", "").strip()
        try:
            with deps.db.write() as session:
                found = subscriber_of(session, subscriber_id)
                _check(verdict, reason)
                at, mails, who = deps.clock.system_now(), bool(deps.mail_origin), principal()
                outside.decide(
                    session, found, verdict, reason, version=stated_version(), actor=who, mails=mails, at=at
                )
        except (Invalid, Conflict) as error:
            return _page(deps, form_errors(error), int(error.kind))
        return redirect(url_for("pages.list_subscribers"), 303)


def _check(verdict: str, reason: str) -> None:
    wrong = []
    if verdict not in (APPROVED, REFUSED, REVOKED):
        wrong.append(FieldError("/verdict", "请选择。"))
    if len(reason) > 300 or not reason.isprintable():
        wrong.append(FieldError("/reason", "不能超过三百个字。"))
    if wrong:
        raise Invalid("validation-failed", "提交的内容有误", fields=wrong)


def _page(deps: Deps, errors: dict[str, str], status: int = 200) -> Response:
    with deps.db.read() as session:
        items = subscribers(session, deps.keyring)
    return render("notices/subscribers.html", status, items=items, errors=errors)
