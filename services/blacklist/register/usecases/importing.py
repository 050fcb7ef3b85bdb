"""`import listings`: history another system already published, read as a stream of JSON lines.

At most 500 rows a commit; a line seen before (by its source id, else its content) is passed over, so a
run that was cut short is simply run again: what is known is passed over unread. Platforms and departments
hear nothing unless `push`.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.register.domain.lines import origin_of
from services.blacklist.register.models import LISTINGS
from services.blacklist.register.publishes import queue_rows
from services.blacklist.register.usecases.making import (
    CHANGE,
    LISTING,
    NAME,
    VERSION,
    Block,
    Lines,
    Made,
    Making,
    Numbered,
    Rejected,
)
from services.blacklist.register.usecases.steps import log_versions
from services.blacklist.rules.queries import rules_folder, use_rules
from shared.beside import Beside
from shared.clock import Clock
from shared.crypto import KeyRing
from shared.db import Database, among
from shared.process import rest_from_collecting

BATCH = 500
AHEAD = 2
ALONE = 3 * BATCH
"""Up to so many lines a second process would be ready too late to help."""
MOST_REASONS = 10_000
Progress = Callable[[int], None]


@dataclass
class ImportReport:
    """What became of the lines; `reasons` keeps the first ten thousand rejections."""

    read: int = 0
    imported: int = 0
    known: int = 0
    rejected: int = 0
    reasons: list[Rejected] = field(default_factory=list)

    def add(self, block: Block, imported: int) -> None:
        self.read += block.read
        self.imported += imported
        self.known += block.known + len(block.good) - imported
        self.rejected += len(block.rejected)
        self.reasons += block.rejected[: MOST_REASONS - len(self.reasons)]


def import_listings(
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    lines: Iterable[str | bytes],
    *,
    push: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Take in every good line; the report names the bad ones. Empty lines are passed over."""
    report, passing = ImportReport(), Passing(db, clock)
    making = Making(keyring, clock.today(), push)
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    with Beside(making, partial(_settle, rules_folder())) as make:
        make.copy()  # before there are threads; else a process of its own, once it is worth its start
        with closing(_ahead(make, passing.batched(numbered))) as blocks:
            for block in blocks:
                with db.write() as session:
                    fresh = _fresh(session, block.good)
                    _write(session, fresh)
                report.add(block, len(fresh))
                passing.asking = passing.asking or len(fresh) < len(block.good)
                if progress:
                    progress(report.read)
                if report.read - report.known >= ALONE:
                    make.start()
    return report


def _settle(rules: Path | None) -> None:
    """What the other process does first: it reads the same law, and makes rows for as long as it lives."""
    use_rules(rules)
    rest_from_collecting()


class Passing:
    """Passes over lines the register has, before they are made into rows, for as long as it meets any.

    Begun anew, a run meets its own lines first; a first run asks once and not again.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self.asking = True

    def batched(self, numbered: Iterator[Numbered]) -> Iterator[Lines]:
        while block := list(islice(numbered, BATCH)):
            wanted = self._unknown(block) if self.asking else block
            self.asking = len(wanted) < len(block)
            yield Lines(self._clock.now(), wanted, len(block) - len(wanted))

    def _unknown(self, block: list[Numbered]) -> list[Numbered]:
        origins = [origin_of(text) for _, text in block]
        with self._db.read() as session:
            known = _known(session, [each for each in origins if each])
        return [line for line, origin in zip(block, origins, strict=True) if origin not in known]


def _ahead(make: Callable[[Lines], Block], blocks: Iterable[Lines]) -> Generator[Block, None, None]:
    """Blocks made into rows, some ahead of the caller: the database takes in those before meanwhile."""
    waiting = deque[Future[Block]]()
    with ThreadPoolExecutor(1, "import") as maker:
        for block in blocks:
            waiting.append(maker.submit(make, block))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _known(session: Session, origins: Sequence[str]) -> set[str | None]:
    found = select(LISTINGS.c.origin).where(among(session, LISTINGS.c.origin, origins))
    return set(session.scalars(found)) if origins else set()


def _fresh(session: Session, good: Sequence[Made]) -> list[Made]:
    """Lines that neither the register nor an earlier line of the block has."""
    seen = _known(session, [each.origin for each in good])
    fresh: list[Made] = []
    for each in good:
        if each.origin not in seen:
            seen.add(each.origin)
            fresh.append(each)
    return fresh


def _write(session: Session, fresh: Sequence[Made]) -> None:
    if not fresh:
        return
    LISTING.add(session, (each.listing for each in fresh))
    NAME.add(session, chain.from_iterable(each.names for each in fresh))
    VERSION.add(session, (each.version for each in fresh))
    CHANGE.add(session, chain.from_iterable(each.changes for each in fresh))
    log_versions(session, (each.version[:2] for each in fresh))
    queue_rows(session, chain.from_iterable(each.queued for each in fresh))
