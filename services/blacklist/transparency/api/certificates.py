"""Asking for a certificate, having it again, and verifying one by its code."""

import json
from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, request

from services.blacklist.store import Deps
from services.blacklist.transparency import schemas
from services.blacklist.transparency.queries import certificates as queries
from services.blacklist.transparency.usecases.certifying import Request, issue_certificate
from services.blacklist.transparency.usecases.printing import render_certificate
from shared.web.access import access, public
from shared.web.files import file_answer
from shared.web.openapi import produces
from shared.web.place import origin
from shared.web.problem import problems
from shared.web.site import Site

PDF, JSON = "application/pdf", "application/json"


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_issue(bp, deps)
    _add_files(bp, deps)
    _add_check(bp, deps)


def certificate_request(asked: dict[str, Any]) -> Request:
    """What is asked, by whom and on whose behalf it is answered."""
    site: Site = current_app.jinja_env.globals["site"]  # type: ignore[assignment]
    return Request(asked, site.sponsor, site.name, origin(), request.remote_addr or "")


def _add_issue(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/register/certificates")
    @access(public())
    @problems(429, 503)
    @bp.input(schemas.CertificateIn)
    @bp.output(schemas.CertificateOut, status_code=201)
    @bp.doc(summary="出具查询证明：列入情况或者未查到")
    def make_certificate(json_data: dict[str, Any]) -> Any:
        made = issue_certificate(deps, certificate_request(json_data), deps.clock.now())
        pdf = f"{origin()}/api/v1/register/certificates/{made['code']}.pdf"
        made |= {"verify_at": f"{origin()}/verify/{made['code']}", "pdf": pdf}
        return made, 201, {"Cache-Control": "no-store"}


def _add_files(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/register/certificates/<code>.pdf")
    @access(public())
    @produces(PDF)
    @bp.doc(summary="查询证明（PDF）；状态变化后不再提供")
    def certificate_pdf(code: str) -> Response:
        return _file(render_certificate(_document(deps, code)), PDF, f"查询证明{code}.pdf")

    @bp.get("/register/certificates/<code>.json")
    @access(public())
    @produces(JSON)
    @bp.doc(summary="查询证明（JSON，供离线核验）；状态变化后不再提供")
    def certificate_json(code: str) -> Response:
        text = json.dumps(_document(deps, code), ensure_ascii=False, indent=1)
        return _file(text.encode(), JSON, f"查询证明{code}.json")


def _document(deps: Deps, code: str) -> dict[str, Any]:
    with deps.db.read() as session:
        return queries.certificate(session, deps.keyring, code, deps.clock.today())


def _file(content: bytes, media_type: str, name: str) -> Response:
    answer = file_answer(content, media_type, name)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _add_check(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/register/certificates/<code>")
    @access(public())
    @bp.output(schemas.CertificateCheck)
    @bp.doc(summary="按核验码核验查询证明")
    def check_certificate(code: str) -> Any:
        with deps.db.read() as session:
            found = queries.verification(session, deps.keyring, code, deps.clock.today())
        return found, {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
