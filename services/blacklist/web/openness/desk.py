"""Items at the officer's desk: what waits, drafting, the item with everything that can be done."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.usecases.attachments import Upload
from services.blacklist.openness.api.items import ACTORS, CLERK, OFFICERS
from services.blacklist.openness.api.public import file_answer
from services.blacklist.openness.domain.channels import channels
from services.blacklist.openness.domain.items import ACTS, SECRECY, STATES
from services.blacklist.openness.models import OpennessItem
from services.blacklist.openness.queries.items import item_lines, item_view, list_items, may_edit
from services.blacklist.openness.queries.sight import find
from services.blacklist.openness.schemas.inputs import ItemActIn, ItemEditIn, ItemIn
from services.blacklist.openness.usecases.acting import act_on_item
from services.blacklist.openness.usecases.files import add_file, open_file
from services.blacklist.openness.usecases.filing import edit_item, file_item
from services.blacklist.rules.grounds import exception_grounds
from services.blacklist.store import Deps
from services.blacklist.web.attachments import chosen_file
from services.blacklist.web.openness.asking import entry_options, kind_options
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal
from shared.web.body import upload_limit
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen, listed
from shared.web.pages import form_errors, render

PER_PAGE = 30
LABELS = {
    "catalogue_code": "公开事项",
    "kind": "信息种类",
    "title": "标题",
    "body": "内容",
    "formed_on": "形成日期",
    "document_number": "文号",
    "medium": "首发的指定媒介",
    "attribute": "公开属性",
    "attribute_reason": "不主动公开的理由",
    "exceptions": "不予公开的情形",
    "secrecy.level": "密级",
    "secrecy.term": "保密期限",
    "own_term.working_days": "另有规定的时限（工作日）",
    "own_term.basis": "时限的依据",
    "related_id": "关联的文件或者舆情",
    "reason": "理由",
    "changed_on": "变更日期",
    "file": "附件",
    "text": "文字",
    "channel": "渠道",
    "sent_at": "发出时间",
    "sent_to": "发出地址",
}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _list(made, deps)
    _new(made, deps)
    _edit(made, deps)
    _one(made, deps)
    _files(made, deps)


def _list(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/openness-desk")
    @access(OFFICERS)
    def openness_desk() -> Response:
        asked = request.args.get("state", "")
        state = asked if asked in ("waiting", *STATES) else None
        with deps.db.read() as session:
            rows = list_items(
                session, principal(), state=state, kind=None, before=last_seen(),
                limit=PER_PAGE + 1,
            )  # fmt: skip
            shown, around = listed(rows, PER_PAGE)
            lines = item_lines(session, shown, deps.clock.now())
        return render(
            "blacklist/openness/desk.html", rows=lines, state=asked,
            states=[("waiting", "等待审批"), *STATES.items()], **around,
        )  # fmt: skip


def _read() -> dict[str, Any]:
    return read_form(
        request.form, integers=("own_term.working_days", "edition"), lists=("exceptions",), ignore=("act",)
    )


def _new(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/openness-desk/new")
    @access(CLERK)
    def draft_item_form() -> Response:
        return _form(deps, dict(request.args), {}, 200, None)

    @made.post("/openness-desk/new")
    @access(CLERK)
    def draft_item() -> AnyResponse:
        try:
            given = load_form(ItemIn(), _read())
            with deps.db.write() as session:
                item_id = file_item(session, deps, given, actor=principal(), at=deps.clock.now()).id
        except DomainError as error:
            return _form(deps, request.form.to_dict(), form_errors(error), int(error.kind), None)
        return redirect(f"/openness-desk/{item_id}", 303)


def _edit(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/openness-desk/<item_id>/edit")
    @access(CLERK)
    def edit_item_form(item_id: str) -> Response:
        with deps.db.read() as session:
            view = item_view(
                session, find(session, OpennessItem, item_id, principal()), principal(), deps.clock.now()
            )
        return _form(deps, _flat(view), {}, 200, view)

    @made.post("/openness-desk/<item_id>/edit")
    @access(CLERK)
    def change_item(item_id: str) -> AnyResponse:
        try:
            given = load_form(ItemEditIn(), _read())
            edition = given.pop("edition")
            with deps.db.write() as session:
                edit_item(session, deps, item_id, edition, given, actor=principal(), at=deps.clock.now())
        except NotFound:
            raise
        except DomainError as error:
            with deps.db.read() as session:
                view = item_view(
                    session, find(session, OpennessItem, item_id, principal()), principal(), deps.clock.now()
                )
            return _form(deps, request.form.to_dict(), form_errors(error), int(error.kind), view)
        return redirect(f"/openness-desk/{item_id}", 303)


def _flat(view: dict[str, Any]) -> dict[str, Any]:
    """A saved draft as the form's fields."""
    term = view["term"] if view["term"].get("code") == "own" else {}
    secrecy = view["secrecy"] or {}
    return view | {
        "secrecy.level": secrecy.get("level", ""),
        "secrecy.term": secrecy.get("term", ""),
        "own_term.working_days": term.get("working_days", ""),
        "own_term.basis": term.get("basis", ""),
        "formed_on": view["formed_on"].isoformat(),
    }


