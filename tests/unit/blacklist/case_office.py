"""An office to test cases in: a database, a department, its officers, a filing and its walk."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from services.blacklist import store
from services.blacklist.audit import models as _audit  # noqa: F401  tables
from services.blacklist.cases.models import Case
from services.blacklist.cases.usecases.filing import file_case
from services.blacklist.cases.usecases.transition import Order, take_step
from services.blacklist.identity.models import Department
from services.blacklist.register import models as _register  # noqa: F401  tables
from services.blacklist.rules import models as _rules  # noqa: F401  tables
from services.blacklist.store import Deps
from shared.calendar import builtin_calendar
from shared.clock import FixedClock
from shared.crypto import KeyRing
from shared.db import Database, open_database
from shared.identifiers import make_resident_id, make_uscc
from shared.ids import new_id
from shared.web.access import Principal

FILING: dict[str, Any] = {
    "list_code": "public-resource-blacklist",
    "domain": "engineering-tendering",
    "region": "130102",
    "subject": {
        "type": "organization",
        "name": "石门测试建设有限公司",
        "uscc": make_uscc("91130102", 7),
        "legal_representative": "张三丰",
    },
    "misconduct": {
        "category": "fraudulent-obtaining",
        "facts": "以虚假材料骗取中标",
        "occurred_on": "2026-03-01",
    },
    "document": {
        "kind": "penalty-decision",
        "number": "长住建罚〔2026〕12号",
        "organ": "石家庄市长安区住房和城乡建设局",
        "date": "2026-11-02",
        "basis": "《招标投标法》第五十四条",
        "content": "罚款2.5万元",
        "fine_wan": "2.5",
        "penalty_category": "罚款",
    },
    "disclosure": {"attribute": "proactive"},
}
PERSON_ID = make_resident_id("130102", date(1980, 1, 2), 12)


def filing(**changes: Any) -> dict[str, Any]:
    """The contract's filing with groups laid over it: filing(document={"number": "…"})."""
    made = deepcopy(FILING)
    for name, value in changes.items():
        made[name] = {**made[name], **value} if isinstance(value, dict) else value
    return made


def person_filing(number: str = PERSON_ID, **changes: Any) -> dict[str, Any]:
    made = filing(**changes)
    made["subject"] = {"type": "individual", "name": "李小明", "id_type": "resident-id", "id_number": number}
    return made


@dataclass
class Office:
    """One department with an officer of each role, and the verbs tests use."""

    deps: Deps
    clock: FixedClock
    department: Department
    people: dict[str, Principal]

    def file(self, content: dict[str, Any] | None = None, by: str = "clerk") -> Case:
        with self.deps.db.write() as session:
            return file_case(
                session, self.deps, content or FILING, actor=self.people[by], at=self.clock.now()
            )

    def take(self, case: Case, action: str, by: str, version: int | None = None, **inputs: Any) -> Case:
        seen = case.version if version is None else version
        with self.deps.db.write() as session:
            order = Order(case.id, seen, action, inputs)
            return take_step(session, self.deps, order, actor=self.people[by], at=self.clock.now())

    def walk(self, case: Case, until: str) -> Case:
        """The full procedure up to a state, all on one day."""
        for action, by, inputs in WALK:
            if case.state == until and (until != "noticed" or case.statement):
                return case
            served = {"served_on": self.clock.today()} if action == "record_service" else {}
            case = self.take(case, action, by, **inputs | served)
        return case

    def published(self, content: dict[str, Any] | None = None) -> Case:
        return self.walk(self.file(content), "published")


WALK: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("submit", "clerk", {}),
    ("approve_notice", "reviewer", {"notice_number": "长住建告〔2026〕3号"}),
    ("record_statement", "clerk", {"waived": True}),
    ("decide", "decider", {"severity": "general", "publicity_months": 12}),
    ("record_service", "clerk", {"method": "direct", "served_on": date(2026, 11, 2)}),
    ("publish", "decider", {}),
)


def officer(department: Department, role: str, name: str | None = None) -> Principal:
    return Principal(
        user_id=new_id(),
        username=name or role,
        display_name=f"{role}-甲",
        department_id=department.id,
        department_name=department.name,
        region=department.region,
        roles=frozenset({role}),
    )


def add_department(
    db: Database, region: str = "130102", kind: str = "housing", level: str = "county"
) -> Department:
    made = Department(
        id=new_id(),
        code=new_id(),
        name="石家庄市长安区住房和城乡建设局",
        short_name="区住建局",
        kind=kind,
        region=region,
        level=level,
        uscc=make_uscc("11130102", 3),
        valid_from=date(2019, 1, 1),
        sequence=1,
    )
    with db.write() as session:
        session.add(made)
    return made


@cache
def _empty_database() -> bytes:
    """The tables once per run; every test starts from a copy in memory."""
    db = open_database("sqlite://")
    store.metadata.create_all(db.engine)
    raw = db.engine.raw_connection().driver_connection
    assert raw is not None
    return bytes(raw.serialize())


def memory_database() -> Database:
    db = open_database("sqlite://")
    raw = db.engine.raw_connection().driver_connection
    assert raw is not None
    raw.deserialize(_empty_database())
    return db


def open_office(db: Database, folder: Path, clock: FixedClock) -> Office:
    store.metadata.create_all(db.engine)
    deps = Deps(db, clock, KeyRing.load_or_create(folder / "keys.json"), builtin_calendar(), folder)
    department = add_department(db)
    roles = ("clerk", "reviewer", "decider", "supervisor", "auditor")
    people = {role: officer(department, role) for role in roles}
    for spare in ("clerk", "reviewer", "decider"):
        people[f"{spare}2"] = officer(department, spare, f"{spare}2")
    return Office(deps, clock, department, people)
