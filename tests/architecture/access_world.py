"""The three real applications on one data folder, with an officer of every role in two departments, a key
per scope, and things that belong to the first department only."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Boolean, Date, DateTime, Integer, String, Text

from services.blacklist import app as blacklist
from services.blacklist.cases.models import Adoption, CaseAttachment, CaseImport, CaseLink
from services.blacklist.cases.usecases.filing import file_case
from services.blacklist.cases.usecases.transition import Order, take_step
from services.blacklist.identity.domain import ROLES
from services.blacklist.identity.models import SignInSession, User, UserRole
from services.blacklist.identity.usecases import issue_api_key
from services.blacklist.openness.models import (
    ChannelDraft,
    ItemFile,
    ListingText,
    OpennessItem,
    Opinion,
    Report,
)
from services.blacklist.register.models import Listing
from services.blacklist.rules.models import Duty
from services.blacklist.settings import read_settings as blacklist_settings
from services.blacklist.store import Base, Deps
from services.blacklist.supervision.models import AnnualReport
from services.blacklist.syndication.domain.following import SCOPE
from services.blacklist.syndication.usecases.registering import Wish, register_data_user
from services.credit_push import app as push
from services.credit_push import models as push_models
from services.credit_push.settings import read_settings as push_settings
from services.notifier import app as notifier
from services.notifier import models as notifier_models
from services.notifier.consumes import hear_news
from services.notifier.settings import read_settings as notifier_settings
from services.notifier.usecases.staff import DepartmentFacts, UserFacts, remember_departments, remember_users
from shared.calendar import builtin_calendar
from shared.clock import FixedClock
from shared.crypto import KeyRing
from shared.db import Database, open_database
from shared.ids import new_id
from shared.web.access import Principal
from shared.web.tokens import issue_token
from tests.harness.notices import case_event
from tests.unit.blacklist.case_office import add_department, filing

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NOBODY = "0199a000-0000-7000-8000-000000000000"
HOME, AWAY = "130102", "350524"


def filled(model: Any, **values: Any) -> Any:
    """A row with every required column filled by something of its type."""
    for column in model.__table__.columns:
        if column.key in values or column.nullable or column.default is not None:
            continue
        values[column.key] = new_id() if column.primary_key else _something(column.type)
    return model(**values)


def _something(kind: Any) -> Any:
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer):
        return 1
    if isinstance(kind, String | Text):
        return "x"
    if isinstance(kind, Date):
        return AT.date()
    if isinstance(getattr(kind, "impl", kind), DateTime):
        return AT
    return {}


@dataclass
class World:
    """Clients by service, and credentials by (role, region) or scope."""

    clients: dict[str, FlaskClient]
    deps: Deps
    people: dict[tuple[str, str], Principal]
    keys: dict[str, str]
    push_db: Database
    notifier_db: Database
    notifier_deps: Any
    serial: int = field(default=0)
    kept: dict[str, str] = field(default_factory=dict)

    def call(
        self,
        service: str,
        method: str,
        path: str,
        who: Principal | None,
        body: Any = None,
        key: str | None = None,
    ) -> Any:
        headers: dict[str, str] = {}
        if who is not None:
            headers["Authorization"] = f"Bearer {self._token_for(who)}"
        if key is not None:
            headers["Authorization"] = f"ApiKey {key}"
        answer = self._sent(self.clients[service], method, path, body, headers)
        if method != "GET" and answer.status_code < 400:
            self.kept.clear()
        return answer

    @staticmethod
    def _sent(client: FlaskClient, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        if isinstance(body, Mapping) and "file" in body:
            given = {**body, "file": (io.BytesIO(b"%PDF-1.4"), "a.pdf")}
            return client.open(path, method=method, data=given, headers=headers)
        form = not path.startswith(("/api", "/push/api", "/notices/api")) and method == "POST"
        sent = {"data": body or {}} if form else {"json": body if body is not None else {}}
        return client.open(path, method=method, headers=headers, **({} if method == "GET" else sent))

    def _token_for(self, who: Principal) -> str:
        """Everybody goes on in their session until something was changed, which may have ended it."""
        if who.user_id not in self.kept:
            self.kept[who.user_id] = self.token(who)
        return self.kept[who.user_id]

    def token(self, who: Principal) -> str:
        """A session of its own, so that signing out disturbs nobody."""
        session_id = new_id()
        with self.deps.db.write() as session:
            session.add(
                filled(
                    SignInSession,
                    id=session_id,
                    user_id=who.user_id,
                    created_at=AT,
                    last_seen_at=AT,
                    ends_at=AT + timedelta(hours=8),
                )
            )
        known = Principal(**{**who.__dict__, "session_id": session_id})
        return issue_token(self.deps.keyring, known, AT)[0]

    def case(self) -> str:
        """A submitted case of the first department, with its open duty."""
        self.serial += 1
        clerk, content = (
            self.people["clerk", HOME],
            filing(document={"number": f"长住建罚〔2026〕{self.serial}号"}),
        )
        with self.deps.db.write() as session:
            case = file_case(session, self.deps, content, actor=clerk, at=AT)
            return case.id

    def submitted(self) -> str:
        case_id = self.case()
        with self.deps.db.write() as session:
            order = Order(case_id, 1, "submit", {})
            take_step(session, self.deps, order, actor=self.people["clerk", HOME], at=AT)
        return case_id

    def made(self, kind: str) -> dict[str, str]:
        """Values for the path's variables, of one thing of the first department."""
        return getattr(self, f"_{kind}")()

    def _case(self) -> dict[str, str]:
        case_id, other, link, paper = self.case(), self.case(), new_id(), new_id()
        free = self.case()
        with self.deps.db.write() as session:
            session.add(filled(CaseLink, id=link, case_id=case_id, parent_id=other, relation="affiliate"))
            session.add(filled(CaseAttachment, id=paper, case_id=case_id, kind="evidence"))
        sealed = self.deps.data_dir / "attachments" / paper[-2:] / f"{paper}.sealed"
        sealed.parent.mkdir(parents=True, exist_ok=True)
        sealed.write_text(self.deps.keyring.seal(b"x", f"case_attachments.content.{paper}"))
        return {"case_id": case_id, "link_id": link, "attachment_id": paper, "other_id": free}

    def _adoption(self) -> dict[str, str]:
        adoption, listing = new_id(), new_id()
        home = self.people["clerk", HOME].department_id
        with self.deps.db.write() as session:
            session.add(filled(Listing, id=listing, region=HOME, migrated=True, subject_type="organization"))
            session.flush()
            wish = filled(Adoption, id=adoption, listing_id=listing, department_id=home, region=HOME)
            wish.state = "proposed"
            session.add(wish)
        return {"adoption_id": adoption}

    def _duty(self) -> dict[str, str]:
        case_id = self.submitted()
        with self.deps.db.read() as session:
            found = session.query(Duty).where(Duty.case_id == case_id).one()
        return {"duty_id": found.id, "case_id": case_id}

    def _item(self) -> dict[str, str]:
        item_id, file_id, home = new_id(), new_id(), self.people["clerk", HOME]
        term = {
            "code": "disclosure-20",
            "name": "20个工作日",
            "working_days": 20,
            "basis": "x",
            "status": "x",
        }
        with self.deps.db.write() as session:
            item = filled(
                OpennessItem, id=item_id, number=item_id, edition=1, state="draft", region=HOME,
                department_id=home.department_id, kind="announcement", attribute="proactive", term=term,
                drafted_by=home.user_id, edited_by=home.user_id,
            )  # fmt: skip
            session.add(item)
            session.flush()
            content = {"id": file_id, "item_id": item_id, "sha256": hashlib.sha256(b"x").hexdigest()}
            session.add(filled(ItemFile, **content))
        sealed = self.deps.data_dir / "attachments" / file_id[-2:] / f"{file_id}.sealed"
        sealed.parent.mkdir(parents=True, exist_ok=True)
        sealed.write_text(self.deps.keyring.seal(b"x", f"openness_files.content.{file_id}"))
        return {"item_id": item_id, "file_id": file_id}

    def _draft(self) -> dict[str, str]:
        item, draft_id = self._item(), new_id()
        with self.deps.db.write() as session:
            session.add(
                filled(ChannelDraft, id=draft_id, state="draft", channel="weibo", item_id=item["item_id"])
            )
        return {"draft_id": draft_id, "action": "approve"}

    def _outgoing(self) -> dict[str, str]:
        """A text about a listing for another outlet."""
        listing, text_id, home = new_id(), new_id(), self.people["clerk", HOME].department_id
        with self.deps.db.write() as session:
            session.add(
                filled(Listing, id=listing, region=HOME, department_id=home, subject_type="organization")
            )
            session.flush()
            told = {"listing_id": listing, "state": "draft", "channel": "weibo", "kind": "published"}
            session.add(filled(ListingText, id=text_id, **told))
        return {"text_id": text_id, "outgoing_id": text_id, "action": "approve"}

    def _opinion(self) -> dict[str, str]:
        opinion_id, home = new_id(), self.people["clerk", HOME]
        with self.deps.db.write() as session:
            row = filled(
                Opinion, id=opinion_id, number=opinion_id, state="open", level="general", region=HOME,
                department_id=home.department_id, recorded_by=home.user_id,
            )  # fmt: skip
            session.add(row)
        return {"opinion_id": opinion_id, "action": "raise"}

    def _report(self) -> dict[str, str]:
        report_id, home = new_id(), self.people["clerk", HOME]
        with self.deps.db.write() as session:
            row = filled(
                Report, id=report_id, number=report_id, lookup_blind=report_id, state="received",
                topic="late", region=HOME, department_id=home.department_id,
                text_sealed=self.deps.keyring.seal("x", f"openness_reports.text.{report_id}"),
            )  # fmt: skip
            session.add(row)
        return {"report_id": report_id, "action": "accept"}

    def _annual(self) -> dict[str, str]:
        self.serial += 1
        report_id, home = new_id(), self.people["clerk", HOME]
        with self.deps.db.write() as session:
            row = filled(
                AnnualReport, id=report_id, number=report_id, state="owed", year=1000 + self.serial,
                region=HOME, department_id=home.department_id,
            )  # fmt: skip
            session.add(row)
        return {"report_id": report_id, "action": "approval"}

    def _import(self) -> dict[str, str]:
        home, import_id = self.people["clerk", HOME], new_id()
        with self.deps.db.write() as session:
            session.add(
                filled(
                    CaseImport,
                    id=import_id,
                    state="preview",
                    good_rows=1,
                    region=HOME,
                    department_id=home.department_id,
                    actor={"user_id": home.user_id},
                    list_code="penalty-publication",
                    domain="other",
                )
            )
        return {"import_id": import_id}

    def _delivery(self) -> dict[str, str]:
        listing, delivery = new_id(), new_id()
        home = self.people["clerk", HOME].department_id
        with self.push_db.write() as session:
            session.add(filled(push_models.Listing, id=listing, region=HOME, department_id=home))
            session.flush()
            row = filled(
                push_models.Delivery,
                id=delivery,
                listing_id=listing,
                platform="credit-shijiazhuang",
                region=HOME,
                department_id=home,
                state="dead",
                operation="list",
                idempotency_key=delivery,
                next_attempt_at=AT,
            )
            session.add(row)
            filed = {"id": new_id(), "listing_id": listing, "platform": "credit-hebei", "operation": "list"}
            done = {"state": "acknowledged", "idempotency_key": new_id(), "next_attempt_at": AT}
            session.add(filled(push_models.Delivery, region=HOME, department_id=home, **filed, **done))
        return {"delivery_id": delivery, "listing_id": listing}

    def _notice(self) -> dict[str, str]:
        event = case_event(department_id=self.people["clerk", HOME].department_id)
        with self.notifier_db.write() as session:
            hear_news(self.notifier_deps.clock, frozenset({"inbox"}))(session, [event])
            found = session.query(notifier_models.Notice).order_by(notifier_models.Notice.id.desc()).first()
            assert found is not None
            return {"notice_id": found.id}

    def _webhook(self) -> dict[str, str]:
        webhook, replay, home = new_id(), new_id(), self.people["clerk", HOME].department_id
        with self.notifier_db.write() as session:
            row = filled(
                notifier_models.WebhookEndpoint, id=webhook, department_id=home, enabled=True, event_types=[]
            )
            session.add(row)
            session.add(
                filled(notifier_models.WebhookReplay, id=replay, endpoint_id=webhook, resent=0, made_up=0)
            )
        return {"webhook_id": webhook, "replay_id": replay}

    def _robot(self) -> dict[str, str]:
        robot, home = new_id(), self.people["clerk", HOME].department_id
        with self.notifier_db.write() as session:
            row = filled(
                notifier_models.Robot,
                id=robot,
                department_id=home,
                channel="wecom",
                enabled=True,
                event_types=[],
            )
            session.add(row)
        return {"robot_id": robot}


