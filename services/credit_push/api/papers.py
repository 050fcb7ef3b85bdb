"""Signed papers: proof of delivery or withdrawal, reports of reconciliations, and checking them."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, make_response

from services.credit_push.api.deliveries import READERS, visible_region
from services.credit_push.api.schemas import CheckedOut, PaperIn, ProofQuery, ReportQuery
from services.credit_push.papers import Paper, as_json, as_pdf, as_xlsx, is_genuine, prove, report
from services.credit_push.usecases import Deps
from shared.errors import Invalid, NotFound
from shared.web.access import access, principal, public, roles
from shared.web.openapi import produces
from shared.web.problem import problems

MEDIA = {
    "pdf": ("application/pdf", as_pdf),
    "json": ("application/json", as_json),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
}
FILES = tuple(media for media, _ in MEDIA.values())


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/listings/<listing_id>/proof")
    @access(roles(*READERS))
    @produces(*FILES)
    @bp.input(ProofQuery, location="query")
    @bp.doc(summary="送达证明或撤下证明（已签名）")
    def get_proof(listing_id: str, query_data: dict[str, Any]) -> Response:
        with deps.db.read() as session:
            region = visible_region(principal())
            paper = prove(session, deps.catalogue, listing_id, deps.clock.now(), region)
        return answer(deps, paper, query_data["format"], f"proof-{listing_id}")

    @bp.get("/reconciliation-reports")
    @access(roles(*READERS))
    @problems(404)
    @produces(*FILES)
    @bp.input(ReportQuery, location="query")
    @bp.doc(summary="一个平台一段时间的对账报告（已签名）")
    def get_report(query_data: dict[str, Any]) -> Response:
        profile = deps.catalogue.get(query_data["platform"])
        if profile is None:
            raise NotFound("not-found", "没有这个平台")
        since, until = query_data["since"], query_data["until"]
        if since >= until:
            raise Invalid("bad-period", "时间段不正确", "起始时间应早于截止时间。")
        with deps.db.read() as session:
            paper = report(session, profile, since, until, deps.clock.now())
        return answer(deps, paper, query_data["format"], f"reconciliation-{profile.id}")

    @bp.post("/papers/verify")
    @access(public())
    @bp.input(PaperIn)
    @bp.output(CheckedOut)
    @bp.doc(summary="核验本系统签名的证明或报告（JSON 件）")
    def verify_paper(json_data: dict[str, Any]) -> dict[str, Any]:
        return {"genuine": is_genuine(json_data["document"], json_data["signature"], deps.keyring)}


def answer(deps: Deps, paper: Paper, form: str, name: str) -> Response:
    """The paper as a download."""
    media, write = MEDIA[form]
    response = make_response(write(paper, deps.keyring))
    response.headers["Content-Type"] = media
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response.headers["Cache-Control"] = "no-store"
    return response
