"""What anyone may read: items by entry, domain, region, words; a withdrawn one keeps its mark (R33)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from services.blacklist.cases.queries.finding import region_prefix
from services.blacklist.openness.domain.items import PUBLISHED, WITHDRAWN, label_of
from services.blacklist.openness.domain.terms import kind_name
from services.blacklist.openness.models import ItemFile, ItemVersion, OpennessItem
from services.blacklist.openness.queries.catalogue import entry_title
from services.blacklist.openness.queries.sight import missing
from services.blacklist.rules.queries import domain as find_domain
from shared.clock import local_date
from shared.errors import Invalid
from shared.regions import full_name

CHANGES = {"publish": "公开", "correct": "更正", "withdraw": "撤下"}


@dataclass(frozen=True)
class Wanted:
    """What a list of public items may be narrowed by."""

    q: str | None = None
    region: str | None = None
    domain: str | None = None
    catalogue_code: str | None = None
    kind: str | None = None
    department_id: str | None = None
    since: date | None = None


def public_items(
    session: Session, wanted: Wanted, *, after: tuple[str, str] | None = None, limit: int
) -> Sequence[OpennessItem]:
    """Newest publication first, up to `limit`."""
    rows = _narrowed(select(OpennessItem).where(OpennessItem.state == PUBLISHED), wanted)
    if after:
        at, last = _moment(after[0]), after[1]
        rows = rows.where(
            or_(
                OpennessItem.published_at < at,
                and_(OpennessItem.published_at == at, OpennessItem.id < last),
            )
        )
    order = (OpennessItem.published_at.desc(), OpennessItem.id.desc())
    return session.scalars(rows.order_by(*order).limit(limit)).all()


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("bad-cursor", "翻页位置无效", "请从第一页重新查询。") from error


def _narrowed(rows: Select[OpennessItem], wanted: Wanted) -> Select[OpennessItem]:
    if wanted.region:
        rows = rows.where(OpennessItem.region.startswith(region_prefix(wanted.region), autoescape=True))
    for name in ("domain", "catalogue_code", "kind", "department_id"):
        if value := getattr(wanted, name):
            rows = rows.where(getattr(OpennessItem, name) == value)
    if wanted.since:
        rows = rows.where(OpennessItem.formed_on >= wanted.since)
    for word in (wanted.q or "").split()[:5]:
        rows = rows.where(
            or_(
                OpennessItem.title.icontains(word, autoescape=True),
                OpennessItem.body.icontains(word, autoescape=True),
                OpennessItem.number == word,
                OpennessItem.document_number == word,
            )
        )
    return rows


def public_item(session: Session, item_id: str) -> OpennessItem:
    """Public now, or withdrawn after having been so; anything else does not exist."""
    found = session.get(OpennessItem, item_id)
    if found is None or found.state not in (PUBLISHED, WITHDRAWN):
        raise missing(OpennessItem)
    return found


def files_of(session: Session, item_id: str) -> Sequence[ItemFile]:
    return session.scalars(select(ItemFile).where(ItemFile.item_id == item_id).order_by(ItemFile.id)).all()


def versions_of(session: Session, item_id: str) -> Sequence[ItemVersion]:
    wanted = select(ItemVersion).where(ItemVersion.item_id == item_id)
    return session.scalars(wanted.order_by(ItemVersion.version)).all()


def public_line(item: OpennessItem) -> dict[str, Any]:
    """What a list shows of a public item."""
    known = find_domain(item.domain)
    return {
        "id": item.id,
        "number": item.number,
        "title": item.title,
        "kind": item.kind,
        "kind_name": kind_name(item.kind),
        "catalogue_code": item.catalogue_code,
        "domain": item.domain,
        "domain_name": known.name if known else item.domain,
        "region": item.region,
        "region_name": full_name(item.region),
        "department": {"id": item.department_id, "name": item.department_name},
        "document_number": item.document_number,
        "formed_on": item.formed_on,
        "published_on": local_date(item.published_at) if item.published_at else None,
        "label": label_of(item.attribute, item.secrecy),
        "withdrawn": item.state == WITHDRAWN,
        "corrected": item.version > 1 and item.state == PUBLISHED,
    }


def public_view(session: Session, item: OpennessItem) -> dict[str, Any]:
    """The whole public page: text, files, what was changed and how it read before."""
    shown, withdrawn = versions_of(session, item.id), item.state == WITHDRAWN
    return public_line(item) | {
        "catalogue_title": entry_title(session, item.region, item.catalogue_code),
        "body": None if withdrawn else item.body,
        "medium": item.medium,
        "related_id": item.related_id if item.kind == "interpretation" else None,
        "time_limit": item.term.get("name"),
        "files": [] if withdrawn else [file_view(each) for each in files_of(session, item.id)],
        "interpretations": _interpretations(session, item),
        "changes": [
            {
                "version": each.version,
                "kind": each.kind,
                "kind_name": CHANGES.get(each.kind, each.kind),
                "on": local_date(each.at),
                "reason": each.reason,
                "former_title": None if withdrawn or not index else shown[index - 1].title,
                "former_body": None if withdrawn or not index else shown[index - 1].body,
            }
            for index, each in enumerate(shown)
        ],
    }


def file_view(row: ItemFile) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("id", "file_name", "media_type", "size", "sha256")}


def _interpretations(session: Session, item: OpennessItem) -> list[dict[str, Any]]:
    wanted = select(OpennessItem).where(
        OpennessItem.related_id == item.id,
        OpennessItem.state == PUBLISHED,
        OpennessItem.kind == "interpretation",
    )
    return [{"id": each.id, "title": each.title} for each in session.scalars(wanted)]
