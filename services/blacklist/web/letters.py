"""A case's letters: preview, make out, download and print, the stamped copy, service; and the public page
where anyone verifies a letter.
"""

import hashlib

from apiflask import APIBlueprint
from flask import Response, jsonify, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.domain.serving import methods
from services.blacklist.cases.models import Case
from services.blacklist.cases.queries import find_case
from services.blacklist.cases.usecases.reading import trace_view
from services.blacklist.letters import queries, usecases
from services.blacklist.letters.api.common import MOST_BYTES
from services.blacklist.letters.queries.sendings import sendings_of
from services.blacklist.letters.schemas import LetterIn, ServiceIn
from services.blacklist.letters.usecases import Wish
from services.blacklist.letters.usecases.copies import E_SEAL
from services.blacklist.letters.usecases.seals import Ed25519Seal
from services.blacklist.letters.usecases.sending import STATES
from services.blacklist.letters.usecases.serving import Proof
from services.blacklist.store import Deps
from services.blacklist.web.attachments import chosen_file
from services.blacklist.web.desk import OFFICERS
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal, public, roles
from shared.web.body import upload_limit
from shared.web.files import file_answer
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render
from shared.web.place import origin
from shared.web.problem import wants_page

WORKERS = roles("clerk", "reviewer", "decider")
PDF = "application/pdf"
DONE = {"issue": "文书已制作", "copy": "盖章件已保存", "seal": "已加盖电子签章", "service": "送达已登记"} | {
    "sending": "已交由消息中心通知当事人"
}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _letters(made, deps)
    _files(made, deps)
    _sealing(made, deps)
    _service(made, deps)
    _verifying(made, deps)


