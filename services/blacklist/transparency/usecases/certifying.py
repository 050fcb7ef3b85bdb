"""Issuing a certificate: ask the register, bind the answer to the log's checkpoint, sign, keep it sealed."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.blacklist.register.domain.scope import INDIVIDUALS, ORGANISATIONS
from services.blacklist.register.models import Listing
from services.blacklist.register.usecases.persons import spend_lookup
from services.blacklist.rules.queries import all_lists
from services.blacklist.store import Deps, budgets
from services.blacklist.transparency.domain.certificates import NOTE, RESULTS, new_code
from services.blacklist.transparency.domain.signatures import FORMAT, signed_document
from services.blacklist.transparency.models import Certificate, LogCheckpoint
from services.blacklist.transparency.queries.certificates import storage_aad
from services.blacklist.transparency.queries.proofs import closed, opened_leaves
from services.blacklist.transparency.queries.searching import ask, is_pending
from services.blacklist.transparency.queries.store import latest_checkpoint, origin_of, signed_note
from shared.budgets import Budget, spend, whose
from shared.clock import SHANGHAI, local_date
from shared.crypto import KeyRing
from shared.errors import TooMany, Unavailable, describe_errors
from shared.identifiers import mask_id

PER_ADDRESS, OVERALL = 120, 20_000
"""Certificates an hour."""

describe_errors(
    {
        "certificate-too-many": "出具证明的请求过多。请按 Retry-After 等待后再试；批量核查请用核查接口。",
        "certificate-log-behind": "刚刚公示的信息正在写入透明日志。请一秒后再试。",
    }
)


@dataclass(frozen=True)
class Request:
    """Who is asked about, where the answer may be verified, and from which address it was asked."""

    asked: Mapping[str, Any]
    issuer: str
    site: str
    """The system's name, printed on the certificate."""
    base: str
    address: str


def issue_certificate(deps: Deps, request: Request, at: datetime) -> dict[str, Any]:
    """The signed document with its code; TooMany beyond the budget, and a person costs a lookup as well."""
    _spend_one(deps, request)
    with deps.db.write() as session:
        result, found = ask(session, deps.keyring, request.asked, local_date(at))
        listings = [listing for listing, _ in found]
        if is_pending(session, [listing.id for listing in listings]):
            raise Unavailable("certificate-log-behind", "正在写入透明日志", "请一秒后再试。", retry_after=1)
        checkpoint = latest_checkpoint(session)
        payload = _payload(request, new_code(), at, result) | {
            "listings": [_line(listing, certain) for listing, certain in found],
            "log": logged_at(checkpoint, signed_note(session, checkpoint)),
        }
        proofs = [leaf for listing in listings for leaf in opened_leaves(session, listing, checkpoint)[-1:]]
        document = signed_document(deps.keyring.signing("certificate"), payload, proofs)
        session.add(_row(deps.keyring, request, document, listings, at))
    return {"code": payload["code"], **document}


def _spend_one(deps: Deps, request: Request) -> None:
    if request.asked["subject_type"] == "individual":
        spend_lookup(deps, request.address)
    own = deps.keyring.blind_index(f"certificate {whose(request.address)}")
    wanted = [Budget(own, PER_ADDRESS), Budget("certificate", OVERALL)]
    with deps.db.write() as session:
        late = spend(session, budgets, wanted, deps.clock.system_now())
    if late is not None:
        wait = late.total_seconds()
        raise TooMany("certificate-too-many", "出具证明的请求过多", "请稍后再试。", retry_after=wait)


def _payload(request: Request, code: str, at: datetime, result: str) -> dict[str, Any]:
    asked = request.asked
    person = asked["subject_type"] == "individual"
    subject = {"type": asked["subject_type"], "name": asked["name"]}
    subject |= {"id_masked": mask_id(asked["id_number"])} if person else {"uscc": asked["uscc"]}
    return {
        "format": FORMAT,
        "code": code,
        "issuer": request.issuer,
        "system": request.site,
        "issued_at": at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "subject": subject,
        "result": result,
        "statement": RESULTS[result],
        "scope": _scope(asked, at),
        "verify_at": f"{request.base}/verify/{code}",
    }


def _scope(asked: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What was searched and how."""
    if asked["subject_type"] == "individual":
        matched = "姓名和证件号码均相同"
    else:
        ways = [
            way
            for way, given in (
                ("统一社会信用代码相同", asked["uscc"]),
                ("名称、曾用名、简称相同", asked["name"]),
            )
            if given
        ]
        matched = "或".join(ways)
    today = local_date(at)
    kind = asked["subject_type"]
    lists = [
        {"code": rule.code, "name": rule.name} for rule in all_lists(today) if kind in rule.subject_types
    ]
    return {
        "subjects": INDIVIDUALS if kind == "individual" else ORGANISATIONS,
        "as_of": today.isoformat(),
        "lists": lists,
        "matched_by": matched,
        "note": NOTE,
    }


def _line(listing: Listing, certain: bool) -> dict[str, Any]:
    facts = listing.facts
    person = listing.subject_type == "individual"
    return {
        "id": listing.id,
        "version": listing.version,
        "name": None if person else listing.subject_name,
        "uscc": listing.uscc,
        "list_code": listing.list_code,
        "list_name": facts["list"]["name"],
        "list_class": listing.list_class,
        "organ_name": facts["organ"]["name"],
        "document_number": facts["document"]["number"],
        "document_date": facts["document"]["date"],
        "listed_on": listing.listed_on.isoformat(),
        "public_until": listing.public_until.isoformat(),
        "certain": certain,
    }


def logged_at(checkpoint: LogCheckpoint, note: str) -> dict[str, Any]:
    root = base64.b64encode(checkpoint.root).decode()
    return {"origin": origin_of(checkpoint), "size": checkpoint.size, "root": root, "checkpoint": note}


def _row(
    keyring: KeyRing, request: Request, document: Mapping[str, Any], found: Sequence[Listing], at: datetime
) -> Certificate:
    code, seal = document["payload"]["code"], keyring.seal
    text = json.dumps({**document, "proofs": closed(document["proofs"])}, ensure_ascii=False)
    return Certificate(
        code=code,
        subject_type=request.asked["subject_type"],
        result=document["payload"]["result"],
        sealed=seal(text, storage_aad("document", code)),
        asked_sealed=seal(json.dumps(dict(request.asked), ensure_ascii=False), storage_aad("asked", code)),
        found=[[listing.id, listing.version] for listing in found],
        issued_at=at,
        closed=True,
    )
