"""依申请公开 at the officer's desk, and the preview of a case's public page."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.queries import find_case
from services.blacklist.cases.usecases.reading import trace_view
from services.blacklist.disclosure import queries, usecases
from services.blacklist.disclosure.api.documents import document_file
from services.blacklist.disclosure.api.requests import OFFICERS, detail_for_officer, letter_pdf
from services.blacklist.disclosure.domain import ACTIONS, STATES, answer_types
from services.blacklist.disclosure.schemas import ActionIn, DocumentForm
from services.blacklist.rules.grounds import exception_grounds
from services.blacklist.store import Deps
from services.blacklist.web.attachments import chosen_file
from services.blacklist.web.options import department_options
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal, roles
from shared.web.body import upload_limit
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen, listed
from shared.web.pages import form_errors, render
from shared.web.place import origin

PER_PAGE = 30
LABELS = {
    "content": "内容",
    "reason": "理由",
    "until": "补正期限",
    "working_days": "延长工作日数",
    "department_id": "接收部门",
    "answer_type": "答复类型",
    "exceptions": "不予公开的情形",
    "letter_number": "答复书文号",
    "documents_checked": "随附文件已逐页核对",
    "documents_seen": "核对过的随附文件",
    "file": "文件",
    "checked": "个人信息核对情况",
}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _list(made, deps)
    _one(made, deps)
    _preview(made, deps)


def _list(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/disclosure-desk")
    @access(OFFICERS)
    def disclosure_desk() -> Response:
        asked, before = request.args.get("state", "open"), last_seen()
        state = asked if asked in (*STATES, "open") else None
        with deps.db.read() as session:
            rows = queries.list_requests(session, principal(), state=state, before=before, limit=PER_PAGE + 1)
            shown, around = listed(rows, PER_PAGE)
            views = queries.summary_views(session, shown, deps.clock.now())
        return render(
            "blacklist/disclosure_desk.html", rows=views, state=asked,
            states=[("open", "未办结"), *STATES.items(), ("all", "全部")], **around,
        )  # fmt: skip


def _one(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/disclosure-desk/<request_id>")
    @access(OFFICERS)
    def disclosure_detail(request_id: str) -> Response:
        return _page(deps, request_id, 200, {}, "")

    @made.get("/disclosure-desk/<request_id>/letter.pdf")
    @access(OFFICERS)
    def disclosure_letter(request_id: str) -> Response:
        return letter_pdf(deps, request_id, principal())

    _documents(made, deps)

    @made.post("/disclosure-desk/<request_id>/<action>")
    @access(roles("clerk", "decider"))
    def act_on_disclosure(request_id: str, action: str) -> AnyResponse:
        if action not in ACTIONS:
            raise NotFound("not-found", "没有这个办理事项")
        values = read_form(
            request.form,
            integers=("working_days",),
            flags=("documents_checked",),
            lists=("exceptions", "documents_seen"),
        )
        try:
            given = load_form(ActionIn(), {**values, "action": action})
            given.pop("action")
            with deps.db.write() as session:
                usecases.take_action(
                    session, deps, request_id, action, given, actor=principal(), at=deps.clock.now(),
                    origin=origin(),
                )  # fmt: skip
        except NotFound:
            raise
        except DomainError as error:
            return _page(deps, request_id, int(error.kind), form_errors(error), action)
        done = f"/disclosure-desk/{request_id}?done={action}"
        return redirect(done if action != "transfer" else "/disclosure-desk", 303)


def _documents(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/disclosure-desk/<request_id>/documents")
    @access(roles("clerk"))
    @upload_limit(figure("attachments", "max_bytes"))
    def add_disclosure_document(request_id: str) -> AnyResponse:
        try:
            file = chosen_file("请选择要附上的文件。")
            given = load_form(DocumentForm(), read_form(request.form))
            paper = usecases.paper_of(file.filename or "", file.read(), given.get("checked"))
            with deps.db.write() as session:
                usecases.add_document(
                    session, deps, request_id, paper, actor=principal(), at=deps.clock.now()
                )
        except NotFound:
            raise
        except DomainError as error:
            return _page(deps, request_id, int(error.kind), form_errors(error), "documents")
        return redirect(f"/disclosure-desk/{request_id}?done=documents#documents", 303)

    @made.post("/disclosure-desk/<request_id>/documents/<document_id>/removal")
    @access(roles("clerk"))
    def remove_disclosure_document(request_id: str, document_id: str) -> AnyResponse:
        try:
            with deps.db.write() as session:
                usecases.remove_document(
                    session, request_id, document_id, actor=principal(), at=deps.clock.now()
                )
        except NotFound:
            raise
        except DomainError as error:
            return _page(deps, request_id, int(error.kind), form_errors(error), "documents")
        return redirect(f"/disclosure-desk/{request_id}?done=removed#documents", 303)

    @made.get("/disclosure-desk/<request_id>/documents/<document_id>")
    @access(OFFICERS)
    def disclosure_document(request_id: str, document_id: str) -> Response:
        return document_file(deps, request_id, document_id, principal())


def _page(deps: Deps, request_id: str, status: int, errors: dict[str, str], tried: str) -> Response:
    view = detail_for_officer(deps, request_id, principal())
    with deps.db.read() as session:
        departments = department_options(session, deps.clock.today())
    context: dict[str, Any] = {
        "kinds": answer_types(),
        "kind_options": [(each.code, each.name) for each in answer_types().values()],
        "grounds": list(exception_grounds().values()),
        "departments": departments,
        "actions": ACTIONS,
        "may_add": principal().has("clerk") and principal().department_id == view["department"]["id"],
    }
    answer = render(
        "blacklist/disclosure_detail.html", status, view=view, errors=errors, labels=LABELS, tried=tried,
        values=request.form, done=request.args.get("done", ""), **context,
    )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _preview(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/cases/<case_id>/public-preview")
    @access(OFFICERS)
    def case_preview(case_id: str) -> Response:
        with deps.db.read() as session:
            case = find_case(session, case_id, principal())
            shown = queries.public_preview(case, deps.clock.today())
        trace_view(deps, principal(), case_id, case.subject_type)
        return render("blacklist/public_preview.html", case=case, preview=shown)
