"""Trying without doing: the exact bytes that would go, and whether a platform answers and knows our key."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push import queries
from services.credit_push.catalogue import Profile
from services.credit_push.domain import LIST, WITHDRAW, Record, record_from
from services.credit_push.formats import Content, Fault, Unacceptable, encode
from services.credit_push.models import Delivery, Holding, ListingVersion
from services.credit_push.transports import Transport
from services.credit_push.transports.base import (
    ABSENT,
    FILED,
    REFUSED,
    TAKEN,
    UNSEEN,
    Job,
    Preview,
    PreviewFile,
)
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.encoding import former_rows, open_identities
from services.credit_push.usecases.letters import preview_letter
from services.credit_push.usecases.recent import identities_of
from shared.crypto import CryptoError
from shared.errors import NotFound
from shared.ids import new_id

LONGEST = 20_000
KNOWS_US = (ABSENT, UNSEEN, FILED, TAKEN, REFUSED)


@dataclass(frozen=True)
class Rehearsal:
    """What would go, with identity numbers covered; or the faults that would stop it here."""

    target: str
    text: str
    size: int = 0
    """Bytes that would go; a covered number is as long as the number."""
    faults: tuple[Fault, ...] = ()
    head: str = ""
    signed: str = ""
    sha256: str = ""
    files: tuple[PreviewFile, ...] = ()
    covered: bool = False
    """Whether an identity number would go: then checksums and signatures are of what is shown."""


def rehearse_one(
    deps: Deps, way: Callable[[str], Transport], delivery_id: str, region: str
) -> tuple[Delivery, Rehearsal]:
    """A delivery of the region, and what would go; NotFound where there is none."""
    with deps.db.read() as session:
        row = queries.delivery(session, delivery_id, region)
        if row is None or row.platform not in deps.catalogue:
            raise NotFound("not-found", "没有这条推送记录")
        return row, rehearse(session, deps, way(row.platform), row)


def file_of(shown: Rehearsal, name: str) -> PreviewFile:
    """One of the files that would be laid down."""
    file = next((one for one in shown.files if one.name == name), None)
    if file is None:
        raise NotFound("not-found", "没有这个文件")
    return file


def rehearse(session: Session, deps: Deps, transport: Transport, delivery: Delivery) -> Rehearsal:
    """A delivery as it would be handed over now."""
    profile = deps.catalogue[delivery.platform]
    payload = session.scalars(
        select(ListingVersion.payload).where(
            ListingVersion.listing_id == delivery.listing_id, ListingVersion.sequence == delivery.sequence
        )
    ).one()
    try:
        record = open_identities(deps.keyring, record_from(payload), identities_of(payload))
        job = _job(session, deps, profile, delivery, record)
    except Unacceptable as refusal:
        return Rehearsal("", "", faults=refusal.faults)
    except CryptoError as error:
        return Rehearsal("", "", faults=(Fault("identity", "SEALED", str(error)),))
    safe = _covered(job, record)
    if profile.withdrawal.by == "letter" and delivery.operation == WITHDRAW:
        shown = preview_letter(session, deps, profile, record, delivery)
    else:
        shown = transport.preview(safe)
    return shown_as(shown, covered=safe is not job)


def shown_as(shown: Preview, *, covered: bool = False) -> Rehearsal:
    """A transport's preview, as people and programs look at it."""
    return Rehearsal(
        shown.target,
        (shown.readable or shown.body).decode("utf-8-sig", "replace")[:LONGEST],
        len(shown.body),
        head=shown.head,
        signed=shown.signed,
        sha256=hashlib.sha256(shown.body).hexdigest(),
        files=shown.files,
        covered=covered,
    )


def _job(session: Session, deps: Deps, profile: Profile, delivery: Delivery, record: Record) -> Job:
    held = session.execute(
        select(Holding.sent_row, Holding.delivery_id).where(
            Holding.platform == profile.id, Holding.listing_id == delivery.listing_id
        )
    ).first()
    formers = former_rows(deps.keyring, [(held.sent_row, held.delivery_id)] if held and held.sent_row else [])
    return Job(
        delivery.id,
        delivery.idempotency_key,
        delivery.listing_id,
        delivery.version,
        delivery.operation,
        delivery.batch_id or "batch",
        encode(profile, record, delivery.operation),
        formers,
    )


def _covered(job: Job, record: Record) -> Job:
    """Identity numbers are for the platform only: whoever looks sees four digits of them, in files too."""
    subject = record.subject
    numbers = [one for one in (subject.id_number, subject.legal_representative_id_number) if one]

    same = [name for name, value in job.content.row.items() if value in numbers]
    numbers += [former[name] for former in job.formers for name in same if former.get(name)]

    def cover(row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: _masked(value, numbers) for name, value in row.items()}

    row, formers = cover(job.content.row), tuple(cover(former) for former in job.formers)
    if row == job.content.row and formers == job.formers:
        return job
    return replace(job, content=replace(job.content, row=row), formers=formers)


def _masked(value: Any, numbers: Iterable[str]) -> Any:
    if isinstance(value, str):
        for number in numbers:
            value = value.replace(number, number[:4] + "*" * (len(number) - 4))
    elif isinstance(value, list):
        return [_masked(one, numbers) for one in value]
    elif isinstance(value, dict):
        return {name: _masked(one, numbers) for name, one in value.items()}
    return value


@dataclass(frozen=True)
class Reached:
    """What came of asking a platform about a record that does not exist, if it can be asked."""

    well: bool
    told: str
    asked: bool = True

    @property
    def title(self) -> str:
        """The same in a few words."""
        if not self.asked:
            return "此类平台无法在线试送"
        return "平台可达，密钥有效" if self.well else "平台没有给出可用的应答"


_LOOK = "请在推送记录中用“查看将要推送的内容（不发送）”核对内容；"
INSTEAD = {
    "packet": f"数据包放入约定的目录，没有可以当场询问的接口。{_LOOK}推送后以平台的反馈文件为准。",
    "kafka": f"记录写入平台订阅的消息主题，没有可以当场询问的接口。{_LOOK}推送后以平台的回执和对账结果为准。",
    "manual": f"该平台由人工填报，没有可以当场询问的接口。{_LOOK}填报后在人工报送中登记平台的反馈。",
    "pull": "该平台自行来取事件，本系统不主动发送。请平台按约定取一次并交回回执，以收到的回执为准。",
}
"""By kind of transport, where asking proves nothing: what to do in its place."""


def try_platform(way: Callable[[str], Transport], profile: Profile) -> Reached:
    """A signed question about a key never used: no record is made, nothing is shown anywhere."""
    spec = profile.transport
    by_sftp = spec.directory.startswith("sftp:")  # signing in there proves account and host
    if spec.kind in INSTEAD and not by_sftp:
        return Reached(well=False, told=INSTEAD[spec.kind], asked=False)
    probe = Job(new_id(), f"{profile.id}:probe:{new_id()}", new_id(), 0, LIST, "", Content("", "", {}))
    (outcome,) = way(profile.id).query([probe])
    status = f"HTTP {outcome.http_status}" if outcome.http_status else ""
    took = f"{outcome.milliseconds} 毫秒" if outcome.milliseconds is not None else ""
    told = " · ".join(filter(None, (status, took, outcome.message)))
    return Reached(outcome.result in KNOWS_US, told)
