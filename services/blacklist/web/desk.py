"""The regulator's desk: what is due, the cases with filters, one case with everything that can be done."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import Response, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.cases.models import Case
from services.blacklist.cases.queries import case_view, case_views, find_case, list_cases, visible_to
from services.blacklist.cases.queries.finding import CaseFilter
from services.blacklist.cases.usecases.reading import persons_of, trace_list, trace_view
from services.blacklist.register import queries as register
from services.blacklist.rules.queries import all_lists, open_duties
from services.blacklist.store import Deps
from services.blacklist.web import wording
from services.blacklist.web.filters import unknown_filters
from services.blacklist.web.options import region_options
from shared.web.access import Principal, access, principal, roles
from shared.web.pages import render, with_query
from shared.web.paging import cut, last_id

PER_PAGE = 30
DUTIES_SHOWN = 6
OFFICERS = roles("clerk", "reviewer", "decider", "supervisor", "auditor")


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _cases(made, deps)
    _case(made, deps)


def _cases(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/cases")
    @access(OFFICERS)
    def cases() -> Response:
        who, today, wanted = principal(), deps.clock.today(), case_filter(request.args)
        cursor = request.args.get("cursor")
        before = last_id(cursor)
        with deps.db.read() as session:
            found = list_cases(session, who, wanted, before=before, limit=PER_PAGE)
            shown, following = cut(found, PER_PAGE, lambda case: (case.id,))
            context: dict[str, Any] = {
                "rows": case_views(session, shown, who, today),
                "counts": _counts(session, who),
                "due": _due(session, who),
                "regions": region_options(session),
            }
        named = [*shown, *(each["case"] for each in context["due"])]
        trace_list(deps, who, "cases", persons_of((case.id, case.subject_type) for case in named))
        return render(
            "blacklist/cases.html",
            wanted=wanted,
            unknown=unknown_filters(request.args, ("state", "list", "region")),
            today=today,
            query=filter_query(request.args),
            lists=[(rule.code, rule.name) for rule in all_lists(today)],
            next_url=with_query(cursor=following) if following else "",
            first_url=with_query(cursor=None) if cursor else "",
            **context,
        )


FILTERS = ("q", "state", "list", "region", "import")


def case_filter(values: Mapping[str, str]) -> CaseFilter:
    """What the filter form asks; a value that does not exist finds nothing."""
    given = {name: str(values.get(name) or "").strip()[:100] or None for name in FILTERS}
    return CaseFilter(
        q=given["q"],
        state=given["state"],
        list_code=given["list"],
        region=given["region"],
        import_id=given["import"],
    )


def filter_query(values: Mapping[str, str]) -> str:
    """The same filter as a query string, for pages about the same cases."""
    return urlencode({name: str(values[name]) for name in FILTERS if values.get(name)})


def _counts(session: Session, who: Principal) -> dict[str, int]:
    wanted = select(Case.state, func.count()).where(visible_to(who)).group_by(Case.state)
    return {row.state: row[1] for row in session.execute(wanted)}


def _due(session: Session, who: Principal) -> list[dict[str, Any]]:
    """The department's next duties with the case each belongs to."""
    duties = open_duties(session, [who.department_id], limit=DUTIES_SHOWN)
    wanted = select(Case).where(Case.id.in_([duty.case_id for duty in duties]))
    cases = {case.id: case for case in session.scalars(wanted)}
    return [{"duty": duty, "case": cases[duty.case_id]} for duty in duties if duty.case_id in cases]


def _case(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/cases/<case_id>")
    @access(OFFICERS)
    def case(case_id: str) -> Response:
        today = deps.clock.today()
        with deps.db.read() as session:
            found = find_case(session, case_id, principal())
            view = case_view(session, found, principal(), today)
            listing = register.listing_by_id(session, found.listing_id) if found.listing_id else None
            shown = listing is not None and listing_is_public(session, found.listing_id, today)
            deliveries = list(register.deliveries(session, found.listing_id)) if found.listing_id else []
        trace_view(deps, principal(), case_id, view["subject"]["type"])
        done = request.args.get("done", "")
        return render(
            "blacklist/case.html",
            case=view,
            today=today,
            deliveries=deliveries,
            public=shown,
            done=wording.action_title(done) if done else "",
            errors={},
            upload_kind="",
            values={},
        )


def listing_is_public(session: Session, listing_id: str | None, today: date) -> bool:
    """Whether the public sees the listing on this day."""
    from shared.errors import NotFound

    try:
        register.public_listing(session, listing_id or "", today)
    except NotFound:
        return False
    return True
