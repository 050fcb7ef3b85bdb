"""Cosignatures of other bodies: which witnesses are known, and taking what they signed."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.blacklist.transparency.models import LogCosignature, LogWitness
from services.blacklist.transparency.queries.keys import witnesses
from services.blacklist.transparency.queries.store import checkpoint_at
from shared.db import dialect_of, rows_changed, upsert
from shared.errors import Forbidden, Invalid, NotFound, describe_errors
from shared.tlog.notes import WITNESS, BadNote, Note, NoteKey

KEY_SHAPE = "请填写见证方用 witness new 生成时显示的公钥（名称+编号+公钥）。"

describe_errors(
    {
        "witness-key-invalid": "见证方公钥应写成“名称+编号+公钥”的形式，且为见证密钥。",
        "witness-unknown": "没有登记这个见证方，或者签名不是它的。请先由日志的运维人员登记见证方公钥。",
        "cosignature-invalid": "内容不是带见证签名的检查点。请提交检查点全文和见证签名行。",
        "cosignature-checkpoint-unknown": "该检查点不是本日志签发的。请保留它，并与日志的主管部门联系。",
    }
)


def add_witness(session: Session, text: str, at: datetime) -> NoteKey:
    """Take cosignatures of this key from now on; a new key of a known name replaces the old one."""
    try:
        key = NoteKey.parse(text)
    except BadNote as error:
        raise Invalid("witness-key-invalid", "见证方公钥有误", KEY_SHAPE) from error
    if key.kind != WITNESS:
        raise Invalid("witness-key-invalid", "不是见证密钥", KEY_SHAPE)
    insert = upsert(dialect_of(session))(LogWitness).values(name=key.name, key=str(key), added_at=at)
    session.execute(
        insert.on_conflict_do_update(index_elements=["name"], set_={"key": str(key), "added_at": at})
    )
    return key


def remove_witness(session: Session, name: str) -> bool:
    """Take none any more; those taken stay."""
    return rows_changed(session, delete(LogWitness).where(LogWitness.name == name)) > 0


def take_cosignatures(session: Session, raw: str, at: datetime) -> int:
    """Keep every known witness's signature under one of our own checkpoints; how many there were."""
    try:
        note = Note.parse(raw)
        size = _own_size(session, note)
        keys = [NoteKey.parse(each.key) for each in witnesses(session)]
        found = note.signed_by(keys)
    except BadNote as error:
        raise Invalid(
            "cosignature-invalid", "不是带见证签名的检查点", "请提交检查点全文和见证签名行。"
        ) from error
    if not found:
        raise Forbidden("witness-unknown", "没有登记的见证方", "请先登记见证方公钥。")
    for key, signature in found:
        row = {"size": size, "witness": key.name, "line": str(signature).rstrip("\n"), "at": at}
        insert = upsert(dialect_of(session))(LogCosignature).values(**row)
        renewed = {"line": row["line"], "at": at}
        session.execute(insert.on_conflict_do_update(index_elements=["size", "witness"], set_=renewed))
    return len(found)


def _own_size(session: Session, note: Note) -> int:
    """The size of our checkpoint with exactly this text."""
    lines = note.text.split("\n")
    size = int(lines[1]) if len(lines) > 1 and lines[1].isdecimal() and len(lines[1]) < 19 else -1
    own = checkpoint_at(session, size)
    if own is None or Note.parse(own.note).text != note.text:
        raise NotFound("cosignature-checkpoint-unknown", "不是本日志的检查点")
    return size
