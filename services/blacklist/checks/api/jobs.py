"""A batch check by file: hand in a table, look how far it is, take the result, check again, delete."""

import tempfile
from typing import IO, Any

from apiflask import APIBlueprint
from flask import Response, request, send_file

from services.blacklist.checks import schemas
from services.blacklist.checks.domain.figures import figure
from services.blacklist.checks.queries.jobs import find_job, is_current, job_view, own_jobs
from services.blacklist.checks.usecases.receiving import (
    Upload,
    check_again,
    forget_job,
    receive_job,
    spend_one,
)
from services.blacklist.checks.usecases.results import FORMS, result_of, write_result
from services.blacklist.store import Deps
from shared.web.access import access, current_principal, principal, public, signed_in
from shared.web.body import upload_limit
from shared.web.openapi import produces
from shared.web.paging import page
from shared.web.place import origin
from shared.web.problem import problems

MOST_OWN = 50


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_upload(bp, deps)
    _add_reading(bp, deps)
    _add_result(bp, deps)
    _add_changing(bp, deps)


def upload_of(asked: dict[str, Any]) -> Upload:
    """A checked form as what is to be done."""
    purpose = {name: asked[name] for name in ("domain", "region", "action")}
    file = asked["file"]
    name, content = file.filename or "", file.read()
    return Upload(name, content, purpose, asked["as_of"], asked["alike"], request.remote_addr or "")


def _add_upload(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/check-jobs")
    @access(public())
    @upload_limit(figure("jobs", "max_bytes"))
    @problems(429)
    @bp.input(schemas.JobIn, location="form_and_files")
    @bp.output(schemas.JobMade, 201)
    @bp.doc(summary="批量核查：提交表格（不含自然人）")
    def submit_check_job(form_and_files_data: dict[str, Any]) -> Any:
        job, code = receive_job(deps, upload_of(form_and_files_data), current_principal())
        made = job_view(job, deps.clock.today()) | {"code": code, "url": f"{origin()}/checks/{code}"}
        return made, 201, {"Cache-Control": "no-store"}


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/check-jobs")
    @access(signed_in())
    @bp.output(schemas.JobList)
    @bp.doc(summary="本人提交、尚未到期的批量核查")
    def list_own_check_jobs() -> dict[str, Any]:
        with deps.db.read() as session:
            rows = own_jobs(session, principal(), deps.clock, MOST_OWN)
            return page([job_view(row, deps.clock.today()) for row in rows], None)

    @bp.get("/check-jobs/<key>")
    @access(public())
    @bp.output(schemas.JobOut)
    @bp.doc(summary="批量核查的进度和结果概要")
    def get_check_job(key: str) -> Any:
        with deps.db.read() as session:
            job = find_job(session, key, current_principal(), deps.clock)
            current = job.state != "done" or is_current(session, job, deps.clock)
            view = job_view(job, deps.clock.today(), current=current)
        return view, {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


def _add_result(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/check-jobs/<key>/result.<any(csv, json, xlsx):form>")
    @access(public())
    @produces(*(media_type for media_type, _ in FORMS.values()))
    @problems(409, 429)
    @bp.doc(summary="批量核查的结果（csv、json、xlsx）；登记册有变化后须重新核查")
    def get_check_result(key: str, form: str) -> Response:
        most = figure("jobs", "results_per_address"), figure("jobs", "results_overall")
        spend_one(deps, "check-result", request.remote_addr or "", *most)
        file = tempfile.TemporaryFile()  # noqa: SIM115  send_file closes it
        with deps.db.read() as session:
            job = result_of(session, deps, key, current_principal())
            write_result(session, deps, job, form, file)
            name = job.file_name.rpartition(".")[0]
        return _sent(file, f"核查结果-{name}.{form}", FORMS[form][0])


def _sent(file: IO[bytes], name: str, media_type: str) -> Response:
    file.seek(0)
    answer = send_file(file, media_type, as_attachment=True, download_name=name, etag=False)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _add_changing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/check-jobs/<key>/again")
    @access(public())
    @problems(409, 429)
    @bp.output(schemas.JobOut, 202)
    @bp.doc(summary="按当前的登记册重新核查")
    def repeat_check_job(key: str) -> dict[str, Any]:
        with deps.db.write() as session:
            job = check_again(session, deps, key, current_principal())
            return job_view(job, deps.clock.today())

    @bp.delete("/check-jobs/<key>")
    @access(public())
    @bp.output({}, 204)
    @bp.doc(summary="立即删除批量核查的原表和结果")
    def delete_check_job(key: str) -> tuple[str, int]:
        with deps.db.write() as session:
            forget_job(session, deps, find_job(session, key, current_principal(), deps.clock, lock=True))
        return "", 204
