"""Webhooks and robots that do not answer: first a warning, and after the last repeat they are disabled.

Who keeps them hears of it in the inbox and by mail, not by the receiver that fails.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.notifier.channels import Gone
from services.notifier.domain import CHANNEL_NAMES, Happening, chinese_date
from services.notifier.models import OutsideSubscriber, Robot, WebhookEndpoint
from services.notifier.models.outside import OUTSIDE
from services.notifier.usecases.announcing import announce
from services.notifier.usecases.outside_mail import mail_contact
from shared.delivery import DEAD, WAITING
from shared.errors import DeliveryError
from shared.written import cover_identities

FAILING, DISABLED = "receiver.failing", "receiver.disabled"
OWNERS: Mapping[str, type[WebhookEndpoint] | type[Robot]] = {"webhook": WebhookEndpoint, "robot": Robot}
EXHAUSTED = "连续投递失败，已自动停用"
WARN_AT = 4
"""The try at which a message that does not go out is worth a warning: by the schedule, after half an hour."""


@dataclass(frozen=True)
class Failure:
    """A try that failed: at which receiver, where it left the message."""

    target: str
    attempt: int
    state: str
    error: DeliveryError


def consider_receivers(
    session: Session, failures: Sequence[Failure], *, channels: Collection[str], today: date, now: datetime
) -> None:
    """Disable who said goodbye or stayed silent through every repeat; warn of who fails for long."""
    told: list[Happening] = []
    for each in failures:
        kind, _, key = each.target.partition(":")
        owner = OWNERS.get(kind)
        if owner is None:
            continue
        if each.state == DEAD and (not each.error.permanent or isinstance(each.error, Gone)):
            told += _disable(session, owner, key, each, today, now)
        elif each.state == WAITING and each.attempt == WARN_AT:
            found = _receiver(session, owner, key)
            told += [_happening(FAILING, found, each, today, now)] if found and found.enabled else []
    if told:
        told = [_for_keepers(session, each, channels, now) for each in told]
        announce(session, told, channels=channels, today=today, at=now)


def _for_keepers(
    session: Session, happening: Happening, channels: Collection[str], now: datetime
) -> Happening:
    """A webhook outside: its contact is mailed, and the department that let it in hears of it."""
    if happening.department_id != OUTSIDE:
        return happening
    subscriber = session.get(OutsideSubscriber, happening.subject_id)
    if subscriber is None:
        return happening
    if "email" in channels:
        kind = "outside." + happening.type.partition(".")[2]
        facts = {"reason": happening.facts["reason"]}
        mail_contact(session, subscriber, kind, facts, now, once=happening.event_id)
    facts = {**happening.facts, "place": "subscribers"}
    return replace(happening, department_id=subscriber.decided_department, facts=facts)


def _disable(
    session: Session,
    owner: type[WebhookEndpoint] | type[Robot],
    key: str,
    failure: Failure,
    today: date,
    now: datetime,
) -> list[Happening]:
    reason = failure.error.reason[:300] if failure.error.permanent else EXHAUSTED
    values = {"enabled": False, "updated_at": now, "disabled_reason": reason, "version": owner.version + 1}
    ours = update(owner).where(owner.id == key, owner.enabled.is_(True)).values(values)
    if session.execute(ours.returning(owner.id)).first() is None:
        return []
    found = _receiver(session, owner, key)
    return [_happening(DISABLED, found, failure, today, now)] if found else []


def _receiver(
    session: Session, owner: type[WebhookEndpoint] | type[Robot], key: str
) -> WebhookEndpoint | Robot | None:
    found = session.get(owner, key, populate_existing=True)
    return found if isinstance(found, WebhookEndpoint | Robot) else None


def _happening(
    event: str, receiver: WebhookEndpoint | Robot, failure: Failure, today: date, now: datetime
) -> Happening:
    """Once a day of each receiver that fails; each time one is disabled."""
    channel = receiver.channel if isinstance(receiver, Robot) else "webhook"
    place = "robots" if isinstance(receiver, Robot) else f"webhooks/{receiver.id}"
    occasion = today if event == FAILING else receiver.version
    facts = {
        "receiver": cover_identities(receiver.name),
        "channel_name": CHANNEL_NAMES[channel],
        "reason": cover_identities(failure.error.reason[:200]),
        "count": str(failure.attempt),
        "occurred_on": chinese_date(now),
        "place": place,
    }
    return Happening(
        event_id=f"{event}:{receiver.id}:{occasion}",
        type=event,
        subject_id=receiver.id,
        occurred_at=now,
        department_id=receiver.department_id,
        facts=facts,
    )
