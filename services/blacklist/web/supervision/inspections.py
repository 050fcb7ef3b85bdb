"""Inspections' pages: the list with the draw, one inspection with its samples, 督办单 and 通报 on paper."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.store import Deps
from services.blacklist.supervision.api.papers import PDF
from services.blacklist.supervision.domain.periods import parse_period, year_of
from services.blacklist.supervision.queries.asking import VIEW
from services.blacklist.supervision.queries.inspections import (
    CATEGORIES,
    department_names,
    find_inspection,
    find_item,
    inspection_view,
    item_view,
    items_of,
    list_inspections,
)
from services.blacklist.supervision.queries.scope import scope_of
from services.blacklist.supervision.schemas import inputs
from services.blacklist.supervision.usecases import inspections
from services.blacklist.web.supervision.asking import asked, period_options, regions_in_sight
from services.blacklist.web.supervision.inspection_papers import circular_pdf, order_pdf
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal, roles
from shared.web.files import file_answer
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen, listed
from shared.web.pages import form_errors, render

SUPERVISOR, OFFICERS = roles("supervisor"), roles("clerk", "reviewer", "decider")
PER_PAGE = 30
Act = Callable[[Session, Deps, str, str], object]


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _list(made, deps)
    _one(made, deps)
    _papers(made, deps)


def _list(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/supervision/inspections")
    @access(VIEW)
    def inspection_list() -> Response:
        return _list_page(deps, 200, {})

    @made.post("/supervision/inspections")
    @access(SUPERVISOR)
    def draw() -> AnyResponse:
        try:
            place = f"/supervision/inspections/{_draw(deps)}"
        except DomainError as error:
            return _list_page(deps, int(error.kind), form_errors(error))
        return redirect(place, 303)


def _draw(deps: Deps) -> str:
    who = principal()
    given = load_form(inputs.InspectionIn(), read_form(request.form, integers=("size",)))
    region = given["region"] or who.region
    period = parse_period(given["period"]) or year_of(deps.clock.today().year)
    with deps.db.write() as session:
        ids = scope_of(session, who, period, region=region).ids
        made = inspections.draw_inspection(
            session, title=given["title"], region=region, period=period, department_ids=ids,
            size=given["size"], seed=given["seed"], actor=who, at=deps.clock.now(),
        )  # fmt: skip
        return made.id


def _list_page(deps: Deps, status: int, errors: dict[str, str]) -> Response:
    who, before = principal(), last_seen()
    with deps.db.read() as session:
        found = list_inspections(session, who, before=before, limit=PER_PAGE)
        shown, around = listed(found, PER_PAGE)
        rows = [inspection_view(row) for row in shown]
        regions = regions_in_sight(session, who)
    return render(
        "blacklist/supervision/inspections.html",
        status,
        rows=rows,
        regions=regions,
        periods=period_options(deps.clock.today()),
        errors=errors,
        values=request.form,
        wanted=asked(who),
        **around,
    )


def _one(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/supervision/inspections/<inspection_id>")
    @access(VIEW)
    def inspection(inspection_id: str) -> Response:
        return _page(deps, inspection_id, 200, {})

    @made.post("/supervision/inspections/<inspection_id>/circular")
    @access(SUPERVISOR)
    def circular(inspection_id: str) -> AnyResponse:
        return _acted(deps, inspection_id, "", _circular)

    for action, (act, who) in ACTS.items():
        _add_act(made, deps, action, act, who)


def _add_act(made: APIBlueprint, deps: Deps, action: str, act: Act, who: Any) -> None:
    def on_item(inspection_id: str, item_id: str) -> AnyResponse:
        return _acted(deps, inspection_id, item_id, act)

    place = f"/supervision/inspections/<inspection_id>/items/<item_id>/{action}"
    made.add_url_rule(place, f"inspection_{action}", access(who)(on_item), methods=["POST"])


def _acted(deps: Deps, inspection_id: str, item_id: str, act: Act) -> AnyResponse:
    try:
        with deps.db.write() as session:
            act(session, deps, inspection_id, item_id)
    except DomainError as error:
        return _page(deps, inspection_id, int(error.kind), form_errors(error), item_id)
    return redirect(f"/supervision/inspections/{inspection_id}", 303)


def _pass(session: Session, deps: Deps, inspection_id: str, item_id: str) -> None:
    given = load_form(inputs.PassIn(), read_form(request.form))
    inspections.pass_item(
        session, inspection_id, item_id, given["opinion"], actor=principal(), at=deps.clock.now()
    )


def _finding(session: Session, deps: Deps, inspection_id: str, item_id: str) -> None:
    given = load_form(inputs.FindingIn(), read_form(request.form, integers=("working_days",)))
    inspections.record_finding(
        session, deps, inspection_id, item_id, actor=principal(), at=deps.clock.now(), **given
    )


def _rectification(session: Session, deps: Deps, inspection_id: str, item_id: str) -> None:
    given = load_form(inputs.RectificationIn(), read_form(request.form))
    inspections.report_rectification(
        session, inspection_id, item_id, given["rectification"], actor=principal(), at=deps.clock.now()
    )


def _closure(session: Session, deps: Deps, inspection_id: str, item_id: str) -> None:
    form = read_form(request.form, integers=("working_days",), flags=("accepted",))
    given = load_form(inputs.ClosureIn(), form)
    inspections.close_item(
        session, deps, inspection_id, item_id, actor=principal(), at=deps.clock.now(), **given
    )


def _circular(session: Session, deps: Deps, inspection_id: str, item_id: str) -> None:
    del item_id
    given = load_form(inputs.CircularIn(), read_form(request.form))
    inspections.issue_circular(
        session, inspection_id, given["number"], given["opinion"], actor=principal(), at=deps.clock.now()
    )


ACTS: dict[str, tuple[Act, Any]] = {
    "pass": (_pass, SUPERVISOR),
    "finding": (_finding, SUPERVISOR),
    "rectification": (_rectification, OFFICERS),
    "closure": (_closure, SUPERVISOR),
}


def _page(deps: Deps, inspection_id: str, status: int, errors: dict[str, str], item_id: str = "") -> Response:
    who = principal()
    with deps.db.read() as session:
        view = _detail(session, deps, inspection_id)
    return render(
        "blacklist/supervision/inspection.html",
        status,
        view=view,
        judging=who.has("supervisor") and view["office_id"] == who.department_id,
        categories=list(CATEGORIES.items()),
        category_names=CATEGORIES,
        errors=errors,
        at_item=item_id,
        values=request.form,
    )


def _detail(session: Session, deps: Deps, inspection_id: str) -> dict[str, Any]:
    row = find_inspection(session, inspection_id, principal())
    items = items_of(session, row, principal())
    names, today = department_names(session, [item.department_id for item in items]), deps.clock.today()
    return inspection_view(row) | {"items": [item_view(item, names, today) for item in items]}


def _papers(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/supervision/inspections/<inspection_id>/items/<item_id>/order")
    @access(VIEW)
    def order(inspection_id: str, item_id: str) -> Response:
        with deps.db.read() as session:
            row, item = find_item(session, inspection_id, item_id, principal())
            if item.order_number is None:
                raise NotFound("inspection-item-not-found", "这件样本没有督办单")
            names = department_names(session, [item.department_id])
            view, shown = inspection_view(row), item_view(item, names, deps.clock.today())
        if request.args.get("format") == "pdf":
            return file_answer(order_pdf(view, shown), PDF, f"督办单{item.order_number}.pdf")
        return render("blacklist/supervision/order.html", view=view, item=shown, category_names=CATEGORIES)

    @made.get("/supervision/inspections/<inspection_id>/circular")
    @access(VIEW)
    def circular_paper(inspection_id: str) -> Response:
        with deps.db.read() as session:
            view = _detail(session, deps, inspection_id)
        if view["circular_number"] is None:
            raise NotFound("inspection-not-found", "本次检查没有印发通报")
        if request.args.get("format") == "pdf":
            return file_answer(circular_pdf(view), PDF, f"通报{view['circular_number']}.pdf")
        return render("blacklist/supervision/circular.html", view=view, category_names=CATEGORIES)
