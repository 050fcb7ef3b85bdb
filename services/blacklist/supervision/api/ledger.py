"""The decision ledger: enter, import with preview, zero returns, explanations, gaps."""

from typing import Any

from apiflask import APIBlueprint

from services.blacklist.store import Deps
from services.blacklist.supervision.domain.periods import Period, parse_period, year_of
from services.blacklist.supervision.models import NumberExplanation
from services.blacklist.supervision.queries.asking import (
    VIEW,
    names_of,
    period_of,
    scope_asked,
    year_asked,
)
from services.blacklist.supervision.queries.gaps import gaps
from services.blacklist.supervision.queries.ledger import (
    Entry,
    entries,
    entry_view,
    explanation_view,
    made_in,
    zero_return_view,
    zero_returns,
)
from services.blacklist.supervision.queries.views import gap_view, upload_view
from services.blacklist.supervision.schemas import answers, inputs
from services.blacklist.supervision.usecases import ledger
from shared.web.access import access, principal, roles
from shared.web.body import body_limit
from shared.web.paging import cut, decode_cursor, page
from shared.web.problem import problems

CLERK, DECIDER = roles("clerk"), roles("decider")
KEEPERS = roles("clerk", "decider")
LARGEST_SHEET = 5 * 1024 * 1024


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_reading(bp, deps)
    _add_entering(bp, deps)
    _add_sheets(bp, deps)
    _add_zero_returns(bp, deps)
    _add_numbers(bp, deps)


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/decisions")
    @access(VIEW)
    @problems(404)
    @bp.input(inputs.LedgerQuery, location="query")
    @bp.output(answers.DecisionPage)
    @bp.doc(summary="决定台账：每件决定的公开情况")
    def list_decisions(query_data: dict[str, Any]) -> dict[str, Any]:
        period, limit = period_of(deps, query_data), query_data["limit"]
        with deps.db.read() as session:
            scope = scope_asked(session, principal(), query_data, period)
            found = entries(session, scope.ids, period, deps.clock.today())
            rows = _after(found, query_data)[: limit + 1]
            shown, following = cut(rows, limit, _key)
            names = names_of(scope)
            return page([entry_view(each, names) for each in shown], following)


def _key(entry: Entry) -> tuple[str, str]:
    return entry.decision.decided_on.isoformat(), entry.decision.id


def _after(found: list[Entry], asked: dict[str, Any]) -> list[Entry]:
    last = tuple(decode_cursor(asked["cursor"], (str, str))) if asked["cursor"] else None
    status = asked["status"]
    return [each for each in found if (last is None or _key(each) < last) and status in (None, each.status)]


