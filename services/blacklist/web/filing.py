"""The filing form: a new case, and a draft being changed. Field names are those of the API body."""

import re
from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.domain.content import PENALTY_CATEGORIES
from services.blacklist.cases.queries import case_view, find_case
from services.blacklist.cases.schemas import CaseIn, CasePatch, plain_filing
from services.blacklist.cases.usecases.editing import edit_case
from services.blacklist.cases.usecases.filing import file_case
from services.blacklist.cases.usecases.reading import trace_view
from services.blacklist.rules.grounds import exception_grounds
from services.blacklist.rules.queries import all_lists
from services.blacklist.store import Deps
from services.blacklist.web.options import region_options
from shared.errors import DomainError
from shared.web.access import access, principal, roles
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render

LABELS = {
    "list_code": "名单",
    "domain": "领域",
    "region": "行政区划代码",
    "subject.type": "主体类型",
    "subject.name": "名称或姓名",
    "subject.uscc": "统一社会信用代码",
    "subject.former_names": "曾用名",
    "subject.short_names": "简称",
    "subject.legal_representative": "法定代表人（负责人）",
    "subject.id_type": "证件类型",
    "subject.id_number": "证件号码",
    "misconduct.category": "行为类别",
    "misconduct.facts": "主要事实",
    "misconduct.occurred_on": "发生日期",
    "document.kind": "依据文书种类",
    "document.number": "依据文书文号",
    "document.organ": "依据文书作出机关",
    "document.date": "依据文书日期",
    "document.basis": "法律依据",
    "document.content": "决定内容",
    "document.fine_wan": "罚款金额",
    "document.confiscated_wan": "没收金额",
    "document.licence": "许可证",
    "document.valid_until": "有效期至",
    "document.penalty_category": "处罚类别",
    "disclosure.attribute": "公开属性",
    "disclosure.reason": "理由和依据",
    "disclosure.exceptions": "公开例外",
    "disclosure.covered": "不予公示的文字",
    "subject.birth_on": "出生日期",
}
CLEARABLE = (
    "subject.birth_on", "subject.uscc", "subject.legal_representative", "misconduct.occurred_on",
    "document.fine_wan", "document.penalty_category", "disclosure.reason", "document.confiscated_wan",
    "document.licence", "document.valid_until",
)  # fmt: skip


_ITEM = re.compile(r"\.\d+\Z")
"""An error of one item of a list is shown at the list."""


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _new(made, deps)
    _edit(made, deps)


def _page(
    deps: Deps, status: int, values: dict[str, Any], errors: dict[str, str], case: Any = None
) -> Response:
    with deps.db.read() as session:
        regions = region_options(session)
    errors = {_ITEM.sub("", name): message for name, message in errors.items()}
    lists = [(rule.code, rule.name) for rule in all_lists(deps.clock.today())]
    return render(
        "blacklist/filing.html",
        status,
        labels=LABELS,
        values=values,
        errors=errors,
        lists=lists,
        regions=regions,
        grounds=list(exception_grounds().values()),
        penalties=[(name, name) for name in PENALTY_CATEGORIES],
        case=case,
    )


def _new(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/cases/new")
    @access(roles("clerk"))
    def new_case() -> Response:
        values = {
            "region": principal().region,
            "subject": {"type": "organization"},
            "document": {"organ": principal().department_name},
            "disclosure": {"attribute": "proactive"},
        }
        return _page(deps, 200, values, {})

    @made.post("/cases/new")
    @access(roles("clerk"))
    def file_new_case() -> AnyResponse:
        values = _form()
        values = {"subject": {}, "misconduct": {}, "document": {}, **values}  # errors name fields, not groups
        try:
            filing = plain_filing(load_form(CaseIn(), values))
            with deps.db.write() as session:
                case = file_case(session, deps, filing, actor=principal(), at=deps.clock.now())
                place = f"/cases/{case.id}?done=file"
        except DomainError as error:
            return _page(deps, int(error.kind), values, form_errors(error))
        return redirect(place, 303)


def _edit(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/cases/<case_id>/edit")
    @access(roles("clerk"))
    def edit_form(case_id: str) -> Response:
        case = _draft(deps, case_id)
        return _page(deps, 200, case, {}, case)

    @made.post("/cases/<case_id>/edit")
    @access(roles("clerk"))
    def save_case(case_id: str) -> AnyResponse:
        values = _form(integers=("version",), ignore=("list_code",))
        try:
            loaded = load_form(CasePatch(), _with_cleared(values))
            with deps.db.write() as session:
                edit_case(
                    session,
                    deps,
                    case_id,
                    loaded["version"],
                    plain_filing(loaded),
                    actor=principal(),
                    at=deps.clock.now(),
                )
        except DomainError as error:
            return _page(deps, int(error.kind), values, form_errors(error), _draft(deps, case_id))
        return redirect(f"/cases/{case_id}?done=edit", 303)


def _form(**how: tuple[str, ...]) -> dict[str, Any]:
    """The form's values; exceptions as ticked, further names and covered passages one a line."""
    values = read_form(request.form, lists=("disclosure.exceptions",), **how)
    for further in ("former_names", "short_names"):
        given = request.form.get(f"subject.{further}")
        if given is not None and isinstance(values.setdefault("subject", {}), dict):
            values["subject"][further] = [name.strip() for name in given.splitlines() if name.strip()]
    disclosure = values.setdefault("disclosure", {})
    if not isinstance(disclosure, dict):
        return values  # the schema's to refuse
    disclosure.setdefault("exceptions", [])
    lines = str(disclosure.get("covered") or "").split("\n")
    disclosure["covered"] = [line.strip() for line in lines if line.strip()]
    return values


def _draft(deps: Deps, case_id: str) -> dict[str, Any]:
    with deps.db.read() as session:
        view = case_view(session, find_case(session, case_id, principal()), principal(), deps.clock.today())
    trace_view(deps, principal(), case_id, view["subject"]["type"])
    return view


def _with_cleared(values: dict[str, Any]) -> dict[str, Any]:
    """Optional fields emptied in the form become nulls; an identity number left blank stays as it was."""
    for name in CLEARABLE:
        group, field = name.split(".")
        given = values.setdefault(group, {}) if name in request.form else None
        if isinstance(given, dict):  # a group that is none is the schema's to refuse
            given.setdefault(field, None)
    return values