def _form(
    deps: Deps, values: dict[str, Any], errors: dict[str, str], status: int, view: dict[str, Any] | None
) -> Response:
    with deps.db.read() as session:
        entries = entry_options(session, principal())
    return render(
        "blacklist/openness/edit.html", status, values=values, errors=errors, labels=LABELS, entries=entries,
        kinds=kind_options(), grounds=list(exception_grounds().values()), levels=list(SECRECY.items()),
        view=view,
    )  # fmt: skip


def _one(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/openness-desk/<item_id>")
    @access(OFFICERS)
    def item_detail(item_id: str) -> Response:
        return item_page(deps, item_id, 200, {}, "")

    @made.post("/openness-desk/<item_id>/actions/<action>")
    @access(ACTORS)
    def act_on_open_item(item_id: str, action: str) -> AnyResponse:
        if action not in ACTS:
            raise NotFound("not-found", "没有这个办理事项")
        try:
            given = load_form(ItemActIn(), {**_read(), "action": action})
            edition = given.pop("edition")
            given.pop("action")
            with deps.db.write() as session:
                act_on_item(
                    session, deps, item_id, action, edition, given, actor=principal(), at=deps.clock.now()
                )
        except NotFound:
            raise
        except DomainError as error:
            return item_page(deps, item_id, int(error.kind), form_errors(error), action)
        return redirect(f"/openness-desk/{item_id}", 303)


def item_page(deps: Deps, item_id: str, status: int, errors: dict[str, str], tried: str) -> Response:
    """The item; refused forms are shown again with what was wrong."""
    with deps.db.read() as session:
        row = find(session, OpennessItem, item_id, principal())
        view, editable = item_view(session, row, principal(), deps.clock.now()), may_edit(row, principal())
    return render(
        "blacklist/openness/detail.html", status, view=view, errors=errors, labels=LABELS, tried=tried,
        values=request.form, acts=ACTS, editable=editable, outlets=channels(),
        outlet_options=[(each.code, each.name) for each in channels().values()],
        grounds={each.code: each.name for each in exception_grounds().values()},
    )  # fmt: skip


def _files(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/openness-desk/<item_id>/files")
    @access(CLERK)
    @upload_limit(figure("attachments", "max_bytes"))
    def attach_to_item(item_id: str) -> AnyResponse:
        try:
            file = chosen_file("请选择要上传的文件。")
            upload = Upload("attachment", file.filename or "", file.read())
            with deps.db.write() as session:
                add_file(session, deps, item_id, upload, actor=principal(), at=deps.clock.now())
        except NotFound:
            raise
        except DomainError as error:
            return item_page(deps, item_id, int(error.kind), form_errors(error), "file")
        return redirect(f"/openness-desk/{item_id}", 303)

    @made.get("/openness-desk/<item_id>/files/<file_id>")
    @access(OFFICERS)
    def item_file(item_id: str, file_id: str) -> Response:
        with deps.db.read() as session:
            return file_answer(*open_file(session, deps, item_id, file_id, principal()))