def open_world(folder: Path) -> World:
    env = {"DATA_DIR": str(folder), "EVENTS_URL": f"sqlite:///{folder}/events.db"}
    clock, keyring = FixedClock(AT), KeyRing.load_or_create(folder / "keys.json")
    db = open_database(f"sqlite:///{folder}/blacklist.db")
    Base.metadata.create_all(db.engine)
    deps = Deps(db, clock, keyring, builtin_calendar(), folder)
    push_deps = push.open_deps(push_settings(env))
    push_models.Base.metadata.create_all(push_deps.db.engine)
    notifier_db = open_database(f"sqlite:///{folder}/notifier.db")
    notifier_models.Base.metadata.create_all(notifier_db.engine)
    notifier_deps = notifier_models.Deps(notifier_db, clock, keyring)
    clients = {
        "blacklist": blacklist.create_app(blacklist_settings(env), deps).test_client(),
        "credit-push": push.create_app(push_settings(env), replace(push_deps, clock=clock)).test_client(),
        "notifier": notifier.create_app(notifier_settings(env), notifier_deps).test_client(),
    }
    people = _hire(db)
    _tell_notifier(notifier_db, people)
    world = World(clients, deps, people, {}, push_deps.db, notifier_db, notifier_deps)
    world.keys = _keys(deps, people)
    return world


