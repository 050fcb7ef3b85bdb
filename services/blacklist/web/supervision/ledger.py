"""The ledger's pages: decisions, imports, zero returns, gaps and explanations."""

from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.store import Deps
from services.blacklist.supervision.api.ledger import LARGEST_SHEET
from services.blacklist.supervision.domain.decisions import REASONS, STATUS_NAMES, compliance_of
from services.blacklist.supervision.domain.gaps import GAP_NAMES
from services.blacklist.supervision.domain.periods import parse_period, year_of
from services.blacklist.supervision.queries.asking import VIEW, names_of, period_of, scope_asked
from services.blacklist.supervision.queries.gaps import gaps
from services.blacklist.supervision.queries.ledger import (
    entries,
    entry_view,
    made_in,
    zero_return_view,
    zero_returns,
)
from services.blacklist.supervision.queries.views import compliance_view, gap_view, upload_view
from services.blacklist.supervision.schemas import inputs
from services.blacklist.supervision.usecases import ledger
from services.blacklist.web.attachments import chosen_file
from services.blacklist.web.supervision.asking import asked, period_options, regions_in_sight
from shared.errors import DomainError
from shared.web.access import access, principal, roles
from shared.web.body import body_limit
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render

CLERK, DECIDER, KEEPERS = roles("clerk"), roles("decider"), roles("clerk", "decider")
MOST_SHOWN = 200
DONE = {
    "entered": "已登记到台账",
    "signed": "零报告已签署",
    "explained": "文号说明已登记",
}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _reading(made, deps)
    _entering(made, deps)
    _importing(made, deps)


def _reading(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/supervision/ledger")
    @access(VIEW)
    def ledger_page() -> Response:
        return _page(deps, 200, {})


def _page(deps: Deps, status: int, errors: dict[str, str]) -> Response:
    who, wanted, today = principal(), asked(principal()), deps.clock.today()
    period = period_of(deps, wanted)
    chosen = request.args.get("status", "")
    with deps.db.read() as session:
        scope = scope_asked(session, who, wanted, period)
        names, found = names_of(scope), entries(session, scope.ids, period, today)
        wished = [each for each in found if not chosen or each.status == chosen]
        shown = wished[:MOST_SHOWN]
        context: dict[str, Any] = {
            "rows": [entry_view(each, names) for each in shown],
            "gaps": [
                gap_view(each, names) for each in gaps(session, scope.ids, today, year=period.start.year)
            ],
            "zero_returns": [_zero(session, row, names) for row in zero_returns(session, scope.ids, period)],
            "regions": regions_in_sight(session, who),
        }
    return render(
        "blacklist/supervision/ledger.html",
        status,
        period=period,
        figures=compliance_view(compliance_of(each.status for each in found)),
        more=len(wished) > MOST_SHOWN,
        periods=period_options(today),
        signable=_signable(today),
        statuses=STATUS_NAMES,
        gap_names=GAP_NAMES,
        reasons=list(REASONS.items()),
        chosen=chosen,
        wanted=wanted,
        errors=errors,
        values=request.form,
        done=DONE.get(request.args.get("done", ""), ""),
        **context,
    )


def _zero(session: Any, row: Any, names: dict[str, str]) -> dict[str, Any]:
    contradicted = made_in(session, row.department_id, row.period_start, row.period_end)
    return zero_return_view(row, names, contradicted=contradicted)


def _signable(today: date) -> list[tuple[str, str]]:
    """Periods that are over."""
    return [
        each for each in period_options(today) if (period := parse_period(each[0])) and period.end < today
    ]


def _entering(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/supervision/ledger")
    @access(CLERK)
    def enter() -> AnyResponse:
        return _done(deps, "entered", _enter)

    @made.post("/supervision/zero-returns")
    @access(DECIDER)
    def sign() -> AnyResponse:
        return _done(deps, "signed", _sign)

    @made.post("/supervision/explanations")
    @access(KEEPERS)
    def explain() -> AnyResponse:
        return _done(deps, "explained", _explain)


def _done(deps: Deps, name: str, act: Any) -> AnyResponse:
    try:
        act(deps)
    except DomainError as error:
        return _page(deps, int(error.kind), _own_names(form_errors(error)))
    return redirect(f"/supervision/ledger?done={name}", 303)


def _own_names(errors: dict[str, str]) -> dict[str, str]:
    """A list's first row is the form's own field."""
    return {name.removeprefix("decisions.0."): text for name, text in errors.items()}


def _enter(deps: Deps) -> None:
    given = load_form(inputs.DecisionIn(), read_form(request.form))
    row = ledger.DecisionRow(given["number"], given["date"], given["organ"], given["kind"])
    with deps.db.write() as session:
        ledger.enter_decisions(session, deps, [row], actor=principal(), at=deps.clock.now())


def _sign(deps: Deps) -> None:
    given = load_form(inputs.ZeroReturnIn(), read_form(request.form))
    period = parse_period(given["period"]) or year_of(deps.clock.today().year)
    with deps.db.write() as session:
        ledger.sign_zero_return(session, period, given["note"], actor=principal(), at=deps.clock.now())


def _explain(deps: Deps) -> None:
    given = load_form(inputs.ExplanationIn(), read_form(request.form))
    with deps.db.write() as session:
        ledger.explain_number(
            session, given["number"], given["reason_code"], given["reason"], actor=principal(),
            at=deps.clock.now(),
        )  # fmt: skip


def _importing(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/supervision/ledger-imports")
    @access(CLERK)
    @body_limit(LARGEST_SHEET)
    def upload_ledger() -> AnyResponse:
        try:
            file = chosen_file("请选择台账表格。")
            name, content = file.filename or "", file.read()
            rows = ledger.read_upload(name, content, deps.clock.today())
            with deps.db.write() as session:
                kept = ledger.keep_upload(
                    session, name, content, rows, actor=principal(), at=deps.clock.now()
                )
                place = f"/supervision/ledger-imports/{kept.id}"
        except DomainError as error:
            return _page(deps, int(error.kind), form_errors(error))
        return redirect(place, 303)

    @made.get("/supervision/ledger-imports/<upload_id>")
    @access(CLERK)
    def ledger_upload(upload_id: str) -> Response:
        with deps.db.read() as session:
            view = upload_view(ledger.find_upload(session, upload_id, principal()))
        return render("blacklist/supervision/upload.html", view=view)

    @made.post("/supervision/ledger-imports/<upload_id>/confirm")
    @access(CLERK)
    def confirm_ledger(upload_id: str) -> AnyResponse:
        with deps.db.write() as session:
            ledger.confirm_upload(session, deps, upload_id, actor=principal(), at=deps.clock.now())
        return redirect(f"/supervision/ledger-imports/{upload_id}", 303)
