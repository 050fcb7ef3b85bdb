"""Adopting migrated listings (接管): proposals and their answers on one page."""

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.queries.adoptions import adoption_view, find_adoptions
from services.blacklist.cases.schemas.adoptions import AdoptionIn, RefusalIn
from services.blacklist.cases.usecases.adopting import confirm_adoption, propose_adoption, refuse_adoption
from services.blacklist.cases.usecases.reading import persons_of, trace_list
from services.blacklist.store import Deps
from shared.errors import DomainError
from shared.web.access import access, principal, roles
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen, listed
from shared.web.pages import form_errors, render

PER_PAGE = 50
READERS = ("clerk", "reviewer", "decider", "supervisor", "auditor")
DONE = {"propose": "已提出接管申请，等待负责人确认。", "refuse": "已不予接管。"}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _proposals(made, deps)
    _answers(made, deps)


def _proposals(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/adoptions")
    @access(roles(*READERS))
    def adoptions() -> Response:
        return _page(deps)

    @made.post("/adoptions")
    @access(roles("clerk"))
    def propose_form() -> AnyResponse:
        try:
            given = load_form(AdoptionIn(), read_form(request.form))
            with deps.db.write() as session:
                propose_adoption(session, **given, actor=principal(), at=deps.clock.now())
        except DomainError as error:
            return _page(deps, error)
        return redirect("/adoptions?done=propose", 303)


def _answers(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/adoptions/<adoption_id>/confirm")
    @access(roles("decider"))
    def confirm_form(adoption_id: str) -> AnyResponse:
        try:
            with deps.db.write() as session:
                wish = confirm_adoption(session, deps, adoption_id, actor=principal(), at=deps.clock.now())
                place = f"/cases/{wish.case_id}"
        except DomainError as error:
            return _page(deps, error)
        return redirect(place, 303)

    @made.post("/adoptions/<adoption_id>/refuse")
    @access(roles("decider"))
    def refuse_form(adoption_id: str) -> AnyResponse:
        try:
            reason = load_form(RefusalIn(), read_form(request.form))["reason"]
            with deps.db.write() as session:
                refuse_adoption(session, adoption_id, reason, actor=principal(), at=deps.clock.now())
        except DomainError as error:
            return _page(deps, error)
        return redirect("/adoptions?done=refuse", 303)


def _page(deps: Deps, error: DomainError | None = None) -> Response:
    who, before = principal(), last_seen()
    with deps.db.read() as session:
        found = find_adoptions(session, who, state=None, before=before, limit=PER_PAGE)
        rows, around = listed(found, PER_PAGE, lambda row: row[0].id)
        items = [adoption_view(*row) | {"own": row[0].proposed_by == who.user_id} for row in rows]
    trace_list(deps, who, "adoptions", persons_of((r.id, r.subject_type) for _, r in rows))
    return render(
        "blacklist/adoptions.html",
        int(error.kind) if error else 200,
        items=items,
        errors=form_errors(error) if error else {},
        values=request.form if error else {"listing_id": request.args.get("listing_id", "")},
        done=DONE.get(request.args.get("done", "")),
        **around,
    )
