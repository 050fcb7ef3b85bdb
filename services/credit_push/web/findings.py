"""网站核查: sites seen otherwise than receipts say, and what a person has done about it."""

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from services.credit_push import queries
from services.credit_push.sights import HOW_NAMES
from services.credit_push.usecases import Deps
from services.credit_push.usecases.contradicting import take
from services.credit_push.web.monitor import DOERS, PER_PAGE, READERS, page_of, visible_region
from shared.errors import DomainError, FieldError, Invalid, NotFound
from shared.web.access import access, principal, roles
from shared.web.listing import last_seen, listed

LONGEST_NOTE = 500
STATES = [("open", "待核查"), ("closed", "已办结"), ("all", "全部")]
ENDED = {"seen": "查见与回执一致", "passed": "已有新的回执"}
AGAINST = {"absent": "应撤下，仍显示", "displayed": "应显示，未显示"}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/findings")
    @access(roles(*READERS))
    def findings() -> Response:
        return _page(deps)

    @bp.post("/findings/<finding_id>/note")
    @access(roles(*DOERS))
    def note_form(finding_id: str) -> Response:
        with deps.db.read() as session:
            if queries.finding(session, finding_id, visible_region(principal())) is None:
                raise NotFound("not-found", "没有这项核查")
        note = request.form.get("note", "").strip()
        if not 0 < len(note) <= LONGEST_NOTE:
            field = FieldError("/note", f"请写明核查处理的情况，不超过 {LONGEST_NOTE} 个字符。")
            return _page(deps, Invalid("validation-failed", "登记内容有误", fields=[field]))
        try:
            with deps.db.write() as session:
                take(session, deps, finding_id, principal().username, note)
        except DomainError as error:
            return _page(deps, error)
        return redirect(url_for(".findings"), 303)


def _page(deps: Deps, error: DomainError | None = None) -> Response:
    state = request.args.get("state", "open")
    platform = request.args.get("platform", "").strip()
    known = queries.OPEN_FINDINGS.get(state, True)
    wanted = queries.FindingFilter(platform or None, None, known, visible_region(principal()))
    with deps.db.read() as session:
        found = queries.findings(session, wanted, last_seen(), PER_PAGE)
        rows, around = listed(found, PER_PAGE)
    return page_of(
        "push/findings.html",
        "findings",
        error,
        rows=rows,
        today=deps.clock.today(),
        state=state if state in queries.OPEN_FINDINGS else "open",
        state_options=STATES,
        platform=platform,
        platform_options=[("", "全部平台"), *((one.id, one.name) for one in deps.catalogue.values())],
        catalogue=deps.catalogue,
        how_names=HOW_NAMES,
        against=AGAINST,
        ended=ENDED,
        **around,
    )
