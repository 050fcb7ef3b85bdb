"""The texts of messages: what stands, a draft filled with data, a proposal, its approval, the way back."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from services.notifier.api import schemas_texts as schemas
from services.notifier.domain import ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.models.texts import TextRevision
from services.notifier.proofing import show
from services.notifier.queries import texts
from services.notifier.templates import LANGUAGES
from services.notifier.usecases import wording
from shared.web.access import access, principal, roles, signed_in
from shared.web.paging import page
from shared.web.problem import problems

KEEPERS = roles(*ENDPOINT_KEEPERS)


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_reading(bp, deps)
    _add_draft(bp, deps)
    _add_proposal(bp, deps)
    _add_decision(bp, deps)
    _add_rollback(bp, deps)


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/texts")
    @access(signed_in())
    @bp.input(schemas.TextsQuery, location="query")
    @bp.output(schemas.TextPage)
    @bp.doc(summary="各类消息的文字：哪些是本站自拟、哪些待审批")
    def list_texts(query_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.read() as session:
            return page(texts.text_rows(session, deps.clock.today(), query_data["q"].strip()), None)

    @bp.get("/texts/<name>")
    @access(signed_in())
    @bp.input(schemas.LanguageQuery, location="query")
    @bp.output(schemas.TextOut)
    @bp.doc(summary="一类消息现行的文字、可用的变量和修改记录")
    def get_text(name: str, query_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.read() as session:
            return _text_view(session, deps, name, query_data["language"])

    @bp.get("/texts/<name>/revisions/<number>")
    @access(signed_in())
    @bp.input(schemas.LanguageQuery, location="query")
    @bp.output(schemas.RevisionOut)
    @bp.doc(summary="一次修改")
    def get_text_revision(name: str, number: str, query_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.read() as session:
            return _revision_view(_revision(session, name, query_data["language"], number))


def _add_draft(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/texts/<name>/drafts")
    @access(KEEPERS)
    @bp.input(schemas.WordingIn)
    @bp.output(schemas.DraftOut)
    @bp.doc(summary="试填草稿：检查文字，用本部门最近的数据和样例数据填写；不保存")
    def draft_text(name: str, json_data: dict[str, Any]) -> dict[str, Any]:
        text = texts.known_text(name, json_data["language"]).worded(json_data["title"], json_data["body"])
        wrong = wording.check_wording(text)
        with deps.db.read() as session:
            shown = [] if wrong else show(session, name, text, principal())
        return {"problems": [vars(each) for each in wrong], "shown": [vars(each) for each in shown]}


def _add_proposal(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/texts/<name>/revisions")
    @access(KEEPERS)
    @problems(409)
    @bp.input(schemas.ProposalIn)
    @bp.output(schemas.RevisionOut, status_code=201)
    @bp.doc(summary="提出修改（由他人审批后生效）")
    def propose_text(name: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            written = (json_data["title"], json_data["body"])
            why = {each: json_data[each] for each in ("note", "seen")}
            row = wording.propose(session, name, json_data["language"], written, **why, **_by_now(deps))
            return _revision_view(row)


def _add_decision(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/texts/<name>/revisions/<number>/decision")
    @access(KEEPERS)
    @problems(409)
    @bp.input(schemas.DecisionIn)
    @bp.output(schemas.RevisionOut)
    @bp.doc(summary="批准（自某日起生效）、不批准他人的修改，或者撤回本人的修改")
    def decide_text(name: str, number: str, json_data: dict[str, Any]) -> dict[str, Any]:
        who, today, at = principal(), deps.clock.today(), deps.clock.system_now()
        with deps.db.write() as session:
            row = _revision(session, name, json_data["language"], number)
            match json_data["decision"]:
                case "approve":
                    since = json_data["since"] or today
                    wording.approve(session, row, since=since, actor=who, today=today, at=at)
                case "refuse":
                    wording.refuse(session, row, reason=json_data["reason"], actor=who, at=at)
                case _:
                    wording.withdraw(session, row, actor=who, at=at)
            return _revision_view(row)


def _add_rollback(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/texts/<name>/rollback")
    @access(KEEPERS)
    @problems(409)
    @bp.input(schemas.RollbackIn)
    @bp.output(schemas.RevisionOut, status_code=201)
    @bp.doc(summary="立即恢复曾经生效的文字（编号 0 为系统自带的文字）")
    def roll_back_text(name: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            number, reason = json_data["number"], json_data["reason"]
            row = wording.roll_back(
                session, name, json_data["language"], number, reason=reason, **_by_now(deps)
            )
            return _revision_view(row)


def _by_now(deps: Deps) -> dict[str, Any]:
    """Who does it, and when, as use cases take it."""
    return {"actor": principal(), "today": deps.clock.today(), "at": deps.clock.system_now()}


def _revision(session: Session, name: str, language: str, number: str) -> TextRevision:
    """Nothing sensible as a number is one that no revision has."""
    known = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else -1
    return texts.revision_of(session, name, language, known)


def _text_view(session: Session, deps: Deps, name: str, language: str) -> dict[str, Any]:
    text, row = texts.text_of(session, name, language, deps.clock.today())
    own = row is not None and row.body is not None
    return {
        "name": name,
        "label": texts.text_label(name),
        "language": language,
        "language_name": LANGUAGES[language],
        "title": text.title_source,
        "body": text.body_source,
        "variables": sorted(text.variables),
        "own": own,
        "number": row.number if row is not None and own else None,
        "since": row.in_force_from if row is not None and own else None,
        "newest": wording.newest_number(session, name, language),
        "revisions": [_revision_view(each) for each in texts.history(session, name, language)],
    }


def _revision_view(row: TextRevision) -> dict[str, Any]:
    names = (
        "name", "language", "number", "title", "body", "note", "state", "restores", "reason",
        "proposed_at", "decided_at",
    )  # fmt: skip
    return {
        **{each: getattr(row, each) for each in names},
        "state_name": texts.STATE_NAMES[row.state],
        "since": row.in_force_from,
        "proposed_by": row.proposer_name,
        "decided_by": row.decider_name,
    }
