"""Keeping the disclosure catalogue: entries one may change, changes waiting for the second person."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.disclosure.api.changes import PROPOSERS, READERS, SETTLERS, change_view
from services.blacklist.disclosure.queries.changes import kept_entries, list_changes, may_keep
from services.blacklist.disclosure.schemas import ChangeAnswerIn, ChangeIn
from services.blacklist.disclosure.usecases.catalogue import confirm_change, propose_change, refuse_change
from services.blacklist.rules.queries import all_organs, trade_domains
from services.blacklist.store import Deps
from services.blacklist.web.options import region_options
from shared.errors import DomainError
from shared.regions import full_name, within
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen, listed
from shared.web.pages import form_errors, render

PLACE, PER_PAGE = "/catalogue-desk", 20
LABELS = {
    "code": "事项编号",
    "reason": "理由",
    "entry.domain": "领域",
    "entry.title": "公开事项",
    "entry.content": "公开内容",
    "entry.time_limit": "公开时限",
    "entry.method": "公开方式",
    "entry.organ": "责任主体",
    "entry.supervision": "监督渠道",
    "entry.source": "依据",
}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _proposing(made, deps)
    _settling(made, deps)


def _proposing(made: APIBlueprint, deps: Deps) -> None:
    @made.get(PLACE)
    @access(READERS)
    def catalogue_desk() -> Response:
        return _page(deps, None, {})

    @made.post(PLACE)
    @access(PROPOSERS)
    def propose_catalogue_form() -> AnyResponse:
        try:
            given = load_form(ChangeIn(), read_form(request.form))
            with deps.db.write() as session:
                propose_change(session, given, actor=principal(), at=deps.clock.now())
        except DomainError as error:
            return _page(deps, error, dict(request.form))
        return redirect(f"{PLACE}?done=1", 303)


def _settling(made: APIBlueprint, deps: Deps) -> None:
    @made.post(f"{PLACE}/<change_id>/confirm")
    @access(SETTLERS)
    def confirm_catalogue_form(change_id: str) -> AnyResponse:
        try:
            with deps.db.write() as session:
                confirm_change(session, change_id, actor=principal(), at=deps.clock.now())
        except DomainError as error:
            return _page(deps, error, {})
        return redirect(f"{PLACE}?done=1", 303)

    @made.post(f"{PLACE}/<change_id>/refuse")
    @access(SETTLERS)
    def refuse_catalogue_form(change_id: str) -> AnyResponse:
        try:
            reason = load_form(ChangeAnswerIn(), read_form(request.form))["reason"]
            with deps.db.write() as session:
                refuse_change(session, change_id, reason, actor=principal(), at=deps.clock.now())
        except DomainError as error:
            return _page(deps, error, {})
        return redirect(f"{PLACE}?done=1", 303)


def _page(deps: Deps, error: DomainError | None, given: dict[str, Any]) -> Response:
    who, before = principal(), last_seen()
    asked = given.get("region") or request.args.get("region", "")
    with deps.db.read() as session:
        regions = [each for each in region_options(session) if within(each[0], who.region)]
        region = asked if asked in dict(regions) else who.region
        entries = kept_entries(session, who, region)
        found = list_changes(session, who, state=None, before=before, limit=PER_PAGE + 1)
        rows, around = listed(found, PER_PAGE)
        changes = [
            change_view(row)
            | {"place": full_name(row.region), "settles": _settles(session, row), "steps": _differences(row)}
            for row in rows
        ]
    code = given.get("code") or request.args.get("code", "")
    chosen = next((each for each in entries if each.code == code), None)
    return render(
        "blacklist/catalogue_desk.html", int(error.kind) if error else 200, entries=entries,
        changes=changes, chosen=chosen, region=region, regions=regions, labels=LABELS,
        errors=form_errors(error) if error else {}, values=given or _values(chosen),
        organs=[("*", "各管理部门"), *all_organs().items()], done=request.args.get("done", ""),
        domains={each.code: each.name for each in trade_domains()},
        **around,
    )  # fmt: skip


def _settles(session: Any, row: Any) -> bool:
    """Whether this officer is a second person for the change."""
    who = principal()
    organs = {text["organ"] for text in (row.before, row.after) if text}
    return (
        row.state == "proposed"
        and row.proposed_by != who.user_id
        and who.has("decider", "supervisor")
        and all(may_keep(session, who, row.region, organ) for organ in organs)
    )


def _differences(row: Any) -> list[tuple[str, str, str]]:
    """Label, former and new text of whatever the change touches, codes by their names."""
    before, after = row.before or {}, row.after or {}
    named = {
        "domain": {each.code: each.name for each in trade_domains()},
        "organ": {"*": "各管理部门"} | all_organs(),
    }
    return [
        (
            LABELS[f"entry.{name}"],
            *(named.get(name, {}).get(each.get(name, ""), each.get(name, "")) for each in (before, after)),
        )
        for name in (label.removeprefix("entry.") for label in LABELS if label.startswith("entry."))
        if before.get(name) != after.get(name)
    ]


def _values(chosen: Any) -> dict[str, Any]:
    if chosen is None:
        return {}
    return {name: getattr(chosen, name.removeprefix("entry."), "") for name in LABELS if name != "reason"}
