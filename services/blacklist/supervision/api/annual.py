"""年度报告: put forward, approved by another, and then at a stable address for anyone, with XLSX and PDF."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response

from services.blacklist.store import Deps
from services.blacklist.supervision.api.papers import PDF, annual_pdf
from services.blacklist.supervision.api.workbooks import annual_workbook
from services.blacklist.supervision.queries.annual_published import (
    content_of,
    officer_lines,
    public_line,
    public_report,
    published_report,
    published_reports,
    reports_in_sight,
)
from services.blacklist.supervision.queries.asking import VIEW
from services.blacklist.supervision.schemas import annual as schemas
from services.blacklist.supervision.usecases.annual import approve_report, propose_report, return_report
from shared.sheets import XLSX
from shared.web.access import access, principal, public, roles
from shared.web.files import file_answer
from shared.web.openapi import produces
from shared.web.paging import page
from shared.web.problem import problems

PUBLISHERS = roles("supervisor", "decider")
MIMES = {"xlsx": XLSX, "pdf": PDF}


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("annual", __name__, url_prefix="/api/v1", tag="年度报告")
    _add_public(made, deps)
    _add_files(made, deps)
    _add_proposing(made, deps)
    _add_settling(made, deps)
    return made


def _add_public(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/annual-reports")
    @access(public())
    @bp.output(schemas.PublishedPage)
    @bp.doc(summary="已公布的年度报告")
    def list_published_annual_reports() -> dict[str, Any]:
        with deps.db.read() as session:
            return page([public_line(each) for each in published_reports(session)], None)

    @bp.get("/annual-reports/<region>/<int:year>")
    @access(public())
    @bp.output(schemas.PublishedReport)
    @bp.doc(summary="一个地区一年的年度报告，如公布时")
    def show_published_annual_report(region: str, year: int) -> dict[str, Any]:
        with deps.db.read() as session:
            return public_report(published_report(session, region, year))


def _add_files(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/annual-reports/<region>/<int:year>.<any(xlsx, pdf):form>")
    @access(public())
    @produces(*MIMES.values())
    @bp.doc(summary="下载已公布的年度报告")
    def download_published_annual_report(region: str, year: int, form: str) -> Response:
        with deps.db.read() as session:
            report = content_of(published_report(session, region, year))
        content = annual_workbook(report).getvalue() if form == "xlsx" else annual_pdf(report)
        return file_answer(content, MIMES[form], f"{report['title']}.{form}")


def _add_proposing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/supervision/annual-reports")
    @access(VIEW)
    @bp.output(schemas.AnnualPage)
    @bp.doc(summary="辖区年度报告的公布情况和期限")
    def list_annual_reports() -> dict[str, Any]:
        with deps.db.read() as session:
            rows = reports_in_sight(session, principal())
            return page(officer_lines(session, rows, principal(), deps.clock.now()), None)

    @bp.post("/supervision/annual-reports")
    @access(roles("supervisor"))
    @problems(409)
    @bp.input(schemas.AnnualProposalIn)
    @bp.output(schemas.AnnualLine, 201)
    @bp.doc(summary="提出公布年度报告")
    def propose_annual_report(json_data: dict[str, Any]) -> dict[str, Any]:
        who = principal()
        with deps.db.write() as session:
            row = propose_report(session, deps, json_data["year"], actor=who, at=deps.clock.now())
            return officer_lines(session, [row], who, deps.clock.now())[0]


def _add_settling(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/supervision/annual-reports/<uuid:report_id>/approval")
    @access(PUBLISHERS)
    @problems(409)
    @bp.output(schemas.AnnualLine)
    @bp.doc(summary="审批并公布年度报告")
    def approve_annual_report(report_id: UUID) -> dict[str, Any]:
        with deps.db.write() as session:
            row = approve_report(session, str(report_id), actor=principal(), at=deps.clock.now())
            return officer_lines(session, [row], principal(), deps.clock.now())[0]

    @bp.post("/supervision/annual-reports/<uuid:report_id>/return")
    @access(PUBLISHERS)
    @problems(409)
    @bp.input(schemas.AnnualReturnIn)
    @bp.output(schemas.AnnualLine)
    @bp.doc(summary="退回年度报告")
    def return_annual_report(report_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            row = return_report(
                session, str(report_id), json_data["reason"], actor=principal(), at=deps.clock.now()
            )
            return officer_lines(session, [row], principal(), deps.clock.now())[0]
