"""What a person sees of an item of 认领: the candidates, and wherein they differ; no identity number."""

import re
from collections.abc import Sequence
from typing import Any

from services.credit_push.models import Adoption
from services.credit_push.transports.base import LedgerRow
from services.credit_push.usecases.adopting import candidate_key, candidates_of
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.matching import record_key
from shared.identifiers import mask_person_name
from shared.written import cover_identities

LONGEST = 80
OWN = {"listing_id": "平台编号", "version": "版本", "content_digest": "内容摘要", "match_key": "登记名称"}
"""What is told of records whose content is not."""
_NUMBER = re.compile(r"[0-9A-Za-z*-]{6,}")
_DATE = re.compile(r"\d{4}[-/.]?\d{2}[-/.]?\d{2}([ T][\d:.]+)?")
NAMES = (
    "id", "platform", "listing_id", "state", "document_number", "found_at", "reason", "proposed_by",
    "decided_by", "decided_at", "delivery_id",
)  # fmt: skip


def adoption_view(deps: Deps, item: Adoption) -> dict[str, Any]:
    """An item with what may be chosen."""
    rows = candidates_of(deps, item)
    told = [
        {**_candidate(deps, item, row), "differs": each}
        for row, each in zip(rows, _differences(rows), strict=True)
    ]
    return {**{name: getattr(item, name) for name in NAMES}, "candidates": told}


def _candidate(deps: Deps, item: Adoption, row: LedgerRow) -> dict[str, Any]:
    return {
        "key": candidate_key(deps, row),
        "chosen": record_key(row) == item.record,
        "subject_name": row.subject_name if row.uscc else "（自然人，不显示）",
        "uscc": row.uscc or None,
        "document_number": row.document_number,
        "listed_in": row.listed_in,
        "own_id": row.listing_id or None,
    }


def _differences(rows: Sequence[LedgerRow]) -> list[list[dict[str, str]]]:
    """By candidate, the fields that are not the same in all."""
    facts = [_facts(row) for row in rows]
    names = dict.fromkeys(name for each in facts for name in each)
    apart = [name for name in names if len({each.get(name, "") for each in facts}) > 1]
    return [
        [{"name": name, "value": _masked(row, each.get(name, ""))} for name in apart]
        for row, each in zip(rows, facts, strict=True)
    ]


def _facts(row: LedgerRow) -> dict[str, str]:
    if row.content is not None:
        return {name: "" if value is None else str(value) for name, value in row.content.items()}
    told = {label: str(getattr(row, name) or "") for name, label in OWN.items()}
    return told | {"内容摘要": row.content_digest[:12]}


def _masked(row: LedgerRow, value: str) -> str:
    """Identity numbers covered; of a natural person also the name and whatever may be a number."""
    if not row.uscc:
        if row.subject_name:
            value = value.replace(row.subject_name, mask_person_name(row.subject_name))
        if _NUMBER.fullmatch(value) and not _DATE.fullmatch(value):
            value = "*" * (len(value) - 2) + value[-2:]
    return cover_identities(value)[:LONGEST]
