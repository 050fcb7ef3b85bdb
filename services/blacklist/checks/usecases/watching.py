"""The project watch (定标前监测): what changes in the register is held against bidders of open projects.

Codes and names are known by blind keys only; every project is also looked at once a day, since listings begin
and end by their dates.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from services.blacklist.checks.domain.figures import figure
from services.blacklist.checks.domain.groups import (
    Bidder,
    Standing,
    bidders_of,
    differences,
    found_in,
    outdated_places,
    replaced,
    standing_of,
)
from services.blacklist.checks.models import (
    KEYS,
    TenderKey,
    TenderNews,
    TenderProject,
    TenderSheet,
    WatchPlace,
)
from services.blacklist.checks.publishes import Told, publish_tender_news
from services.blacklist.checks.queries.jobs import public_of
from services.blacklist.checks.queries.projects import (
    ENDED,
    OPEN,
    aad,
    ask_bidders,
    groups_of,
    plain,
    purpose_of,
    sealed_answers,
    stored_answers,
)
from services.blacklist.register.domain import full_key
from services.blacklist.register.models import Change, Listing, ListingName
from services.blacklist.register.queries import newest_position
from services.blacklist.store import Deps, leases
from shared.clock import local_date
from shared.crypto import KeyRing
from shared.db import add_rows, among
from shared.ids import new_id
from shared.leases import Lease

CHANGES, PROJECTS = 500, 50
PLACE = "changes"


def keys_of(keyring: KeyRing, bidders: Iterable[Bidder], standing: Standing) -> set[str]:
    """What makes a change their business, under every blind key there is."""
    keys = {f"l:{row[0]}" for rows in standing.values() for row in rows}
    for each in bidders:
        keys |= _blind(keyring, each.uscc, each.name)
    return keys


def _blind(keyring: KeyRing, uscc: str | None, name: str | None) -> set[str]:
    said = [f"tender uscc {uscc}"] if uscc else []
    said += [f"tender name {full_key(name)}"] if name else []
    return {index for text in said for index in keyring.blind_indexes(text)}


class ProjectWatch:
    """Loop: goes along the change feed; in quiet times looks at the projects not yet seen today."""

    name = "tender-watch"

    def __init__(self, deps: Deps, holder: str) -> None:
        self._deps = deps
        self._lease = Lease(deps.db, leases, self.name, holder)

    def step(self) -> bool:
        if not self._is_due() or not self._lease.acquire():
            return False
        place = self._place()
        changed = self._changes(place)
        if changed:
            for project_id in self._concerned([listing for _, listing in changed]):
                self._look(project_id)
            self._go_on(changed[-1][0])
            return True
        waiting = self._unseen()
        for project_id in waiting:
            self._look(project_id)
        return bool(waiting) or self._forget_old()

    def close(self) -> None:
        self._lease.release()

    def _is_due(self) -> bool:
        """Asked before the lease, so that a quiet watch writes nothing."""
        return bool(self._changes(self._place()) or self._unseen() or self._outlived())

    def _place(self) -> int:
        with self._deps.db.read() as session:
            row = session.get(WatchPlace, PLACE)
            if row is not None:
                return row.position
            newest = newest_position(session)
        with self._deps.db.write() as session:
            session.merge(WatchPlace(name=PLACE, position=newest))
        return newest

    def _changes(self, place: int) -> list[tuple[int, str]]:
        wanted = select(Change.position, Change.listing_id).where(Change.position > place)
        with self._deps.db.read() as session:
            rows = session.execute(wanted.order_by(Change.position).limit(CHANGES))
            return [(int(position or 0), listing_id) for position, listing_id in rows]

    def _go_on(self, position: int) -> None:
        with self._deps.db.write() as session:
            session.get_one(WatchPlace, PLACE).position = position

    def _concerned(self, listing_ids: Sequence[str]) -> Sequence[str]:
        ids = sorted(set(listing_ids))
        keys = {f"l:{each}" for each in ids}
        with self._deps.db.read() as session:
            for uscc, name in _called(session, ids):
                keys |= _blind(self._deps.keyring, uscc, name)
            wanted = (
                select(TenderKey.project_id).where(among(session, TenderKey.key, sorted(keys))).distinct()
            )
            return session.scalars(wanted.order_by(TenderKey.project_id)).all()

    def _unseen(self) -> Sequence[str]:
        today = self._deps.clock.today()
        wanted = select(TenderProject.id).where(
            TenderProject.state == OPEN,
            or_(TenderProject.checked_on < today, TenderProject.answers.is_(None)),
        )
        with self._deps.db.read() as session:
            return session.scalars(wanted.order_by(TenderProject.id).limit(PROJECTS)).all()

    def _forget_old(self) -> bool:
        old = self._outlived()
        for project_id in old:
            with self._deps.db.write() as session:
                forget_project(session, project_id)
        return bool(old)

    def _outlived(self) -> Sequence[str]:
        """Projects closed so long ago that nothing of them is kept."""
        before = self._deps.clock.now() - timedelta(days=self._deps.tender_keep_days)
        wanted = select(TenderProject.id).where(TenderProject.closed_at < before).limit(PROJECTS)
        with self._deps.db.read() as session:
            return session.scalars(wanted).all()

    def _look(self, project_id: str) -> None:
        with self._deps.db.write() as session:
            wanted = select(TenderProject).where(TenderProject.id == project_id).with_for_update()
            project = session.scalars(wanted).first()
            if project is not None and project.state == OPEN:
                look_at(session, self._deps, project, self._deps.clock.today())


def _called(session: Session, ids: Sequence[str]) -> Iterable[tuple[str | None, str]]:
    """Codes and names, former ones included, of listings whatever their status."""
    listings = select(Listing.uscc, Listing.subject_name).where(
        among(session, Listing.id, ids), Listing.subject_type == "organization"
    )
    names = select(Listing.uscc, ListingName.name).join_from(
        ListingName, Listing, Listing.id == ListingName.listing_id
    )
    for query in (listings, names.where(among(session, ListingName.listing_id, ids))):
        yield from ((uscc, name) for uscc, name in session.execute(query))


def look_at(session: Session, deps: Deps, project: TenderProject, today: date) -> None:
    """Hold what is found now against what was found before; tell what is different."""
    keyring, at = deps.keyring, deps.clock.now()
    project.checked_on = today
    if at - project.created_at > timedelta(days=figure("projects", "max_days")):
        end_watch(session, project, ENDED, at)
        return
    bidders = bidders_of(groups_of(keyring, project))
    on = local_date(project.cutoff_at)
    answers = ask_bidders(session, bidders, purpose_of(project), on, today, alike=False)
    now = standing_of(bidders, answers)
    before: Standing = json.loads(keyring.unseal(project.standing, aad("standing", project.id)))
    changed = differences(before, now)
    called = {each.place: each for each in bidders}
    exact = dict(zip(called, answers, strict=True))
    places = _outdated(session, keyring, project, today) | {place for place, _ in changed}
    if project.answers is None:  # from before answers were stored
        _keep_answers(session, deps, project, {place: plain(each) for place, each in exact.items()})
    elif places:
        again = [each for each in bidders if each.place in places]
        _keep_answers(session, deps, project, _answers_again(session, project, again, exact, today))
    if not changed and now == before:
        return
    project.standing = keyring.seal(json.dumps(now), aad("standing", project.id))
    watch_listings(session, project.id, (row[0] for rows in now.values() for row in rows))
    _outdate_sheets(session, project.id, at)
    for place, kind in changed:
        bidder = called[place]
        _note(session, keyring, project, bidder, kind, deps)
        project.sequence += 1
        publish_tender_news(session, Told(project, kind, bidder.group, at))


def _outdated(session: Session, keyring: KeyRing, project: TenderProject, today: date) -> set[str]:
    """Bidders whose stored answer no longer stands, likely names included."""
    groups = stored_answers(keyring, project)["groups"]
    return set(outdated_places(groups, public_of(session, found_in(groups), today)))


def _answers_again(
    session: Session,
    project: TenderProject,
    bidders: Sequence[Bidder],
    exact: Mapping[str, dict[str, Any]],
    today: date,
) -> dict[str, dict[str, Any]]:
    """Whole answers of the bidders whose standing changed: likeness is asked where nothing is left else."""
    left = [each for each in bidders if not exact[each.place]["listings"]]
    on = local_date(project.cutoff_at)
    asked = ask_bidders(session, left, purpose_of(project), on, today, alike=True) if left else []
    alike = {each.place: answer for each, answer in zip(left, asked, strict=True)}
    return {each.place: plain(alike.get(each.place) or exact[each.place]) for each in bidders}


def _keep_answers(
    session: Session, deps: Deps, project: TenderProject, fresh: Mapping[str, Mapping[str, Any]]
) -> None:
    groups = replaced(stored_answers(deps.keyring, project)["groups"], fresh)
    watch_listings(session, project.id, (listing for listing, _ in found_in(groups)))
    project.answers = sealed_answers(deps.keyring, project.id, groups, deps.clock.now())


def _outdate_sheets(session: Session, project_id: str, at: datetime) -> None:
    """Sheets made out before say something else than the register does."""
    told = update(TenderSheet).where(TenderSheet.project_id == project_id, TenderSheet.changed_at.is_(None))
    session.execute(told.values(changed_at=at))


def end_watch(session: Session, project: TenderProject, state: str, at: datetime) -> None:
    """Closed by award, by hand or by time: whom it watched is forgotten at once."""
    project.state, project.closed_at = state, at
    session.execute(delete(TenderKey).where(TenderKey.project_id == project.id))


def forget_project(session: Session, project_id: str) -> None:
    """All of it, signed sheets included: those who hold one verify it offline."""
    for kind in (TenderKey, TenderNews, TenderSheet):
        session.execute(delete(kind).where(kind.project_id == project_id))
    session.execute(delete(TenderProject).where(TenderProject.id == project_id))


def watch_listings(session: Session, project_id: str, found: Iterable[str]) -> None:
    """A change of any listing that was found is the project's business."""
    wanted = {f"l:{each}" for each in found}
    known = set(session.scalars(select(TenderKey.key).where(TenderKey.project_id == project_id)))
    rows = [{"project_id": project_id, "key": key} for key in sorted(wanted - known)]
    if rows:
        add_rows(session, KEYS, rows)


def _note(
    session: Session, keyring: KeyRing, project: TenderProject, bidder: Bidder, kind: str, deps: Deps
) -> None:
    news_id = new_id()
    said = {"group": bidder.group, "member": bidder.member, "name": bidder.name, "uscc": bidder.uscc}
    sealed = keyring.seal(json.dumps(said, ensure_ascii=False), f"tender_news.bidder.{news_id}")
    session.add(TenderNews(id=news_id, project_id=project.id, kind=kind, sealed=sealed, at=deps.clock.now()))
