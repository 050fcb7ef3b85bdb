"""From happenings to messages: one notice per event and department, in the consumer's transaction.

Set-based: a batch of events costs a handful of statements. Routes that fold gather several events in one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.notifier.domain import Happening, Recipient, fold_facts
from services.notifier.models import Notice
from services.notifier.queries.routes import added_routes
from services.notifier.queries.staff import Departments, overseer_seats
from services.notifier.queries.texts import texts_in_force
from services.notifier.routing import Route, recipients, routing
from services.notifier.routing.added import SHOWN, widen
from services.notifier.routing.quiet import Pauses
from services.notifier.routing.scopes import Matter
from services.notifier.templates import Text, render
from services.notifier.usecases.dispatching import NO_PAUSES, Fresh, dispatch
from shared.db import dialect_of, upsert
from shared.ids import new_id
from shared.regions import is_known, region

Texts = Mapping[str, Text]


@dataclass(frozen=True)
class Draft:
    """A message before it has an id."""

    route: Route
    happening: Happening
    recipient: Recipient
    facts: dict[str, str]
    concerned: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.route.dedupe_key(self.happening), self.recipient.department_id

    @property
    def link(self) -> str:
        """Where the matter is shown; who only asked to hear too is led to the public page."""
        if self.recipient.roles != self.recipient.added or self.recipient.department_id == self.concerned:
            return routing().link(self.route, self.happening)
        public = self.happening.type in SHOWN and self.happening.listing_id
        return f"/listings/{self.happening.listing_id}" if public else ""


def announce(
    session: Session,
    happenings: Iterable[Happening],
    *,
    channels: Collection[str],
    today: date,
    at: datetime,
    pauses: Pauses = NO_PAUSES,
) -> list[Fresh]:
    """Write the messages these events call for, and their dispatches; returns those that are new."""
    drafts = _drafts(session, happenings, today)
    own = texts_in_force(session, today) if drafts else {}
    single = [(draft, _row(draft, own, at)) for draft in drafts if not draft.route.fold]
    folded = _fold(session, [draft for draft in drafts if draft.route.fold], own, at)
    fresh = _insert(session, [*single, *folded])
    dispatch(session, fresh, channels=channels, at=at, pauses=pauses, today=today)
    return fresh


def _drafts(session: Session, happenings: Iterable[Happening], today: date) -> list[Draft]:
    routed = [(h, route) for h in happenings if (route := routing().route(h.type)) is not None]
    if not routed:
        return []
    departments = Departments(session, today)
    departments.load(h.department_id for h, _ in routed if h.department_id)
    seats, added = overseer_seats(session), added_routes(session)
    drafts: list[Draft] = []
    for happening, route in routed:
        concerned = departments.standing(happening.department_id) if happening.department_id else None
        facts = _place(happening, departments.name(concerned) if concerned else "")
        meant = recipients(route, concerned, happening.region, seats)
        meant = widen(meant, added, happening, _matter(happening, route), concerned)
        drafts += [Draft(route, happening, recipient, facts, concerned) for recipient in meant]
    return drafts


def _matter(happening: Happening, route: Route) -> Matter:
    return Matter(happening.region, happening.domain, happening.list_code, route.severity)


def _place(happening: Happening, department_name: str) -> dict[str, str]:
    known = happening.region is not None and is_known(happening.region)
    place = region(happening.region).name if known and happening.region else ""
    return {**happening.facts, "department_name": department_name, "region_name": place}


def _row(draft: Draft, own: Texts, at: datetime) -> dict[str, Any]:
    happening, route = draft.happening, draft.route
    text = render(happening.type, draft.facts, own)
    dedupe_key, department_id = draft.key
    return {
        "id": new_id(),
        "dedupe_key": dedupe_key,
        "event_id": happening.event_id,
        "event_type": happening.type,
        "subject_id": happening.subject_id,
        "case_id": happening.case_id,
        "listing_id": happening.listing_id,
        "region": happening.region,
        "domain": happening.domain,
        "list_code": happening.list_code,
        "department_id": department_id,
        "audience": sorted(draft.recipient.roles),
        "severity": route.severity,
        "title": text.title,
        "body": text.body,
        "link": draft.link,
        "facts": draft.facts,
        "occurred_at": happening.occurred_at,
        "created_at": at,
        "shown_at": at if "inbox" in route.channels else None,
        "acknowledged_at": None,
        "acknowledged_by": None,
    }


def _insert(session: Session, rows: Sequence[tuple[Draft, dict[str, Any]]]) -> list[Fresh]:
    """The rows that were not there yet; a repeated event writes nothing."""
    if not rows:
        return []
    add = (
        upsert(dialect_of(session))(Notice.__table__)
        .on_conflict_do_nothing()
        .returning(Notice.__table__.c.id)
    )
    written = set(session.execute(add, [row for _, row in rows]).scalars())
    return [
        Fresh(
            draft.route,
            draft.recipient,
            row["id"],
            row["event_type"],
            row["subject_id"],
            draft.route.is_prompt(draft.happening),
            _matter(draft.happening, draft.route),
        )
        for draft, row in rows
        if row["id"] in written
    ]


def _fold(
    session: Session, drafts: Sequence[Draft], own: Texts, at: datetime
) -> list[tuple[Draft, dict[str, Any]]]:
    """Add to the messages that stand already; the rest, merged among themselves, are to be written."""
    if not drafts:
        return []
    keys = {draft.key[0] for draft in drafts}
    standing = {
        (row.dedupe_key, row.department_id): row
        for row in session.execute(
            select(Notice.id, Notice.dedupe_key, Notice.department_id, Notice.facts).where(
                Notice.dedupe_key.in_(keys)
            )
        )
    }
    merged: dict[tuple[str, str], Draft] = {}
    for draft in drafts:
        before = merged[draft.key].facts if draft.key in merged else _facts_of(standing.get(draft.key))
        place = {name: draft.facts[name] for name in ("department_name", "region_name")}
        merged[draft.key] = replace(draft, facts=fold_facts({**before, **place}, draft.happening))
    for key in merged.keys() & standing.keys():
        _rewrite(session, standing[key].id, merged[key], own)
    return [(draft, _row(draft, own, at)) for key, draft in merged.items() if key not in standing]


def _facts_of(row: Any) -> dict[str, str]:
    return dict(row.facts) if row is not None else {}


def _rewrite(session: Session, notice_id: str, draft: Draft, own: Texts) -> None:
    text = render(draft.happening.type, draft.facts, own)
    values = {"title": text.title, "body": text.body, "facts": draft.facts}
    session.execute(update(Notice).where(Notice.id == notice_id).values(values))