def _add_entering(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/decisions")
    @access(CLERK)
    @bp.input(inputs.DecisionsIn)
    @bp.output(answers.EnteredList)
    @bp.doc(summary="登记本部门的决定；重复登记不产生新的记录")
    def enter_decisions(json_data: dict[str, Any]) -> dict[str, Any]:
        rows = [_row(each["number"], each) for each in json_data["decisions"]]
        with deps.db.write() as session:
            done = ledger.enter_decisions(session, deps, rows, actor=principal(), at=deps.clock.now())
        return {"items": done}

    @bp.post("/decisions/<uuid:decision_id>/correction")
    @access(CLERK)
    @bp.input(inputs.CorrectionIn)
    @bp.output(answers.EnteredOut)
    @bp.doc(summary="更正台账中一件决定的日期、机关或者类型")
    def correct_decision(decision_id: Any, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            done = ledger.correct_decision(
                session, deps, str(decision_id), decided_on=json_data["date"], organ=json_data["organ"],
                kind=json_data["kind"], reason=json_data["reason"], actor=principal(), at=deps.clock.now(),
            )  # fmt: skip
            return {"number": done.number, "result": "corrected", "id": done.id}


def _row(number: str, given: dict[str, Any]) -> ledger.DecisionRow:
    return ledger.DecisionRow(number, given["date"], given["organ"], given["kind"])


def _add_sheets(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/ledger-imports")
    @access(CLERK)
    @body_limit(LARGEST_SHEET)
    @bp.input(inputs.SheetIn, location="form_and_files")
    @bp.output(answers.UploadOut, 201)
    @bp.doc(summary="上传台账表格（XLSX、CSV）并预览")
    def upload_ledger(form_and_files_data: dict[str, Any]) -> dict[str, Any]:
        file = form_and_files_data["file"]
        name, content = file.filename or "", file.read()
        rows = ledger.read_upload(name, content, deps.clock.today())
        with deps.db.write() as session:
            made = ledger.keep_upload(session, name, content, rows, actor=principal(), at=deps.clock.now())
            return upload_view(made)

    @bp.get("/ledger-imports/<uuid:upload_id>")
    @access(CLERK)
    @bp.output(answers.UploadOut)
    @bp.doc(summary="台账导入的预览或者结果")
    def get_ledger_upload(upload_id: Any) -> dict[str, Any]:
        with deps.db.read() as session:
            return upload_view(ledger.find_upload(session, str(upload_id), principal()))

    @bp.post("/ledger-imports/<uuid:upload_id>/confirm")
    @access(CLERK)
    @bp.output(answers.UploadOut)
    @bp.doc(summary="确认台账导入，登记无误的行")
    def confirm_ledger_upload(upload_id: Any) -> dict[str, Any]:
        with deps.db.write() as session:
            done = ledger.confirm_upload(
                session, deps, str(upload_id), actor=principal(), at=deps.clock.now()
            )
            return upload_view(done)


def _add_zero_returns(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/zero-returns")
    @access(VIEW)
    @problems(404)
    @bp.input(inputs.PeriodQuery, location="query")
    @bp.output(answers.ZeroReturnPage)
    @bp.doc(summary="零报告")
    def list_zero_returns(query_data: dict[str, Any]) -> dict[str, Any]:
        period = period_of(deps, query_data)
        with deps.db.read() as session:
            scope = scope_asked(session, principal(), query_data, period)
            names = names_of(scope)
            rows = zero_returns(session, scope.ids, period)
            return page([_zero(session, row, names) for row in rows], None)

    @bp.post("/zero-returns")
    @access(DECIDER)
    @bp.input(inputs.ZeroReturnIn)
    @bp.output(answers.ZeroReturnOut, 201)
    @bp.doc(summary="负责人签署零报告：本期间没有作出决定")
    def sign_zero_return(json_data: dict[str, Any]) -> dict[str, Any]:
        who, period = principal(), _existing(json_data["period"])
        with deps.db.write() as session:
            made = ledger.sign_zero_return(session, period, json_data["note"], actor=who, at=deps.clock.now())
            return zero_return_view(made, {who.department_id: who.department_name}, contradicted=False)


def _existing(name: str) -> Period:
    """The schema has checked the name already."""
    return parse_period(name) or year_of(int(name[:4]))


def _zero(session: Any, row: Any, names: dict[str, str]) -> dict[str, Any]:
    contradicted = made_in(session, row.department_id, row.period_start, row.period_end)
    return zero_return_view(row, names, contradicted=contradicted)


def _add_numbers(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/gaps")
    @access(VIEW)
    @problems(404)
    @bp.input(inputs.YearQuery, location="query")
    @bp.output(answers.GapPage)
    @bp.doc(summary="断号：既未公开也未说明的文号")
    def list_gaps(query_data: dict[str, Any]) -> dict[str, Any]:
        year = year_asked(deps, query_data)
        with deps.db.read() as session:
            scope = scope_asked(session, principal(), query_data, year_of(year))
            names = names_of(scope)
            found = gaps(session, scope.ids, deps.clock.today(), year=year)
            return page([gap_view(each, names) for each in found], None)

    @bp.post("/explanations")
    @access(KEEPERS)
    @bp.input(inputs.ExplanationIn)
    @bp.output(answers.ExplanationOut, 201)
    @bp.doc(summary="说明本部门一个文号为何不公开")
    def explain_number(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            made: NumberExplanation = ledger.explain_number(
                session, json_data["number"], json_data["reason_code"], json_data["reason"],
                actor=principal(), at=deps.clock.now(),
            )  # fmt: skip
            return explanation_view(made)
