"""依申请公开 over HTTP. The applicant holds a lookup code; officers see their own department's requests."""

import re
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, request
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.disclosure import queries, schemas, usecases
from services.blacklist.disclosure.models import DisclosureRequest
from services.blacklist.disclosure.queries.requests import officer_view, public_view
from services.blacklist.letters import usecases as letters
from services.blacklist.store import Deps
from shared.web.access import Principal, access, current_principal, principal, public, roles
from shared.web.files import file_answer
from shared.web.idempotency import Once
from shared.web.openapi import produces
from shared.web.paging import cut, last_id, page
from shared.web.place import origin
from shared.web.problem import problems

PDF = "application/pdf"
OFFICER_ROLES = ("clerk", "reviewer", "decider", "supervisor", "auditor")
OFFICERS = roles(*OFFICER_ROLES)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_request_id(code: str) -> bool:
    """An officer names a request by its id, an applicant by the lookup code."""
    return _ID.fullmatch(code) is not None


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    _add_sending(bp, deps, once)
    _add_reading(bp, deps)
    _add_letter(bp, deps)
    _add_applicant(bp, deps)
    _add_handling(bp, deps)


def _add_sending(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/disclosure-requests")
    @access(public())
    @problems(429)
    @bp.input(schemas.RequestIn)
    @bp.output(schemas.ReceiptView, 201)
    @bp.doc(summary="提出政府信息公开申请")
    @once.write(schemas.ReceiptView, 201)
    def create_disclosure_request(session: Session, json_data: dict[str, Any]) -> dict[str, Any]:
        given = json_data | {"department_id": str(json_data["department_id"])}
        receipt = usecases.submit_request(
            session, deps, given, address=request.remote_addr or "", at=deps.clock.now()
        )
        return receipt_view(receipt)


def receipt_view(receipt: usecases.Receipt) -> dict[str, Any]:
    row = receipt.request
    return {
        "number": row.number, "code": receipt.code, "received_on": row.received_on, "due": receipt.due,
        "provisional": receipt.provisional, "department": row.department_name,
    }  # fmt: skip


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/disclosure-requests")
    @access(OFFICERS)
    @bp.input(schemas.RequestQuery, location="query")
    @bp.output(schemas.RequestPage)
    @bp.doc(summary="本部门（监督地区）收到的申请")
    def list_disclosure_requests(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data["cursor"], query_data["limit"]
        before = last_id(cursor)
        with deps.db.read() as session:
            rows = queries.list_requests(
                session, principal(), state=query_data["state"], before=before, limit=limit + 1
            )
            shown, following = cut(rows, limit, lambda row: [row.id])
            return page(queries.summary_views(session, shown, deps.clock.now()), following)

    @bp.get("/disclosure-requests/<code>")
    @access(public())
    @problems(404)
    @bp.output(schemas.RequestView)
    @bp.doc(summary="凭查询码查看进度和答复；工作人员凭编号查看")
    def show_disclosure_request(code: str) -> dict[str, Any]:
        who = current_principal()
        if who is not None and who.has(*OFFICER_ROLES) and _ID.fullmatch(code):
            return detail_for_officer(deps, code, who)
        with deps.db.read() as session:
            return public_view(
                session, deps.keyring, queries.request_by_code(session, deps.keyring, code), deps.clock.now()
            )


def detail_for_officer(deps: Deps, request_id: str, who: Principal) -> dict[str, Any]:
    """Reading the applicant's data leaves its trace."""
    with deps.db.write() as session:
        row = queries.find_request(session, request_id, who)
        audit.record(
            session, actor=who, action="disclosure.read-applicant", object_type="disclosure-request",
            object_id=row.id, detail={"number": row.number}, at=deps.clock.now(),
        )  # fmt: skip
        return officer_view(session, deps.keyring, row, who, deps.clock.now())


def _add_letter(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/disclosure-requests/<code>/letter.pdf")
    @access(public())
    @problems(404)
    @produces(PDF)
    @bp.doc(summary="下载答复书；凭查询码，工作人员凭编号")
    def get_disclosure_letter(code: str) -> Response:
        return letter_pdf(deps, code, current_principal())


def letter_pdf(deps: Deps, code: str, who: Principal | None) -> Response:
    """For the applicant by the lookup code, for an officer by the request's id."""
    officer = who if who is not None and who.has(*OFFICER_ROLES) and _ID.fullmatch(code) else None
    with deps.db.write() as session:
        if officer is not None:
            row = queries.find_request(session, code, officer)
        else:
            row = queries.request_by_code(session, deps.keyring, code)
        letter, content = letters.open_answer(session, deps, row.id, who=officer, at=deps.clock.now())
        name = f"{letter.title}{letter.number}.pdf"
    return file_answer(content, PDF, name)


def _add_applicant(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/disclosure-requests/<code>/supplement")
    @access(public())
    @problems(404, 409)
    @bp.input(schemas.SupplementIn)
    @bp.output(schemas.RequestView)
    @bp.doc(summary="申请人补正")
    def supplement_disclosure_request(code: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            row = usecases.supplement(session, deps, code, json_data["content"], at=deps.clock.now())
            return _shown(session, deps, row)

    @bp.post("/disclosure-requests/<code>/withdrawal")
    @access(public())
    @problems(404, 409)
    @bp.output(schemas.RequestView)
    @bp.doc(summary="申请人撤回申请")
    def withdraw_disclosure_request(code: str) -> dict[str, Any]:
        with deps.db.write() as session:
            return _shown(session, deps, usecases.withdraw(session, deps, code, at=deps.clock.now()))


def _shown(session: Session, deps: Deps, row: DisclosureRequest) -> dict[str, Any]:
    session.flush()
    return public_view(session, deps.keyring, row, deps.clock.now())


def _add_handling(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/disclosure-requests/<uuid:request_id>/actions")
    @access(roles("clerk", "decider"))
    @problems(404, 409)
    @bp.input(schemas.ActionIn)
    @bp.output(schemas.RequestView)
    @bp.doc(summary="办理申请")
    def handle_disclosure_request(request_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        who, action = principal(), json_data.pop("action")
        with deps.db.write() as session:
            row = usecases.take_action(
                session, deps, str(request_id), action, json_data, actor=who, at=deps.clock.now(),
                origin=origin(),
            )  # fmt: skip
            session.flush()
            return officer_view(session, deps.keyring, row, who, deps.clock.now())
