"""Bounces (退信): mail servers report to a mailbox what became of mails they took; here it has its effect.

The mail counts as not delivered. An address that does not exist gets no more mails for a week or
until it is corrected, and the operators are told. A report that does not bring back the proof of the mail
(see `mail_proofs`) may be anybody's: it stays in the mailbox for a person, as does what is no such report.
The report of a sending counts once (see `bounce_rounds`), and soon after it, or never.
"""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email import message_from_bytes, message_from_string
from email.message import Message as Mail
from pathlib import Path

from sqlalchemy.orm import Session

from services.notifier.domain import IGNORED, REPEATED, STALE, TAKEN, Happening, chinese_date, mask_email
from services.notifier.models import Attempt, DepartmentCopy, Dispatch, Notice
from services.notifier.publishes import FAILED, Outcome, publish
from services.notifier.usecases.addressing import Asked, find_targets
from services.notifier.usecases.announcing import announce
from services.notifier.usecases.bounce_rounds import find_round, note_bounce, note_repeat
from services.notifier.usecases.bounced_mails import (
    REASON,
    STALE_AFTER,
    TooEarly,
    bounce_letter,
    bounce_watch,
)
from services.notifier.usecases.marks import set_mark
from shared.clock import Clock, local_date
from shared.crypto import KeyRing
from shared.db import Database
from shared.delivery import ACCEPTED, DEAD, SENDING, WAITING
from shared.ids import new_id
from shared.logs import get_log
from shared.loops import Periodic
from shared.metrics import counter

EVENT = "address.failing"
MOST_BYTES = 2_000_000
MOST_NESTED = 20
SEEN_BY_NONE = ":2,"
LOOK_EVERY = timedelta(seconds=15)
_STATUS = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")
_OURS = re.compile(r"<([0-9a-f-]{36})(?:\.([0-9a-f]{32}))?@")
_NO_SUCH_ADDRESS = re.compile(r"5\.1\.\d+")
reports = counter("notifier_bounces", "Bounce reports that came to the mailbox", ["outcome"])
log = get_log(__name__)


@dataclass(frozen=True)
class Bounce:
    """A mail that a server gave up on."""

    dispatch_id: str
    recipient: str
    status: str
    proof: str = ""
    number: int = 0
    """How often the mail had bounced before it was sent this time."""

    @property
    def is_of_the_address(self) -> bool:
        """Whether the address is to blame (5.1.x), not a full mailbox or a server that is away."""
        return _NO_SUCH_ADDRESS.fullmatch(self.status) is not None


def read_bounce(raw: bytes) -> Bounce | None:
    """The report in a mail (RFC 3464), or None: a delay, a person's answer, anything else."""
    if raw.lower().count(b"multipart/") > MOST_NESTED:  # the parser compares every line with every boundary
        return None
    try:
        mail = message_from_bytes(raw)
        reported, ours = _reported(mail), _original_id(mail)
    except Exception:  # noqa: BLE001  whatever somebody sent, the mails behind it are read
        return None
    if reported is None or ours is None:
        return None
    recipient, status = reported
    number, proof = ours
    return Bounce(number, recipient, status, proof)


def _reported(mail: Mail) -> tuple[str, str] | None:
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in part.get_payload():
            if not isinstance(block, Mail) or str(block.get("Action", "")).strip().lower() != "failed":
                continue
            kind, _, recipient = str(block.get("Final-Recipient", "")).partition(";")
            status = _STATUS.search(str(block.get("Status", "")))
            if kind.strip().lower() == "rfc822" and status:
                return recipient.strip().strip("<>"), status[0]
    return None


def _original_id(mail: Mail) -> tuple[str, str] | None:
    """Number and proof of our mail, from the copy of it that the report brings."""
    for part in mail.walk():
        kind, payload = part.get_content_type(), part.get_payload()
        original: object = None
        if kind == "message/rfc822" and isinstance(payload, list) and payload:
            original = payload[0]
        elif kind == "text/rfc822-headers" and isinstance(payload, str):
            original = message_from_string(payload)
        if isinstance(original, Mail):
            found = _OURS.match(str(original.get("Message-ID", "")).strip())
            return (found[1], found[2] or "") if found else None
    return None


def take_bounce(
    session: Session, keyring: KeyRing, bounce: Bounce, clock: Clock, channels: Collection[str]
) -> str:
    """What became of it: its effect, once; none where it proves nothing, is stale, or of another address."""
    found, at = find_round(session, keyring, bounce.dispatch_id, bounce.proof), clock.system_now()
    if found is None:
        return IGNORED
    if found.counted:
        note_repeat(session, bounce.dispatch_id, found.number, at)
        return REPEATED
    this = replace(bounce, number=found.number)
    kind, effect = _effect(session, keyring, this, clock, channels)
    if effect is None:
        return IGNORED
    said = {"kind": kind, "status": bounce.status, "effect": effect}
    note_bounce(session, bounce.dispatch_id, found.number, **said, at=at)
    return effect


