"""From a filing (plain data) to a case's columns, and back: sealing, masking, fingerprint."""

from collections.abc import Mapping
from typing import Any

from services.blacklist.cases.domain.content import fingerprint
from services.blacklist.cases.domain.filing import CODE_FIELDS, parse_date
from services.blacklist.cases.models import Case
from services.blacklist.cases.models.case import ID_AAD, REPRESENTATIVE_AAD
from services.blacklist.rules.minors import birth_of, minor_until
from shared.crypto import KeyRing
from shared.identifiers import mask_id

DOCUMENT_FIELDS = (
    "kind",
    "number",
    "organ",
    "date",
    "basis",
    "content",
    "fine_wan",
    "confiscated_wan",
    "licence",
    "penalty_category",
    "valid_until",
)
MISCONDUCT_FIELDS = ("category", "facts", "occurred_on")


def content_columns(keyring: KeyRing, case_id: str, filing: Mapping[str, Any]) -> dict[str, Any]:
    """Every column that comes from a normalised filing, its fingerprint included."""
    document = {name: filing["document"].get(name) for name in DOCUMENT_FIELDS}
    misconduct = {name: filing["misconduct"].get(name) for name in MISCONDUCT_FIELDS}
    columns = {
        "domain": filing["domain"],
        "region": filing["region"],
        **_subject_columns(keyring, case_id, filing["subject"]),
        "misconduct": misconduct,
        "document": document,
        "document_number": document["number"],
        "document_date": parse_date(document["date"]),
        "disclosure": filing["disclosure"].get("attribute") or "proactive",
        "disclosure_reason": filing["disclosure"].get("reason"),
        "disclosure_exceptions": list(filing["disclosure"].get("exceptions") or ()),
        "disclosure_covered": list(filing["disclosure"].get("covered") or ()),
    }
    birth = birth_of(columns["id_type"], filing["subject"].get("id_number")) or columns["birth_on"]
    columns["minor_until"] = minor_until(birth, parse_date(misconduct["occurred_on"]))
    columns["content_hash"] = fingerprint(_hashed(keyring, filing, document, misconduct))
    return columns


def _subject_columns(keyring: KeyRing, case_id: str, subject: Mapping[str, Any]) -> dict[str, Any]:
    number, other = subject.get("id_number"), subject.get("legal_representative_id_number")
    codes = subject.get("codes") or {}
    return {
        "subject_type": subject["type"],
        "subject_name": subject["name"],
        "uscc": subject.get("uscc"),
        "codes": {name: codes.get(name) for name in CODE_FIELDS},
        "former_names": list(subject.get("former_names") or ()),
        "short_names": list(subject.get("short_names") or ()),
        "legal_representative": subject.get("legal_representative"),
        "legal_representative_id_type": subject.get("legal_representative_id_type") if other else None,
        "legal_representative_id_sealed": keyring.seal(other, f"{REPRESENTATIVE_AAD}.{case_id}")
        if other
        else None,
        "legal_representative_id_masked": mask_id(other) if other else None,
        "birth_on": parse_date(subject.get("birth_on")),
        "id_type": subject.get("id_type") if number else None,
        "id_sealed": keyring.seal(number, f"{ID_AAD}.{case_id}") if number else None,
        "id_blind": keyring.blind_index(number) if number else None,
        "id_masked": mask_id(number) if number else None,
    }


def _hashed(
    keyring: KeyRing, filing: Mapping[str, Any], document: Mapping[str, Any], misconduct: Mapping[str, Any]
) -> dict[str, Any]:
    subject = dict(filing["subject"])
    for name in ("id_number", "legal_representative_id_number"):
        number = subject.get(name)
        subject[name] = keyring.blind_index(number) if number else None
    present = {name: value for name, value in subject.items() if value}
    return {
        "list_code": filing["list_code"],
        "domain": filing["domain"],
        "region": filing["region"],
        "subject": present,
        "document": document,
        "misconduct": misconduct,
        "disclosure": {name: value for name, value in filing["disclosure"].items() if value != []},
    }


def filing_of(keyring: KeyRing, case: Case) -> dict[str, Any]:
    """The filing a case holds, identity numbers opened: for merging an edit, never for an answer."""
    number = keyring.unseal(case.id_sealed, f"{ID_AAD}.{case.id}").decode() if case.id_sealed else None
    sealed = case.legal_representative_id_sealed
    other = keyring.unseal(sealed, f"{REPRESENTATIVE_AAD}.{case.id}").decode() if sealed else None
    return {
        "list_code": case.list_code,
        "domain": case.domain,
        "region": case.region,
        "subject": {
            "type": case.subject_type,
            "name": case.subject_name,
            "former_names": list(case.former_names),
            "short_names": list(case.short_names),
            "uscc": case.uscc,
            "codes": dict(case.codes),
            "legal_representative": case.legal_representative,
            "legal_representative_id_type": case.legal_representative_id_type,
            "legal_representative_id_number": other,
            "id_type": case.id_type,
            "id_number": number,
            "birth_on": case.birth_on.isoformat() if case.birth_on else None,
        },
        "misconduct": dict(case.misconduct),
        "document": dict(case.document),
        "disclosure": {
            "attribute": case.disclosure,
            "reason": case.disclosure_reason,
            "exceptions": list(case.disclosure_exceptions),
            "covered": list(case.disclosure_covered),
        },
    }
