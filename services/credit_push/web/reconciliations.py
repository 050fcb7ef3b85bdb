"""对账: runs asked for and what they found."""

from datetime import timedelta

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from services.credit_push import queries
from services.credit_push.models import ReconciliationRun
from services.credit_push.reconciliation import request_runs
from services.credit_push.usecases import Deps
from services.credit_push.web.monitor import DOERS, PER_PAGE, READERS, page_of
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal, roles
from shared.web.listing import last_seen, listed

SECOND = timedelta(seconds=1)
"""A report of so long a period from when a run was asked for is a report of that run."""
RUN_STATES = {
    "waiting": ("待执行", "blue"),
    "running": ("执行中", "yellow"),
    "done": ("已完成", "green"),
    "failed": ("失败", "red"),
}
KIND_NAMES = {"missing": "平台缺失", "extra": "平台多出", "stale": "版本落后", "altered": "内容不同"}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/reconciliations")
    @access(roles(*READERS))
    def runs() -> Response:
        return _runs(deps)

    @bp.post("/reconciliations")
    @access(roles(*DOERS))
    def request_form() -> Response:
        platform, repair = request.form.get("platform", ""), request.form.get("repair") == "true"
        try:
            with deps.db.write() as session:
                runs = request_runs(session, deps, platform or None, principal().username, repair=repair)
                where = url_for(".run", run_id=runs[0].id) if platform else url_for(".runs")
        except DomainError as error:
            return _runs(deps, error)
        return redirect(where, 303)

    @bp.get("/reconciliations/<run_id>")
    @access(roles(*READERS))
    def run(run_id: str) -> Response:
        with deps.db.read() as session:
            row = session.get(ReconciliationRun, run_id)
            if row is None:
                raise NotFound("not-found", "没有这次对账")
            found = queries.run_differences(session, run_id)
        return page_of(
            "push/run.html",
            "reconciliations",
            row=row,
            differences=found,
            second=SECOND,
            profile=deps.catalogue.get(row.platform),
            run_states=RUN_STATES,
            kind_names=KIND_NAMES,
        )


def _runs(deps: Deps, error: DomainError | None = None) -> Response:
    with deps.db.read() as session:
        rows, around = listed(queries.runs(session, None, last_seen(), PER_PAGE), PER_PAGE)
        found = queries.difference_counts(session, [row.id for row in rows])
    return page_of(
        "push/runs.html",
        "reconciliations",
        error,
        rows=rows,
        found=found,
        second=SECOND,
        catalogue=deps.catalogue,
        options=[("", "全部平台"), *((p.id, p.name) for p in deps.catalogue.values() if p.pushed)],
        run_states=RUN_STATES,
        may_request=principal().has(*DOERS),
        **around,
    )
