"""Which departments were told of a case or its listing, and whether the message reached them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.models import Case, NoticeStatus


def notices_of(session: Session, case: Case) -> Sequence[NoticeStatus]:
    """Newest first."""
    subjects = [each for each in (case.id, case.listing_id) if each]
    found = select(NoticeStatus).where(NoticeStatus.subject_id.in_(subjects))
    return session.scalars(found.order_by(NoticeStatus.at.desc(), NoticeStatus.notice_id)).all()
