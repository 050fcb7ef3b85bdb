"""What tests of the notifier need: a small staff, events as blacklist and credit-push would publish them,
and receivers of mail and webhooks that can be told to misbehave.
"""

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from sqlalchemy.orm import Session

from services.notifier.usecases.staff import DepartmentFacts, UserFacts, remember_departments, remember_users
from shared.contracts.envelope import Event, new_event
from shared.ids import new_id
from tests.harness.ports import free_port
from tests.harness.wait import PATIENCE

AT = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
HOUSING, CITY, ANXI = "dep-housing-130102", "dep-city-130100", "dep-anxi-350524"
CLERK, DECIDER, SUPERVISOR, OPERATOR = "user-clerk", "user-decider", "user-supervisor", "user-operator"


def hire_staff(session: Session) -> None:
    """A county department with clerk, decider and operator; its city's supervisor; a stranger elsewhere."""
    departments = [
        (HOUSING, "长安区住房和城乡建设局", "130102"),
        (CITY, "石家庄市住房和城乡建设局", "130100"),
    ]
    departments.append((ANXI, "安溪县住房和城乡建设局", "350524"))
    remember_departments(
        session,
        [DepartmentFacts(key, 1, name, region, None, None, None) for key, name, region in departments],
    )
    people = [
        (CLERK, HOUSING, "clerk"),
        (DECIDER, HOUSING, "decider"),
        (OPERATOR, HOUSING, "operator"),
        (SUPERVISOR, CITY, "supervisor"),
        ("user-anxi", ANXI, "clerk"),
    ]
    remember_users(
        session,
        [
            UserFacts(key, 1, key, f"示例{role}", department, f"{key}@example.gov.cn", False, (role,))
            for key, department, role in people
        ],
    )


def case_event(event_type: str = "case.published", **changes: Any) -> Event:
    case_id = changes.pop("case_id", None) or new_id()
    data = {
        "case_id": case_id,
        "listing_id": "listing-1",
        "sequence": 1,
        "version": 1,
        "state": "published",
        "action": "publish",
        "list_code": "public-resource-blacklist",
        "list_name": "公共资源配置领域黑名单",
        "list_class": "industry-misconduct",
        "department_id": HOUSING,
        "region": "130102",
        "domain": "engineering-tendering",
        "subject_name": "华景建设工程有限公司",
        "subject_type": "organization",
        "document_number": "长住建罚〔2026〕12号",
        "actor_role": "decider",
        "reason": None,
        "rule": None,
        "rule_version": None,
        "occurred_at": AT,
        "recorded_at": AT,
        **changes,
    }
    sequence = data["sequence"]
    return new_event(event_type, source="blacklist", subject=case_id, sequence=sequence, data=data, at=AT)


def duty_event(event_type: str = "duty.overdue", **changes: Any) -> Event:
    data = {
        "case_id": "case-1",
        "listing_id": None,
        "sequence": 1,
        "department_id": HOUSING,
        "region": "130102",
        "list_code": "public-resource-blacklist",
        "list_name": "公共资源配置领域黑名单",
        "subject_name": "张*",
        "duty_id": "duty-1",
        "kind": "publish",
        "due": "2026-11-11",
        "provisional": False,
        "rule": "双公示七个工作日",
        "occurred_at": AT,
        "recorded_at": AT,
        **changes,
    }
    return new_event(
        event_type, source="blacklist", subject="case-1", sequence=data["sequence"], data=data, at=AT
    )


def tender_event() -> Event:
    data = {
        "project_id": "project-1",
        "sequence": 1,
        "department_id": HOUSING,
        "region": None,
        "number": "长公资招〔2026〕18号",
        "name": "长安区示例道路改造工程",
        "group": 3,
        "kind": "listed",
        "occurred_at": AT,
        "recorded_at": AT,
    }
    return new_event("tender.changed", source="blacklist", subject="project-1", sequence=1, data=data, at=AT)


def delivery_event(event_type: str = "delivery.dead", **changes: Any) -> Event:
    data = {
        "delivery_id": new_id(),
        "listing_id": "listing-1",
        "sequence": 1,
        "version": 1,
        "platform": "credit-quanzhou",
        "platform_name": "信用泉州",
        "operation": "list",
        "state": event_type.partition(".")[2],
        "at": AT,
        "due": "2026-11-11",
        "late": False,
        "receipt_number": None,
        "reason": "平台无应答",
        "field": None,
        "code": None,
        "attempts": 9,
        "department_id": HOUSING,
        "region": "130102",
        "list_code": "public-resource-blacklist",
        "subject_name": "华景建设工程有限公司",
        "document_number": "长住建罚〔2026〕12号",
        "recorded_at": AT,
        **changes,
    }
    subject, sequence = data["listing_id"], data["sequence"]
    return new_event(event_type, source="credit-push", subject=subject, sequence=sequence, data=data, at=AT)


def difference_event(**changes: Any) -> Event:
    data = {
        "run_id": "run-1",
        "platform": "credit-quanzhou",
        "listing_id": "listing-1",
        "kind": "missing",
        "detail": None,
        "recorded_at": AT,
        **changes,
    }
    return new_event(
        "reconciliation.difference",
        source="credit-push",
        subject=data["run_id"],
        sequence=1,
        data=data,
        at=AT,
    )


def user_event(user_id: str, *, sequence: int = 1, **changes: Any) -> Event:
    data = {
        "id": user_id,
        "username": user_id,
        "display_name": "示例人",
        "department_id": HOUSING,
        "roles": ["clerk"],
        "email": None,
        "disabled": False,
        "recorded_at": AT,
        **changes,
    }
    return new_event("user.changed", source="blacklist", subject=user_id, sequence=sequence, data=data, at=AT)


def department_event(department_id: str, *, sequence: int = 1, **changes: Any) -> Event:
    data = {
        "id": department_id,
        "code": "D",
        "name": "示例部门",
        "short_name": None,
        "region": "130102",
        "level": "county",
        "parent_id": None,
        "uscc": None,
        "valid_from": "2020-01-01",
        "valid_to": None,
        "successor_id": None,
        "email": None,
        "recorded_at": AT,
        **changes,
    }
    return new_event(
        "department.changed", source="blacklist", subject=department_id, sequence=sequence, data=data, at=AT
    )


@dataclass
class Receiver:
    """A webhook receiver. `answer(number)` gives (status, headers, body) of the nth request, from 1."""

    url: str
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[int], tuple[int, dict[str, str], bytes]] = lambda _number: (200, {}, b"{}")
    gate: threading.Event = field(default_factory=threading.Event)  # cleared: the receiver hangs

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.requests]


@contextmanager
def webhook_receiver(certificate: Path | None = None, name: str = "127.0.0.1") -> Iterator[Receiver]:
    """A receiver on a local port, by http, or by https with a PEM file holding certificate and key."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
            receiver.gate.wait(30 * PATIENCE)
            status, headers, answer = receiver.answer(len(receiver.requests))
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https" if certificate else "http"
    receiver = Receiver(f"{scheme}://{name}:{server.server_port}/hook?to=1")
    receiver.gate.set()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.gate.set()
        server.shutdown()
        server.server_close()


@dataclass
class Mailbox:
    """An SMTP server's handler: keeps what it accepts, refuses as told."""

    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    refuse_recipient: str = ""
    refuse_data: str = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse_data:
            return self.refuse_data
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), bytes(envelope.content)))
        return f"250 OK queued as Q{len(self.mails)}"


@contextmanager
def mail_server(**options: Any) -> Iterator[tuple[Mailbox, str]]:
    """A catching SMTP server and its SMTP_URL."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield mailbox, f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()
