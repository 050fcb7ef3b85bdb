"""The rules on a day: a list's own version merged with the regimes in force, measures, domains."""

import dataclasses
from datetime import date
from functools import lru_cache
from pathlib import Path

from services.blacklist.rules.domain import (
    Basis,
    ExpiryRule,
    ListRule,
    Measure,
    ObjectionRule,
    Override,
    PublicityRange,
    RemovalRule,
    TradeDomain,
    Window,
)
from services.blacklist.rules.queries.shapes import DATA, KINDS
from services.blacklist.rules.queries.source import Book, Entry, Source, in_force, read
from services.blacklist.rules.terms import DutyTerms
from shared.errors import NotFound

_source = Source()


def use_rules(folder: Path | None, look_every: float = 1.0) -> None:
    """From now on this process also reads the law files in `folder` (lists/, regimes.toml, measures.toml)."""
    global _source  # noqa: PLW0603  the law is the same for the whole process
    _source = Source(folder, look_every)


def rules_folder() -> Path | None:
    """The folder this process reads further law files in."""
    return _source.folder


def list_rule(code: str, on: date) -> ListRule:
    """The list's rule on a day; NotFound if there is no such list or it was not in force."""
    rule = _rule_on(code, on)
    if rule is None:
        raise NotFound("list-not-in-force", "没有这个名单，或其依据在这一天不在有效期内", f"{code}({on})")
    return rule


def all_lists(on: date) -> list[ListRule]:
    return [rule for code in _source.book().lists if (rule := _rule_on(code, on)) is not None]


def known_list(code: str) -> bool:
    """Whether there is, or once was, a list of this code."""
    return code in _source.book().lists


def duty_terms(on: date) -> dict[str, DutyTerms]:
    """What the law of that day allows of each kind of duty (`data/duties.toml`)."""
    by_kind: dict[str, list[Entry]] = {}
    for each in _source.book().duties:
        by_kind.setdefault(each["kind"], []).append(each)
    return {kind: _terms(found) for kind, all_ in by_kind.items() if (found := in_force(all_, on))}


def _terms(e: Entry) -> DutyTerms:
    return DutyTerms(
        e["kind"], e["name"], tuple(e["pause_reasons"]), e["extend_wd"], e["basis"], e["status"],
        e["source"], e["valid_from"], e.get("valid_to"),
    )  # fmt: skip


def list_rule_version(code: str, version: str) -> ListRule | None:
    """The rule a case was decided under, by the version it keeps; None if no such version is known."""
    book = _source.book()
    entry = book.lists.get(code)
    for own in entry["version"] if entry else ():
        for publicity in book.regimes["publicity"]:
            if entry and f"{own['version']}+{publicity['version']}" == version:
                day = max(own["valid_from"], publicity["valid_from"])
                others = [in_force(book.regimes[kind], day) for kind in ("disclosure", "objection")]
                return _merged(entry, own, publicity, others[0] or {}, others[1] or {})
    return None


def all_measures(on: date) -> list[Measure]:
    """What the edition in force carries; before the first edition, each measure by its own dates."""
    book = _source.book()
    edition = in_force(book.catalogues, on)
    return [
        _measure(each, book)
        for each in book.measures
        if in_force([each], on) and (edition is None or each["code"] in edition["measures"])
    ]


def measure_names() -> dict[str, str]:
    """Every measure's name by its code, whichever edition carried it."""
    return {each["code"]: each["name"] for each in _source.book().measures}


def editions_of_measures() -> list[Entry]:
    """The editions of the closed list, oldest first."""
    return sorted(_source.book().catalogues, key=lambda each: each["valid_from"])


def expiry_keys() -> tuple[list[str], list[str]]:
    """Cases to ask about at the end of publicity, as "list/version" and as "list/version/domain"."""
    book, whole, parts = _source.book(), list[str](), list[str]()
    for code, entry in book.lists.items():
        for own, regime in ((o, r) for o in entry["version"] for r in book.regimes["publicity"]):
            key = f"{code}/{own['version']}+{regime['version']}"
            named = [each for rule in own.get("expiry", ()) for each in rule["domains"]]
            whole += [key] * ("*" in named)
            parts += [f"{key}/{each}" for each in named if each != "*"]
    return whole, parts


def action_codes() -> tuple[str, ...]:
    """Every measure's code, whenever it was or will be in force: what a purpose may name as its action."""
    return tuple(dict.fromkeys(each["code"] for each in _source.book().measures))


def measures_version(on: date) -> str | None:
    """Which edition of the closed list counts on that day; None before there was one."""
    edition = in_force(_source.book().catalogues, on)
    return str(edition["version"]) if edition else None


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


def _measure(e: Entry, book: Book) -> Measure:
    return Measure(
        editions=tuple(each["version"] for each in book.catalogues if e["code"] in each["measures"]),
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


def _rule_on(code: str, on: date) -> ListRule | None:
    book = _source.book()
    if (code, on) not in book.rules:
        book.rules[code, on] = _found(book, code, on)
    return book.rules[code, on]


def _found(book: Book, code: str, on: date) -> ListRule | None:
    entry = book.lists.get(code)
    own = in_force(entry["version"], on) if entry else None
    regimes = [in_force(book.regimes[kind], on) for kind in KINDS]
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
        minor_needs_necessity=publicity.get("minor_needs_necessity", False),
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
        expiry=tuple(
            ExpiryRule(tuple(each["domains"]), each["extend_months"], each["status"], each["source"])
            for each in own.get("expiry", ())
        ),
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
    return Basis(**{field.name: each[field.name] for field in dataclasses.fields(Basis)})


def _override(each: Entry) -> Override:
    allowed = PublicityRange(each["min_months"], each["max_months"])
    return Override(tuple(each["domains"]), each["severity"], allowed, each["status"], each["source"])


def _weaker(*parts: Entry) -> str:
    """A rule is verified only if everything it is made of is."""
    return "verified" if all(part["status"] == "verified" for part in parts) else "assumed"
