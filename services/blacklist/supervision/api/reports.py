"""Assessment sheets and the annual report, as JSON and as workbooks."""

from typing import Any

from apiflask import APIBlueprint, FileSchema
from flask import Response

from services.blacklist.store import Deps
from services.blacklist.supervision.api.papers import PDF, annual_pdf
from services.blacklist.supervision.api.workbooks import annual_workbook, assessment_workbook
from services.blacklist.supervision.domain.assessment import scheme
from services.blacklist.supervision.domain.periods import year_of
from services.blacklist.supervision.queries.annual import annual_report
from services.blacklist.supervision.queries.asking import VIEW, scope_asked, year_asked
from services.blacklist.supervision.queries.assessment import sheets
from services.blacklist.supervision.queries.views import sheet_view
from services.blacklist.supervision.schemas import answers, inputs
from shared.sheets import XLSX
from shared.web.access import access, principal
from shared.web.files import file_answer
from shared.web.paging import page
from shared.web.problem import problems


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_assessment(bp, deps)
    _add_annual(bp, deps)
    _add_annual_pdf(bp, deps)


def _add_assessment(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/assessment")
    @access(VIEW)
    @problems(404)
    @bp.input(inputs.YearQuery, location="query")
    @bp.output(answers.AssessmentOut)
    @bp.doc(summary="第三方评估考核表")
    def get_assessment(query_data: dict[str, Any]) -> dict[str, Any]:
        return _assessment(deps, query_data)

    @bp.get("/assessment.xlsx")
    @access(VIEW)
    @problems(404)
    @bp.input(inputs.YearQuery, location="query")
    @bp.output(FileSchema(type="string", format="binary"), content_type=XLSX)
    @bp.doc(summary="第三方评估考核表（XLSX）")
    def download_assessment(query_data: dict[str, Any]) -> Response:
        found = _assessment(deps, query_data)
        return file_answer(assessment_workbook(found).getvalue(), XLSX, f"{found['year']}年考核表.xlsx")


def _assessment(deps: Deps, asked: dict[str, Any]) -> dict[str, Any]:
    year, laid_down = year_asked(deps, asked), scheme()
    with deps.db.read() as session:
        scope = scope_asked(session, principal(), asked, year_of(year))
        filled = sheets(session, scope.departments, year, deps.clock.today())
        items = [sheet_view(each.department, each.sheet) for each in filled]
    return {
        "year": year,
        "scheme": laid_down.version,
        "share_percent": laid_down.share,
        "share_source": laid_down.share_source,
    } | page(items, None)


def _add_annual(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/annual-report")
    @access(VIEW)
    @problems(404)
    @bp.input(inputs.YearQuery, location="query")
    @bp.output(answers.AnnualReportOut)
    @bp.doc(summary="政府信息公开年度报告")
    def get_annual_report(query_data: dict[str, Any]) -> dict[str, Any]:
        return _annual(deps, query_data)

    @bp.get("/annual-report.xlsx")
    @access(VIEW)
    @problems(404)
    @bp.input(inputs.YearQuery, location="query")
    @bp.output(FileSchema(type="string", format="binary"), content_type=XLSX)
    @bp.doc(summary="政府信息公开年度报告（XLSX）")
    def download_annual_report(query_data: dict[str, Any]) -> Response:
        found = _annual(deps, query_data)
        return file_answer(annual_workbook(found).getvalue(), XLSX, f"{found['title']}.xlsx")


def _add_annual_pdf(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/annual-report.pdf")
    @access(VIEW)
    @problems(404)
    @bp.input(inputs.YearQuery, location="query")
    @bp.output(FileSchema(type="string", format="binary"), content_type=PDF)
    @bp.doc(summary="政府信息公开年度报告（PDF）")
    def download_annual_paper(query_data: dict[str, Any]) -> Response:
        found = _annual(deps, query_data)
        return file_answer(annual_pdf(found), PDF, f"{found['title']}.pdf")


def _annual(deps: Deps, asked: dict[str, Any]) -> dict[str, Any]:
    year = year_asked(deps, asked)
    with deps.db.read() as session:
        scope = scope_asked(session, principal(), asked, year_of(year))
        return annual_report(session, scope, year, deps.clock.today())
