"""Files that go with an answer: added and taken back by the clerk, opened by officers and applicant."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.figures import figure
from services.blacklist.disclosure import schemas, usecases
from services.blacklist.disclosure.api.requests import OFFICER_ROLES, is_request_id
from services.blacklist.disclosure.queries.documents import document_line
from services.blacklist.disclosure.queries.requests import officer_view
from services.blacklist.store import Deps
from shared.web.access import Principal, access, current_principal, principal, public, roles
from shared.web.body import upload_limit
from shared.web.files import file_answer
from shared.web.idempotency import Once
from shared.web.openapi import produces
from shared.web.problem import problems

ANY = "application/octet-stream"
View = TypeVar("View", bound=Callable[..., Any])


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    _add_keeping(bp, deps, once)
    _add_reading(bp, deps)


def _add_keeping(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/disclosure-requests/<uuid:request_id>/documents")
    @access(roles("clerk"))
    @upload_limit(figure("attachments", "max_bytes"))
    @problems(404, 409)
    @bp.input(schemas.DocumentIn, location="form_and_files")
    @bp.output(schemas.DocumentLine, 201)
    @bp.doc(summary="附上随答复提供的文件")
    @_looked_through
    @once.write(schemas.DocumentLine, 201)
    def add_disclosure_document(session: Session, request_id: UUID, paper: usecases.Paper) -> dict[str, Any]:
        kept = usecases.add_document(
            session, deps, str(request_id), paper, actor=principal(), at=deps.clock.now()
        )
        return document_line(kept)

    @bp.delete("/disclosure-requests/<uuid:request_id>/documents/<uuid:document_id>")
    @access(roles("clerk"))
    @problems(404, 409)
    @bp.output(schemas.RequestView)
    @bp.doc(summary="签发前撤去文件")
    def remove_disclosure_document(request_id: UUID, document_id: UUID) -> dict[str, Any]:
        who, at = principal(), deps.clock.now()
        with deps.db.write() as session:
            row = usecases.remove_document(session, str(request_id), str(document_id), actor=who, at=at)
            return officer_view(session, deps.keyring, row, who, at)


def _looked_through(view: View) -> View:
    """Gives the view the file as a paper; its bytes stay to be read where answers are remembered."""

    @wraps(view)
    def looked(request_id: UUID, form_and_files_data: dict[str, Any]) -> Any:
        file = form_and_files_data["file"]
        paper = usecases.paper_of(file.filename or "", file.read(), form_and_files_data.get("checked"))
        file.seek(0)
        return view(request_id=request_id, paper=paper)

    return looked  # type: ignore[return-value]


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/disclosure-requests/<code>/documents/<uuid:document_id>")
    @access(public())
    @problems(404)
    @produces(ANY)
    @bp.doc(summary="下载随答复提供的文件；凭查询码，工作人员凭编号")
    def get_disclosure_document(code: str, document_id: UUID) -> Response:
        return document_file(deps, code, str(document_id), current_principal())


def document_file(deps: Deps, code: str, document_id: str, who: Principal | None) -> Response:
    """For the applicant by the lookup code, for an officer by the request's id."""
    with deps.db.write() as session:
        if who is not None and who.has(*OFFICER_ROLES) and is_request_id(code):
            row, content = usecases.open_for_officer(session, deps, code, document_id, who, deps.clock.now())
        else:
            row, content = usecases.open_for_applicant(session, deps, code, document_id)
        return file_answer(content, ANY, row.file_name)
