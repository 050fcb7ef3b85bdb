"""What is stored of the tree: leaves, tiles, checkpoints."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from services.blacklist.transparency.domain.commitments import entry_of
from services.blacklist.transparency.models import TILES, LogCheckpoint, LogCosignature, LogLeaf
from shared.errors import NotFound, Unavailable, describe_errors
from shared.tlog.tiles import HASH, HEIGHT, WIDTH, Place
from shared.tlog.tiles import reader as tile_reader
from shared.tlog.tree import ReadHashes

describe_errors(
    {
        "log-tile-unknown": "透明日志中没有这一块，或者日志还没有增长到这里。请先读取最新的检查点。",
        "log-checkpoint-missing": "透明日志还没有签发检查点。请稍后再试。",
    }
)


AT_ONCE = 12
"""Tiles that one statement asks for, as many as a proof needs of 16 million leaves."""


def _named(at: int) -> tuple[str, str]:
    return f"level_{at}", f"number_{at}"


def _at(at: int) -> ColumnElement[bool]:
    level, number = _named(at)
    return and_(TILES.c.level == bindparam(level), TILES.c.number == bindparam(number))


_TILES = select(TILES.c.level, TILES.c.number, TILES.c.hashes).where(or_(*map(_at, range(AT_ONCE))))
"""One statement for ever, so that nothing is compiled for a proof; pairs in one list would be looked for by
SQLite in every tile there is."""


def tree_size(session: Session) -> int:
    """How many leaves there are, those of the last checkpoint and any above it."""
    last = session.scalar(select(func.max(LogLeaf.position)))
    return 0 if last is None else last + 1


def load_tiles(session: Session, places: Collection[Place]) -> dict[Place, bytes]:
    """The tiles as far as they are filled."""
    if not places:
        return {}
    wanted = list(places)
    found: dict[Place, bytes] = {}
    for start in range(0, len(wanted), AT_ONCE):
        block = wanted[start : start + AT_ONCE]
        block += block[-1:] * (AT_ONCE - len(block))
        given = {
            name: part for at, place in enumerate(block) for name, part in zip(_named(at), place, strict=True)
        }
        found |= {(level, number): hashes for level, number, hashes in session.execute(_TILES, given)}
    return found


def reader(session: Session, known: Mapping[Place, bytes] | None = None) -> ReadHashes:
    """Hashes for proofs, each tile read once; tiles just made and not yet stored may be given."""
    held = dict(known or {})

    def load(places: Collection[Place]) -> dict[Place, bytes]:
        held.update(load_tiles(session, [place for place in places if place not in held]))
        return {place: held[place] for place in places}

    return tile_reader(load)


def tile(session: Session, level: int, number: int, width: int, size: int) -> bytes:
    """One tile at a width the log has reached; NotFound otherwise."""
    _require(number * WIDTH + width <= size >> (HEIGHT * level))
    found = load_tiles(session, [(level, number)]).get((level, number), b"")
    _require(len(found) >= width * HASH)
    return found[: width * HASH]


def entries(session: Session, number: int, width: int, size: int) -> list[bytes]:
    """The entries under a tile of level 0."""
    first = number * WIDTH
    _require(first + width <= size)
    rows = (
        select(LogLeaf.kind, LogLeaf.commitment)
        .where(LogLeaf.position >= first, LogLeaf.position < first + width)
        .order_by(LogLeaf.position)
    )
    return [entry_of(kind, committed) for kind, committed in session.execute(rows)]


def _require(there: bool) -> None:
    if not there:
        raise NotFound("log-tile-unknown", "日志没有这一块", "请先读取检查点，按其中的大小取块。")


def latest_checkpoint(session: Session) -> LogCheckpoint:
    """The newest checkpoint; Unavailable before the first."""
    newest = select(LogCheckpoint).order_by(LogCheckpoint.size.desc()).limit(1)
    return _present(session.scalars(newest).first())


def witnessed_checkpoint(session: Session) -> LogCheckpoint:
    """The newest checkpoint that another body cosigned."""
    newest = (
        select(LogCheckpoint)
        .join(LogCosignature, LogCosignature.size == LogCheckpoint.size)
        .order_by(LogCheckpoint.size.desc())
        .limit(1)
    )
    found = session.scalars(newest).first()
    if found is None:
        raise NotFound("log-checkpoint-missing", "还没有见证过的检查点")
    return found


def _present(found: LogCheckpoint | None) -> LogCheckpoint:
    if found is None:
        raise Unavailable("log-checkpoint-missing", "透明日志尚未就绪", "请稍后再试。", retry_after=1)
    return found


def checkpoint_at(session: Session, size: int) -> LogCheckpoint | None:
    return session.get(LogCheckpoint, size)


def cosignatures(session: Session, size: int) -> Sequence[LogCosignature]:
    rows = select(LogCosignature).where(LogCosignature.size == size).order_by(LogCosignature.witness)
    return session.scalars(rows).all()


def origin_of(checkpoint: LogCheckpoint) -> str:
    """The log's name, as its checkpoint says it."""
    return checkpoint.note.partition("\n")[0]


def signed_note(session: Session, checkpoint: LogCheckpoint) -> str:
    """The checkpoint as it is served: the log's signatures, then the witnesses'."""
    return checkpoint.note + "".join(each.line + "\n" for each in cosignatures(session, checkpoint.size))
