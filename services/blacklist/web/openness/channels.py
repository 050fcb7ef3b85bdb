"""Texts for 微博、微信、客户端 on the item's page: drafted, approved, copied out by hand, marked as sent."""

from apiflask import APIBlueprint
from flask import redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.openness.api.channels import item_address, take
from services.blacklist.openness.api.items import ACTORS, CLERK
from services.blacklist.openness.queries.sight import draft_to_act_on
from services.blacklist.openness.schemas.inputs import ChannelActIn, ChannelDraftIn
from services.blacklist.openness.usecases.channels import draft_channel_text
from services.blacklist.store import Deps
from services.blacklist.web.openness.asking import with_moments
from services.blacklist.web.openness.desk import item_page
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/openness-desk/<item_id>/channel-drafts")
    @access(CLERK)
    def draft_for_channel(item_id: str) -> AnyResponse:
        try:
            given = load_form(ChannelDraftIn(), read_form(request.form))
            with deps.db.write() as session:
                draft_channel_text(
                    session, item_id, given["channel"], given["text"], address=item_address(item_id),
                    actor=principal(), at=deps.clock.now(),
                )  # fmt: skip
        except NotFound:
            raise
        except DomainError as error:
            return item_page(deps, item_id, int(error.kind), form_errors(error), "channel")
        return redirect(f"/openness-desk/{item_id}#channels", 303)

    @made.post("/channel-drafts/<draft_id>/<action>")
    @access(ACTORS)
    def act_on_channel_draft(draft_id: str, action: str) -> AnyResponse:
        with deps.db.read() as session:
            item_id = draft_to_act_on(session, draft_id, principal())[1].id
        try:
            values = with_moments(read_form(request.form), "sent_at")
            given = load_form(ChannelActIn(), {**values, "action": action})
            with deps.db.write() as session:
                take(session, deps, draft_id, given, principal())
        except DomainError as error:
            return item_page(deps, item_id, int(error.kind), form_errors(error), f"draft-{draft_id}")
        return redirect(f"/openness-desk/{item_id}#channels", 303)
