"""Proofs: that a leaf is in the tree, that the tree only grew, what the leaves of a public listing say."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from services.blacklist.register.domain import Kind
from services.blacklist.register.domain.redaction import covered_since, redact
from services.blacklist.register.models import Listing, ListingVersion
from services.blacklist.register.queries import full_versions, public_listing
from services.blacklist.register.queries.listings import TOLD_PUBLICLY
from services.blacklist.register.queries.views import masked_facts
from services.blacklist.transparency.domain.commitments import (
    Version,
    entry_of,
    fact_parts,
    opened,
    parts_of,
)
from services.blacklist.transparency.models import CHECKPOINTS, LEAVES, LogCheckpoint, LogLeaf, LogSecret
from services.blacklist.transparency.queries.store import latest_checkpoint, reader, signed_note
from shared.errors import Invalid, NotFound, describe_errors
from shared.tlog import tree

describe_errors(
    {
        "log-position-unknown": "透明日志在这个大小时没有这个位置。请按检查点的大小填写。",
        "log-proof-pending": "该版本刚刚公示，尚未写入透明日志。请一秒后再试。",
    }
)


AT_ONCE = 500
_NEWEST = select(func.max(CHECKPOINTS.c.size))
"""The size of the newest checkpoint, without its text."""
_LEAF = select(LEAVES.c.kind, LEAVES.c.commitment, _NEWEST.scalar_subquery()).where(
    LEAVES.c.position == bindparam("index")
)


def inclusion(session: Session, index: int, size: int | None) -> dict[str, Any]:
    """The audit path of a leaf, by default in the newest tree."""
    row = session.execute(_LEAF, {"index": index}).first()
    kind, committed, newest = row or (0, b"", None)
    newest = newest or latest_checkpoint(session).size
    size = newest if size is None else size
    if row is None or not index < size <= newest:
        raise Invalid(
            "log-position-unknown", "日志没有这个位置", "index 应小于 size，size 不超过检查点的大小。"
        )
    root, proof = tree.proven_inclusion(index, size, reader(session))
    return {
        "index": index,
        "size": size,
        "leaf_hash": tree.leaf_hash(entry_of(kind, committed)).hex(),
        "root": root.hex(),
        "proof": [step.hex() for step in proof],
    }


def consistency(session: Session, old: int, new: int | None) -> dict[str, Any]:
    """That the tree of `new` leaves (by default the newest) continues the tree of `old`."""
    newest = session.scalar(_NEWEST) or latest_checkpoint(session).size
    new = newest if new is None else new
    if not old <= new <= newest:
        raise Invalid("log-position-unknown", "日志没有这个大小", "from 不超过 to，to 不超过检查点的大小。")
    first, second, proof = tree.proven_consistency(old, new, reader(session))
    return {
        "from": old,
        "to": new,
        "from_root": first.hex(),
        "to_root": second.hex(),
        "proof": [step.hex() for step in proof],
    }


def listing_proof(session: Session, listing_id: str, today: date) -> dict[str, Any]:
    """The leaves of a listing that is public today, opened as far as it is shown, under one checkpoint."""
    listing = public_listing(session, listing_id, today)
    checkpoint = latest_checkpoint(session)
    found = opened_leaves(session, listing, checkpoint)
    if not found:
        raise NotFound("log-proof-pending", "尚未写入透明日志", "请一秒后再试。", retry_after=1)
    return {
        "listing_id": listing.id,
        "checkpoint": signed_note(session, checkpoint),
        "leaves": found,
    }


def opened_leaves(session: Session, listing: Listing, checkpoint: LogCheckpoint) -> list[dict[str, Any]]:
    """Told versions whose secret still stands, with their proofs, oldest first."""
    every = full_versions(session, listing.id)
    versions = {
        row.version: (row, every[place:])
        for place, row in enumerate(every, start=1)
        if Kind(row.kind) in TOLD_PUBLICLY
    }
    wanted = (
        select(LogLeaf, LogSecret.secret)
        .join(LogSecret, LogSecret.position == LogLeaf.position)
        .where(LogLeaf.listing_id == listing.id, LogLeaf.position < checkpoint.size)
        .order_by(LogLeaf.position)
    )
    rows = [(leaf, secret) for leaf, secret in session.execute(wanted) if leaf.version in versions]
    read = reader(session)
    return [
        _proven(leaf, checkpoint.size, read) | {"parts": _opened(secret, *versions[leaf.version])}
        for leaf, secret in rows
    ]


def closed(leaves: Sequence[dict[str, Any]], keep: Collection[str] = ()) -> list[dict[str, Any]]:
    """Leaves with their digests alone: neither salt nor value but of the parts to keep."""
    return [leaf | {"parts": _digests(leaf["parts"], keep)} for leaf in leaves]


def _digests(parts: Mapping[str, Mapping[str, Any]], keep: Collection[str]) -> dict[str, Any]:
    return {name: part if name in keep else {"digest": part["digest"]} for name, part in parts.items()}


def reopened(session: Session, leaves: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Closed leaves opened anew, as far as their listings show them now; without those nobody can open.

    The caller has seen that the listings are public. So no salt need stand anywhere but in `log_secrets`.
    """
    found: dict[int, tuple[LogLeaf, bytes]] = {}
    for start in range(0, len(leaves), AT_ONCE):
        positions = [leaf["index"] for leaf in leaves[start : start + AT_ONCE]]
        wanted = select(LogLeaf, LogSecret.secret).join(LogSecret, LogSecret.position == LogLeaf.position)
        rows = session.execute(wanted.where(LogLeaf.position.in_(positions)))
        found |= {leaf.position: (leaf, secret) for leaf, secret in rows}
    return [
        leaf | {"parts": _opened(found[leaf["index"]][1], *_version(session, found[leaf["index"]][0]))}
        for leaf in leaves
        if leaf["index"] in found
    ]


def _version(session: Session, leaf: LogLeaf) -> tuple[ListingVersion, Sequence[ListingVersion]]:
    """The version a leaf is about, and those after it."""
    every = full_versions(session, leaf.listing_id)
    place = next(at for at, row in enumerate(every) if row.version == leaf.version)
    return every[place], every[place + 1 :]


def _proven(leaf: LogLeaf, size: int, read: tree.ReadHashes) -> dict[str, Any]:
    return {
        "index": leaf.position,
        "kind": leaf.kind,
        "commitment": leaf.commitment.hex(),
        "proof": [step.hex() for step in tree.inclusion_proof(leaf.position, size, read)],
    }


def _opened(secret: bytes, row: ListingVersion, later: Sequence[ListingVersion]) -> dict[str, Any]:
    version = version_of(row)
    return opened(version, secret, shown_parts(version, later))


def version_of(row: ListingVersion) -> Version:
    return Version(*(getattr(row, name) for name in Version.__dataclass_fields__))


def shown_parts(version: Version, later: Sequence[ListingVersion]) -> dict[str, Any]:
    """What the listing's page shows of a version, cut into the parts that are committed to.

    What a later version covered stays covered here too: the part then differs and is not opened.
    """
    reason = redact(version.reason).text if version.reason else version.reason
    facts = masked_facts(covered_since(version.facts, (each.facts for each in later)))
    return {
        "record": parts_of(version)["record"],
        "reason": {"code": version.reason_code, "text": reason},
    } | fact_parts(facts)


def secrets_left(session: Session, listing_ids: Sequence[str]) -> int:
    """How many leaves of these listings could still be opened."""
    rows = select(LogSecret.position).join(LogLeaf, LogLeaf.position == LogSecret.position)
    return len(session.scalars(rows.where(LogLeaf.listing_id.in_(listing_ids))).all())
