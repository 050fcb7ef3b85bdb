"""附件 of an item: added while it is a draft, opened for officers always, for anyone while public."""

import hashlib
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.usecases.attachments import FOLDER, Upload, checked_type
from services.blacklist.openness.domain.items import DRAFT, PUBLISHED
from services.blacklist.openness.models import ItemFile, OpennessItem
from services.blacklist.openness.queries.public import public_item
from services.blacklist.openness.queries.sight import find, to_act_on
from services.blacklist.openness.usecases.common import refuse, write_down
from services.blacklist.store import Deps
from shared.errors import Conflict, NotFound
from shared.file_names import file_name
from shared.ids import new_id
from shared.sealed_files import SealedFiles
from shared.web.access import Principal


def add_file(
    session: Session, deps: Deps, item_id: str, upload: Upload, *, actor: Principal, at: datetime
) -> ItemFile:
    """Seal and keep one file; what is approved later includes it."""
    item = to_act_on(session, OpennessItem, item_id, actor)
    if item.state != DRAFT or item.secrecy:
        raise Conflict(
            "item-wrong-state",
            "现在不能上传附件",
            "只有拟制中、没有密级的信息可以上传附件。",
            state=item.state,
        )
    media_type = checked_type(upload)
    held = select(func.count()).select_from(ItemFile).where(ItemFile.item_id == item_id)
    if (session.scalar(held) or 0) >= figure("attachments", "max_per_case"):
        refuse([("file", "附件数量已达上限")])
    row = ItemFile(
        id=new_id(),
        item_id=item_id,
        file_name=file_name(upload.file_name),
        media_type=media_type,
        size=len(upload.content),
        sha256=hashlib.sha256(upload.content).hexdigest(),
        uploaded_by=actor.user_id,
        created_at=at,
    )
    _files(deps).keep(row.id, upload.content)
    session.add(row)
    item.edition, item.edited_by, item.updated_at = item.edition + 1, actor.user_id, at
    write_down(session, "item", item, "attach", actor, at, sha256=row.sha256, size=row.size)
    session.flush()
    return row


def open_file(
    session: Session, deps: Deps, item_id: str, file_id: str, who: Principal | None
) -> tuple[ItemFile, bytes]:
    """For an officer by sight, for anyone else while the item is public."""
    if who is not None:
        find(session, OpennessItem, item_id, who)
    elif public_item(session, item_id).state != PUBLISHED:
        raise NotFound("item-not-found", "这条信息已经撤下")
    row = session.get(ItemFile, file_id)
    if row is None or row.item_id != item_id:
        raise NotFound("attachment-not-found", "没有这份附件")
    return row, _files(deps).read(row.id, row.sha256)


def _files(deps: Deps) -> SealedFiles:
    return SealedFiles(deps.keyring, deps.data_dir / FOLDER, "openness_files.content")
