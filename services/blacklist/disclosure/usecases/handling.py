"""The officer's side: correction, consultation, extension, transfer, draft and issue of the answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.disclosure.domain import (
    ABANDONED,
    ACTIONS,
    ANSWER_DUTY,
    ANSWERED,
    CONSULTING,
    CORRECTION,
    RECEIVED,
    STATES,
    Action,
    Letter,
    answer_types,
    chinese,
    draft_problems,
    letter_paragraphs,
    letter_text,
    letter_title,
    procedure,
)
from services.blacklist.disclosure.models import DisclosureDocument, DisclosureRequest
from services.blacklist.disclosure.queries.documents import document_view
from services.blacklist.disclosure.queries.requests import LETTER_AAD, applicant_of, request_to_act_on
from services.blacklist.disclosure.usecases.documents import drop_all, papers_to_issue
from services.blacklist.disclosure.usecases.timeline import write_step
from services.blacklist.identity.domain import Period
from services.blacklist.identity.models import Department
from services.blacklist.identity.queries import department
from services.blacklist.identity.wall import hand_to
from services.blacklist.letters.domain.numbering import number_problem
from services.blacklist.letters.usecases import Answer, answer_number, issue_answer
from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries import duties_of
from services.blacklist.rules.remedies import reviewing_body
from services.blacklist.rules.usecases import (
    cancel_duties,
    extend_duty,
    pause_duty,
    resume_duty,
    settle_duty,
)
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import Conflict, FieldError, Forbidden, Invalid
from shared.web.access import Principal


@dataclass(frozen=True)
class Turn:
    """One officer's act on one request: everything an effect needs."""

    session: Session
    deps: Deps
    row: DisclosureRequest
    inputs: Mapping[str, Any]
    actor: Principal
    at: datetime
    origin: str
    """Where the verification page of letters stands."""

    @property
    def today(self) -> date:
        return local_date(self.at)

    @property
    def duty(self) -> Duty:
        return duties_of(self.session, [self.row.id])[self.row.id][-1]


Told = tuple[str | None, str | None]
"""What the applicant is told, and what stays inside."""


def take_action(
    session: Session,
    deps: Deps,
    request_id: str,
    code: str,
    inputs: Mapping[str, Any],
    *,
    actor: Principal,
    at: datetime,
    origin: str,
) -> DisclosureRequest:
    """Do one of ACTIONS; Conflict, Forbidden or Invalid say why not."""
    row, action = request_to_act_on(session, request_id, actor), ACTIONS[code]
    _require(row, action, inputs, actor)
    turn = Turn(session, deps, row, inputs, actor, at, origin)
    told, note = EFFECTS[code](turn)
    write_step(session, row, code, action.title, actor=actor, at=at, told=told, note=note)
    return row


def _require(row: DisclosureRequest, action: Action, inputs: Mapping[str, Any], actor: Principal) -> None:
    if not actor.has(*action.roles):
        raise Forbidden("forbidden", "没有权限", f"“{action.title}”应由本部门有相应岗位的人员办理。")
    if row.state not in action.states:
        possible = [each.code for each in ACTIONS.values() if row.state in each.states]
        raise Conflict(
            "disclosure-wrong-state",
            "申请现在不能办理这个事项",
            f"申请目前“{STATES[row.state]}”，不能“{action.title}”。",
            state=row.state,
            possible_actions=possible,
        )
    allowed = {*action.needs, *action.optional}
    wrong = [(name, "这个事项没有此项，请删去。") for name in inputs if name not in allowed]
    wrong += [(name, "必填，请补充。") for name in action.needs if inputs.get(name) in (None, "", [])]
    _refuse(wrong)


def _refuse(problems: list[tuple[str, str]]) -> None:
    if problems:
        fields = [FieldError(f"/{name}", message) for name, message in problems]
        raise Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=fields)


def _ask_correction(turn: Turn) -> Told:
    """Once, within seven working days of receipt; the count stands still until the applicant answers."""
    row, until = turn.row, turn.inputs["until"]
    if turn.deps.calendar.working_days_between(row.received_on, turn.today) > procedure().correction_wd:
        raise Conflict(
            "disclosure-too-late", "已过告知补正的时间", "应当自收到申请之日起七个工作日内一次性告知补正。",
            rule="政府信息公开条例第三十条",
        )  # fmt: skip
    if until <= turn.today:
        _refuse([("until", "补正期限须晚于今天。")])
    pause_duty(turn.session, turn.duty, reason="等待申请人补正", actor=turn.actor, at=turn.at)
    row.state, row.correction_until = CORRECTION, until
    return (
        f"请于{chinese(until)}前补正：{turn.inputs['content']}。答复期限自收到补正之日起重新计算；"
        "无正当理由逾期不补正的，视为放弃申请。"
    ), None


