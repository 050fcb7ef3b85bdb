"""Publish and correct: the case becomes, and stays, what its listing says."""

from collections.abc import Mapping
from typing import Any

from services.blacklist.cases.domain.content import penalty_category
from services.blacklist.cases.domain.filing import merged, normalised
from services.blacklist.cases.domain.redaction import covered_groups, newly_exposed
from services.blacklist.cases.domain.standing import Blocked
from services.blacklist.cases.models import Case
from services.blacklist.cases.models.case import ID_AAD, REPRESENTATIVE_AAD
from services.blacklist.cases.queries.twins import entry_of
from services.blacklist.cases.usecases.columns import content_columns, filing_of
from services.blacklist.cases.usecases.duties import settle_publication
from services.blacklist.cases.usecases.filing import filing_problems, refuse
from services.blacklist.cases.usecases.moves import Move, refusal
from services.blacklist.cases.usecases.publicity import require_necessity, window_of
from services.blacklist.register.domain import (
    CaseFacts,
    ListTerms,
    Organ,
    Publicity,
    SealedIdentity,
    Subject,
)
from services.blacklist.register.usecases import Publication, correct_listing
from services.blacklist.rules import minors
from services.blacklist.rules.citing import cite
from services.blacklist.rules.domain import ListRule
from services.blacklist.rules.queries import list_rule_version
from shared.ids import new_id


def publish(move: Move) -> None:
    """Give the case a listing of its own, visible from this commit on."""
    case, rule = move.case, decided_rule(move)
    window = window_of(case, rule, move.today)
    if window.max_end <= move.today:
        raise refusal(Blocked("按规定计算的公示期已经届满，不再公示", f"{rule.name}公示期限"))
    stated = {**(case.decision or {}), **move.inputs}
    require_necessity(rule, case.severity, case.publicity_months, stated)
    if case.severity == "minor" and move.inputs.get("necessity"):
        case.decision = {**(case.decision or {}), "necessity": move.inputs["necessity"]}
        move.detail["necessity"] = move.inputs["necessity"]
    case.listing_id, case.publisher_id, case.published_at = new_id(), move.person, move.batch.at
    case.publicity_start, case.publicity_min_end, case.publicity_max_end = (
        window.start,
        window.min_end,
        window.max_end,
    )
    move.batch.shown.append(case)
    move.batch.publications.append(
        Publication(case.listing_id, case_facts(case), terms_of(case, rule), publicity_of(case))
    )
    move.detail |= {"start": window.start.isoformat(), "max_end": window.max_end.isoformat()}
    settle_publication(move)


def decided_rule(move: Move) -> ListRule:
    """The version the case was decided under: a law that changes before publication does not reach back."""
    case = move.case
    return list_rule_version(case.list_code, case.rule_version) or move.needed_rule()


def correct(move: Move) -> None:
    """Lay the changes over what was published; the former text stays in the listing's versions."""
    case = move.case
    filing = merged(filing_of(move.batch.deps.keyring, case), move.inputs["changes"])
    refuse(
        [
            (f"/changes{pointer}", message)
            for pointer, message in filing_problems(move.batch.office, filing, case.department_id)
        ]
    )
    before, paper = case.content_hash, entry_of(case).key
    columns = content_columns(move.batch.deps.keyring, case.id, normalised(filing))
    _require_publishable(move, columns)
    for name, value in columns.items():
        setattr(case, name, value)
    if entry_of(case).key != paper:
        move.batch.gone.append(case.id)
        move.batch.shown.append(case)
    case.reviewed_hash = case.content_hash
    case.redacted_hash = case.content_hash if case.redacted_hash else None
    move.detail |= {"changed": sorted(move.inputs["changes"]), "before": before, "after": case.content_hash}
    republish(move)


def republish(move: Move) -> None:
    """The listing says what its case says by now; the version before stays in the history."""
    case = move.case
    move.batch.session.flush()
    correct_listing(
        move.batch.session,
        move.batch.deps.keyring,
        str(case.listing_id),
        case=case_facts(case),
        terms=terms_of(case, decided_rule(move)),
        publicity=publicity_of(case),
        reason=move.reason or "",
        at=move.batch.at,
    )


def _require_publishable(move: Move, columns: Mapping[str, Any]) -> None:
    """A correction brings nothing into public view that a publication would have stopped at."""
    case = move.case
    before = {"misconduct": case.misconduct, "document": case.document}
    exposed = newly_exposed(
        covered_groups(before, case.disclosure_covered),
        covered_groups({name: columns[name] for name in before}, columns["disclosure_covered"]),
    )
    refuse([(f"/changes{pointer}", message) for pointer, message in exposed])
    if columns["minor_until"] is not None and columns["minor_until"] > move.today:
        raise refusal(Blocked("更正后当事人为未成年人，不得公示；应当撤销列入", minors.RULE))


def _texts(case: Case) -> dict[str, dict[str, Any]]:
    """Misconduct and document as they may leave the department: without the passages under an exception."""
    groups = {"misconduct": case.misconduct, "document": case.document}
    return covered_groups(groups, case.disclosure_covered)


def case_facts(case: Case) -> CaseFacts:
    """What the listing repeats of the case; organ and source codes come from the department."""
    texts = _texts(case)
    organ = Organ(case.document.get("organ") or case.department_name, case.department_uscc)
    return CaseFacts(
        case_id=case.id,
        list_code=case.list_code,
        domain=case.domain,
        region=case.region,
        department_id=case.department_id,
        organ=organ,
        source=Organ(case.department_name, case.department_uscc),
        subject=_subject(case),
        misconduct=texts["misconduct"],
        document={**texts["document"], "penalty_category": penalty_category(case.document)},
        severity=case.severity,
        measures=tuple(case.measures),
        disclosure=case.disclosure,
    )


def _subject(case: Case) -> Subject:
    sealed = (
        ("id_number", case.id_sealed, ID_AAD),
        ("legal_representative_id_number", case.legal_representative_id_sealed, REPRESENTATIVE_AAD),
    )
    return Subject(
        type=case.subject_type,
        name=case.subject_name,
        former_names=tuple(case.former_names),
        short_names=tuple(case.short_names),
        uscc=case.uscc,
        codes=case.codes,
        legal_representative=case.legal_representative,
        legal_representative_id_type=case.legal_representative_id_type,
        id_type=case.id_type,
        id_masked=case.id_masked,
        identity=tuple(
            SealedIdentity(name, token, f"{aad}.{case.id}") for name, token, aad in sealed if token
        ),
    )


def terms_of(case: Case, rule: ListRule) -> ListTerms:
    return ListTerms(
        code=case.list_code,
        name=case.list_name,
        list_class=case.list_class,
        basis=cite(rule, case.region),
        rule_version=case.rule_version,
    )


def publicity_of(case: Case) -> Publicity:
    if case.publicity_start is None or case.publicity_max_end is None:
        raise ValueError(f"case {case.id} has no publicity window")
    return Publicity(
        start=case.publicity_start, max_end=case.publicity_max_end, min_end=case.publicity_min_end
    )