def _letters(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/cases/<case_id>/letters")
    @access(OFFICERS)
    def case_letters(case_id: str) -> Response:
        return _page(deps, case_id)

    @made.post("/cases/<case_id>/letters")
    @access(WORKERS)
    def make_letter(case_id: str) -> AnyResponse:
        values = read_form(request.form)
        try:
            wish = Wish(**load_form(LetterIn(), values))
            with deps.db.write() as session:
                usecases.issue_letter(
                    session, deps, case_id, wish, origin=origin(), actor=principal(), at=deps.clock.now()
                )
        except NotFound:
            raise
        except DomainError as error:
            return _page(deps, case_id, error)
        return redirect(f"/cases/{case_id}/letters?done=issue", 303)

    @made.get("/cases/<case_id>/letters/<kind>/preview")
    @access(OFFICERS)
    def preview_letter(case_id: str, kind: str) -> Response:
        content = usecases.read_preview(deps, case_id, kind, who=principal(), today=deps.clock.today())
        return file_answer(content, PDF, "预览.pdf", inline=True)


def _files(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/letters/<letter_id>.pdf")
    @access(OFFICERS)
    def letter_pdf(letter_id: str) -> Response:
        with deps.db.write() as session:
            letter, content = usecases.open_letter(
                session, deps, letter_id, who=principal(), at=deps.clock.now()
            )
            name = f"{letter.title}{letter.number}.pdf"
        return file_answer(content, PDF, name, inline="download" not in request.args)

    @made.get("/letters/<letter_id>/copies/<copy_id>")
    @access(OFFICERS)
    def letter_copy(letter_id: str, copy_id: str) -> Response:
        row, content = usecases.read_copy(deps, letter_id, copy_id, principal())
        return file_answer(content, row.media_type, row.file_name)

    @made.get("/letters/<letter_id>/services/<service_id>/proof")
    @access(OFFICERS)
    def service_proof(letter_id: str, service_id: str) -> Response:
        row, content = usecases.read_proof(deps, letter_id, service_id, principal())
        return file_answer(content, row.proof_type or PDF, row.proof_name or "proof")


def _sealing(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/letters/<letter_id>")
    @access(OFFICERS)
    def letter_page(letter_id: str) -> Response:
        return _one(deps, letter_id)

    @made.post("/letters/<letter_id>/sealed-copy")
    @access(WORKERS)
    @upload_limit(MOST_BYTES)
    def add_copy(letter_id: str) -> AnyResponse:
        electronic = request.form.get("kind") == E_SEAL
        try:
            with deps.db.write() as session:
                _seal(session, deps, letter_id, electronic=electronic)
        except NotFound:
            raise
        except DomainError as error:
            return _one(deps, letter_id, error)
        return redirect(f"/letters/{letter_id}?done={'seal' if electronic else 'copy'}", 303)


def _seal(session: Session, deps: Deps, letter_id: str, *, electronic: bool) -> None:
    who, at = principal(), deps.clock.now()
    if electronic:
        usecases.add_seal(session, deps, letter_id, Ed25519Seal(deps.keyring), actor=who, at=at)
        return
    file = chosen_file("请选择盖章件的扫描件。")
    usecases.add_scan(session, deps, letter_id, file.filename or "", file.read(), actor=who, at=at)


def _service(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/letters/<letter_id>/service")
    @access(WORKERS)
    @upload_limit(MOST_BYTES)
    def serve_letter(letter_id: str) -> AnyResponse:
        file = request.files.get("proof")
        try:
            given = load_form(ServiceIn(), read_form(request.form))
            proof = Proof(file.filename, file.read()) if file is not None and file.filename else None
            with deps.db.write() as session:
                usecases.record_service(
                    session, deps, letter_id, given, proof, actor=principal(), at=deps.clock.now()
                )
        except NotFound:
            raise
        except DomainError as error:
            return _one(deps, letter_id, error)
        return redirect(f"/letters/{letter_id}?done=service", 303)


def _one(deps: Deps, letter_id: str, error: DomainError | None = None) -> Response:
    """One letter with what can be done to it."""
    today, who = deps.clock.today(), principal()
    with deps.db.read() as session:
        letter, case = queries.find_letter(session, letter_id, who)
        found = queries.case_letters(session, case, today)
        view = next(each for each in found["items"] if each["id"] == letter.id)
        name, acting = case.subject_name, _may_act(case)
        sendings = sendings_of(session, letter.id)
    trace_view(deps, who, case.id, case.subject_type)
    return render(
        "blacklist/letter.html",
        int(error.kind) if error else 200,
        letter=view,
        sendings=sendings,
        sending_states=STATES,
        clash=found["clash"],
        name=name,
        own=acting and letter.superseded_at is None,
        today=today,
        methods=[(each.code, each.name) for each in methods().values()],
        done=DONE.get(request.args.get("done", ""), "") if not error else "",
        errors=form_errors(error) if error else {},
        values=request.form,
    )


def _may_act(case: Case) -> bool:
    who = principal()
    return case.department_id == who.department_id and who.has("clerk", "reviewer", "decider")


def _page(deps: Deps, case_id: str, error: DomainError | None = None) -> Response:
    today = deps.clock.today()
    with deps.db.read() as session:
        case = find_case(session, case_id, principal())
        found = queries.case_letters(session, case, today)
        own = _may_act(case)
        about = {"id": case.id, "name": case.subject_name, "individual": case.id_sealed is not None}
    trace_view(deps, principal(), case_id, case.subject_type)
    return render(
        "blacklist/letters.html",
        int(error.kind) if error else 200,
        about=about,
        found=found,
        own=own,
        today=today,
        done=DONE.get(request.args.get("done", ""), "") if not error else "",
        errors=form_errors(error) if error else {},
        values=request.form,
    )


def _verifying(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/verify/letters")
    @access(public())
    def ask_code() -> AnyResponse:
        code = request.args.get("code", "").strip().replace("-", "")[:40]
        if code.isalnum() and code.isascii():
            return redirect(f"/verify/letters/{code.upper()}", 303)
        return render("blacklist/letter_verify.html", code="", found=None)

    @made.get("/verify/letters/<code>")
    @access(public())
    def show_letter(code: str) -> Response:
        return _verification(deps, code, None)

    @made.post("/verify/letters/<code>")
    @access(public())
    @upload_limit(MOST_BYTES)
    def match_letter(code: str) -> Response:
        file = request.files.get("file")
        digest = hashlib.sha256(file.read()).hexdigest() if file is not None and file.filename else None
        return _verification(deps, code, digest)


def _verification(deps: Deps, code: str, digest: str | None) -> Response:
    """JSON for programs, a page for people."""
    with deps.db.read() as session:
        found = queries.verification(session, code, deps.clock.today(), digest)
    if not wants_page():
        return jsonify(found)
    answer = render("blacklist/letter_verify.html", code=code, found=found)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
