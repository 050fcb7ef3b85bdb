"""Inspections: drawn and judged by a supervisor, rectified by the inspected department."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from services.blacklist.store import Deps
from services.blacklist.supervision.domain.periods import parse_period, year_of
from services.blacklist.supervision.models import Inspection, InspectionItem
from services.blacklist.supervision.queries.asking import VIEW
from services.blacklist.supervision.queries.inspections import (
    department_names,
    find_inspection,
    inspection_view,
    item_view,
    items_of,
    list_inspections,
)
from services.blacklist.supervision.queries.scope import department_in_sight, scope_of
from services.blacklist.supervision.schemas import answers, inputs
from services.blacklist.supervision.usecases import inspections
from shared.web.access import access, principal, roles
from shared.web.paging import PageQuery, cut, last_id, page
from shared.web.problem import problems

SUPERVISOR = roles("supervisor")
OFFICERS = roles("clerk", "reviewer", "decider")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_reading(bp, deps)
    _add_drawing(bp, deps)
    _add_judging(bp, deps)
    _add_rectifying(bp, deps)
    _add_circular(bp, deps)


def detail(session: Session, deps: Deps, row: Inspection) -> dict[str, Any]:
    items = items_of(session, row, principal())
    names = department_names(session, [item.department_id for item in items])
    today = deps.clock.today()
    return inspection_view(row) | {"items": [item_view(item, names, today) for item in items]}


def _one(session: Session, deps: Deps, item: InspectionItem) -> dict[str, Any]:
    return item_view(item, department_names(session, [item.department_id]), deps.clock.today())


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/inspections")
    @access(VIEW)
    @bp.input(PageQuery, location="query")
    @bp.output(answers.InspectionPage)
    @bp.doc(summary="监督检查")
    def list_all_inspections(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data["cursor"], query_data["limit"]
        before = last_id(cursor)
        with deps.db.read() as session:
            rows = list_inspections(session, principal(), before=before, limit=limit)
            shown, following = cut(rows, limit, lambda row: (row.id,))
            return page([inspection_view(row) for row in shown], following)

    @bp.get("/inspections/<uuid:inspection_id>")
    @access(VIEW)
    @bp.output(answers.InspectionDetail)
    @bp.doc(summary="一次监督检查和看得到的样本")
    def get_inspection(inspection_id: Any) -> dict[str, Any]:
        with deps.db.read() as session:
            return detail(session, deps, find_inspection(session, str(inspection_id), principal()))


def _add_drawing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/inspections")
    @access(SUPERVISOR)
    @problems(404)
    @bp.input(inputs.InspectionIn)
    @bp.output(answers.InspectionDetail, 201)
    @bp.doc(summary="随机抽样开展监督检查；种子记录在案，可以复核")
    def draw_inspection(json_data: dict[str, Any]) -> dict[str, Any]:
        who = principal()
        region = json_data["region"] or who.region
        period = parse_period(json_data["period"]) or year_of(deps.clock.today().year)
        with deps.db.write() as session:
            chosen = [str(each) for each in json_data["department_ids"]]
            ids = [department_in_sight(session, who, each).id for each in chosen]
            made = inspections.draw_inspection(
                session, title=json_data["title"], region=region, period=period,
                department_ids=ids or scope_of(session, who, period, region=region).ids,
                size=json_data["size"], seed=json_data["seed"], actor=who, at=deps.clock.now(),
            )  # fmt: skip
            return detail(session, deps, made)


def _add_judging(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/pass")
    @access(SUPERVISOR)
    @bp.input(inputs.PassIn)
    @bp.output(answers.ItemOut)
    @bp.doc(summary="未发现问题")
    def pass_item(inspection_id: Any, item_id: Any, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            done = inspections.pass_item(
                session, str(inspection_id), str(item_id), json_data["opinion"], actor=principal(),
                at=deps.clock.now(),
            )  # fmt: skip
            return _one(session, deps, done)

    @bp.post("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/finding")
    @access(SUPERVISOR)
    @bp.input(inputs.FindingIn)
    @bp.output(answers.ItemOut)
    @bp.doc(summary="发现问题，下达督办单并限期整改")
    def record_finding(inspection_id: Any, item_id: Any, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            done = inspections.record_finding(
                session, deps, str(inspection_id), str(item_id), actor=principal(), at=deps.clock.now(),
                **json_data,
            )  # fmt: skip
            return _one(session, deps, done)


def _add_rectifying(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/rectification")
    @access(OFFICERS)
    @bp.input(inputs.RectificationIn)
    @bp.output(answers.ItemOut)
    @bp.doc(summary="被检查的部门报告整改")
    def report_rectification(inspection_id: Any, item_id: Any, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            done = inspections.report_rectification(
                session, str(inspection_id), str(item_id), json_data["rectification"], actor=principal(),
                at=deps.clock.now(),
            )  # fmt: skip
            return _one(session, deps, done)

    @bp.post("/inspections/<uuid:inspection_id>/items/<uuid:item_id>/closure")
    @access(SUPERVISOR)
    @bp.input(inputs.ClosureIn)
    @bp.output(answers.ItemOut)
    @bp.doc(summary="销号，或者退回继续整改")
    def close_item(inspection_id: Any, item_id: Any, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            done = inspections.close_item(
                session, deps, str(inspection_id), str(item_id), actor=principal(), at=deps.clock.now(),
                **json_data,
            )  # fmt: skip
            return _one(session, deps, done)


def _add_circular(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/inspections/<uuid:inspection_id>/circular")
    @access(SUPERVISOR)
    @bp.input(inputs.CircularIn)
    @bp.output(answers.InspectionDetail)
    @bp.doc(summary="全部样本检查完毕后印发通报")
    def issue_circular(inspection_id: Any, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            done = inspections.issue_circular(
                session, str(inspection_id), json_data["number"], json_data["opinion"], actor=principal(),
                at=deps.clock.now(),
            )  # fmt: skip
            return detail(session, deps, done)
