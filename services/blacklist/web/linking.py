"""Linked cases (关联案件) from the case page: put a case under its parent, and take the link away."""

from apiflask import APIBlueprint
from flask import redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.schemas import LinkIn
from services.blacklist.cases.usecases.linking import link_case, unlink_case
from services.blacklist.store import Deps
from services.blacklist.web.attachments import case_again
from shared.errors import DomainError
from shared.web.access import access, principal, roles
from shared.web.forms import load_form, read_form

LINKERS = roles("clerk", "reviewer", "decider")


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/cases/<case_id>/links")
    @access(LINKERS)
    def add_link(case_id: str) -> AnyResponse:
        try:
            given = load_form(LinkIn(), read_form(request.form))
            note = given.pop("note", None)
            with deps.db.write() as session:
                link_case(session, case_id, **given, note=note, actor=principal(), at=deps.clock.now())
        except DomainError as error:
            return case_again(deps, case_id, error)
        return redirect(f"/cases/{case_id}?done=link#links", 303)

    @made.post("/cases/<case_id>/links/<link_id>/remove")
    @access(LINKERS)
    def remove_link(case_id: str, link_id: str) -> AnyResponse:
        with deps.db.write() as session:
            unlink_case(session, case_id, link_id, actor=principal(), at=deps.clock.now())
        return redirect(f"/cases/{case_id}?done=unlink#links", 303)
