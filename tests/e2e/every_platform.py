"""Every platform of the catalogue that is pushed to: listed, corrected, reconciled, withdrawn, reconciled.

Speaks only the outside contract, like services/demo.py, so one file runs in every mode. Which platforms there
are is asked of the running system: one that no leg reaches is a missing outcome.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from services.demo import (
    Caller,
    Officers,
    OutcomeMissing,
    Say,
    Timeline,
    acknowledged,
    business_date,
    expect,
    platform_record,
    publish_case,
    sample_filing,
    sign_in,
    sign_in_officers,
    transition,
)
from services.demo import Scene as Place
from shared.ids import new_id
from tests.e2e.carrying import carry
from tests.harness.wait import until

PATIENCE_SECONDS = 60.0
BLACKLIST, PENALTIES = "public-resource-blacklist", "penalty-publication"


@dataclass(frozen=True)
class Leg:
    """One listing: who files it in which field, and the platforms that must get it, no others."""

    region: str
    domain: str
    list_code: str
    platforms: tuple[str, ...]


LEGS = (
    Leg(
        *("130102", "engineering-tendering", BLACKLIST),
        ("credit-shijiazhuang", "tender-shijiazhuang", "trade-shijiazhuang"),
    ),
    Leg(
        *("130102", "government-procurement", PENALTIES),
        ("credit-shijiazhuang", "procure-hebei", "trade-shijiazhuang"),
    ),
    Leg("130000", "engineering-tendering", BLACKLIST, ("credit-hebei",)),
    Leg("350524", "engineering-tendering", BLACKLIST, ("credit-quanzhou", "trade-quanzhou")),
    Leg("350000", "engineering-tendering", BLACKLIST, ("trade-fujian",)),
    Leg("210000", "engineering-tendering", BLACKLIST, ("credit-liaoning", "trade-liaoning")),
    Leg("210000", "spot-check", PENALTIES, ("credit-liaoning", "gsxt-liaoning")),
    Leg("000000", "engineering-tendering", BLACKLIST, ("credit-china", "trade-china")),
)
WITHOUT_ACCOUNTS = ("130000", "350000", "000000")
"""Sample departments that come without accounts: theirs are opened here, by two administrators."""


@dataclass
class Filed:
    """A leg's case, and a mark that stands in its text since it was corrected."""

    leg: Leg
    officers: Officers
    case: dict[str, Any]
    number: str
    mark: str = field(default_factory=lambda: f"R{new_id()[-12:].upper()}")

    @property
    def listing_id(self) -> str:
        return str(self.case["listing_id"])


@dataclass(frozen=True)
class Stage:
    """Who looks on, and what is filed so far."""

    line: Timeline
    base: str
    sandbox: Caller
    operator: Caller
    filed: list[Filed] = field(default_factory=list)

    def step(self, what: str) -> AbstractContextManager[list[str]]:
        return self.line.step(what)

    def legs(self) -> list[tuple[Filed, str]]:
        return [(one, platform) for one in self.filed for platform in one.leg.platforms]


def play_every_platform(base: str, sandbox_url: str, accounts: list[dict[str, Any]], say: Say) -> Timeline:
    """One listing per leg through all its changes; raises OutcomeMissing at the first gap."""
    say("每个推送平台：列入、更正、核对、撤销、核对")
    operator = sign_in(base, next(a for a in accounts if a["roles"] == ["operator"]))
    stage = Stage(Timeline(say), base, Caller(sandbox_url), operator)
    all_reached(stage)
    officers = all_officers(stage, accounts)
    for leg in LEGS:
        stage.filed.append(file_leg(stage, leg, officers[leg.region]))
    arrived(stage, "list", "listed")
    nowhere_else(stage)
    for one in stage.filed:
        correct(stage, one)
    arrived(stage, "correct", "listed", marked=True)
    reconciled(stage)
    for one in stage.filed:
        revoke(stage, one)
    arrived(stage, "withdraw", "withdrawn")
    reconciled(stage)
    return stage.line


