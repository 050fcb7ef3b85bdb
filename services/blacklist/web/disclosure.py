"""信息公开 for anyone: the catalogue, sending a request, its progress by code (never in an address)."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.disclosure import queries, usecases
from services.blacklist.disclosure.api.catalogue import rows_asked
from services.blacklist.disclosure.api.documents import document_file
from services.blacklist.disclosure.api.requests import letter_pdf, receipt_view
from services.blacklist.disclosure.domain import answer_types
from services.blacklist.disclosure.queries.requests import public_view
from services.blacklist.disclosure.schemas import CatalogueQuery, RequestIn, SupplementIn
from services.blacklist.rules.grounds import exception_grounds
from services.blacklist.store import Deps
from services.blacklist.web.options import department_options, region_options
from shared.errors import DomainError
from shared.web.access import access, public
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render

LABELS = {
    "department_id": "受理部门",
    "applicant.type": "申请人类型",
    "applicant.name": "姓名或者名称",
    "applicant.id_type": "证件种类",
    "applicant.id_number": "证件号码",
    "applicant.uscc": "统一社会信用代码",
    "applicant.phone": "电话",
    "applicant.email": "电子邮箱",
    "applicant.address": "通信地址",
    "wanted": "所需信息",
    "delivery": "获取方式",
    "content": "补正内容",
    "code": "查询码",
}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _catalogue(made, deps)
    _new(made, deps)
    _progress(made, deps)


def _catalogue(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/disclosure-catalogue")
    @access(public())
    def disclosure_catalogue() -> Response:
        given = {
            name: value for name, value in request.args.items() if value and name in CatalogueQuery().fields
        }
        try:
            asked, errors = load_form(CatalogueQuery(), given), {}
            rows = rows_asked(deps, asked)
        except DomainError as error:
            rows, errors = [], form_errors(error)
        with deps.db.read() as session:
            regions = region_options(session)
        return render(
            "blacklist/disclosure_catalogue.html", rows=rows, regions=regions, asked=given, errors=errors,
            columns=queries.CATALOGUE_COLUMNS, grounds=list(exception_grounds().values()),
        )  # fmt: skip


def _new(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/disclosure-requests/new")
    @access(public())
    def disclosure_form() -> Response:
        return _form(deps, {}, {}, 200)

    @made.post("/disclosure-requests/new")
    @access(public())
    def send_disclosure_request() -> Response:
        values = read_form(request.form)
        try:
            given = load_form(RequestIn(), values)
            given["department_id"] = str(given["department_id"])
            with deps.db.write() as session:
                receipt = usecases.submit_request(
                    session, deps, given, address=request.remote_addr or "", at=deps.clock.now()
                )
        except DomainError as error:
            return _form(deps, dict(request.form), form_errors(error), int(error.kind))
        return _private(render("blacklist/disclosure_receipt.html", 201, receipt=receipt_view(receipt)))


def _form(deps: Deps, values: dict[str, Any], errors: dict[str, str], status: int) -> Response:
    with deps.db.read() as session:
        departments = department_options(session, deps.clock.today())
    answer = render(
        "blacklist/disclosure_new.html", status, values=values, errors=errors, labels=LABELS,
        departments=departments,
    )  # fmt: skip
    return _private(answer)


def _progress(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/disclosure-requests")
    @access(public())
    def disclosure_lookup() -> Response:
        return render("blacklist/disclosure_progress.html", view=None, code="", errors={}, labels=LABELS)

    @made.post("/disclosure-requests")
    @access(public())
    def disclosure_progress() -> Response:
        """Look up, add what was asked for, or take back, as the form's button says."""
        code = request.form.get("code", "")[:60]
        if request.form.get("act") == "letter":
            return letter_pdf(deps, code, None)
        if request.form.get("act") == "document":
            return document_file(deps, code, request.form.get("document", "")[:60], None)
        try:
            _act(deps, code, request.form.get("act", ""))
        except DomainError as error:
            return _shown(deps, code, form_errors(error), int(error.kind))
        return _shown(deps, code, {}, 200)


def _act(deps: Deps, code: str, act: str) -> None:
    if act == "supplement":
        given = load_form(SupplementIn(), read_form(request.form, ignore=("code", "act")))
        with deps.db.write() as session:
            usecases.supplement(session, deps, code, given["content"], at=deps.clock.now())
    elif act == "withdraw":
        with deps.db.write() as session:
            usecases.withdraw(session, deps, code, at=deps.clock.now())


def _shown(deps: Deps, code: str, errors: dict[str, str], status: int) -> Response:
    view = None
    try:
        with deps.db.read() as session:
            view = public_view(
                session, deps.keyring, queries.request_by_code(session, deps.keyring, code), deps.clock.now()
            )
    except DomainError:
        errors, status = {"code": "没有查到。请核对回执上的查询码。"}, 404
    answer = render(
        "blacklist/disclosure_progress.html", status, view=view, code=code, errors=errors, labels=LABELS,
        kinds=answer_types(),
    )  # fmt: skip
    return _private(answer)


def _private(answer: Response) -> Response:
    """What an applicant reads stays in no cache and no search engine."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
