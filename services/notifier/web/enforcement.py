"""The pages of measures: what a department applies, and who has not acknowledged that a listing ended."""

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.queries.enforcing import StopFilter, enforcement_of, institutions_for, stop_page
from services.notifier.routing.enforcement import FIELDS
from services.notifier.usecases import enforcing
from shared.errors import DomainError
from shared.web.access import access, principal, roles, signed_in
from shared.web.pages import form_errors, render

PAGE_SIZE = 30
KEEPERS = roles(*ENDPOINT_KEEPERS)
LABELS = {"domain": "领域", "region": "行政区划代码"}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_stops(bp, deps)
    _add_enforcement(bp, deps)


def _add_stops(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/stops")
    @access(signed_in())
    def list_stops() -> Response:
        given = request.args
        show = given.get("show", "outstanding")
        wanted = StopFilter(True if show == "outstanding" else None, given.get("case_id") or None)
        with deps.db.read() as session:
            found = stop_page(session, principal(), wanted, given.get("cursor"), PAGE_SIZE)
            institutions = institutions_for(session, principal().region)
        return render(
            "notices/stops.html",
            items=found["items"],
            next_cursor=found["next"],
            show=show,
            institutions=institutions,
            may_manage=principal().has(*ENDPOINT_KEEPERS),
        )


def _add_enforcement(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/enforcement")
    @access(signed_in())
    def list_enforcement() -> Response:
        return _page(deps, {})

    @bp.post("/enforcement")
    @access(KEEPERS)
    def state_enforcement() -> AnyResponse:
        domain, region = (request.form.get(name, "").strip() for name in LABELS)
        try:
            with deps.db.write() as session:
                now = deps.clock.system_now()
                enforcing.state_enforcement(session, domain, region, actor=principal(), at=now)
        except DomainError as error:
            return _page(deps, form_errors(error), int(error.kind))
        return redirect(url_for("pages.list_enforcement"), 303)

    @bp.post("/enforcement/<enforcement_id>/removal")
    @access(KEEPERS)
    def end_enforcement(enforcement_id: str) -> AnyResponse:
        with deps.db.write() as session:
            enforcing.end_enforcement(session, enforcement_id, actor=principal())
        return redirect(url_for("pages.list_enforcement"), 303)


def _page(deps: Deps, errors: dict[str, str], status: int = 200) -> Response:
    with deps.db.read() as session:
        items = enforcement_of(session, principal())
    return render(
        "notices/enforcement.html",
        status,
        items=items,
        errors=errors,
        labels=LABELS,
        fields=list(FIELDS.items()),
        region=request.form.get("region", principal().region),
        domain=request.form.get("domain", ""),
        may_manage=principal().has(*ENDPOINT_KEEPERS),
    )
