"""Tender projects: enter, look, make out a signed sheet, close; and sheets by their code."""

import json
from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, request

from services.blacklist.checks import schemas
from services.blacklist.checks.queries import projects, sheets
from services.blacklist.checks.usecases.printing import render_sheet
from services.blacklist.checks.usecases.projects import Entry, close_project, enter_project
from services.blacklist.checks.usecases.sheets import Office, issue_sheet, spend_paper
from services.blacklist.store import Deps
from services.blacklist.transparency.schemas import CertificateCheck
from shared.web.access import access, current_principal, principal, public, signed_in
from shared.web.files import file_answer
from shared.web.openapi import produces
from shared.web.paging import PageQuery, cut, last_id, page
from shared.web.place import origin
from shared.web.problem import problems
from shared.web.site import Site

PDF, JSON = "application/pdf", "application/json"
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_entry(bp, deps)
    _add_reading(bp, deps)
    _add_steps(bp, deps)
    _add_files(bp, deps)


def entry_of(asked: dict[str, Any]) -> Entry:
    """A checked form as a project."""
    purpose = {name: asked[name] for name in ("domain", "region", "action")}
    return Entry(
        asked["number"], asked["name"], asked["operator"], asked["cutoff_at"], purpose, asked["groups"]
    )


def office() -> Office:
    """On whose behalf sheets are made out here."""
    site: Site = current_app.jinja_env.globals["site"]  # type: ignore[assignment]
    return Office(site.sponsor, site.name, origin(), request.remote_addr or "")


def _add_entry(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/tender-projects")
    @access(public())
    @problems(429)
    @bp.input(schemas.ProjectIn)
    @bp.output(schemas.ProjectMade, 201)
    @bp.doc(summary="登记招标项目和投标人，监测至定标")
    def enter_tender_project(json_data: dict[str, Any]) -> Any:
        entry, address = entry_of(json_data), request.remote_addr or ""
        project, code = enter_project(deps, entry, current_principal(), address, deps.clock.now())
        made = projects.project_line(project) | {"code": code, "url": f"{origin()}/tender-projects/{code}"}
        return made, 201, PRIVATE


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/tender-projects")
    @access(signed_in())
    @bp.input(PageQuery, location="query")
    @bp.output(schemas.ProjectPage)
    @bp.doc(summary="本部门登记的招标项目")
    def list_tender_projects(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data["cursor"], query_data["limit"]
        before = last_id(cursor)
        with deps.db.read() as session:
            found = projects.own_projects(session, principal(), before=before, limit=limit)
            rows, following = cut(found, limit, lambda row: (row.id,))
            return page([projects.project_line(row) for row in rows], following)

    @bp.get("/tender-projects/<key>")
    @access(public())
    @bp.output(schemas.ProjectOut)
    @bp.doc(summary="招标项目：各投标组最近一次的核查结果、变化和核查单")
    def get_tender_project(key: str) -> Any:
        with deps.db.read() as session:
            project = projects.find_project(session, key, current_principal())
            return projects.project_view(session, deps.keyring, project, deps.clock.today()), 200, PRIVATE


def _add_steps(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/tender-projects/<key>/sheets")
    @access(public())
    @problems(429, 503)
    @bp.output(schemas.SheetMade, 201)
    @bp.doc(summary="出具签名的投标人信用核查单")
    def make_tender_sheet(key: str) -> Any:
        made = issue_sheet(deps, key, current_principal(), office(), deps.clock.now())
        pdf = f"{origin()}/api/v1/tender-sheets/{made['code']}.pdf"
        verify_at = f"{origin()}/verify/{made['code']}"
        return made | {"verify_at": verify_at, "pdf": pdf}, 201, PRIVATE

    @bp.post("/tender-projects/<key>/closing")
    @access(public())
    @problems(409)
    @bp.input(schemas.CloseIn)
    @bp.output(schemas.ProjectLine)
    @bp.doc(summary="定标或者终止：监测到此为止")
    def close_tender_project(key: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            project = close_project(
                session, deps, key, current_principal(), winner=json_data["winner"], at=deps.clock.now()
            )
            return projects.project_line(project)


def _add_files(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/tender-sheets/<code>")
    @access(public())
    @bp.output(CertificateCheck)
    @bp.doc(summary="按核验码核验投标人信用核查单")
    def check_tender_sheet(code: str) -> Any:
        with deps.db.read() as session:
            return sheets.verification(session, deps.keyring, code, deps.clock.today()), 200, PRIVATE

    @bp.get("/tender-sheets/<code>.pdf")
    @access(public())
    @problems(429)
    @produces(PDF)
    @bp.doc(summary="投标人信用核查单（PDF）；状态变化后不再提供")
    def tender_sheet_pdf(code: str) -> Response:
        spend_paper(deps, request.remote_addr or "")
        return _file(render_sheet(_document(code)), PDF, f"信用核查单{code}.pdf")

    @bp.get("/tender-sheets/<code>.json")
    @access(public())
    @produces(JSON)
    @bp.doc(summary="投标人信用核查单（JSON，供离线核验）；状态变化后不再提供")
    def tender_sheet_json(code: str) -> Response:
        text = json.dumps(_document(code), ensure_ascii=False, indent=1)
        return _file(text.encode(), JSON, f"信用核查单{code}.json")

    def _document(code: str) -> dict[str, Any]:
        with deps.db.read() as session:
            return sheets.sheet(session, deps.keyring, code, deps.clock.today())


def _file(content: bytes, media_type: str, name: str) -> Response:
    answer = file_answer(content, media_type, name)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
