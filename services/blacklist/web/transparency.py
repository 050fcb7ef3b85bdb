"""Public pages of proof: the transparency log explained, certificates, and verifying one by its code."""

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.checks.domain import words
from services.blacklist.checks.queries import sheets
from services.blacklist.store import Deps
from services.blacklist.transparency.api.certificates import certificate_request
from services.blacklist.transparency.domain.certificates import RESULTS, normal_code, spaced
from services.blacklist.transparency.domain.signatures import name_of
from services.blacklist.transparency.queries import certificates, store
from services.blacklist.transparency.queries.keys import log_keys, witnesses
from services.blacklist.transparency.schemas import CertificateIn
from services.blacklist.transparency.usecases.certifying import issue_certificate
from shared.errors import DomainError
from shared.web.access import access, public
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render
from shared.web.problem import problems, wants_page

SUBJECTS = (("organization", "法人或者非法人组织"), ("individual", "自然人"))

VALID = {True: "有效", False: "无效", None: "本系统没有国密组件，未核对"}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _log(made, deps)
    _certificates(made, deps)
    _verifying(made, deps)


def _log(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/log")
    @access(public())
    @problems(503)
    def log_page() -> Response:
        with deps.db.read() as session:
            newest = store.latest_checkpoint(session)
            note, known = store.signed_note(session, newest), list(witnesses(session))
            cosigned = len(store.cosignatures(session, newest.size))
        keys = [str(key) for key in log_keys(deps.keyring, store.origin_of(newest))]
        answer = render(
            "blacklist/log.html",
            checkpoint=newest,
            root=newest.root.hex(),
            origin=store.origin_of(newest),
            note=note,
            keys=keys,
            witnesses=known,
            cosigned=cosigned,
        )
        answer.headers["Cache-Control"] = "no-cache"
        return answer


def _certificates(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/certificates")
    @access(public())
    def certificate_form() -> Response:
        return _form({"uscc": request.args.get("uscc", "")[:30]}, {})

    @made.post("/certificates")
    @access(public())
    @problems(429, 503)
    def ask_certificate() -> Response:
        values = read_form(request.form)
        try:
            asked = load_form(CertificateIn(), values)
            made_out = issue_certificate(deps, certificate_request(asked), deps.clock.now())
        except DomainError as error:
            return _form(values, form_errors(error), int(error.kind))
        return _private(
            render("blacklist/certificate.html", document=made_out, code=spaced(made_out["code"]))
        )


def _form(values: dict[str, Any], errors: dict[str, str], status: int = 200) -> Response:
    shown = {name: values.get(name) or "" for name in ("subject_type", "name", "uscc")}
    return _private(
        render("blacklist/certificate_form.html", status, values=shown, errors=errors, subjects=SUBJECTS)
    )


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _verifying(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/verify")
    @access(public())
    def ask_certificate_code() -> AnyResponse:
        code = normal_code(request.args.get("code", ""))
        if code.isalnum() and code.isascii():
            return redirect(f"/verify/{code}", 303)
        return render("blacklist/verify.html", found=None, code="", results=RESULTS)

    @made.get("/verify/<code>")
    @access(public())
    def verify_certificate(code: str) -> Response:
        """JSON for programs, a page for people."""
        with deps.db.read() as session:
            kind = sheets if sheets.is_sheet(session, code) else certificates
            found = kind.verification(session, deps.keyring, code, deps.clock.today())
        if not wants_page():
            return _private(jsonify(found))
        page = "checks/sheet.html" if kind is sheets else "verify.html"
        shown = spaced(normal_code(code))
        told = {"found": found, "code": shown, "results": RESULTS, "said": words, "signed": _signed(found)}
        return _private(render(f"blacklist/{page}", 200, **told))


def _signed(found: Mapping[str, Any]) -> str:
    """Which signatures there are, and which of them hold."""
    return "、".join(
        f"{name_of(each['algorithm'])}（{VALID[each['valid']]}）" for each in found.get("signatures", ())
    )
