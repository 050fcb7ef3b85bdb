"""Texts about listings for other outlets: written by template when a listing changes, or by an officer.

A decider approves what somebody else wrote, a person sends it by hand. When the listing is no longer public
its texts lose their words, and where one went out a second says that it ended, by the same way.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.audit.domain import without_identities
from services.blacklist.identity.models import Department
from services.blacklist.openness.domain.channels import APPROVED, DRAFT, DROPPED, SENT, channels
from services.blacklist.openness.domain.listing_texts import (
    CORRECTED,
    GONE,
    LIFTED,
    OPEN,
    PUBLISHED,
    STATES,
    WITHDRAWN,
    day_text,
    text_of,
)
from services.blacklist.openness.models import ListingOutlet, ListingText
from services.blacklist.openness.queries.listing_texts import (
    listing_to_act_on,
    outdated,
    outlets_of,
    said_version,
    shown_now,
    standing_text,
    text_to_act_on,
    unlifted,
    unwritten,
)
from services.blacklist.openness.usecases.common import refuse
from services.blacklist.register.models import Listing
from services.blacklist.store import Deps, leases
from shared.clock import local_date
from shared.errors import Conflict, Forbidden, describe_errors
from shared.ids import new_id
from shared.leases import Lease
from shared.loops import Periodic
from shared.web.access import Principal

EVERY = timedelta(minutes=1)
BATCH = 100
BY_TEMPLATE = "系统（按模板）"
describe_errors(
    {
        "listing-text-not-found": "没有这份文字稿，或者不是本部门列入信息的文字稿。",
        "listing-text-wrong-state": "文字稿当前的情况不能进行这个事项。",
        "listing-text-four-eyes": "拟写文字稿和审批须由不同的人员办理。",
        "listing-text-gone": "列入信息已不公示、已有变更或者重新公示，这份文字稿不能再发出。",
        "listing-text-organisations": "只就单位的列入信息拟写对外文字稿，不涉及自然人。",
    }
)


def draft_text(
    session: Session, listing_id: str, channel: str, text: str | None, *, site: str, actor: Principal,
    at: datetime,
) -> ListingText:  # fmt: skip
    """The officer's own words, or the template's; of what is public now, or of the end of what went out."""
    listing = listing_to_act_on(session, listing_id, actor)
    if listing.subject_type != "organization":
        raise Conflict("listing-text-organisations", "自然人的列入信息不拟写对外文字稿")
    before = standing_text(session, listing.id, channel)
    public = _is_public(session, listing, at)
    if not public and before is None:
        advice = "已不公示的，只能就发出过文字的渠道说明终止。"
        raise Conflict("listing-text-gone", "列入信息现在不公示", advice)
    kind = (CORRECTED if before else PUBLISHED) if public else LIFTED
    written = without_identities(text) if text else _words(session, listing, kind, channel, before, site)
    _check(listing, channel, written)
    row = _write(session, listing, kind, channel, written, actor, at)
    _note(session, row, listing, "listing-text.draft", actor, at)
    return row


def _check(listing: Listing, channel: str, text: str) -> None:
    """No longer than the outlet takes, and no natural person in it whom the listing knows."""
    outlet = channels()[channel]
    if len(text) > outlet.longest:
        refuse([("text", f"{outlet.name}最多{outlet.longest}字，请删减。")])
    named = listing.facts["subject"].get("legal_representative")
    if named and named in text.replace(listing.subject_name, ""):
        refuse([("text", "不得写出自然人的姓名，请删去法定代表人或者负责人。")])


def approve_text(session: Session, text_id: str, *, actor: Principal, at: datetime) -> ListingText:
    row, listing = text_to_act_on(session, text_id, actor)
    _require(row, row.state == DRAFT)
    if not actor.has("decider"):
        raise Forbidden("forbidden", "没有权限", "文字稿应由本部门的负责人审批。")
    if row.drafted_by == actor.user_id:
        raise Forbidden("listing-text-four-eyes", "须由另一名工作人员审批", "拟写的人不得审批。")
    public = _is_public(session, listing, at)
    holds = not public if row.kind == LIFTED else public and row.version >= said_version(session, listing.id)
    if not holds:
        raise Conflict("listing-text-gone", "列入信息已有变化，这份文字稿不能再发出")
    row.state, row.approved_by, row.approver_name = APPROVED, actor.user_id, actor.display_name
    row.approved_at = row.updated_at = at
    _note(session, row, listing, "listing-text.approve", actor, at)
    return row


def drop_text(session: Session, text_id: str, *, actor: Principal, at: datetime) -> ListingText:
    row, listing = text_to_act_on(session, text_id, actor)
    _require(row, row.state in OPEN)
    row.state, row.updated_at = DROPPED, at
    _note(session, row, listing, "listing-text.drop", actor, at)
    return row


def mark_text_sent(
    session: Session, text_id: str, *, sent_at: datetime, sent_to: str, actor: Principal, at: datetime
) -> ListingText:
    """Sent by hand, when and where; also one that left before its listing ended, so that its end is told."""
    row, listing = text_to_act_on(session, text_id, actor)
    _require(row, row.approved_by is not None and row.state in (APPROVED, GONE))
    if sent_at > at or row.approved_at is None or sent_at < row.approved_at:
        refuse([("sent_at", "发出时间应在审批时间和现在之间。")])
    row.state, row.sent_at, row.sent_to = SENT, sent_at, without_identities(sent_to)
    row.sent_by, row.updated_at = actor.user_id, at
    if row.kind == LIFTED:
        stood = (
            ListingText.listing_id == row.listing_id, ListingText.channel == row.channel,
            ListingText.kind != LIFTED, ListingText.state == SENT, ListingText.created_at <= row.created_at,
        )  # fmt: skip
        session.execute(update(ListingText).where(*stood).values(state=WITHDRAWN, updated_at=at))
    _note(session, row, listing, "listing-text.sent", actor, at)
    return row


def _require(row: ListingText, holds: bool) -> None:
    if not holds:
        raise Conflict(
            "listing-text-wrong-state", "文字稿现在不能办理这个事项", f"文字稿目前“{STATES[row.state]}”。",
            state=row.state,
        )  # fmt: skip


def choose_outlets(session: Session, wanted: Iterable[str], *, actor: Principal, at: datetime) -> None:
    """From now on a draft is written for these whenever a listing of the department changes; for no other."""
    chosen, kept = set(wanted), {each.channel: each for each in outlets_of(session, actor.department_id)}
    for gone in kept.keys() - chosen:
        session.delete(kept[gone])
    for code in sorted(chosen - kept.keys()):
        session.add(
            ListingOutlet(
                department_id=actor.department_id, channel=code, since=at, chosen_by=actor.display_name
            )
        )
    audit.record(
        session, actor=actor, action="listing-text.outlets", object_type="department",
        object_id=actor.department_id, detail={"channels": sorted(chosen)}, at=at,
    )  # fmt: skip
    session.flush()


def follow_listings(session: Session, site: str, at: datetime) -> int:
    """Take back what no longer holds, then write what is new; returns how much there was to do."""
    today = local_date(at)
    stale = outdated(session, today, BATCH)
    for row, _ in stale:
        row.text = "" if row.kind != LIFTED else row.text
        row.state, row.updated_at = GONE if row.state in OPEN else row.state, at
    ended = unlifted(session, today, BATCH)
    for row, listing in ended:
        words = _words(session, listing, LIFTED, row.channel, row, site)
        _write(session, listing, LIFTED, row.channel, words, None, at)
    fresh = unwritten(session, today, BATCH)
    for listing, version, channel in fresh:
        before = standing_text(session, listing.id, channel)
        kind = CORRECTED if before else PUBLISHED
        words = _words(session, listing, kind, channel, before, site)
        _write(session, listing, kind, channel, words, None, at, version)
    return len(stale) + len(ended) + len(fresh)


def _write(
    session: Session, listing: Listing, kind: str, channel: str, text: str, actor: Principal | None,
    at: datetime, version: int | None = None,
) -> ListingText:  # fmt: skip
    """The new text; what waited for the same outlet is overtaken by it."""
    waiting = (
        ListingText.listing_id == listing.id, ListingText.channel == channel, ListingText.state.in_(OPEN),
    )  # fmt: skip
    for row in session.scalars(select(ListingText).where(*waiting)):
        row.state, row.updated_at = GONE, at
    made = ListingText(
        id=new_id(), listing_id=listing.id, version=version or listing.version, kind=kind, channel=channel,
        text=text, state=DRAFT, drafted_by=actor.user_id if actor else None,
        drafter_name=actor.display_name if actor else BY_TEMPLATE, created_at=at, updated_at=at,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _words(
    session: Session, listing: Listing, kind: str, channel: str, before: ListingText | None, site: str
) -> str:
    whose = session.get(Department, listing.department_id) if listing.department_id else None
    said = {
        "subject_name": listing.subject_name,
        "list_name": str(listing.facts["list"]["name"]),
        "document_number": listing.document_number or "认定文书",
        "listed_on": day_text(listing.listed_on),
        "public_until": day_text(listing.public_until - timedelta(days=1)),
    }
    if before is not None and before.sent_at is not None:
        said |= {"sent_on": day_text(local_date(before.sent_at)), "sent_to": before.sent_to or ""}
    facts = {name: without_identities(value) for name, value in said.items()}
    organ = whose.name if whose else str(listing.facts["organ"]["name"])
    address = f"{site}/listings/{listing.id}"
    return text_of(kind, channels()[channel], facts, department=organ, address=address)


def _is_public(session: Session, listing: Listing, at: datetime) -> bool:
    return bool(shown_now(session, [listing.id], local_date(at)))


def _note(
    session: Session, row: ListingText, listing: Listing, act: str, actor: Principal, at: datetime
) -> None:
    """The trail names listing and outlet, never the words."""
    audit.record(
        session, actor=actor, action=act, object_type="listing", object_id=listing.id,
        detail={"text": row.id, "channel": row.channel, "kind": row.kind, "version": row.version},
        at=at,
    )  # fmt: skip
    session.flush()


def writing_loop(deps: Deps, site: str, holder: str) -> Periodic:
    """Loop: once a minute, and at once while there is more; one process at a time."""
    lease = Lease(deps.db, leases, "listing-texts", holder)

    def write(_now: datetime) -> bool:
        if not lease.acquire():
            return False
        with deps.db.write() as session:
            return follow_listings(session, site, deps.clock.now()) >= BATCH

    return Periodic("listing-texts", deps.clock, EVERY, write)
