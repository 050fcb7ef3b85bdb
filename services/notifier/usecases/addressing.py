"""Where dispatches go as of now: a batch of targets costs a few questions, whatever its size."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifier.channels import Target
from services.notifier.models import (
    DepartmentCopy,
    FailingAddress,
    OutsideSubscriber,
    Phone,
    Robot,
    UserCopy,
    WebhookEndpoint,
    WebhookSecret,
)
from services.notifier.usecases.marks import marks_on
from shared.crypto import KeyRing


@dataclass(frozen=True)
class Asked:
    """A target as a dispatch names it: `user:…`, `department:…`, `webhook:…`, `robot:…`."""

    ref: str
    channel: str
    department_id: str

    @property
    def kind(self) -> str:
        return self.ref.partition(":")[0]

    @property
    def key(self) -> str:
        return self.ref.partition(":")[2]


Found = dict[Asked, Target]


def find_targets(session: Session, keyring: KeyRing, asked: Collection[Asked], now: datetime) -> Found:
    """The targets that can be reached; missing are those nobody can be reached at any more."""
    kinds: dict[str, list[Asked]] = defaultdict(list)
    for each in asked:
        kinds[each.kind].append(each)
    found: Found = {}
    for kind, some in kinds.items():
        found |= _KINDS[kind](session, keyring, some, now)
    return found


def failing(session: Session, found: Found, now: datetime) -> dict[Asked, str]:
    """Those whose mail address bounced for good, with the status the bounce gave."""
    digests = {
        each: FailingAddress.digest_of(target.address)
        for each, target in found.items()
        if each.channel == "email"
    }
    if not digests:
        return {}
    known = marks_on(session, set(digests.values()), now)
    return {each: known[digest] for each, digest in digests.items() if digest in known}


def _keys(asked: Sequence[Asked]) -> set[str]:
    return {each.key for each in asked}


def _webhooks(session: Session, keyring: KeyRing, asked: Sequence[Asked], now: datetime) -> Found:
    query = select(WebhookEndpoint.id, WebhookEndpoint.url)
    enabled = query.where(WebhookEndpoint.id.in_(_keys(asked)), WebhookEndpoint.enabled.is_(True))
    urls = {row.id: row.url for row in session.execute(enabled)}
    valid = (
        select(WebhookSecret)
        .where(WebhookSecret.endpoint_id.in_(urls))
        .where(WebhookSecret.expires_at.is_(None) | (WebhookSecret.expires_at > now))
        .order_by(WebhookSecret.created_at.desc())
    )
    secrets: dict[str, list[bytes]] = defaultdict(list)
    for row in session.scalars(valid):
        secrets[row.endpoint_id].append(keyring.unseal(row.sealed, WebhookSecret.aad(row.id)))
    reach = {key: (url, tuple(secrets[key])) for key, url in urls.items()}
    return {each: Target(each.ref, *reach[each.key]) for each in asked if each.key in reach}


def _robots(session: Session, keyring: KeyRing, asked: Sequence[Asked], _now: datetime) -> Found:
    query = select(Robot).where(Robot.id.in_(_keys(asked)), Robot.enabled.is_(True))
    robots = {row.id: row for row in session.scalars(query)}
    return {each: _robot(keyring, robots[each.key], each) for each in asked if each.key in robots}


def _robot(keyring: KeyRing, robot: Robot, each: Asked) -> Target:
    url = keyring.unseal(robot.sealed_url, Robot.aad(robot.id, "sealed_url")).decode()
    secret = robot.sealed_secret
    secrets = (keyring.unseal(secret, Robot.aad(robot.id, "sealed_secret")),) if secret else ()
    return Target(each.ref, url, secrets)


def _users(session: Session, keyring: KeyRing, asked: Sequence[Asked], _now: datetime) -> Found:
    """Officers in office, in the department the message is for."""
    query = select(UserCopy).where(UserCopy.id.in_(_keys(asked)), UserCopy.disabled.is_(False))
    users = {row.id: row for row in session.scalars(query)}
    here = [
        each for each in asked if each.key in users and users[each.key].department_id == each.department_id
    ]
    texted = {each.key for each in here if each.channel == "sms"}
    phones = _phones(session, keyring, texted) if texted else {}
    found: Found = {}
    for each in here:
        address = phones.get(each.key) if each.channel == "sms" else users[each.key].email
        if address:
            by_number = keyring.blind_index(address) if each.channel == "sms" else ""
            found[each] = Target(each.ref, address, counted_as=by_number)
    return found


def _phones(session: Session, keyring: KeyRing, user_ids: Collection[str]) -> Mapping[str, str]:
    rows = session.scalars(select(Phone).where(Phone.user_id.in_(user_ids)))
    return {row.user_id: keyring.unseal(row.sealed, Phone.aad(row.user_id)).decode() for row in rows}


def _departments(session: Session, _keyring: KeyRing, asked: Sequence[Asked], _now: datetime) -> Found:
    """A department's inbox, or its mailbox."""
    query = select(DepartmentCopy.id, DepartmentCopy.email).where(DepartmentCopy.id.in_(_keys(asked)))
    mailboxes = {row.id: row.email for row in session.execute(query)}
    found: Found = {}
    for each in asked:
        address = each.key if each.channel == "inbox" else mailboxes.get(each.key)
        if address:
            found[each] = Target(each.ref, address)
    return found


def _contacts(session: Session, keyring: KeyRing, asked: Sequence[Asked], _now: datetime) -> Found:
    """Whom outside subscribers named."""
    query = select(OutsideSubscriber).where(OutsideSubscriber.id.in_(_keys(asked)))
    sealed = {row.id: row.sealed_contact for row in session.scalars(query)}
    return {
        each: Target(each.ref, keyring.unseal(sealed[each.key], OutsideSubscriber.aad(each.key)).decode())
        for each in asked
        if each.key in sealed
    }


_KINDS: Mapping[str, Callable[[Session, KeyRing, Sequence[Asked], datetime], Found]] = {
    "webhook": _webhooks,
    "robot": _robots,
    "user": _users,
    "department": _departments,
    "contact": _contacts,
}
