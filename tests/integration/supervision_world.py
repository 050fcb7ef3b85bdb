"""A region to supervise: the sample world behind its HTTP side, and cases published in it."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.blacklist.app import create_app
from services.blacklist.cases.usecases.filing import file_case
from services.blacklist.cases.usecases.transition import Order, take_step
from services.blacklist.identity.models import Department, User
from services.blacklist.identity.queries import roles_of, user_by_name
from services.blacklist.identity.usecases.access import principal_of
from services.blacklist.sample import load_sample_world
from services.blacklist.settings import read_settings
from services.blacklist.store import Base, Deps
from shared.calendar import builtin_calendar
from shared.clock import FixedClock
from shared.crypto import KeyRing
from shared.db import open_database
from shared.identifiers import make_uscc
from shared.web.access import Principal

START = datetime(2026, 11, 3, 2, tzinfo=UTC)
PENALTY: dict[str, Any] = {
    "list_code": "penalty-publication",
    "domain": "engineering-tendering",
    "region": "130102",
    "subject": {"type": "organization", "name": "石门测试建设有限公司", "uscc": make_uscc("91130102", 7)},
    "misconduct": {"category": "fraudulent-bidding", "facts": "串通投标"},
    "document": {
        "kind": "penalty-decision", "number": "长住建罚〔2026〕12号",
        "organ": "石家庄市长安区住房和城乡建设局", "date": "2026-11-02",
        "basis": "《招标投标法》第五十三条", "content": "罚款", "fine_wan": "2.5",
        "penalty_category": "罚款",
    },
    "disclosure": {"attribute": "proactive"},
}  # fmt: skip


class Region:
    """The service on the sample world (that of the folder, if it has one), and its people by user name."""

    def __init__(self, folder, db_url: str | None = None) -> None:
        settings = read_settings({"DATA_DIR": str(folder)} | ({"BLACKLIST_DB_URL": db_url} if db_url else {}))
        self.clock = FixedClock(START)
        db = open_database(settings.common.db_url)
        keys, known = KeyRing.load_or_create(folder / "keys.json"), (folder / "accounts.json").exists()
        self.deps = Deps(db, self.clock, keys, builtin_calendar(), folder)
        if not known:
            Base.metadata.create_all(db.engine)
            load_sample_world(db, clock=self.clock, data_dir=folder)
        listed = json.loads((folder / "accounts.json").read_text("utf-8"))
        self.accounts = {each["username"]: each for each in listed}
        self.tokens: dict[str, str] = {}
        self.app = create_app(settings, self.deps)
        self.client = self.app.test_client()

    def call(self, method: str, path: str, username: str | None = None, body: Any = None, **more: Any):
        """One request to the supervision API (or, from the root, to any path)."""
        headers = {}
        if username is not None:
            headers["Authorization"] = f"Bearer {self.token(username)}"
        place = path if path.startswith("/api") else f"/api/v1/supervision{path}"
        return self.client.open(place, method=method, json=body, headers=headers, **more)

    def token(self, username: str) -> str:
        if username not in self.tokens:
            given = {name: self.accounts[username][name] for name in ("username", "password")}
            answer = self.client.post("/api/v1/session", json=given)
            assert answer.status_code == 200, answer.text
            self.tokens[username] = answer.json["token"]
        return self.tokens[username]

    def who(self, username: str) -> Principal:
        with self.deps.db.read() as session:
            user = user_by_name(session, username)
            assert isinstance(user, User)
            assert roles_of(session, user.id)
            return principal_of(session, user, "session")

    def housing(self) -> str:
        return self.who("changan-clerk").department_id

    def department(self, code: str) -> str:
        with self.deps.db.read() as session:
            return session.query(Department).filter_by(code=code).one().id

    def file(self, number: str, day: date = date(2026, 11, 2), **subject: str) -> str:
        content = {**PENALTY, "document": {**PENALTY["document"], "number": number, "date": day.isoformat()}}
        content["subject"] = {**PENALTY["subject"], **subject}
        with self.deps.db.write() as session:
            case = file_case(
                session, self.deps, content, actor=self.who("changan-clerk"), at=self.clock.now()
            )
            return case.id

    def step(self, case_id: str, username: str, action: str, **inputs: Any) -> None:
        with self.deps.db.write() as session:
            order = Order(case_id, None, action, inputs)
            take_step(session, self.deps, order, actor=self.who(username), at=self.clock.now())

    def submitted(self, number: str, day: date = date(2026, 11, 2)) -> str:
        case_id = self.file(number, day)
        self.step(case_id, "changan-clerk", "submit")
        return case_id

    def published(self, number: str, day: date = date(2026, 11, 2)) -> str:
        case_id = self.submitted(number, day)
        self.step(case_id, "changan-reviewer", "confirm_decision")
        self.step(case_id, "changan-decider", "publish")
        return case_id

    def pass_days(self, days: int) -> None:
        """Everybody's session ends on the way."""
        self.clock.advance(timedelta(days=days))
        self.tokens.clear()
