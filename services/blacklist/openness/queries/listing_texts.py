"""Texts about listings as their department sees them; words only while the listing is public."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from services.blacklist.identity.domain import can_act
from services.blacklist.openness.domain.channels import SENT, channels
from services.blacklist.openness.domain.listing_texts import KINDS, LIFTED, STATES
from services.blacklist.openness.models import ListingOutlet, ListingText
from services.blacklist.openness.queries.sight import in_sight
from services.blacklist.register.domain import Kind
from services.blacklist.register.models import Listing, ListingVersion
from services.blacklist.register.queries.listings import in_force
from shared.errors import Forbidden, NotFound
from shared.web.access import Principal

SAYING = (Kind.PUBLISHED, Kind.CORRECTED, Kind.RESTORED, Kind.UNSHIELDED)
"""Changes after which a text would say something new."""
Shown = tuple[ListingText, Listing]


def list_texts(
    session: Session, who: Principal, *, state: str | None, before: str | None, limit: int
) -> list[Shown]:
    """Newest first; `before` is the id of the last one already seen."""
    wanted = select(ListingText, Listing).join(Listing, Listing.id == ListingText.listing_id)
    wanted = wanted.where(in_sight(Listing, who))
    if state:
        wanted = wanted.where(ListingText.state == state)
    if before:
        wanted = wanted.where(ListingText.id < before)
    found = session.execute(wanted.order_by(ListingText.id.desc()).limit(limit))
    return [(row, listing) for row, listing in found]


def text_to_act_on(session: Session, text_id: str, who: Principal) -> Shown:
    """Both under their locks: what is decided holds for the listing as it is then."""
    row = session.get(ListingText, text_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("listing-text-not-found", "没有这份文字稿")
    try:
        return row, listing_to_act_on(session, row.listing_id, who)
    except NotFound:
        raise NotFound("listing-text-not-found", "没有这份文字稿") from None


def listing_to_act_on(session: Session, listing_id: str, who: Principal) -> Listing:
    wanted = select(Listing).where(Listing.id == listing_id, in_sight(Listing, who)).with_for_update()
    found = session.scalars(wanted.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound("listing-not-found", "没有这条列入信息", "编号有误，或者不是本部门的列入信息。")
    if not can_act(who, found.department_id or ""):
        raise Forbidden("not-own-department", "不是本部门的列入信息", "监督和审计人员可以查看，不能办理。")
    return found


def shown_now(session: Session, ids: Sequence[str], today: date) -> set[str]:
    """Those of the listings that are public."""
    wanted = select(Listing.id).where(Listing.id.in_(ids), in_force(today))
    return set(session.scalars(wanted))


def said_version(session: Session, listing_id: str) -> int:
    """The listing's newest version that says something new."""
    newest = select(func.max(ListingVersion.version)).where(
        ListingVersion.listing_id == listing_id, ListingVersion.kind.in_(SAYING)
    )
    return session.scalars(newest).one() or 0


def standing_text(session: Session, listing_id: str, channel: str) -> ListingText | None:
    """The newest text of the listing that went out there and still stands."""
    wanted = select(ListingText).where(
        ListingText.listing_id == listing_id, ListingText.channel == channel, ListingText.state == SENT,
        ListingText.kind != LIFTED,
    )  # fmt: skip
    return session.scalars(wanted.order_by(ListingText.id.desc()).limit(1)).first()


def unwritten(session: Session, today: date, limit: int) -> list[tuple[Listing, int, str]]:
    """Changed listings of organisations whose department wants a text of it: listing, version, outlet."""
    written, newer = aliased(ListingText), aliased(ListingVersion)
    wanted = (
        select(Listing, ListingVersion.version, ListingOutlet.channel)
        .join(ListingOutlet, ListingOutlet.department_id == Listing.department_id)
        .join(ListingVersion, ListingVersion.listing_id == Listing.id)
        .where(
            Listing.subject_type == "organization", in_force(today),
            Listing.changed_at >= ListingOutlet.since, ListingVersion.at >= ListingOutlet.since,
            ListingVersion.kind.in_(SAYING),
            or_(Listing.migrated.is_(False), ListingVersion.kind != Kind.PUBLISHED),
            ~select(newer.version).where(
                newer.listing_id == Listing.id, newer.version > ListingVersion.version, newer.kind.in_(SAYING)
            ).exists(),
            ~select(written.id).where(
                written.listing_id == Listing.id, written.channel == ListingOutlet.channel,
                written.kind != LIFTED, written.version >= ListingVersion.version,
            ).exists(),
        )
    )  # fmt: skip
    found = session.execute(wanted.order_by(Listing.id).limit(limit))
    return [(listing, version, channel) for listing, version, channel in found]


def outdated(session: Session, today: date, limit: int) -> list[Shown]:
    """Texts with words, or still open, of listings no longer public; texts of an end that is undone."""
    said = and_(ListingText.kind != LIFTED, ~in_force(today), _open_or_worded())
    undone = and_(ListingText.kind == LIFTED, in_force(today), ListingText.state.in_(("draft", "approved")))
    return _joined(session, or_(said, undone), limit)


def _open_or_worded() -> ColumnElement[bool]:
    return or_(ListingText.text != "", ListingText.state.in_(("draft", "approved")))


def unlifted(session: Session, today: date, limit: int) -> list[Shown]:
    """Texts that stand somewhere although the listing is no longer public, with nothing said of it yet."""
    told, newer = aliased(ListingText), aliased(ListingText)
    same = (told.listing_id == ListingText.listing_id, told.channel == ListingText.channel)
    return _joined(
        session,
        and_(
            ListingText.kind != LIFTED, ListingText.state == SENT, ~in_force(today),
            ~select(told.id).where(*same, told.kind == LIFTED, told.version == Listing.version).exists(),
            ~select(newer.id).where(
                newer.listing_id == ListingText.listing_id, newer.channel == ListingText.channel,
                newer.kind != LIFTED, newer.state == SENT, newer.id > ListingText.id,
            ).exists(),
        ),
        limit,
    )  # fmt: skip


def _joined(session: Session, condition: ColumnElement[bool], limit: int) -> list[Shown]:
    wanted = select(ListingText, Listing).join(Listing, Listing.id == ListingText.listing_id).where(condition)
    found = session.execute(wanted.order_by(ListingText.id).limit(limit).with_for_update(of=ListingText))
    return [(row, listing) for row, listing in found]


def outlets_of(session: Session, department_id: str) -> list[ListingOutlet]:
    wanted = select(ListingOutlet).where(ListingOutlet.department_id == department_id)
    return list(session.scalars(wanted.order_by(ListingOutlet.channel)))


def text_views(session: Session, rows: Sequence[Shown], at_day: date) -> list[dict[str, Any]]:
    public = shown_now(session, [listing.id for _, listing in rows], at_day)
    return [_view(row, row.kind == LIFTED or row.listing_id in public) for row, _ in rows]


def _view(row: ListingText, worded: bool) -> dict[str, Any]:
    names = ("id", "listing_id", "version", "kind", "channel", "state", "drafter_name", "approver_name")
    found: dict[str, Any] = {name: getattr(row, name) for name in names}
    created: datetime = row.created_at
    return found | {
        "kind_name": KINDS[row.kind], "channel_name": channels()[row.channel].name,
        "state_name": STATES[row.state], "text": row.text if worded else "", "public": worded,
        "can_register": row.approved_by is not None and row.state in ("approved", "gone"),
        "created_at": created, "sent_at": row.sent_at, "sent_to": row.sent_to,
    }  # fmt: skip
