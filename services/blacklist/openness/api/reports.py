"""监督举报 over HTTP. The sender holds a code, never in an address; officers see their own department's."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import request
from sqlalchemy.orm import Session

from services.blacklist.openness.api.items import ACTORS, OFFICERS, before_of
from services.blacklist.openness.models import Report
from services.blacklist.openness.queries.reports import (
    list_reports,
    officer_view,
    public_progress,
    report_by_code,
    report_lines,
)
from services.blacklist.openness.queries.sight import find
from services.blacklist.openness.schemas import answers, inputs
from services.blacklist.openness.usecases.reports import Receipt, act_on_report, read_reporter, submit_report
from services.blacklist.store import Deps
from shared.web.access import access, principal, public
from shared.web.idempotency import Once
from shared.web.paging import cut, page
from shared.web.problem import problems


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    _add_sending(bp, deps, once)
    _add_reading(bp, deps)
    _add_handling(bp, deps)


def _add_sending(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/supervision-reports")
    @access(public())
    @problems(429)
    @bp.input(inputs.ReportIn)
    @bp.output(answers.ReportReceipt, 201)
    @bp.doc(summary="提交监督举报")
    @once.write(answers.ReportReceipt, 201)
    def create_report(session: Session, json_data: dict[str, Any]) -> dict[str, Any]:
        given = json_data | {"department_id": str(json_data["department_id"])}
        return receipt_view(
            submit_report(session, deps, given, address=request.remote_addr or "", at=deps.clock.now())
        )

    @bp.post("/supervision-reports/progress")
    @access(public())
    @problems(404)
    @bp.input(inputs.CodeIn)
    @bp.output(answers.ReportProgress)
    @bp.doc(summary="凭查询码查看举报的办理进度和答复")
    def show_report_progress(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.read() as session:
            return public_progress(
                session, report_by_code(session, deps.keyring, json_data["code"]), deps.clock.now()
            )


def receipt_view(receipt: Receipt) -> dict[str, Any]:
    row = receipt.report
    return {
        "number": row.number, "code": receipt.code, "received_on": row.received_on,
        "department": row.department_name,
    }  # fmt: skip


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/supervision-reports")
    @access(OFFICERS)
    @bp.input(inputs.ReportQuery, location="query")
    @bp.output(answers.ReportPage)
    @bp.doc(summary="本部门（监督地区）收到的监督举报")
    def list_own_reports(query_data: dict[str, Any]) -> dict[str, Any]:
        limit, before = query_data["limit"], before_of(query_data["cursor"])
        with deps.db.read() as session:
            rows = list_reports(
                session, principal(), state=query_data["state"], before=before, limit=limit + 1
            )
            shown, following = cut(rows, limit, lambda row: [row.id])
            return page(report_lines(session, shown, deps.clock.now()), following)

    @bp.get("/supervision-reports/<uuid:report_id>")
    @access(OFFICERS)
    @bp.output(answers.ReportView)
    @bp.doc(summary="一件监督举报；不含举报人")
    def show_report(report_id: UUID) -> dict[str, Any]:
        with deps.db.read() as session:
            row = find(session, Report, str(report_id), principal())
            return officer_view(session, deps.keyring, row, principal(), deps.clock.now())


def _add_handling(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/supervision-reports/<uuid:report_id>/actions")
    @access(ACTORS)
    @problems(409)
    @bp.input(inputs.ReportActIn)
    @bp.output(answers.ReportProgress)
    @bp.doc(summary="受理、转交、答复举报")
    def handle_report(report_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        action = json_data.pop("action")
        with deps.db.write() as session:
            row = act_on_report(
                session, str(report_id), action, json_data, actor=principal(), at=deps.clock.now()
            )
            session.flush()
            return public_progress(session, row, deps.clock.now())

    @bp.post("/supervision-reports/<uuid:report_id>/reporter")
    @access(ACTORS)
    @bp.input(inputs.PurposeIn)
    @bp.output(answers.ReporterView)
    @bp.doc(summary="查看举报人（写明目的，记入审计记录）")
    def show_reporter(report_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            found = read_reporter(
                session, deps, str(report_id), json_data["purpose"], actor=principal(), at=deps.clock.now()
            )
        return {**(found or {}), "anonymous": found is None}
