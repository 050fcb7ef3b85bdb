"""What became public, changed or ceased to be public, told to outside subscribers: organisations alone.

What ceased to be public is forgotten: what waits is not sent any more, what is on record loses its words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.notifier.domain import LISTING_LIFTED
from services.notifier.models import Dispatch, Notice, OutsideSubscriber, WebhookEndpoint
from services.notifier.models.outside import APPROVED, OUTSIDE
from services.notifier.routing.scopes import Matter, Scope
from services.notifier.templates import render
from services.notifier.usecases.dispatching import DISPATCHES, WAKE_CHANNEL, dispatch_row, wants
from shared.db import add_rows, dialect_of, upsert, wake
from shared.delivery import SUPERSEDED, WAITING
from shared.ids import new_id
from shared.written import cover_identities

NO_LONGER = "这条信息已停止公示，原公示内容不再保留。"


@dataclass(frozen=True)
class PublicTurn:
    """One change of what is public; `stated` is what may be said of it as of now."""

    kind: str
    listing_id: str
    sequence: int
    at: datetime
    matter: Matter
    stated: dict[str, str]


def tell_outside(session: Session, turns: Sequence[PublicTurn], at: datetime) -> None:
    """One message for each change, and its way to each webhook that wants it; who was told of a listing hears
    of its end whatever its filter says by then. What ended is forgotten also where nobody is left to tell.
    """
    endpoints = _let_in(session) if turns else None
    rows: dict[str, list[dict[str, Any]]] = {}
    for turn in turns:
        matter, told = turn.matter, frozenset[str]()
        if turn.kind == LISTING_LIFTED:
            matter, told = _forget(session, turn.listing_id, at)
            rows.pop(turn.listing_id, None)
        notice_id = _note(session, turn, matter, at) if endpoints is not None else None
        rows.setdefault(turn.listing_id, []).extend(
            dispatch_row(notice_id, OUTSIDE, "webhook", f"webhook:{endpoint.id}", at)
            for endpoint, scope in endpoints or ()
            if notice_id and (endpoint.id in told or _is_for(endpoint, scope, turn.kind, matter))
        )
    if queued := [row for some in rows.values() for row in some]:
        add_rows(session, DISPATCHES, queued)
        wake(session, WAKE_CHANNEL)


def _let_in(session: Session) -> list[tuple[WebhookEndpoint, Scope]] | None:
    """The webhooks that are on; None where nobody is let in. What comes while all are off is for a replay."""
    approved = select(OutsideSubscriber.id).where(OutsideSubscriber.state == APPROVED)
    if session.scalars(approved.limit(1)).first() is None:
        return None
    mine = select(WebhookEndpoint).where(
        WebhookEndpoint.department_id == OUTSIDE, WebhookEndpoint.enabled.is_(True)
    )
    return [(each, Scope.read(each.scope)) for each in session.scalars(mine)]


def _is_for(endpoint: WebhookEndpoint, scope: Scope, kind: str, matter: Matter) -> bool:
    return wants(endpoint.event_types, kind) and scope.admits(matter)


def _forget(session: Session, listing_id: str, at: datetime) -> tuple[Matter, frozenset[str]]:
    """Nothing more is said of the listing; returns what it was about, and which webhooks may know of it."""
    about = (Notice.department_id == OUTSIDE, Notice.listing_id == listing_id)
    newest = session.scalars(select(Notice).where(*about).order_by(Notice.id.desc()).limit(1)).first()
    waiting = (Dispatch.notice_id.in_(select(Notice.id).where(*about)), Dispatch.state == WAITING)
    sent = select(Dispatch.target).join(Notice, Notice.id == Dispatch.notice_id).where(*about)
    told = frozenset(target.partition(":")[2] for target in session.scalars(sent.distinct()))
    over = {"state": SUPERSEDED, "next_attempt_at": None, "settled_at": at}
    session.execute(
        update(Dispatch).where(*waiting).values(over).execution_options(synchronize_session=False)
    )
    bare = {"title": NO_LONGER, "body": NO_LONGER, "facts": {"public": {"listing_id": listing_id}}}
    words = update(Notice).where(*about, Notice.event_type != LISTING_LIFTED).values(bare)
    session.execute(words.execution_options(synchronize_session=False))
    return (Matter(newest.region, newest.domain, newest.list_code) if newest else Matter()), told


def _note(session: Session, turn: PublicTurn, matter: Matter, at: datetime) -> str | None:
    """The message's id; None where the same change was noted before."""
    text = render(turn.kind, {name: cover_identities(value) for name, value in turn.stated.items()})
    key = f"{turn.kind}:{turn.listing_id}:{turn.sequence}"
    row: dict[str, Any] = {
        "id": new_id(),
        "dedupe_key": key,
        "event_id": key[:64],
        "event_type": turn.kind,
        "subject_id": turn.listing_id,
        "case_id": None,
        "listing_id": turn.listing_id,
        "region": matter.region,
        "domain": matter.domain,
        "list_code": matter.list_code,
        "department_id": OUTSIDE,
        "audience": [],
        "severity": "info",
        "title": text.title,
        "body": text.body,
        "link": "",
        "facts": {"public": _public(turn, matter)},
        "occurred_at": turn.at,
        "created_at": at,
        "shown_at": at,
    }
    add = upsert(dialect_of(session))(Notice.__table__).on_conflict_do_nothing()
    return session.execute(add.returning(Notice.__table__.c.id), [row]).scalar()


def _public(turn: PublicTurn, matter: Matter) -> dict[str, Any]:
    """What a machine gets: ids, and of what is public now the little that says which."""
    if turn.kind == LISTING_LIFTED:
        return {"listing_id": turn.listing_id, "sequence": turn.sequence}
    about = {"region": matter.region, "domain": matter.domain, "list_code": matter.list_code}
    return {"listing_id": turn.listing_id, "sequence": turn.sequence, **about, **turn.stated}