def _effect(
    session: Session, keyring: KeyRing, bounce: Bounce, clock: Clock, channels: Collection[str]
) -> tuple[str, str | None]:
    """What kind of mail it was, and what its bounce changed. Of people outside no address is marked."""
    row, at = session.get(Dispatch, bounce.dispatch_id, with_for_update=True), clock.system_now()
    if row is not None:
        return "department", _bounce_message(session, keyring, row, bounce, clock, channels)
    effect = bounce_letter(session, bounce.dispatch_id, bounce.status, at)
    if effect is not None:
        return "letter", effect
    found = (bounce.dispatch_id, bounce.recipient, bounce.status)
    return "watch", bounce_watch(session, keyring, *found, at, ends=bounce.is_of_the_address)


def _bounce_message(
    session: Session,
    keyring: KeyRing,
    row: Dispatch,
    bounce: Bounce,
    clock: Clock,
    channels: Collection[str],
) -> str | None:
    if row.channel != "email":
        return None
    asked, at = Asked(row.target, row.channel, row.department_id), clock.system_now()
    target = find_targets(session, keyring, [asked], at).get(asked)
    if target is None or target.address.lower() != bounce.recipient.lower():
        return None
    if row.state in (WAITING, SENDING):
        raise TooEarly
    sent_at = row.settled_at or row.created_at
    if at - sent_at > STALE_AFTER:
        return STALE
    if row.state == ACCEPTED:
        _give_up(session, row, bounce, at)
    marked = bounce.is_of_the_address and set_mark(
        session, target.address, row.id, bounce.status, sent_at=sent_at, at=at
    )
    if marked:
        told = _happening(session, row, bounce, clock.now())
        announce(session, [told], channels=channels, today=local_date(clock.now()), at=at)
    return TAKEN


def _give_up(session: Session, row: Dispatch, bounce: Bounce, at: datetime) -> None:
    notice = session.get_one(Notice, row.notice_id)
    reason = REASON.format(bounce.status)
    session.add(
        Attempt(
            id=new_id(),
            dispatch_id=row.id,
            number=row.attempts_count,
            at=at,
            outcome="failed",
            permanent=True,
            reason=reason,
            duration_ms=0,
        )
    )
    row.state, row.reason, row.settled_at = DEAD, reason, at
    told = (notice.id, notice.event_type, notice.subject_id, notice.department_id, row.channel, at, reason)
    publish(session, [Outcome(FAILED, *told)])


def _happening(session: Session, row: Dispatch, bounce: Bounce, now: datetime) -> Happening:
    department = session.get(DepartmentCopy, row.department_id)
    facts = {
        "address": mask_email(bounce.recipient),
        "status": bounce.status,
        "occurred_on": chinese_date(now),
    }
    return Happening(
        event_id=f"bounce:{row.id}:{bounce.number}" if bounce.number else f"bounce:{row.id}",
        type=EVENT,
        subject_id=row.id,
        occurred_at=now,
        department_id=row.department_id,
        region=department.region if department else None,
        facts=facts,
    )


@dataclass(frozen=True)
class BounceBox:
    """The mailbox, and what a report in it is handled with."""

    folder: Path
    db: Database
    keyring: KeyRing
    clock: Clock
    channels: frozenset[str]


def bounce_reader(box: BounceBox) -> Periodic:
    """Loop: reads what is new in the mailbox. A report is removed once it has had its effect.

    Anybody may write to that mailbox: a mail is read by its file, in part, and none can hold up the others.
    """

    def read(_now: datetime) -> bool:
        return sum([_read(box, each) for each in _fresh(box.folder)]) > 0

    return Periodic("bounces", box.clock, LOOK_EVERY, read)


def _read(box: BounceBox, letter: Path) -> bool:
    try:
        with letter.open("rb") as file:
            bounce = read_bounce(file.read(MOST_BYTES))
        if bounce is not None and _taken(box, bounce):
            letter.unlink()
            return True
        letter.rename(letter.parent.parent / "cur" / f"{letter.name.partition(':')[0]}{SEEN_BY_NONE}")
    except TooEarly:
        return False
    except Exception as error:  # noqa: BLE001  it stays new, and those behind it are read
        log.warning("mail could not be handled", error=type(error).__name__)
    return False


def _taken(box: BounceBox, bounce: Bounce) -> bool:
    """Whether it is dealt with; the others stay in the mailbox for a person."""
    with box.db.write() as session:
        outcome = take_bounce(session, box.keyring, bounce, box.clock, box.channels)
    reports.labels(outcome).inc()
    if outcome == IGNORED:
        log.warning("bounce report ignored: not proven to be of a mail of ours", status=bounce.status)
    else:
        log.info("mail bounced", mail_id=bounce.dispatch_id, status=bounce.status, outcome=outcome)
    return outcome in (TAKEN, REPEATED)


def _fresh(folder: Path) -> list[Path]:
    """What nobody has looked at, the longest there first."""
    for each in ("tmp", "new", "cur"):
        (folder / each).mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.scandir(folder / "new") as found:
        names = [each.name for each in found if each.is_file() and not each.name.startswith(".")]
    return [folder / "new" / name for name in sorted(names)]
