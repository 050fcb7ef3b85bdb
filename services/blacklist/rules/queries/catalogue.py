"""The rule files, read once per process: a list's own version merged with the regimes in force on the day."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.blacklist.rules.domain import (
    Basis,
    ListRule,
    Measure,
    ObjectionRule,
    Override,
    PublicityRange,
    RemovalRule,
    TradeDomain,
    Window,
)
from shared.errors import NotFound

DATA = Path(__file__).resolve().parents[1] / "data"
Entry = Mapping[str, Any]


def list_rule(code: str, on: date) -> ListRule:
    """The list's rule on a day; NotFound if there is no such list or it was not in force."""
    rule = _rule_on(code, on)
    if rule is None:
        raise NotFound("list-not-in-force", "没有这个名单,或其依据在这一天不在有效期内", f"{code}({on})")
    return rule


def all_lists(on: date) -> list[ListRule]:
    return [rule for code in _lists() if (rule := _rule_on(code, on)) is not None]


def all_measures(on: date) -> list[Measure]:
    return [
        each
        for each in _measures()
        if each.valid_from <= on and (each.valid_to is None or on < each.valid_to)
    ]


def measure(code: str, on: date) -> Measure | None:
    """The measure if the closed list had it on that day."""
    return next((each for each in all_measures(on) if each.code == code), None)


@lru_cache(maxsize=1)
def trade_domains() -> tuple[TradeDomain, ...]:
    return tuple(
        TradeDomain(e["code"], e["name"], e["trading"], tuple(e["items"]), tuple(e["organs"]), e["source"])
        for e in read(DATA / "domains.toml")["domain"]
    )


def domain(code: str) -> TradeDomain | None:
    return next((each for each in trade_domains() if each.code == code), None)


@lru_cache(maxsize=1)
def all_organs() -> dict[str, str]:
    """Lines of work (职能条线): code → Chinese name."""
    return dict(read(DATA / "organs.toml")["organs"])


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def in_force(versions: Sequence[Entry], on: date) -> Entry | None:
    """The version whose [valid_from, valid_to) holds the day."""
    return next(
        (v for v in versions if v["valid_from"] <= on and ("valid_to" not in v or on < v["valid_to"])), None
    )


@lru_cache(maxsize=1)
def _lists() -> dict[str, Entry]:
    files = sorted((DATA / "lists").glob("*.toml"))
    return {entry["code"]: entry for entry in map(read, files)}


@lru_cache(maxsize=1)
def _regimes() -> Entry:
    return read(DATA / "regimes.toml")


@lru_cache(maxsize=1)
def _measures() -> tuple[Measure, ...]:
    return tuple(
        Measure(
            code=e["code"],
            name=e["name"],
            kind=e["kind"],
            basis=e["basis"],
            organs=tuple(e["organs"]),
            domains=tuple(e["domains"]),
            list_classes=tuple(e["list_classes"]),
            max_months=e.get("max_months"),
            valid_from=e["valid_from"],
            valid_to=e.get("valid_to"),
            status=e["status"],
            source=e["source"],
        )
        for e in read(DATA / "measures.toml")["measure"]
    )


@lru_cache(maxsize=4096)
def _rule_on(code: str, on: date) -> ListRule | None:
    entry = _lists().get(code)
    own = in_force(entry["version"], on) if entry else None
    regimes = [in_force(_regimes()[kind], on) for kind in ("publicity", "disclosure", "objection")]
    if entry is None or own is None or None in regimes:
        return None
    publicity, disclosure, objection = (regime or {} for regime in regimes)
    return _merged(entry, own, publicity, disclosure, objection)


def _merged(entry: Entry, own: Entry, publicity: Entry, disclosure: Entry, objection: Entry) -> ListRule:
    return ListRule(
        code=entry["code"],
        name=entry["name"],
        list_class=entry["class"],
        procedure=entry["procedure"],
        version=f"{own['version']}+{publicity['version']}",
        valid_from=own["valid_from"],
        valid_to=own.get("valid_to"),
        status=_weaker(own, publicity),
        source=own["source"],
        legal_basis=tuple(_basis(each) for each in own["basis"]),
        deciding_levels=tuple(own["deciding_levels"]),
        deciding_organs=tuple(own["deciding_organs"]),
        filing_organs=tuple(own["filing_organs"]),
        subject_types=tuple(entry["subject_types"]),
        requires_documents=tuple(own["requires_documents"]),
        statement_window=Window(own["statement_window_wd"], "wd"),
        hearing_window=Window(own["hearing_window_wd"], "wd"),
        superior_consent=own["superior_consent"],
        publicity=_ranges(own, publicity),
        overrides=tuple(_override(each) for each in own.get("override", ())),
        default_severity=own["default_severity"],
        default_months=own["default_months"],
        publicity_start=publicity["start"],
        publicity_follows_ban=own["publicity_follows_ban"],
        duty_start=own["duty_start"],
        publication_duty=dict(disclosure["duty_wd"]),
        correct_wd=disclosure["correct_wd"],
        due_soon_wd=disclosure["due_soon_wd"],
        objection=ObjectionRule(
            objection["accept_wd"],
            objection["settle_wd"],
            objection["suspend_confirm_wd"],
            objection["status"],
        ),
        removal=_removal(own, publicity),
        remedy=own["remedy"],
        regime=publicity["title"],
    )


def _ranges(own: Entry, publicity: Entry) -> dict[str, PublicityRange]:
    merged = {**publicity["severity"], **own.get("severity", {})}
    return {s: PublicityRange(merged[s]["min_months"], merged[s]["max_months"]) for s in own["severities"]}


def _removal(own: Entry, publicity: Entry) -> RemovalRule:
    after = {**publicity["repair_after"], **own.get("repair_after", {})}
    return RemovalRule(
        repair_after_months={severity: after[severity] for severity in own["severities"]},
        accept_wd=publicity["accept_wd"],
        settle_wd=publicity["settle_wd"],
        extend_wd=publicity["extend_wd"],
        stop_wd=publicity["stop_wd"],
        conditions=(*publicity["conditions"], *own["conditions"]),
        archive_after_expiry=own["archive_after_expiry"],
        restorable=own["restorable"],
        basis=publicity["title"],
    )


def _basis(each: Entry) -> Basis:
    return Basis(each["title"], each["document"], each["article"], each["source"], each["status"])


def _override(each: Entry) -> Override:
    allowed = PublicityRange(each["min_months"], each["max_months"])
    return Override(tuple(each["domains"]), each["severity"], allowed, each["status"], each["source"])


def _weaker(*parts: Entry) -> str:
    """A rule is verified only if everything it is made of is."""
    return "verified" if all(part["status"] == "verified" for part in parts) else "assumed"