def _consult(turn: Turn) -> Told:
    reason = turn.inputs["reason"]
    pause_duty(turn.session, turn.duty, reason=f"征求第三方意见：{reason}", actor=turn.actor, at=turn.at)
    turn.row.state = CONSULTING
    return "依法征求第三方或者其他机关的意见，所需时间不计算在答复期限内。", reason


def _end_consultation(turn: Turn) -> Told:
    resume_duty(turn.session, turn.duty, turn.deps.calendar, actor=turn.actor, at=turn.at)
    turn.row.state = RECEIVED
    return "征求意见结束，继续办理。", turn.inputs["content"]


def _extend(turn: Turn) -> Told:
    duty, days = turn.duty, turn.inputs["working_days"]
    if duty.due_on is not None and turn.today > duty.due_on:
        raise Conflict("disclosure-too-late", "答复期限已过，不能再延长", rule="政府信息公开条例第三十三条")
    extend_duty(
        turn.session, duty, turn.deps.calendar, working_days=days, reason=turn.inputs["reason"],
        actor=turn.actor, at=turn.at,
    )  # fmt: skip
    due = chinese(duty.due_on) if duty.due_on else ""
    return f"答复期限延长{days}个工作日，至{due}。理由：{turn.inputs['reason']}", None


def _transfer(turn: Turn) -> Told:
    """To the department that answers for it; the time already running goes on."""
    row = turn.row
    target = turn.session.get(Department, turn.inputs["department_id"])
    if target is None or not Period(target.valid_from, target.valid_to).covers(turn.today):
        _refuse([("department_id", "没有这个部门，或者该部门已经撤并。")])
        raise AssertionError
    if target.id == row.department_id:
        _refuse([("department_id", "申请已经在这个部门。")])
    drop_all(turn.session, row, turn.at)
    turn.session.flush()
    hand_to(turn.session, target.id)
    turn.duty.department_id = target.id
    row.department_id, row.department_name, row.region = target.id, target.name, target.region
    row.draft = row.drafted_by = None
    return f"您的申请转由{target.name}办理，答复期限不变。", turn.inputs["reason"]


def _abandon(turn: Turn) -> Told:
    row = turn.row
    if row.correction_until is not None and turn.today <= row.correction_until:
        raise Conflict(
            "disclosure-too-late", "补正期限未满", f"补正期限至{chinese(row.correction_until)}。",
            rule="政府信息公开条例第三十条",
        )  # fmt: skip
    row.state = ABANDONED
    cancel_duties(turn.session, row.id, turn.at)
    return "逾期没有补正，视为放弃申请，不再处理。如仍需要有关信息，可以重新提出申请。", turn.inputs["reason"]


def _draft(turn: Turn) -> Told:
    given = turn.inputs
    kind, exceptions = given["answer_type"], list(given.get("exceptions") or ())
    _refuse(draft_problems(kind, given.get("content"), given.get("reason"), exceptions))
    turn.row.draft = {
        "answer_type": kind,
        "content": given.get("content"),
        "reason": given.get("reason"),
        "exceptions": exceptions,
    }
    turn.row.drafted_by = turn.actor.user_id
    return None, answer_types()[kind].name


def _drafted(row: DisclosureRequest) -> dict[str, Any]:
    if row.draft is None:
        raise Conflict("disclosure-no-draft", "还没有拟写答复")
    return row.draft


def _return_draft(turn: Turn) -> Told:
    _drafted(turn.row)
    turn.row.draft = turn.row.drafted_by = None
    return None, turn.inputs["reason"]


