"""显示情况: what is seen of a listing at every public site, and what a person has seen there."""

import hashlib
from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from services.credit_push import queries
from services.credit_push.sights import HAND, HOW_NAMES, SEEN_NAMES, appearances_of
from services.credit_push.usecases import Deps
from services.credit_push.usecases.observing import Sighting, observe
from services.credit_push.web.hand import LARGEST_UPLOAD
from services.credit_push.web.monitor import DOERS, READERS, page_of, visible_region
from shared.clock import SHANGHAI
from shared.errors import DomainError, FieldError, Invalid, NotFound
from shared.web.access import access, principal, roles
from shared.web.body import body_limit

LONGEST = {"platform": 40, "url": 500, "note": 500, "at": 40}
EVIDENCE = {
    **{name: (text, "green") for name, text in HOW_NAMES.items()},
    "acknowledged": ("只有回执", "yellow"),
    "nothing": ("尚无依据", "grey"),
    "contradicted": ("与回执相反", "red"),
}
AWAITED = {"displayed": "待查见显示", "absent": "待查见撤下"}
AGAINST = {"displayed": "查见不显示", "absent": "查见仍显示"}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/listings/<listing_id>/appearances")
    @access(roles(*READERS))
    def appearances(listing_id: str) -> Response:
        return _page(deps, listing_id)

    @bp.post("/listings/<listing_id>/appearances")
    @access(roles(*DOERS))
    @body_limit(LARGEST_UPLOAD)
    def sight_form(listing_id: str) -> Response:
        _listing(deps, listing_id)
        try:
            with deps.db.write() as session:
                observe(session, deps, _sight(deps, listing_id))
        except DomainError as error:
            return _page(deps, listing_id, error)
        return redirect(url_for(".appearances", listing_id=listing_id), 303)


def _sight(deps: Deps, listing_id: str) -> Sighting:
    form = {name: request.form.get(name, "").strip() for name in (*LONGEST, "seen")}
    fields = [
        FieldError(f"/{name}", f"不能超过 {longest} 个字符。")
        for name, longest in LONGEST.items()
        if len(form[name]) > longest
    ]
    if form["platform"] not in deps.catalogue:
        fields.append(FieldError("/platform", "请选择平台。"))
    if form["seen"] not in SEEN_NAMES:
        fields.append(FieldError("/seen", "请选择查看的结果。"))
    at = _moment(form["at"], deps.clock.now())
    if at is None:
        fields.append(FieldError("/at", "应写作 2026-11-02T15:30。"))
    if fields or at is None:
        raise Invalid("validation-failed", "登记内容有误", fields=fields)
    upload = request.files.get("screenshot")
    image = upload.read() if upload else b""
    return Sighting(
        platform=form["platform"],
        listing_id=listing_id,
        seen=form["seen"],
        how=HAND,
        at=at,
        who=principal().username,
        url=form["url"],
        note=form["note"],
        screenshot_sha256=hashlib.sha256(image).hexdigest() if image else None,
    )


def _moment(text: str, now: datetime) -> datetime | None:
    if not text:
        return now
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)
    except ValueError:
        return None


def _listing(deps: Deps, listing_id: str) -> Any:
    with deps.db.read() as session:
        found = queries.listing(session, listing_id, visible_region(principal()))
    if found is None:
        raise NotFound("not-found", "没有这条名单的推送记录")
    return found


def _page(deps: Deps, listing_id: str, error: DomainError | None = None) -> Response:
    listing = _listing(deps, listing_id)
    with deps.db.read() as session:
        items = appearances_of(session, deps.catalogue, listing_id)
        sights = queries.observations(session, listing_id)
        wanted = queries.FindingFilter(listing_id=listing_id)
        findings = queries.findings(session, wanted, None, LONGEST["platform"])
    return page_of(
        "push/appearances.html",
        "matrix",
        error,
        listing=listing,
        items=items,
        sights=sights,
        catalogue=deps.catalogue,
        evidence=EVIDENCE,
        awaited=AWAITED,
        against=AGAINST,
        findings=findings,
        seen_names=SEEN_NAMES,
        how_names=HOW_NAMES,
        given=request.form,
        may_act=principal().has(*DOERS),
    )
