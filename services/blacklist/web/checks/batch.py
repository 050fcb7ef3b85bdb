"""Batch check: a pasted list is answered at once; a file becomes a job with a page of its own."""

from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.checks.api.jobs import upload_of
from services.blacklist.checks.domain import words
from services.blacklist.checks.domain.columns import Asked, read_lines
from services.blacklist.checks.domain.figures import figure
from services.blacklist.checks.queries.jobs import DONE, find_job, is_current, job_view, own_jobs
from services.blacklist.checks.queries.versions import version_of
from services.blacklist.checks.schemas import JobIn, ListIn
from services.blacklist.checks.usecases.receiving import check_again, forget_job, receive_job
from services.blacklist.checks.usecases.results import version_text
from services.blacklist.register.domain.days import refuse_future
from services.blacklist.register.domain.scope import checked
from services.blacklist.register.queries import Entity, Purpose, check_entities
from services.blacklist.register.schemas import MOST_ENTITIES
from services.blacklist.store import Deps
from services.blacklist.web.attachments import chosen_file
from services.blacklist.web.checks.asking import private, purpose_options
from shared.errors import DomainError, FieldError, Invalid
from shared.web.access import access, current_principal, public
from shared.web.body import upload_limit
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render

SHOWN_JOBS = 20
LABELS = {
    "lines": "名单",
    "file": "文件",
    "domain": "领域",
    "region": "地区",
    "action": "事项",
    "as_of": "按哪一天判断",
}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _asking(made, deps)
    _job(made, deps)


def _asking(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/checks")
    @access(public())
    def batch_check_form() -> Response:
        return _form(deps, {}, {})

    @made.post("/checks/list")
    @access(public())
    def check_list() -> Response:
        values = read_form(request.form, flags=("alike",))
        try:
            asked = load_form(ListIn(), {**values, "alike": values.get("alike", False)})
            refuse_future(asked["as_of"], deps.clock.today())
            rows = _rows(asked["lines"])
        except DomainError as error:
            return _form(deps, values, form_errors(error), int(error.kind))
        return private(render("blacklist/checks/answers.html", **_answers(deps, asked, rows)))

    @made.post("/checks/files")
    @access(public())
    @upload_limit(figure("jobs", "max_bytes"))
    def check_file() -> AnyResponse:
        values = read_form(request.form, flags=("alike",))
        try:
            given = {
                **values,
                "alike": values.get("alike", False),
                "file": chosen_file("请选择要核查的表格。"),
            }
            _, code = receive_job(deps, upload_of(load_form(JobIn(), given)), current_principal())
        except DomainError as error:
            return _form(deps, values, form_errors(error), int(error.kind))
        return redirect(f"/checks/{code}", 303)


def _form(deps: Deps, values: dict[str, Any], errors: dict[str, str], status: int = 200) -> Response:
    who = current_principal()
    jobs: list[dict[str, Any]] = []
    if who is not None:
        with deps.db.read() as session:
            rows = own_jobs(session, who, deps.clock, SHOWN_JOBS)
            jobs = [job_view(row, deps.clock.today()) for row in rows]
    return private(
        render(
            "blacklist/checks/form.html", status, values=values, errors=errors, labels=LABELS, jobs=jobs,
            most=MOST_ENTITIES, most_rows=figure("jobs", "max_rows"), hours=figure("jobs", "keep_hours"),
            largest=figure("jobs", "max_bytes"), **purpose_options(deps),
        )
    )  # fmt: skip


def _rows(text: str) -> list[Asked]:
    rows = read_lines(text)
    if not rows:
        raise Invalid("validation-failed", "名单是空的", fields=[FieldError("/lines", "请填写名单。")])
    if len(rows) > MOST_ENTITIES:
        remark = f"一次最多 {MOST_ENTITIES} 行，更多的请上传表格。"
        raise Invalid("validation-failed", "名单过长", fields=[FieldError("/lines", remark)])
    return rows


def _answers(deps: Deps, asked: dict[str, Any], rows: list[Asked]) -> dict[str, Any]:
    today: date = deps.clock.today()
    purpose = Purpose(asked["domain"], asked["region"], asked["action"])
    entities = [Entity(row.name, row.uscc) for row in rows if row.usable]
    with deps.db.read() as session:
        version = version_of(session, today)
        found = iter(
            check_entities(
                session, entities, today, on=asked["as_of"] or today, alike=asked["alike"],
                listed_by=asked["as_of"] or today,
                purpose=None if purpose == Purpose() else purpose,
            )
        )  # fmt: skip
    lines = [(row, next(found) if row.usable else None) for row in rows]
    totals = {
        "listed": sum(bool(answer and answer["listed"]) for _, answer in lines),
        "possible": sum(bool(answer and answer["verdict"] == "possible") for _, answer in lines),
        "barred": sum(bool(answer and answer["barred"] == "yes") for _, answer in lines),
    }
    return {
        "lines": lines,
        "totals": totals,
        "version": version_text(version, root=False),
        "said": words,
        "scope": checked(today, asked["as_of"] or today),
    }


def _job(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/checks/<key>")
    @access(public())
    def batch_check(key: str) -> Response:
        return private(render("blacklist/checks/job.html", key=key, **_view(deps, key)))

    @made.get("/checks/<key>/progress")
    @access(public())
    def batch_check_progress(key: str) -> Response:
        return private(render("blacklist/checks/progress.html", key=key, **_view(deps, key)))

    @made.post("/checks/<key>/again")
    @access(public())
    def repeat_batch_check(key: str) -> AnyResponse:
        with deps.db.write() as session:
            check_again(session, deps, key, current_principal())
        return redirect(f"/checks/{key}", 303)

    @made.post("/checks/<key>/removal")
    @access(public())
    def remove_batch_check(key: str) -> AnyResponse:
        with deps.db.write() as session:
            forget_job(session, deps, find_job(session, key, current_principal(), deps.clock, lock=True))
        return redirect("/checks", 303)


def _view(deps: Deps, key: str) -> dict[str, Any]:
    with deps.db.read() as session:
        job = find_job(session, key, current_principal(), deps.clock)
        current = job.state != DONE or is_current(session, job, deps.clock)
        view = job_view(job, deps.clock.today(), current=current)
        return {"view": view, "version": version_text(job.register, root=False)}
