"""Case events on blacklist.cases.v1: one per transition, in order per case, in the caller's transaction.

Persons' names are masked; identity numbers never get here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.cases.domain.filing import INDIVIDUAL
from services.blacklist.cases.models import Case
from services.blacklist.store import SOURCE, outbox
from shared.contracts.envelope import Event, new_event
from shared.identifiers import mask_person_name
from shared.outbox import enqueue

TOPIC = "blacklist.cases.v1"


@dataclass(frozen=True)
class CaseNews:
    """What happened to a case that already carries its new state, version and sequence."""

    case: Case
    verb: str
    action: str
    actor_role: str | None
    reason: str | None
    rule: str | None
    at: datetime
    rule_version: str | None = None
    """Of the list's rule the step went by; otherwise the one the case was decided by."""


@dataclass(frozen=True)
class RequestAnswer:
    """What became of an objection or repair, for the platform it came from, under that platform's ticket."""

    case: Case
    kind: str
    outcome: str
    platform: str
    ticket: str
    reason: str | None
    at: datetime


def shown_name(case: Case) -> str:
    """The subject's name as it may leave the department: persons masked."""
    return mask_person_name(case.subject_name) if case.subject_type == INDIVIDUAL else case.subject_name


def case_event(news: CaseNews) -> Event:
    case = news.case
    data: dict[str, Any] = {
        "case_id": case.id,
        "listing_id": case.listing_id,
        "sequence": case.sequence,
        "version": case.version,
        "state": case.state,
        "action": news.action,
        "list_code": case.list_code,
        "list_name": case.list_name,
        "list_class": case.list_class,
        "department_id": case.department_id,
        "region": case.region,
        "domain": case.domain,
        "subject_name": shown_name(case),
        "subject_type": case.subject_type,
        "document_number": case.document_number,
        "actor_role": news.actor_role,
        "reason": news.reason,
        "rule": news.rule,
        "rule_version": news.rule_version or case.rule_version,
        "occurred_at": news.at,
        "recorded_at": news.at,
    }
    return new_event(
        f"case.{news.verb}", source=SOURCE, subject=case.id, sequence=case.sequence, data=data, at=news.at
    )


def publish_cases(session: Session, news: Sequence[CaseNews]) -> None:
    """Queue the events of already flushed cases."""
    if news:
        enqueue(session, outbox, TOPIC, [case_event(each) for each in news])


def publish_answers(session: Session, answers: Sequence[RequestAnswer]) -> None:
    """Queue what is told to those who asked, each numbered after the news of its case."""
    if answers:
        enqueue(session, outbox, TOPIC, [_answered(each) for each in answers])


def _answered(told: RequestAnswer) -> Event:
    case = told.case
    case.sequence += 1
    data: dict[str, Any] = {
        "case_id": case.id,
        "listing_id": case.listing_id,
        "sequence": case.sequence,
        "department_id": case.department_id,
        "region": case.region,
        "document_number": case.document_number,
        "kind": told.kind,
        "platform": told.platform,
        "ticket": told.ticket,
        "outcome": told.outcome,
        "reason": told.reason,
        "occurred_at": told.at,
        "recorded_at": told.at,
    }
    return new_event(
        "request.answered", source=SOURCE, subject=case.id, sequence=case.sequence, data=data, at=told.at
    )