def _hire(db: Database) -> dict[tuple[str, str], Principal]:
    people: dict[tuple[str, str], Principal] = {}
    for region in (HOME, AWAY):
        home = add_department(db, region=region)
        with db.write() as session:
            for role in ROLES:
                name, user_id = f"{role}-{region}", new_id()
                session.add(filled(User, id=user_id, username=name, display_name=name, department_id=home.id))
                session.flush()
                session.add(UserRole(user_id=user_id, role=role))
                roles = frozenset({role})
                people[role, region] = Principal(user_id, name, name, home.id, home.name, region, roles)
    return people


def _tell_notifier(db: Database, people: Mapping[tuple[str, str], Principal]) -> None:
    departments = {who.department_id: who for who in people.values()}
    with db.write() as session:
        remember_departments(
            session,
            [DepartmentFacts(key, 1, who.department_name, who.region, None, None, None)
             for key, who in departments.items()],
        )  # fmt: skip
        remember_users(
            session,
            [UserFacts(who.user_id, 1, who.username, who.display_name, who.department_id, None, False,
                       tuple(who.roles)) for who in people.values()],
        )  # fmt: skip


def _keys(deps: Deps, people: Mapping[tuple[str, str], Principal]) -> dict[str, str]:
    made: dict[str, str] = {}
    who = people["security-admin", HOME]
    with deps.db.write() as session:
        for scope in ("cases:read", "cases:write", "imports:write", "notices:read"):
            issued = issue_api_key(session, actor=who, name=scope, department_id=who.department_id,
                                   scopes=[scope], addresses=[], expires_at=None, at=AT)  # fmt: skip
            made[scope] = issued.presented
        wish = Wish("示例信用服务平台", "platform", "x")
        made[SCOPE] = register_data_user(session, deps, wish, who)[1]
    return made
