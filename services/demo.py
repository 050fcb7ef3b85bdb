"""Plays one listing's whole life over HTTP and checks each outcome where it should be found.

Speaks only the outside contract (no import of any service), so the same file runs in every mode: `make demo`
prints it as a timeline, the end-to-end tests assert on it.
"""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from shared.clock import local_date
from shared.identifiers import make_uscc
from shared.ids import new_id

Say = Callable[[str], None]
Found = TypeVar("Found")
PATIENCE_SECONDS = 20.0

# Where engineering-tendering listings of the three sample regions must arrive.
ROUTES = {
    "130102": ("credit-shijiazhuang", "tender-shijiazhuang", "trade-shijiazhuang"),
    "350524": ("credit-quanzhou", "trade-quanzhou"),
    "210000": ("credit-liaoning", "trade-liaoning"),
}
REGION_NAMES = {"130102": "石家庄市长安区", "350524": "泉州市安溪县", "210000": "辽宁省"}


class OutcomeMissing(AssertionError):
    """A step's outcome was not found where the contract says it must be."""


class HttpFailure(OutcomeMissing):
    """An answer that the step did not expect, with the problem document."""


@dataclass(frozen=True)
class Caller:
    """One signed-in account, or the anonymous public (no token)."""

    base: str
    token: str | None = None

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method)  # noqa: S310  own base
        request.add_header("Accept", "application/json")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                raw = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            raise HttpFailure(f"{method} {path} answered {error.code}: {text[:600]}") from error
        return json.loads(raw) if raw else None

    def get(self, path: str, **query: str) -> Any:
        return self.call("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def status(self, path: str) -> int:
        try:
            self.get(path)
        except HttpFailure as failure:
            cause = failure.__cause__
            return cause.code if isinstance(cause, urllib.error.HTTPError) else 0
        return 200


@dataclass
class Timeline:
    """What happened, when (seconds since the first step), and how long each step took."""

    say: Say
    started: float = field(default_factory=time.perf_counter)
    steps: list[tuple[float, str]] = field(default_factory=list)

    @contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        notes: list[str] = []
        begun = time.perf_counter()
        try:
            yield notes
        except OutcomeMissing as missing:
            self.say(f"  ✗ {what}: {missing}")
            raise
        now = time.perf_counter()
        self.steps.append((now - self.started, what))
        note = f"  {'; '.join(notes)}" if notes else ""
        self.say(f"  {now - self.started:7.2f} s  {what} ({(now - begun) * 1000:.0f} ms){note}")


def sign_in(base: str, account: dict[str, Any]) -> Caller:
    body = {"username": account["username"], "password": account["password"]}
    return Caller(base, Caller(base).call("POST", "/api/v1/session", body)["token"])


def settle(find: Callable[[], Found | None], what: str) -> Found:
    """Ask again until something is found; the bound is generous, the usual wait is milliseconds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = find()
        if found:
            return found
        if time.monotonic() > deadline:
            raise OutcomeMissing(f"{what} not found within {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.05)


@dataclass(frozen=True)
class Officers:
    """The accounts of one department that a case needs."""

    clerk: Caller
    reviewer: Caller
    decider: Caller


def sign_in_officers(base: str, accounts: list[dict[str, Any]], region: str) -> Officers:
    def of(role: str) -> Caller:
        for account in accounts:
            if account["region"] == region and account["roles"] == [role]:
                return sign_in(base, account)
        raise OutcomeMissing(f"accounts.json has no {role} for {region}")

    return Officers(of("clerk"), of("reviewer"), of("decider"))


def sample_filing(region: str, domain: str = "engineering-tendering") -> dict[str, Any]:
    """A made-up company, never the same twice."""
    mark = new_id().replace("-", "")
    serial = int(mark[-10:], 16) % 100_000_000
    brand = "".join("华景澄远瑞禾卓屹铭川沐岚启衡弘彦"[int(digit, 16)] for digit in mark[-4:])
    return {
        "list_code": "public-resource-blacklist",
        "domain": domain,
        "region": region,
        "subject": {
            "type": "organization",
            "name": f"{brand}{mark[-6:-4].upper()}建设工程有限公司",
            "uscc": make_uscc("91" + ("100000" if region == "000000" else region), serial),
            "legal_representative": "示例人",
        },
        "misconduct": {
            "category": "fraudulent-obtaining",
            "facts": "提供虚假业绩材料骗取中标",
            "occurred_on": "2026-03-01",
        },
        "document": {
            "kind": "penalty-decision",
            "number": f"示住建罚〔2026〕{serial % 1_000_000}号",
            "organ": REGION_NAMES.get(region, "示例") + "住房和城乡建设局",
            "date": "2026-11-02",
            "basis": "《中华人民共和国招标投标法》第五十四条",
            "content": "处罚款2.5万元",
            "fine_wan": "2.5",
            "penalty_category": "罚款",
        },
        "disclosure": {"attribute": "proactive"},
    }


def business_date(sandbox: Caller) -> str:
    """Today by the clock the sandbox may have moved."""
    return local_date(datetime.fromisoformat(sandbox.get("/clock")["now"])).isoformat()


def transition(who: Caller, case: dict[str, Any], action: str, **extra: Any) -> dict[str, Any]:
    body = {"action": action, "version": case["version"], **extra}
    moved: dict[str, Any] = who.call("POST", f"/api/v1/cases/{case['id']}/transitions", body)
    return moved


def expect(case: dict[str, Any], state: str) -> dict[str, Any]:
    if case["state"] != state:
        raise OutcomeMissing(f"the case is {case['state']}, not {state}")
    return case


def publish_case(scene: "Scene", severity: str = "serious") -> tuple[dict[str, Any], dict[str, Any]]:
    """Draft to published, each step by the officer it belongs to."""
    line, officers = scene.line, scene.officers
    clerk, reviewer, decider = officers.clerk, officers.reviewer, officers.decider
    filing = sample_filing(scene.region)
    with line.step("filed 拟录入"):
        case = expect(clerk.call("POST", "/api/v1/cases", filing, Idempotency_Key=new_id()), "draft")
    with line.step("submitted 提交审核"):
        case = expect(transition(clerk, case, "submit"), "under_review")
        if not case["duties"]:
            raise OutcomeMissing("no publication duty was created")
    with line.step("reviewed and noticed 审核并告知"):
        notice = f"示告〔2026〕{case['id'][-6:]}号"
        case = expect(transition(reviewer, case, "approve_notice", notice_number=notice), "noticed")
    with line.step("statement recorded 陈述申辩"):
        case = expect(
            transition(clerk, case, "record_statement", waived=True, hearing_waived=True), "noticed"
        )
    with line.step("decided 决定"):
        decision = {"severity": severity, "measures": [], "publicity_months": 12}
        case = expect(transition(decider, case, "decide", **decision), "decided")
    with line.step("served 送达"):
        case = expect(
            transition(
                clerk, case, "record_service", method="direct", served_on=business_date(scene.sandbox)
            ),
            "served",
        )
    with line.step("published 公示"):
        case = expect(transition(decider, case, "publish"), "published")
    return case, filing


def find_public(public: Caller, filing: dict[str, Any], listing_id: str) -> bool:
    items = public.get("/api/v1/register", q=filing["subject"]["name"])["items"]
    return any(item["id"] == listing_id for item in items)


def platform_record(sandbox: Caller, platform: str, number: str, status: str) -> dict[str, Any] | None:
    for record in sandbox.get("/records", platform=platform)["records"]:
        if record["document_number"] == number and record["status"] == status:
            found: dict[str, Any] = record
            return found
    return None


def acknowledged(who: Caller, listing_id: str, platform: str, operation: str) -> dict[str, Any] | None:
    items = who.get("/push/api/v1/deliveries", listing_id=listing_id, platform=platform)["items"]
    for item in items:
        if item["operation"] == operation and item["state"] == "acknowledged" and item["receipt"]:
            found: dict[str, Any] = item
            return found
    return None


def inbox_message(who: Caller, ids: set[str], event_type: str) -> dict[str, Any] | None:
    for item in who.get("/notices/api/v1/inbox", limit="100")["items"]:
        if item["event_type"] == event_type and item["subject_id"] in ids:
            found: dict[str, Any] = item
            return found
    return None


@dataclass(frozen=True)
class Scene:
    """Who acts and who looks, for one region."""

    line: Timeline
    region: str
    public: Caller
    sandbox: Caller
    watcher: Caller
    officers: Officers


def check_platforms(scene: Scene, filing: dict[str, Any], listing_id: str, *, gone: bool) -> None:
    """Each platform's own ledger has the record (or its withdrawal), and its receipt reached us."""
    operation, status = ("withdraw", "withdrawn") if gone else ("list", "listed")
    number = filing["document"]["number"]
    for platform in ROUTES[scene.region]:

        def recorded(at: str = platform) -> dict[str, Any] | None:
            return platform_record(scene.sandbox, at, number, status)

        def confirmed(at: str = platform) -> dict[str, Any] | None:
            return acknowledged(scene.watcher, listing_id, at, operation)

        with scene.line.step(f"{'withdrawn from' if gone else 'pushed to'} {platform}") as notes:
            settle(recorded, f"{status} record at {platform}")
            receipt = settle(confirmed, f"receipt of {platform}")["receipt"]
            notes.append(f"receipt {receipt['number'] if isinstance(receipt, dict) else receipt}")


def reconcile(scene: Scene) -> None:
    for platform in ROUTES[scene.region]:
        with scene.line.step(f"reconciled with {platform}") as notes:
            run = scene.watcher.call("POST", "/push/api/v1/reconciliations", {"platform": platform})

            def finished(run_id: str = run["id"]) -> dict[str, Any] | None:
                seen: dict[str, Any] = scene.watcher.get(f"/push/api/v1/reconciliations/{run_id}")
                return seen if seen["state"] in ("done", "failed") else None

            done = settle(finished, "end of the reconciliation")
            if done["state"] != "done" or done["differences"]:
                found = [(each["kind"], each["detail"]) for each in done["differences"]]
                raise OutcomeMissing(f"{done['state']}, {len(found)} differences: {found[:3]}")
            notes.append(f"{done['ours']} records, 0 differences")


def page_shows(public: Caller, listing_id: str, region: str) -> bool:
    items = public.get(f"/api/v1/register/{listing_id}/deliveries")["items"]
    shown = {item["platform"] for item in items if item["state"] == "acknowledged"}
    return set(ROUTES[region]) <= shown


def revoke_case(scene: Scene, case: dict[str, Any], filing: dict[str, Any]) -> None:
    """Revoked at the department, gone from the public register in the same moment."""
    decider = scene.officers.decider
    with scene.line.step("revoked 撤销"):
        fresh = decider.get(f"/api/v1/cases/{case['id']}")
        document = {"number": f"示撤〔2026〕{case['id'][-6:]}号", "date": business_date(scene.sandbox)}
        moved = transition(decider, fresh, "revoke", reason="原处罚决定被撤销", document=document)
        expect(moved, "revoked")
        listing_id = case["listing_id"]
        found = find_public(scene.public, filing, listing_id)
        if found or scene.public.status(f"/api/v1/register/{listing_id}") != 404:
            raise OutcomeMissing("the revoked listing is still public")


def play_region(scene: Scene) -> None:
    line, clerk = scene.line, scene.officers.clerk
    case, filing = publish_case(scene)
    listing_id = case["listing_id"]
    ids = {case["id"], listing_id}
    with line.step("found by public search 公开查询"):
        settle(lambda: find_public(scene.public, filing, listing_id), "the listing by public search")
    check_platforms(scene, filing, listing_id, gone=False)
    with line.step("shown on the listing's page 推送状态回流"):
        settle(lambda: page_shows(scene.public, listing_id, scene.region), "deliveries on the page")
    with line.step("department told of the publication 消息"):
        settle(lambda: inbox_message(clerk, ids, "case.published"), "the publication message")
    revoke_case(scene, case, filing)
    check_platforms(scene, filing, listing_id, gone=True)
    with line.step("department told of the revocation 消息"):
        settle(lambda: inbox_message(clerk, ids, "case.revoked"), "the revocation message")


def play_repair(scene: Scene) -> None:
    """A general listing is repaired after its shortest publicity, three months, and withdrawn everywhere."""
    line, officers = scene.line, scene.officers
    case, filing = publish_case(scene, severity="general")
    listing_id = case["listing_id"]
    check_platforms(scene, filing, listing_id, gone=False)
    with line.step("business clock advanced three months"):
        scene.sandbox.call("POST", "/clock", {"advance": "P93D"})
    with line.step("repair asked and accepted 信用修复受理"):
        fresh = settle(lambda: moved_on(officers.clerk, case), "the moved clock in the case's answer")
        asked = {
            "channel": "window",
            "received_at": business_date(scene.sandbox),
            "evidence": "履行完毕证明及信用承诺书",
        }
        case = transition(officers.clerk, fresh, "open_repair", commitment="承诺依法诚信经营", **asked)
        case = expect(transition(officers.clerk, case, "accept_repair"), "published")
    with line.step("repair granted 信用修复完成"):
        granted = {"granted": True, "reason": "已纠正并履行完毕"}
        case = expect(transition(officers.decider, case, "settle_repair", **granted), "removed")
        if find_public(scene.public, filing, listing_id):
            raise OutcomeMissing("the repaired listing is still public")
    check_platforms(scene, filing, listing_id, gone=True)


def moved_on(clerk: Caller, case: dict[str, Any]) -> dict[str, Any] | None:
    """The case once repair may be asked: every process has seen the moved clock."""
    seen: dict[str, Any] = clerk.get(f"/api/v1/cases/{case['id']}")
    allowed = {each["action"] for each in seen["available_actions"] if each["allowed"]}
    return seen if "open_repair" in allowed else None


def play(base: str, sandbox_url: str, accounts: list[dict[str, Any]], say: Say) -> Timeline:
    """One listing per region from filing to reconciled withdrawal; raises OutcomeMissing at the first gap."""
    line = Timeline(say)
    public, sandbox = Caller(base), Caller(sandbox_url)
    operator = sign_in(base, next(a for a in accounts if a["roles"] == ["operator"]))
    for region, name in REGION_NAMES.items():
        say(f"{name} ({region})")
        officers = sign_in_officers(base, accounts, region)
        scene = Scene(line, region, public, sandbox, operator, officers)
        play_region(scene)
        reconcile(scene)
    say("信用修复 (130102)")
    officers = sign_in_officers(base, accounts, "130102")
    play_repair(Scene(line, "130102", public, sandbox, operator, officers))
    return line
