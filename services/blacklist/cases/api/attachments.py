"""Upload a case's material and fetch it again."""

from typing import Any

from apiflask import APIBlueprint, FileSchema
from flask import Response
from sqlalchemy.orm import Session

from services.blacklist.cases import schemas
from services.blacklist.cases.api.filing import READ, WRITE
from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.queries.views import attachment_view
from services.blacklist.cases.usecases.attachments import Upload, attach, read_attachment
from services.blacklist.store import Deps
from shared.web.access import access, principal
from shared.web.body import upload_limit
from shared.web.files import file_answer
from shared.web.idempotency import Once

"""Room for the multipart frame around the largest file, so that the field error can name the file."""


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    _add_upload(bp, deps, once)
    _add_download(bp, deps)


def _add_upload(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/cases/<case_id>/attachments")
    @access(WRITE)
    @upload_limit(figure("attachments", "max_bytes"))
    @bp.input(schemas.AttachmentIn, location="form_and_files")
    @bp.output(schemas.AttachmentOut, 201)
    @bp.doc(summary="上传材料")
    @once.write(schemas.AttachmentOut, 201)
    def create_attachment(
        session: Session, case_id: str, form_and_files_data: dict[str, Any]
    ) -> dict[str, Any]:
        file = form_and_files_data["file"]
        upload = Upload(form_and_files_data["kind"], file.filename or "", file.read())
        return attachment_view(attach(session, deps, case_id, upload, actor=principal(), at=deps.clock.now()))


def _add_download(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/cases/<case_id>/attachments/<attachment_id>")
    @access(READ)
    @bp.output(FileSchema(type="string", format="binary"), content_type="application/octet-stream")
    @bp.doc(summary="下载材料")
    def get_attachment(case_id: str, attachment_id: str) -> Response:
        row, content = read_attachment(deps, case_id, attachment_id, principal())
        return file_answer(content, "application/octet-stream", row.file_name)
