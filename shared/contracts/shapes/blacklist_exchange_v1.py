"""blacklist.exchange.v1: a listing as platforms must show it. Identity numbers are sealed, never clear.

HPKE: info b"credit-blacklist exchange v1", AAD "blacklist.exchange.v1|listing id|version|field".
"""

from shared.contracts import vocabulary
from shared.contracts.shapes.fields import amount, choice, day, flag, many, moment, number, part, shape, text

ListOf = shape(
    "ListOf",
    {
        "code": text(),
        "name": text(),
        "class": choice("serious", "industry-misconduct", "penalty-record", "notice"),
        "basis": text(null=True),
        "rule_version": text(null=True),
    },
)
Codes = shape(
    "Codes",
    {name: text(null=True) for name in ("registration", "org_code", "tax", "institution", "social")},
)
Sealed = shape(
    "Sealed",
    {
        "field": choice("id_number", "legal_representative_id_number"),
        "recipient": text(),
        "key_id": text(),
        "sealed": text(about="base64 of the HPKE message"),
    },
)
Subject = shape(
    "Subject",
    {
        "type": choice("organization", "individual"),
        "name": text(),
        "former_names": many(text()),
        "short_names": many(text(), optional=True, about="简称：法人及非法人组织"),
        "uscc": text(null=True),
        "codes": part(Codes),
        "legal_representative": text(null=True),
        "legal_representative_id_type": text(null=True),
        "id_type": text(null=True),
        "id_masked": text(null=True),
        "identity": many(part(Sealed)),
    },
)
Organ = shape("Organ", {"name": text(), "uscc": text(null=True)})
Document = shape(
    "Document",
    {
        "kind": text(),
        "number": text(),
        "organ": text(null=True),
        "date": day(null=True),
        "basis": text(null=True),
        "content": text(null=True),
        "fine_wan": amount(null=True),
        "confiscated_wan": amount(null=True),
        "licence": text(null=True),
        "penalty_category": text(null=True),
        "valid_until": day(null=True),
    },
)
Misconduct = shape(
    "Misconduct", {"category": text(null=True), "facts": text(null=True), "occurred_on": day(null=True)}
)
Measure = shape(
    "Measure",
    {
        "code": text(),
        "basis": text(null=True),
        "domain": text(null=True),
        "region": text(null=True),
        "from": day(null=True),
        "to": day(null=True),
        "organ": text(null=True),
    },
)
Publicity = shape(
    "Publicity",
    {"start": day(), "min_end": day(null=True), "max_end": day(null=True), "actual_end": day(null=True)},
)
Listing = shape(
    "Listing",
    {
        "listing_id": text(),
        "case_id": text(null=True),
        "sequence": number(),
        "version": number(),
        "operation": choice("list", "correct", "withdraw"),
        "occurred_at": moment(),
        "recorded_at": moment(),
        "replay": flag(),
        "migrated": flag(),
        "list": part(ListOf),
        "domain": text(),
        "region": text(),
        "department_id": text(null=True),
        "subject": part(Subject),
        "organ": part(Organ),
        "source": part(Organ),
        "document": part(Document),
        "misconduct": part(Misconduct),
        "severity": choice("serious", "general", "minor", null=True),
        "measures": many(part(Measure)),
        "publicity": part(Publicity),
        "reason_code": choice(
            "repair",
            "expiry",
            "revoked",
            "objection",
            "suspended",
            "shield:reorganisation",
            "shield:stay",
            "shield:privacy",
            "error",
            null=True,
        ),
        "reason": text(null=True),
    },
)
SHAPES = dict.fromkeys(vocabulary.EXCHANGE, Listing)
