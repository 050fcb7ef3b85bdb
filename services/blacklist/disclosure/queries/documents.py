"""The files of a request that go with its answer."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.disclosure.models import DisclosureDocument


def documents_of(session: Session, request_id: str) -> Sequence[DisclosureDocument]:
    """Those not taken back, in the order they were added."""
    wanted = select(DisclosureDocument).where(
        DisclosureDocument.request_id == request_id, DisclosureDocument.removed_at.is_(None)
    )
    return session.scalars(wanted.order_by(DisclosureDocument.id)).all()


def document_view(row: DisclosureDocument) -> dict[str, Any]:
    """As the applicant sees it, with its hash."""
    return {
        "id": row.id,
        "file_name": row.file_name,
        "media_type": row.media_type,
        "size": row.size,
        "sha256": row.sha256,
    }


def document_line(row: DisclosureDocument) -> dict[str, Any]:
    """As officers see it before the answer is issued: with what was found in it and stated about that."""
    return document_view(row) | {
        "identities": row.identities,
        "checked": row.checked,
        "by": row.adder_name,
        "added_at": row.added_at,
    }
