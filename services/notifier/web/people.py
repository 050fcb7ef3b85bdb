"""Pages of an officer's own arrangements: general preferences, and who gets copies while they are away."""

from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import SEVERITIES, SEVERITY_NAMES
from services.notifier.models import Deps
from services.notifier.queries.people import (
    BY_SEVERITY,
    colleagues,
    digest_hours,
    profile_of,
    stand_in_of,
    stand_ins_of,
)
from services.notifier.templates import LANGUAGES
from services.notifier.usecases import phones
from services.notifier.usecases.standing_in import Absence, end_stand_in, name_stand_in, prefer
from shared.errors import DomainError
from shared.web.access import access, principal, signed_in
from shared.web.pages import form_errors, render

LONGEST_REASON = 200


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_preferences(bp, deps)
    _add_stand_ins(bp, deps)


def _add_preferences(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/preferences")
    @access(signed_in())
    def preferences() -> Response:
        return _preferences_page(deps, {})

    @bp.post("/preferences")
    @access(signed_in())
    def keep_preferences() -> AnyResponse:
        wanted = {each: [c for c in BY_SEVERITY if f"{each}.{c}" in request.form] for each in SEVERITIES}
        hour, language = request.form.get("digest_hour", ""), request.form.get("language", "")
        try:
            with deps.db.write() as session:
                prefer(
                    session,
                    wanted=wanted,
                    digest_hour=int(hour) if hour in {str(each) for each in digest_hours()} else -1,
                    language=language,
                    actor=principal(),
                    at=deps.clock.system_now(),
                )
        except DomainError as error:
            return _preferences_page(deps, form_errors(error), 422)
        return redirect(url_for("pages.preferences"), 303)


def _preferences_page(deps: Deps, errors: dict[str, str], status: int = 200) -> Response:
    with deps.db.read() as session:
        profile = profile_of(session, principal().user_id)
        phone = phones.shown_phone(session, deps.keyring, principal().user_id)
    return render(
        "notices/preferences.html",
        status,
        profile=profile,
        phone=phone,
        severities=SEVERITY_NAMES,
        hours=[(str(hour), f"{hour}:00") for hour in digest_hours()],
        languages=list(LANGUAGES.items()),
        errors=errors,
    )


def _add_stand_ins(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/stand-ins")
    @access(signed_in())
    def list_stand_ins() -> Response:
        return _stand_ins_page(deps, {})

    @bp.post("/stand-ins")
    @access(signed_in())
    def add_stand_in() -> AnyResponse:
        try:
            with deps.db.write() as session:
                name_stand_in(
                    session,
                    _absence(),
                    actor=principal(),
                    today=deps.clock.today(),
                    at=deps.clock.system_now(),
                    mails=bool(deps.mail_origin),
                )
        except DomainError as error:
            return _stand_ins_page(deps, form_errors(error), 422)
        return redirect(url_for("pages.list_stand_ins"), 303)

    @bp.post("/stand-ins/<stand_in_id>/end")
    @access(signed_in())
    def end_standing_in(stand_in_id: str) -> AnyResponse:
        with deps.db.write() as session:
            end_stand_in(session, stand_in_of(session, principal(), stand_in_id), at=deps.clock.system_now())
        return redirect(url_for("pages.list_stand_ins"), 303)


def _absence() -> Absence:
    given = request.form
    return Absence(
        given.get("stand_in_id", ""),
        _day("from_day"),
        _day("to_day"),
        " ".join(given.get("reason", "").split())[:LONGEST_REASON],
        given.get("hands_over") == "true",
    )


def _day(field: str) -> date:
    """The day stated, or one that no arrangement may have."""
    try:
        return date.fromisoformat(request.form.get(field, ""))
    except ValueError:
        return date.min


def _stand_ins_page(deps: Deps, errors: dict[str, str], status: int = 200) -> Response:
    today = deps.clock.today()
    with deps.db.read() as session:
        rows = stand_ins_of(session, principal())
        others = colleagues(session, principal())
    values: dict[str, Any] = {"from_day": today.isoformat(), "to_day": "", "reason": "", "stand_in_id": ""}
    return render(
        "notices/stand_ins.html",
        status,
        rows=rows,
        others=others,
        values={**values, **request.form.to_dict()},
        errors=errors,
        labels={"stand_in_id": "代班人", "from_day": "起日", "to_day": "止日"},
        today=today,
    )
