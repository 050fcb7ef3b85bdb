"""Make out, list, show and download letters."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from sqlalchemy.orm import Session

from services.blacklist.cases.queries import find_case
from services.blacklist.cases.usecases.reading import trace_view
from services.blacklist.letters import queries, schemas, usecases
from services.blacklist.letters.api.common import READ, WRITE
from services.blacklist.letters.queries.finding import copies_of, services_of
from services.blacklist.letters.usecases import Wish
from services.blacklist.store import Deps
from shared.web.access import access, principal
from shared.web.files import file_answer
from shared.web.idempotency import Once
from shared.web.openapi import produces
from shared.web.place import origin
from shared.web.problem import problems

PDF = "application/pdf"


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    _add_issue(bp, deps, once)
    _add_reading(bp, deps)
    _add_pdf(bp, deps)


def _add_issue(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/cases/<case_id>/letters")
    @access(WRITE)
    @bp.input(schemas.LetterIn)
    @bp.output(schemas.LetterOut, 201)
    @bp.doc(summary="制作文书")
    @once.write(schemas.LetterOut, 201)
    def create_letter(session: Session, case_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        letter = usecases.issue_letter(
            session, deps, case_id, Wish(**json_data), origin=origin(), actor=principal(), at=deps.clock.now()
        )
        return queries.letter_view(letter)


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/cases/<case_id>/letters")
    @access(READ)
    @bp.output(schemas.LetterList)
    @bp.doc(summary="案件的文书、可以制作的文书、送达与公示期限的冲突")
    def list_letters(case_id: str) -> dict[str, Any]:
        with deps.db.read() as session:
            case = find_case(session, case_id, principal())
            found = queries.case_letters(session, case, deps.clock.today())
        trace_view(deps, principal(), case_id, case.subject_type)
        return found

    @bp.get("/letters/<letter_id>")
    @access(READ)
    @bp.output(schemas.LetterOut)
    @bp.doc(summary="一份文书")
    def get_letter(letter_id: str) -> dict[str, Any]:
        with deps.db.read() as session:
            letter, case = queries.find_letter(session, letter_id, principal())
            copies, services = copies_of(session, [letter.id]), services_of(session, [letter.id])
            view = queries.letter_view(letter, copies.get(letter.id, ()), services.get(letter.id, ()), case)
        trace_view(deps, principal(), case.id, case.subject_type)
        return view


def _add_pdf(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/letters/<letter_id>.pdf")
    @access(READ)
    @produces(PDF)
    @bp.doc(summary="下载文书")
    def get_letter_pdf(letter_id: str) -> Response:
        with deps.db.write() as session:
            letter, content = usecases.open_letter(
                session, deps, letter_id, who=principal(), at=deps.clock.now()
            )
            name = f"{letter.title}{letter.number}.pdf"
        return file_answer(content, PDF, name)

    @bp.get("/cases/<case_id>/letters/<kind>/preview.pdf")
    @access(READ)
    @problems(409)
    @produces(PDF)
    @bp.doc(summary="预览文书，不编号、不保存")
    def preview_letter(case_id: str, kind: str) -> Response:
        content = usecases.read_preview(deps, case_id, kind, who=principal(), today=deps.clock.today())
        return file_answer(content, PDF, "预览.pdf")
