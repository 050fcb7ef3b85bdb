"""Materials of a case: upload from the case page, download as a file."""

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.queries import case_view, find_case
from services.blacklist.cases.schemas import AttachmentIn
from services.blacklist.cases.usecases.attachments import Upload, attach, read_attachment
from services.blacklist.cases.usecases.reading import trace_view
from services.blacklist.store import Deps
from services.blacklist.web.desk import OFFICERS
from shared.errors import DomainError, FieldError, Invalid
from shared.web.access import access, principal, roles
from shared.web.body import upload_limit
from shared.web.files import file_answer
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/cases/<case_id>/attachments")
    @access(roles("clerk"))
    @upload_limit(figure("attachments", "max_bytes"))
    def upload(case_id: str) -> AnyResponse:
        try:
            given = _upload()
            with deps.db.write() as session:
                attach(session, deps, case_id, given, actor=principal(), at=deps.clock.now())
        except DomainError as error:
            return case_again(deps, case_id, error)
        return redirect(f"/cases/{case_id}?done=attach#attachments", 303)

    @made.get("/cases/<case_id>/attachments/<attachment_id>")
    @access(OFFICERS)
    def download(case_id: str, attachment_id: str) -> Response:
        row, content = read_attachment(deps, case_id, attachment_id, principal())
        return file_answer(content, "application/octet-stream", row.file_name)


def _upload() -> Upload:
    file = chosen_file("请选择要上传的文件。")
    given = load_form(AttachmentIn(), {**read_form(request.form), "file": file})
    return Upload(given["kind"], file.filename or "", file.read())


def chosen_file(otherwise: str) -> FileStorage:
    """The form's file; Invalid if none was chosen."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("validation-failed", "请选择文件", fields=[FieldError("/file", otherwise)])
    return file


def case_again(deps: Deps, case_id: str, error: DomainError) -> Response:
    """The case page with what was wrong with one of its forms; NotFound where the case may not be seen."""
    today = deps.clock.today()
    with deps.db.read() as session:
        view = case_view(session, find_case(session, case_id, principal()), principal(), today)
    trace_view(deps, principal(), case_id, view["subject"]["type"])
    return render(
        "blacklist/case.html",
        int(error.kind),
        case=view,
        today=today,
        deliveries=[],
        public=False,
        done="",
        errors=form_errors(error),
        upload_kind=request.form.get("kind", ""),
        values=request.form,
    )
