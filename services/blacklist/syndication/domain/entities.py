"""Listings as FollowTheMoney entities: a company and the sanction upon it, one pair per listing.

Companies are not merged: two listings of one company share `uscCode`, by which whoever loads them may join
them. Properties and topics as in the FollowTheMoney model (Company, Sanction).
"""

from collections.abc import Mapping
from typing import Any

DATASET = "cn_credit_blacklist"
LONGEST = {"authorityId": (64, "recordId"), "provisions": (1024, "summary")}
"""How long the model lets a value be, and the property that takes a longer one."""
TOPICS = {"serious": "debarment", "industry-misconduct": "debarment", "penalty-record": "reg.action"}


def entities_of(view: Mapping[str, Any], home: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """From a listing's public form; organisations only."""
    seen = {"first_seen": view["published_at"].isoformat(), "last_change": view["changed_at"].isoformat()}
    company_id = f"cb-{view['id']}-subject"
    company = _entity(company_id, "Company", view["subject"]["name"], seen, _company(view))
    sanction = _sanction(view, home) | {"entity": [company_id]}
    return company, _entity(f"cb-{view['id']}", "Sanction", view["list_name"], seen, sanction)


def _company(view: Mapping[str, Any]) -> dict[str, list[Any]]:
    subject = view["subject"]
    return {
        "name": [_named(subject["name"])],
        "previousName": [_named(each) for each in subject["former_names"]],
        "weakAlias": [_named(each) for each in subject.get("short_names") or ()],
        "uscCode": [subject["uscc"]],
        "country": ["cn"],
        "topics": [TOPICS.get(view["list_class"], "reg.warn")],
    }


def _named(name: str) -> str:
    """The model's names hold single spaces only."""
    return " ".join(name.split())


def _sanction(view: Mapping[str, Any], home: str) -> dict[str, list[Any]]:
    publicity = view["publicity"]
    return {
        "authority": [view["organ"]["name"]],
        **_fitting("authorityId", view["document"]["number"]),
        "program": [view["list_name"]],
        "programId": [view["list_code"]],
        "reason": [view["misconduct"]["facts"], view["legal_basis"]],
        **_fitting("provisions", view["document"]["content"]),
        "listingDate": [view["listed_on"].isoformat()],
        "startDate": [publicity["start"]],
        "endDate": [publicity["max_end"]],
        "sourceUrl": [f"{home}/listings/{view['id']}"],
        "country": ["cn"],
    }


def _fitting(name: str, text: str | None) -> dict[str, list[Any]]:
    longest, roomier = LONGEST[name]
    return {roomier if len(text or "") > longest else name: [text]}


def _entity(
    entity_id: str, schema: str, caption: str, seen: Mapping[str, str], properties: Mapping[str, list[Any]]
) -> dict[str, Any]:
    said = {name: [str(each) for each in values if each] for name, values in properties.items()}
    return {
        "id": entity_id,
        "caption": caption,
        "schema": schema,
        "properties": {name: values for name, values in said.items() if values},
        "datasets": [DATASET],
        "referents": [],
        "target": schema == "Company",
        **seen,
    }