def _issue(turn: Turn) -> Told:
    """The letter is what was drafted by somebody else; from here on the applicant reads it."""
    row, draft = turn.row, _drafted(turn.row)
    if row.drafted_by == turn.actor.user_id:
        raise Forbidden("disclosure-four-eyes", "须由另一名工作人员签发", "拟写人不得签发本人拟写的答复。")
    kept = _enclosures(turn, draft)
    letter = _letter(turn, draft, kept)
    enclosed = [document_view(each) for each in kept]
    row.answer = {**draft, "letter_number": letter.letter_number, "documents": enclosed}
    row.letter_sealed = turn.deps.keyring.seal(letter_text(letter), f"{LETTER_AAD}.{row.id}")
    row.state, row.draft, row.issued_by, row.answered_on = ANSWERED, None, turn.actor.user_id, turn.today
    settle_duty(turn.session, row.id, ANSWER_DUTY, turn.at)
    _print(turn, letter)
    note = "签发人已逐页核对随附文件" if turn.inputs.get("documents_checked") else None
    return f"已答复：{answer_types()[letter.answer_type].name}。", note


def _enclosures(turn: Turn, draft: Mapping[str, Any]) -> Sequence[DisclosureDocument]:
    """The files the letter names; an answer that gives nothing carries none."""
    kind = answer_types()[draft["answer_type"]]
    kept = papers_to_issue(turn.session, turn.row, turn.actor)
    if kept and not kind.attaches:
        told = f"“{kind.name}”的答复不附文件。请撤去文件后重新拟写，或者退回重拟。"
        raise Conflict("disclosure-documents-unfit", "这种答复不附文件", told)
    doubtful = [each.file_name for each in kept if each.identities is None or each.checked]
    if doubtful and not turn.inputs.get("documents_checked"):
        told = f"签发前请逐页核对并勾选确认：{'、'.join(doubtful)}（不能自动检查，或者查出个人信息）"
        _refuse([("documents_checked", told)])
    if doubtful:
        _require_seen(turn, kept)
    return kept


def _require_seen(turn: Turn, kept: Sequence[DisclosureDocument]) -> None:
    """Looked through were the very files that go out."""
    seen = turn.inputs.get("documents_seen")
    if not seen:
        _refuse([("documents_seen", "写明核对过的全部文件的 SHA-256。")])
    elif sorted(seen) != sorted(each.sha256 for each in kept):
        raise Conflict(
            "disclosure-documents-changed", "核对之后随附文件有变动", "请逐页核对现有文件后再签发。"
        )


def _letter(turn: Turn, draft: Mapping[str, Any], kept: Sequence[DisclosureDocument]) -> Letter:
    """What is said, under the department's number or the next of its series."""
    row, given = turn.row, turn.inputs.get("letter_number")
    if given and (problem := number_problem(given)):
        _refuse([("letter_number", problem)])
    return Letter(
        number=row.number,
        applicant=applicant_of(turn.deps.keyring, row)["name"],
        received_on=row.received_on,
        wanted=row.wanted,
        answer_type=draft["answer_type"],
        content=draft["content"],
        reason=draft["reason"],
        exceptions=tuple(draft["exceptions"]),
        department=row.department_name,
        issued_on=turn.today,
        letter_number=answer_number(turn.session, row.department_id, turn.today.year, given),
        asker="贵单位" if row.applicant_type == "organization" else "您",
        reviewed_by=_reviewed_by(turn),
        documents=tuple((each.file_name, each.sha256) for each in kept),
    )


def _reviewed_by(turn: Turn) -> str:
    own = department(turn.session, turn.row.department_id)
    return reviewing_body(own.kind, own.region, own.name, own.level)


def _print(turn: Turn, letter: Letter) -> None:
    """The same letter as a PDF with number and code."""
    row = turn.row
    answer = Answer(
        row.id, row.department_id, row.department_name, letter_title(letter.answer_type), letter.applicant,
        tuple(letter_paragraphs(letter)), letter.issued_on, procedure().version,
    )  # fmt: skip
    issue_answer(
        turn.session, turn.deps, answer, letter.letter_number or "",
        origin=turn.origin, actor=turn.actor, at=turn.at,
    )  # fmt: skip


EFFECTS: Mapping[str, Callable[[Turn], Told]] = {
    "ask_correction": _ask_correction,
    "consult": _consult,
    "end_consultation": _end_consultation,
    "extend": _extend,
    "transfer": _transfer,
    "abandon": _abandon,
    "draft": _draft,
    "issue": _issue,
    "return_draft": _return_draft,
}
"""What each action does; every action of the table has one."""
