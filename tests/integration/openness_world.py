"""An office with catalogue entries and officers of openness, and a caller that speaks to its routes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.blacklist.disclosure.models import DisclosureItem
from services.blacklist.openness import api as openness
from shared.clock import FixedClock
from shared.db import Database
from shared.web.app import create_service_app, finish
from tests.unit.blacklist.case_office import Office, add_department, memory_database, officer, open_office

START = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
ENTRIES = {
    "R47-allocation": ("housing-security", "housing", "自信息形成或者变更之日起20个工作日内"),
    "R24-licences": ("other", "*", "自作出行政决定之日起7个工作日内"),
    "R28-policy": ("other", "*", "自信息形成或者变更之日起20个工作日内；解读在文件公开后3个工作日内"),
    "R29-opinion": ("other", "*", "最迟5小时内发布权威信息"),
    "R51-procurement": ("government-procurement", "finance", "自信息形成或者变更之日起20个工作日内"),
}


def entry(code: str, domain: str, organ: str, limit: str) -> DisclosureItem:
    return DisclosureItem(
        region="130102", code=code, domain=domain, title=code, content="x", time_limit=limit, method="x",
        organ=organ, supervision="x", source="x",
    )  # fmt: skip


class World:
    """The office, and `call(who, method, path, status, body)` on its API."""

    def __init__(self, folder: Path, db: Database | None = None) -> None:
        self.db = db or memory_database()
        self.office: Office = open_office(self.db, folder, FixedClock(START))
        self.clock, self.deps, self.people = self.office.clock, self.office.deps, self.office.people
        self.finance = add_department(self.db, kind="finance")
        away = add_department(self.db, region="350524")
        self.people["finance"], self.people["finance-decider"] = (
            officer(self.finance, "clerk"),
            officer(self.finance, "decider"),
        )
        self.people["foreign"] = officer(away, "clerk")
        with self.db.write() as session:
            session.add_all(entry(code, *given) for code, given in ENTRIES.items())
        app = create_service_app(
            __name__, name="blacklist", title="t", prefix="", clock=self.clock, ready=dict,
            authenticate=lambda request: self.people.get(request.headers.get("X-Test-User", "")),
        )  # fmt: skip
        app.register_blueprint(openness.blueprint(self.deps))
        self.client = finish(app).test_client()

    def call(
        self,
        who: str | None,
        method: str,
        path: str,
        status: int = 200,
        body: Any = None,
        **more: Any,
    ) -> Any:
        headers = {"X-Test-User": who} if who else {}
        given = more or {"json": body}
        answer = self.client.open(f"/api/v1{path}", method=method, headers=headers, **given)
        assert answer.status_code == status, answer.text
        return answer.get_json() if answer.is_json else answer

    def on(self, moment: str) -> None:
        """Shanghai time, `2026-11-02T10:00`."""
        self.clock.set(datetime.fromisoformat(f"{moment}+08:00").astimezone(UTC))

    def draft(self, who: str = "clerk", status: int = 201, **changes: Any) -> Any:
        return self.call(who, "POST", "/items", status, item(**changes))

    def act(self, who: str, made: dict[str, Any], action: str, status: int = 200, **given: Any) -> Any:
        body = {"action": action, "edition": made["edition"], **given}
        return self.call(who, "POST", f"/items/{made['id']}/actions", status, body)

    def publish(self, **changes: Any) -> Any:
        made = self.act("clerk", self.draft(**changes), "submit")
        return self.act("decider", made, "approve")


def item(**changes: Any) -> dict[str, Any]:
    made = {
        "catalogue_code": "R47-allocation",
        "kind": "result",
        "title": "第三批公共租赁住房分配结果",
        "body": "分配房源86套。",
        "formed_on": "2026-11-02",
    } | changes
    return {name: value for name, value in made.items() if value is not None}
