"""The index made at once: listings that have no names get them, in one transaction and with bare tables.

Names are cut in processes of their own while the database takes them in; B-trees and the inverted index are
made after, which takes a third of the work of keeping them name by name. Until the commit nothing of it is
seen; cut short, nothing of it stays. SQLite is searched meanwhile; PostgreSQL's searches wait.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from multiprocessing import get_context
from typing import Any

from sqlalchemy import Connection, exists, func, select
from sqlalchemy.orm import Session

from services.blacklist.register.domain.names import numbered_records
from services.blacklist.register.index.port import Block, NameTuple, RegisterIndex
from services.blacklist.register.models import LISTINGS, NAMES, Listing, ListingName
from shared.children import end_with_maker
from shared.db import Database

BLOCK = 2000
AHEAD = 3
"""Blocks under way for each process."""
PROCESSES = min(4, os.cpu_count() or 1)
"""Besides this one; without any, names are cut here."""
MANY = 20_000
"""From so many names on, and more than stand there, indexes are made after; processes are started."""
Named = tuple[str, str, Sequence[str], Sequence[str]]
"""A listing's id, its name, former ones and short ones."""
Write = Callable[[Sequence[NameTuple]], Block]
Progress = Callable[[int], None]


def name_unnamed(db: Database, index: RegisterIndex, progress: Progress | None = None) -> int:
    """Gives every organisation's listing without names its names; how many listings that were."""
    with db.read() as session:
        missing = session.scalar(select(func.count()).select_from(LISTINGS).where(_unnamed())) or 0
        known = session.scalar(select(func.count()).select_from(NAMES)) or 0
    if not missing:
        return 0
    at_once = missing >= MANY and missing > known
    with db.write() as session, _cutting(index.block, at_once=at_once) as cut:
        connection = session.connection()
        if at_once:
            index.set_aside(connection)
        done = sum(_taken(connection, index, cut(_listings(session)), progress))
        if at_once:
            index.restore(connection)
    return done


def _unnamed() -> Any:
    named = exists().where(ListingName.listing_id == Listing.id)
    return (Listing.subject_type == "organization") & ~named


_CURRENT_NAME = (
    select(ListingName.ordinal)
    .where(ListingName.listing_id == Listing.id, ListingName.ordinal == 0)
    .scalar_subquery()
)
"""One step into the unique index for each listing: told of names that "exist", PostgreSQL joins the whole
table of names for every block, and ten million names take days.
"""


def _listings(session: Session) -> Iterator[list[Named]]:
    """In order of id, block by block: no cursor stays open while rows are written."""
    last = ""
    subject = Listing.facts["subject"]
    wanted = select(Listing.id, Listing.subject_name, subject["former_names"], subject["short_names"])
    wanted = wanted.where(Listing.subject_type == "organization", _CURRENT_NAME.is_(None))
    while True:
        found = wanted.where(Listing.id > last).order_by(Listing.id).limit(BLOCK)
        rows = session.execute(found).all()
        if not rows:
            return
        last = rows[-1][0]
        yield [(listing, name, former or (), short or ()) for listing, name, former, short in rows]


def _taken(
    connection: Connection,
    index: RegisterIndex,
    blocks: Iterable[tuple[int, Block]],
    progress: Progress | None,
) -> Iterator[int]:
    for listings, block in blocks:
        index.take(connection, block)
        if progress:
            progress(listings)
        yield listings


def cut_names(write: Write, named: Sequence[Named]) -> tuple[int, Block]:
    """How many listings, and the rows of their names as the database takes them."""
    rows = [
        (listing, ordinal, *record)
        for listing, name, former, short in named
        for ordinal, record in numbered_records(name, former, short)
    ]
    return len(named), write(rows)


Cut = Callable[[Iterable[list[Named]]], Iterator[tuple[int, Block]]]


@contextmanager
def _cutting(write: Write, *, at_once: bool) -> Iterator[Cut]:
    """Here or in processes of their own; in order either way."""
    cut = partial(cut_names, write)
    if not at_once or not PROCESSES:
        yield partial(map, cut)
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=end_with_maker) as processes:
        yield partial(_ahead, processes, cut, PROCESSES * AHEAD)


def _ahead(
    processes: ProcessPoolExecutor,
    cut: Callable[[list[Named]], tuple[int, Block]],
    ahead: int,
    named: Iterable[list[Named]],
) -> Iterator[tuple[int, Block]]:
    coming = iter(named)
    waiting: deque[Future[tuple[int, Block]]] = deque(
        processes.submit(cut, block) for block in islice(coming, ahead)
    )
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(processes.submit(cut, block) for block in islice(coming, 1))