def settled(find: Callable[[], list[str]], what: str, meanwhile: Callable[[], None] | None = None) -> None:
    """Until nothing is named as missing any more; between two looks a person may do something."""
    missing: list[str] = []

    def is_settled() -> bool:
        missing[:] = find()
        if missing and meanwhile is not None:
            meanwhile()
        return not missing

    try:
        until(is_settled, PATIENCE_SECONDS, what, every=0.1)
    except OutcomeMissing:
        raise
    except AssertionError as error:
        raise OutcomeMissing(f"{what}: {missing} missing: {error}") from error


def pushed_to(stage: Stage) -> set[str]:
    """The platforms of the catalogue in force that are not merely observed."""
    found = stage.operator.get("/push/api/v1/platforms")["items"]
    return {platform["id"] for platform in found if platform["pushed"]}


def all_reached(stage: Stage) -> None:
    with stage.step("the legs reach every platform of the catalogue 平台目录") as notes:
        reached = {platform for leg in LEGS for platform in leg.platforms}
        if reached != (pushed := pushed_to(stage)):
            raise OutcomeMissing(
                f"no leg reaches {sorted(pushed - reached)}; gone: {sorted(reached - pushed)}"
            )
        notes.append(f"{len(pushed)} platforms, {len(LEGS)} listings")


def all_officers(stage: Stage, accounts: list[dict[str, Any]]) -> Mapping[str, Officers]:
    """Officers of every region a leg is of; where there are none, two administrators open their accounts."""
    regions = {leg.region for leg in LEGS}
    found = {one: sign_in_officers(stage.base, accounts, one) for one in regions - set(WITHOUT_ACCOUNTS)}
    with stage.step("accounts opened for 河北省、福建省、国家"):
        opener, approver = (
            sign_in(stage.base, next(a for a in accounts if a["roles"] == [role]))
            for role in ("system-admin", "security-admin")
        )
        departments = opener.get("/api/v1/departments", limit="200")["items"]
        for region in WITHOUT_ACCOUNTS:
            own = next(d for d in departments if d["region"] == region and d["kind"] == "housing")
            clerk, reviewer, decider = (
                open_account(opener, approver, own["id"], role) for role in ("clerk", "reviewer", "decider")
            )
            found[region] = Officers(clerk, reviewer, decider)
    return found


def open_account(opener: Caller, approver: Caller, department_id: str, role: str) -> Caller:
    """Created by one administrator, its role approved by the other, its first password changed by itself."""
    name = f"every-{role}-{new_id()[-10:]}"
    filing = {"username": name, "display_name": "各平台演示", "department_id": department_id}
    made = opener.call("POST", "/api/v1/users", filing, Idempotency_Key=new_id())
    asked = {"roles": [role], "reason": "各平台演示"}
    change = opener.call("POST", f"/api/v1/users/{made['user']['id']}/roles", asked)
    approver.call("POST", f"/api/v1/role-changes/{change['id']}/decision", {"approve": True})
    first = sign_in(opener.base, {"username": name, "password": made["password"]})
    password = f"Every-{new_id()}"
    first.call(
        "POST", "/api/v1/session/password", {"current_password": made["password"], "new_password": password}
    )
    return sign_in(opener.base, {"username": name, "password": password})


def file_leg(stage: Stage, leg: Leg, officers: Officers) -> Filed:
    with stage.step(f"{leg.region} {leg.domain} → {'、'.join(leg.platforms)}"):
        if leg.list_code == PENALTIES:
            case, filing = publish_penalty(stage, leg, officers)
        else:
            quiet = replace(stage.line, say=lambda _: None)
            nobody = Caller(stage.base)
            place = Place(quiet, leg.region, nobody, stage.sandbox, stage.operator, officers)
            case, filing = publish_case(place)
        return Filed(leg, officers, case, filing["document"]["number"])


