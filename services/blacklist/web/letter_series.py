"""文号: how the officer's department numbers each kind of letter; the decider sets it, everyone may look."""

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.letters.domain.templates import series_kinds
from services.blacklist.letters.schemas import SeriesIn
from services.blacklist.letters.usecases import set_series
from services.blacklist.letters.usecases.numbering import next_number, pattern_of
from services.blacklist.store import Deps
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal, roles
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/letter-series")
    @access(roles("clerk", "reviewer", "decider"))
    def letter_series() -> Response:
        return _page(deps)

    @made.post("/letter-series/<kind>")
    @access(roles("decider"))
    def set_letter_series(kind: str) -> AnyResponse:
        if kind not in series_kinds():
            raise NotFound("not-found", "没有这种文书")
        try:
            given = load_form(SeriesIn(), read_form(request.form))
            with deps.db.write() as session:
                set_series(session, kind, given["pattern"], actor=principal(), at=deps.clock.now())
        except DomainError as error:
            return _page(deps, error, kind)
        return redirect(f"/letter-series?done={kind}", 303)


def _page(deps: Deps, error: DomainError | None = None, tried: str = "") -> Response:
    office, today = principal().department_id, deps.clock.today()
    with deps.db.read() as session:
        rows = [
            {
                "kind": kind,
                "name": name,
                "pattern": pattern_of(session, office, kind),
                "next": next_number(session, office, kind, today.year),
            }
            for kind, (name, _) in series_kinds().items()
        ]
    done = series_kinds().get(request.args.get("done", ""), ("", ""))[0]
    return render(
        "blacklist/letter_series.html",
        int(error.kind) if error else 200,
        rows=rows,
        tried=tried,
        typed=request.form.get("pattern", ""),
        done=done,
        may_set=principal().has("decider"),
        errors=form_errors(error) if error else {},
    )
