"""Which of several senders speaks to which platform: one lease a platform, shared out among those with work.

A platform is never shared by two: its window, its pace, its breaker's single probe and the order of a
listing's versions are kept by one process. A sender that dies loses its platforms as its leases lapse.
Whoever has less than its part asks for what others have, and only that is given up: there may be platforms
that another cannot serve.
"""

import hashlib
import math
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Table, delete, or_, select
from sqlalchemy.orm import Session

from shared.db import Database
from shared.leases import TTL, Leases, Upon, now_of

PLATFORM, PRESENCE, ASKED = "sender:", "sender@", "sender?"
ONE_FOR_ALL = "sender"
"""The lease of the release before, whose one sender speaks to every platform: nothing is begun beside it."""
LONGEST = 100
"""Characters of a lease's name."""
FORGOTTEN = timedelta(days=1)
"""Of senders that ended without a word."""


class Shares:
    """This sender's part of the platforms that have work."""

    def __init__(self, db: Database, table: Table, holder: str, ttl: float = TTL) -> None:
        self._db, self._table, self._holder = db, table, holder
        self._leases = Leases(db, table, holder, ttl)
        self._presence = PRESENCE + holder[-(LONGEST - len(PRESENCE)) :]
        self._senders = 1
        self._taken: frozenset[str] = frozenset()
        self._others: frozenset[str] = frozenset()
        self._asked: frozenset[str] = frozenset()
        self._asking: frozenset[str] = frozenset()
        self._one_for_all = False
        self._swept = False

    def look(self, session: Session) -> None:
        """Who else is about, and which platforms are theirs now."""
        row = self._table.c
        ours = or_(row.name == ONE_FOR_ALL, *map(row.name.startswith, (PLATFORM, PRESENCE, ASKED)))
        known = select(row.name, (row.until > now_of(self._db)).label("live"))
        found = session.execute(known.where(ours, row.holder != self._holder)).all()
        live = [name for name, is_live in found if is_live]
        self._others = _platforms(name for name, _ in found)
        self._taken, self._asked = _platforms(live), _platforms(live, ASKED)
        self._one_for_all = ONE_FOR_ALL in live
        self._senders = 1 + sum(name.startswith(PRESENCE) for name in live)

    def lonely(self, platforms: Collection[str]) -> set[str]:
        """Those no sender has now."""
        if self._one_for_all:
            return set()
        return {each for each in platforms if each not in self._taken and not self.holds(each)}

    def was_anothers(self, platform: str) -> bool:
        """Whether somebody else had it last, when we looked."""
        return platform in self._others

    def holds(self, platform: str) -> bool:
        """Whether it is ours by our own clock."""
        return self._leases.held(PLATFORM + platform)

    def stands(self, platform: str) -> bool:
        """Whether something may be sent there this moment; asked from any thread."""
        return self._leases.stands(PLATFORM + platform)

    def keep(self, busy: Collection[str], upon: Upon) -> None:
        """Renew what is ours where something is under way, and begin at nothing."""
        names = {PLATFORM + platform for platform in busy if self.holds(platform)}
        if not all(map(self._leases.sure, names)):
            self._leases.take(names, partial(self._upon, upon))

    def claim(self, wanted: Collection[str], busy: Collection[str], upon: Upon) -> set[str]:
        """The platforms among those with work that are ours to begin something at.

        What is more than our share and asked for by another is not begun at, and given up once nothing is
        under way there.
        """
        if self._one_for_all:
            self.keep(busy, upon)
            return set()
        at_work = {*wanted, *busy}
        mine = sorted(filter(self.holds, at_work), key=self._preference)
        share = math.ceil(len(at_work | self._taken) / self._senders)
        over = [platform for platform in mine if platform in self._asked][: max(0, len(mine) - share)]
        free = sorted(at_work - self._taken - set(mine), key=self._preference)
        room = max(0, share - len(mine))
        taking = free[:room] + [platform for platform in free[room:] if platform not in self._asked]
        asking = (at_work & self._taken) - self._asked if len(taking) < room else frozenset[str]()
        self._take({*mine, *taking}, asking, upon)
        given = [PLATFORM + platform for platform in over if platform not in busy]
        self._leases.release(given + [ASKED + platform for platform in self._asking - asking])
        self._asking = frozenset(asking)
        return {platform for platform in at_work if platform not in over and self.holds(platform)}

    def _take(self, platforms: Collection[str], asking: Collection[str], upon: Upon) -> None:
        wanted = {PLATFORM + platform for platform in platforms}
        names = {self._presence, *wanted, *(ASKED + platform for platform in asking)}
        if all(map(self._leases.sure, names)):
            return
        self._leases.take(names, partial(self._upon, upon))
        self._taken |= {each for each in platforms if not self.holds(each)}
        self._asked |= {each for each in asking if not self._leases.held(ASKED + each)}

    def _upon(self, upon: Upon, session: Session, fresh: set[str]) -> None:
        if not self._swept:
            name, until = self._table.c.name, self._table.c.until
            old = name.startswith(PRESENCE) & (until < datetime.now(UTC) - FORGOTTEN)
            session.execute(delete(self._table).where(old))
            self._swept = True
        if platforms := _platforms(fresh):
            upon(session, set(platforms))

    def _preference(self, platform: str) -> bytes:
        """Another order for every sender, so that two do not reach for the same ones first."""
        return hashlib.blake2b(f"{self._holder} {platform}".encode(), digest_size=8).digest()

    def close(self) -> None:
        """Give everything up at once."""
        self._leases.release()


def _platforms(names: Iterable[str], kind: str = PLATFORM) -> frozenset[str]:
    return frozenset(name[len(kind) :] for name in names if name.startswith(kind))