def publish_penalty(stage: Stage, leg: Leg, officers: Officers) -> tuple[dict[str, Any], dict[str, Any]]:
    """A penalty decided elsewhere: filed, reviewed against its decision, published."""
    filing = sample_filing(leg.region, leg.domain) | {"list_code": leg.list_code}
    case = officers.clerk.call("POST", "/api/v1/cases", filing, Idempotency_Key=new_id())
    case = transition(officers.clerk, case, "submit")
    case = expect(transition(officers.reviewer, case, "confirm_decision"), "served")
    return expect(transition(officers.decider, case, "publish"), "published"), filing


def correct(stage: Stage, one: Filed) -> None:
    with stage.step(f"corrected 更正 {one.leg.region} {one.leg.domain}"):
        fresh = one.officers.decider.get(f"/api/v1/cases/{one.case['id']}")
        facts = f"提供虚假业绩材料骗取中标（更正编号{one.mark}）"
        changes = {"misconduct": fresh["misconduct"] | {"facts": facts}}
        moved = transition(one.officers.decider, fresh, "correct", reason="原表述有误", changes=changes)
        one.case = expect(moved, "published")


def revoke(stage: Stage, one: Filed) -> None:
    with stage.step(f"revoked 撤销 {one.leg.region} {one.leg.domain}"):
        fresh = one.officers.decider.get(f"/api/v1/cases/{one.case['id']}")
        paper = {"number": f"示撤〔2026〕{one.case['id'][-6:]}号", "date": business_date(stage.sandbox)}
        moved = transition(one.officers.decider, fresh, "revoke", reason="原处罚决定被撤销", document=paper)
        expect(moved, "revoked")


def arrived(stage: Stage, operation: str, status: str, *, marked: bool = False) -> None:
    """At every platform of every leg: its own ledger has it so, and the receipt of the operation is here."""
    waiting = stage.legs()

    def missing() -> list[str]:
        waiting[:] = [each for each in waiting if not has_arrived(stage, *each, operation, status, marked)]
        return [f"{platform} ({one.leg.domain})" for one, platform in waiting]

    with stage.step(f"{operation}: {status} at every platform, receipts here") as notes:
        ours = {one.listing_id for one in stage.filed}
        settled(missing, operation, lambda: carry(stage.operator, stage.sandbox, ours))
        notes.append(f"{len(stage.legs())} deliveries")


def has_arrived(stage: Stage, one: Filed, platform: str, operation: str, status: str, marked: bool) -> bool:
    if acknowledged(stage.operator, one.listing_id, platform, operation) is None:
        return False
    held = platform_record(stage.sandbox, platform, one.number, status)
    return held is not None and (not marked or one.mark in held["raw"])


def nowhere_else(stage: Stage) -> None:
    """Each leg went to its platforms alone; what lies above is reached by relay and never pushed to."""
    pushed = pushed_to(stage)
    with stage.step("pushed nowhere else"):
        for one in stage.filed:
            items = stage.operator.get("/push/api/v1/deliveries", listing_id=one.listing_id)["items"]
            found = {item["platform"] for item in items} & pushed
            if found != set(one.leg.platforms):
                raise OutcomeMissing(f"{one.leg.region} {one.leg.domain} went to {sorted(found)}")


def reconciled(stage: Stage) -> None:
    """Every platform's ledger against what we hold: nothing differs."""
    where = "/push/api/v1/reconciliations"
    with stage.step("reconciled with every platform 核对") as notes:
        asked = {name: {"platform": name} for name in sorted(pushed_to(stage))}
        runs = {name: stage.operator.call("POST", where, body)["id"] for name, body in asked.items()}
        done: dict[str, dict[str, Any]] = {}

        def unfinished() -> list[str]:
            for name in runs.keys() - done.keys():
                seen = stage.operator.get(f"{where}/{runs[name]}")
                if seen["state"] in ("done", "failed"):
                    done[name] = seen
            return sorted(runs.keys() - done.keys())

        settled(unfinished, "ends of reconciliations")
        for name, run in done.items():
            if run["state"] != "done" or run["differences"]:
                told = [(each["kind"], each["detail"]) for each in run["differences"]]
                raise OutcomeMissing(f"{name}: {run['state']}, {len(told)} differences: {told[:3]}")
        notes.append(f"{sum(run['ours'] for run in done.values())} records, 0 differences")
