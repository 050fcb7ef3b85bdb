"""The form on a webhook's page that sends it again what it should have got."""

from datetime import datetime

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.queries.endpoints import endpoint_of
from services.notifier.usecases.replaying import Window, replay
from services.notifier.web.webhooks import webhook_page
from shared.clock import SHANGHAI
from shared.errors import Conflict, FieldError, Invalid
from shared.web.access import access, principal, roles
from shared.web.pages import form_errors


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/webhooks/<webhook_id>/replays")
    @access(roles(*ENDPOINT_KEEPERS))
    def replay_webhook(webhook_id: str) -> AnyResponse:
        now = deps.clock.system_now()
        try:
            given = Window(_moment("since"), _moment("until", now), request.form.get("scope") != "all")
            with deps.db.write() as session:
                found = endpoint_of(session, principal(), webhook_id)
                replay(session, found, given, actor=principal(), at=now)
        except (Invalid, Conflict) as error:
            return webhook_page(deps, webhook_id, errors=form_errors(error), status=int(error.kind))
        return redirect(url_for("pages.webhook", webhook_id=webhook_id) + "#replays", 303)


def _moment(name: str, otherwise: datetime | None = None) -> datetime:
    """A field of type datetime-local, in Shanghai time."""
    given = request.form.get(name, "").strip()
    if not given and otherwise is not None:
        return otherwise
    try:
        return datetime.fromisoformat(given).replace(tzinfo=SHANGHAI)
    except ValueError:
        wrong = FieldError(f"/{name}", "请填写日期和时间。")
        raise Invalid("webhook-replay-window", "重发的起止时间有误", fields=[wrong]) from None
