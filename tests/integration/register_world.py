"""What register tests start from: tables, keys, made-up cases."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.register import models
from services.blacklist.register.domain import (
    CaseFacts,
    ListTerms,
    Organ,
    Publicity,
    SealedIdentity,
    Subject,
)
from services.blacklist.register.usecases import Publication, publish_listing
from services.blacklist.store import Base, Deps, outbox
from shared.calendar import builtin_calendar
from shared.clock import FixedClock
from shared.crypto import KeyRing
from shared.db import Database
from shared.identifiers import make_resident_id, make_uscc, mask_id
from shared.ids import new_id

ORGAN = Organ("石家庄市长安区住房和城乡建设局", make_uscc("11130102", 1))
TERMS = ListTerms(
    "public-resource-blacklist", "公共资源配置领域黑名单", "industry-misconduct", "国办发〔2017〕97号", "1"
)
PUBLICITY = Publicity(start=date(2026, 11, 2), max_end=date(2027, 11, 2), min_end=date(2027, 2, 2))
PERSON_NUMBER = make_resident_id("130102", date(1985, 4, 12), 17)


@dataclass(frozen=True)
class World:
    """A register with its clock and keys."""

    deps: Deps
    clock: FixedClock

    @property
    def db(self) -> Database:
        return self.deps.db

    @property
    def keyring(self) -> KeyRing:
        return self.deps.keyring

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self.db.write() as session:
            yield session

    def publish(self, case: CaseFacts, publicity: Publicity = PUBLICITY, terms: ListTerms = TERMS) -> str:
        listing_id = new_id()
        with self.write() as session:
            publication = Publication(listing_id, case, terms, publicity)
            publish_listing(session, self.keyring, publication, at=self.clock.now())
        return listing_id

    def listing(self, listing_id: str) -> models.Listing:
        with self.db.read() as session:
            return session.get_one(models.Listing, listing_id)

    def queued(self, topic: str) -> list[Any]:
        with self.db.read() as session:
            rows = session.execute(select(outbox).where(outbox.c.topic == topic).order_by(outbox.c.id))
            return list(rows)


def make_world(db: Database, clock: FixedClock, folder: Path) -> World:
    Base.metadata.create_all(db.engine)
    keyring = KeyRing.load_or_create(folder / "keys.json")
    return World(Deps(db, clock, keyring, builtin_calendar(), folder), clock)


def organisation(name: str, serial: int = 1, **changes: Any) -> CaseFacts:
    subject = Subject(
        "organization",
        name,
        uscc=make_uscc("91130102", serial),
        former_names=changes.pop("former_names", ()),
        short_names=changes.pop("short_names", ()),
    )
    case = CaseFacts(
        case_id=new_id(),
        list_code=TERMS.code,
        domain="engineering-tendering",
        region="130102",
        department_id=new_id(),
        organ=ORGAN,
        source=ORGAN,
        subject=subject,
        misconduct={
            "category": "fraudulent-obtaining",
            "facts": "提供虚假业绩材料骗取中标",
            "occurred_on": "2026-03-01",
        },
        document={
            "kind": "penalty-decision",
            "number": f"长住建罚〔2026〕{serial}号",
            "organ": ORGAN.name,
            "date": "2026-10-28",
            "basis": "招标投标法第五十四条",
            "content": "处罚款2.5万元",
            "fine_wan": "2.5",
            "penalty_category": "罚款",
        },
        severity="serious",
    )
    return replace(case, **changes)


def person(keyring: KeyRing, name: str = "欧阳示例", number: str = PERSON_NUMBER) -> CaseFacts:
    aad = "cases.subject_id_number.test"
    token = SealedIdentity("id_number", keyring.seal(number, aad), aad)
    subject = Subject("individual", name, id_type="resident-id", id_masked=mask_id(number), identity=(token,))
    return replace(organisation("占位", 900), subject=subject)
