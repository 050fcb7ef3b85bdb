"""What parties asked for through platforms, and what became of it: as the monitor and the API read it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push.models import AnswerAttempt, PartyRequest, RequestAnswer


def requests(
    session: Session, region: str, listing_id: str | None, before: str | None, limit: int
) -> list[PartyRequest]:
    """Parties' requests that came through platforms, newest first, at most `limit + 1`."""
    query = select(PartyRequest).order_by(PartyRequest.id.desc()).limit(limit + 1)
    if region:
        query = query.where(PartyRequest.region.startswith(region, autoescape=True))
    if listing_id:
        query = query.where(PartyRequest.listing_id == listing_id)
    if before is not None:
        query = query.where(PartyRequest.id < before)
    return list(session.scalars(query))


def answers(
    session: Session,
    region: str,
    *,
    state: str | None = None,
    platform: str | None = None,
    ticket: str | None = None,
    before: str | None = None,
    limit: int,
) -> list[RequestAnswer]:
    """Outcomes and how they got back, newest first, at most `limit + 1`."""
    given = {
        RequestAnswer.state: state,
        RequestAnswer.platform: platform,
        RequestAnswer.ticket: ticket,
    }
    query = select(RequestAnswer).where(*(column == value for column, value in given.items() if value))
    if region:
        query = query.where(RequestAnswer.region.startswith(region, autoescape=True))
    if before is not None:
        query = query.where(RequestAnswer.id < before)
    return list(session.scalars(query.order_by(RequestAnswer.id.desc()).limit(limit + 1)))


def answers_of(session: Session, listing_id: str) -> list[RequestAnswer]:
    """What platforms were told of requests about a listing, in order."""
    query = select(RequestAnswer).where(RequestAnswer.listing_id == listing_id)
    return list(session.scalars(query.order_by(RequestAnswer.sequence)))


def attempts_of(session: Session, answer_ids: Sequence[str]) -> dict[str, list[AnswerAttempt]]:
    """Every try at telling these outcomes and every act of a person, by outcome, oldest first."""
    query = select(AnswerAttempt).where(AnswerAttempt.answer_id.in_(answer_ids)).order_by(AnswerAttempt.id)
    found: dict[str, list[AnswerAttempt]] = {}
    for one in session.scalars(query):
        found.setdefault(one.answer_id, []).append(one)
    return found


def newest_answers(session: Session, asked: Sequence[PartyRequest]) -> dict[tuple[str, str], RequestAnswer]:
    """The last thing that became of each of these, by platform and ticket."""
    query = select(RequestAnswer).where(
        RequestAnswer.platform.in_({row.platform for row in asked}),
        RequestAnswer.ticket.in_({row.ticket for row in asked}),
    )
    return {
        (row.platform, row.ticket): row for row in session.scalars(query.order_by(RequestAnswer.sequence))
    }


def answer(session: Session, answer_id: str, region: str = "") -> RequestAnswer | None:
    """One outcome, if the asker may see its region."""
    row = session.get(RequestAnswer, answer_id)
    return row if row is not None and row.region.startswith(region) else None
