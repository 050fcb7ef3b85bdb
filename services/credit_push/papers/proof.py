"""Proof of delivery and proof of withdrawal of one listing: every platform, every version, every receipt."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import (
    ACKNOWLEDGED,
    OPERATION_NAMES,
    STATE_NAMES,
    SUPERSEDED,
    WITHDRAW,
)
from services.credit_push.models import Attempt, Delivery, Holding, Listing
from services.credit_push.papers.grounds import grounds
from services.credit_push.papers.paper import Paper, Section
from services.credit_push.queries import attempts
from services.credit_push.routing import relay_chain
from services.credit_push.sights import ABSENT, ACKNOWLEDGED_ONLY, CONTRADICTED, HOW_NAMES, NOTHING
from shared.clock import SHANGHAI
from shared.errors import NotFound

DELIVERED, WITHDRAWN, OPEN = "delivered", "withdrawn", "open"
STATEMENTS = {
    DELIVERED: "上列平台均已回执确认收录本名单的现行版本。",
    WITHDRAWN: "凡曾收录本名单的平台，均已回执确认不再收录。",
    OPEN: "尚有平台未回执确认，见下表；本文件不作为办结证明。",
}
TITLES = {DELIVERED: "信用信息推送送达证明", WITHDRAWN: "信用信息撤下证明", OPEN: "信用信息推送情况"}
AGAINST = "有平台虽已回执确认，但最近一次查见其网站的情况与回执相反，见下表；本文件不作为办结证明。"
LEDGER = "ledger"
"""No receipt: the platform held it before, as its ledger said when it was adopted."""
KIND_NAMES = {
    **HOW_NAMES,
    ACKNOWLEDGED_ONLY: "平台回执",
    LEDGER: "平台台账（对账认领）",
    CONTRADICTED: "查见与回执相反",
    NOTHING: "尚无依据",
}
EVIDENCE = {
    "answer": "平台接口应答",
    "callback": "平台签名回调",
    "column": "前置库反馈列",
    "feedback": "平台反馈文件",
    "hand": "平台反馈表或复函（人工登记）",
    "topic": "平台回执主题",
    "door": "平台自行送达",
}


def prove(
    session: Session, catalogue: Mapping[str, Profile], listing_id: str, at: datetime, region: str = ""
) -> Paper:
    """What can be proven now. NotFound outside the asker's region."""
    listing = session.get(Listing, listing_id)
    if listing is None or not listing.region.startswith(region):
        raise NotFound("not-found", "没有这条名单的推送记录")
    query = select(Delivery).where(Delivery.listing_id == listing_id).order_by(Delivery.sequence, Delivery.id)
    rows = list(session.scalars(query))
    tried = attempts(session, [row.id for row in rows])
    shown = set(session.scalars(select(Holding.platform).where(Holding.listing_id == listing_id)))
    reached = _by_platform(rows)
    sights = grounds(session, catalogue, listing_id)
    platforms = [
        _platform(catalogue, name, mine, name in shown, sights.get(name), tried)
        for name, mine in reached.items()
    ]
    result = _result(listing, platforms)
    data = {
        "kind": result,
        "listing_id": listing_id,
        "document_number": listing.document_number,
        "subject_name": next((row.subject_name for row in rows), ""),
        "version": listing.version,
        "issued_at": at,
        "statement": AGAINST if _against(platforms) else STATEMENTS[result],
        "platforms": platforms,
        "relayed": [_relayed(one) for one in sights.values() if one["via"]],
        "deliveries": [_delivery(catalogue, row, tried.get(row.id, ())) for row in rows],
    }
    return Paper(TITLES[result], _lines(data, at), _sections(data), data)


def _by_platform(rows: Sequence[Delivery]) -> dict[str, list[Delivery]]:
    """Deliveries of the platforms that may ever have had the listing."""
    found: dict[str, list[Delivery]] = {}
    for row in rows:
        found.setdefault(row.platform, []).append(row)
    return {name: mine for name, mine in found.items() if any(row.possibly_sent for row in mine)} or {
        name: mine for name, mine in found.items() if any(row.state != SUPERSEDED for row in mine)
    }


def _platform(
    catalogue: Mapping[str, Profile],
    name: str,
    rows: Sequence[Delivery],
    shown: bool,
    sight: Mapping[str, Any] | None,
    tried: Mapping[str, Sequence[Attempt]],
) -> dict[str, Any]:
    profile = catalogue.get(name)
    last = next((row for row in reversed(rows) if row.state != SUPERSEDED), rows[-1])
    adopted = _is_adopted(tried.get(last.id, ()))
    seen = _seen(sight if last.state == ACKNOWLEDGED else None)
    if adopted and seen["evidence_kind"] == ACKNOWLEDGED_ONLY:
        seen["evidence_kind"] = LEDGER
    return {
        "platform": name,
        "name": profile.name if profile else name,
        "operation": last.operation,
        "version": last.version,
        "state": last.state,
        "receipt_number": last.receipt_number,
        "confirmed_at": last.settled_at if last.state == ACKNOWLEDGED else None,
        "evidence": _receipt_kind(catalogue, last, tried.get(last.id, ())),
        **seen,
        "shown": shown,
        "relayed_to": [hop.name for hop in relay_chain(catalogue, name)] if profile else [],
    }


def _is_adopted(tried: Sequence[Attempt]) -> bool:
    return any(one.outcome == "adopted" for one in tried)


def _receipt_kind(catalogue: Mapping[str, Profile], row: Delivery, tried: Sequence[Attempt]) -> str:
    """In what form the platform confirmed this delivery; empty where it has not."""
    profile = catalogue.get(row.platform)
    if row.state != ACKNOWLEDGED:
        return ""
    if _is_adopted(tried):
        return "平台原有记录，未推送"
    if row.result_code == "NOT_FOUND":
        return "平台称已无此记录"
    return EVIDENCE.get(profile.receipts.by, "") if profile else ""


def _seen(sight: Mapping[str, Any] | None) -> dict[str, Any]:
    """On what the proof rests for one site: its receipt only, or a sight, and of what kind."""
    return {
        "evidence_kind": sight["evidence"] if sight else "",
        "seen": sight["seen"] if sight else None,
        "seen_at": sight["seen_at"] if sight else None,
        "seen_before_at": sight["seen_before_at"] if sight else None,
        "looked": bool(sight and sight["looked"]),
    }


def _relayed(sight: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "platform", "platform_name", "via", "via_name", "expects", "seen", "seen_at", "seen_before_at",
        "lag_seconds",
    )  # fmt: skip
    return {**{name: sight[name] for name in names}, "evidence_kind": sight["evidence"]}


def _result(listing: Listing, platforms: Sequence[Mapping[str, Any]]) -> str:
    if _against(platforms):
        return OPEN
    confirmed = platforms and all(one["state"] == ACKNOWLEDGED for one in platforms)
    if listing.operation == WITHDRAW:
        gone = all(one["operation"] == WITHDRAW and not one["shown"] for one in platforms)
        return WITHDRAWN if gone and (confirmed or not platforms) else OPEN
    current = all(one["version"] == listing.version and one["shown"] for one in platforms)
    return DELIVERED if confirmed and current else OPEN


def _against(platforms: Sequence[Mapping[str, Any]]) -> bool:
    return any(one["evidence_kind"] == CONTRADICTED for one in platforms)


def _delivery(catalogue: Mapping[str, Profile], row: Delivery, tried: Sequence[Attempt]) -> dict[str, Any]:
    profile = catalogue.get(row.platform)
    return {
        "platform": row.platform,
        "name": profile.name if profile else row.platform,
        "evidence": _receipt_kind(catalogue, row, tried),
        "version": row.version,
        "operation": row.operation,
        "idempotency_key": row.idempotency_key,
        "state": row.state,
        "due": row.due_on,
        "late": row.late,
        "content_digest": row.content_digest,
        "receipt_number": row.receipt_number,
        "settled_at": row.settled_at,
        "attempts": [
            {
                "at": one.at,
                "kind": one.kind,
                "outcome": one.outcome,
                "http_status": one.http_status,
                "request_digest": one.request_digest,
            }
            for one in tried
        ],
    }


def local(at: datetime | None) -> str:
    """Minutes in Asia/Shanghai."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else "—"


def _lines(data: Mapping[str, Any], at: datetime) -> list[str]:
    return [
        f"名单编号：{data['listing_id']}（第 {data['version']} 版）",
        f"主体：{data['subject_name']}；决定书文号：{data['document_number']}",
        f"出具时间：{local(at)}（北京时间）",
        data["statement"],
        *_rests_on(data["platforms"]),
        "每一行都写明依据：“平台回执”只说明平台办理了，“经查询平台”“平台报告”“人工查看”说明网站上实际查见。",
        "经转送到达的上级平台由转送平台负责，本系统不推送，只在末表列出查见的情况。",
    ]


def _rests_on(platforms: Sequence[Mapping[str, Any]]) -> list[str]:
    counted = {
        text: sum(one["evidence_kind"] == kind for one in platforms) for kind, text in KIND_NAMES.items()
    }
    told = "，".join(f"{text} {number} 个" for text, number in counted.items() if number)
    only = [one["looked"] for one in platforms if one["evidence_kind"] == ACKNOWLEDGED_ONLY]
    never, unseen = only.count(False), only.count(True)
    return [
        f"依据种类（按平台计）：{told or '无'}。",
        *([f"只有“平台回执”的平台，{never} 个本系统未查看其网站。"] if never else []),
        *([f"只有“平台回执”的平台，{unseen} 个已查看其网站，尚未查见现行状态。"] if unseen else []),
    ]


def _seen_text(one: Mapping[str, Any]) -> str:
    """11-02 15:30 查见不再显示, or why nothing more is known."""
    if one["seen_before_at"]:
        return f"{local(one['seen_before_at'])} 查见更正前的版本，现行版本尚未查见"
    if not one["seen_at"]:
        return "尚未查见"
    return f"{local(one['seen_at'])} 查见{'不显示' if one['seen'] == ABSENT else '显示'}"


def _state_text(one: Mapping[str, Any]) -> str:
    """A confirmed withdrawal is no filing."""
    if one["operation"] == WITHDRAW and one["state"] == ACKNOWLEDGED:
        return "已确认撤下"
    return STATE_NAMES[one["state"]]


def _sections(data: Mapping[str, Any]) -> list[Section]:
    stand = ("平台", "最后操作", "状态", "回执编号", "确认时间", "确认形式", "网站查见", "依据种类")
    relay = ("平台", "转送自", "应有状态", "网站查见", "依据种类")
    trail = ("平台", "操作", "状态", "办结时间", "尝试", "确认形式", "内容摘要（SHA-256）")
    platforms = [_standing(one) for one in data["platforms"]]
    relayed = [_relay_row(one) for one in data["relayed"]]
    deliveries = [_trail_row(one) for one in data["deliveries"]]
    return [
        Section("各平台现状", stand, platforms, (2.6, 1.6, 1.7, 2.8, 2.2, 2, 2.4, 1.9)),
        Section("推送经过", trail, deliveries, (2.6, 1.6, 1.7, 2.2, 1, 2, 4.6)),
        Section("转送到达的平台（只观察）", relay, relayed, (3.2, 3.2, 1.7, 4, 2.4)),
    ]


def _operation_text(one: Mapping[str, Any]) -> str:
    return f"{OPERATION_NAMES[one['operation']]}，第 {one['version']} 版"


def _standing(one: Mapping[str, Any]) -> list[str]:
    return [
        one["name"],
        _operation_text(one),
        _state_text(one),
        one["receipt_number"] or "—",
        local(one["confirmed_at"]),
        one["evidence"] or "—",
        _seen_text(one) if one["evidence_kind"] else "—",
        KIND_NAMES.get(one["evidence_kind"], "—"),
    ]


def _relay_row(one: Mapping[str, Any]) -> list[str]:
    expected = "应撤下" if one["expects"] == ABSENT else "应显示"
    kind = KIND_NAMES.get(one["evidence_kind"], "—")
    return [one["platform_name"], one["via_name"], expected, _seen_text(one), kind]


def _trail_row(one: Mapping[str, Any]) -> list[str]:
    return [
        one["name"],
        _operation_text(one),
        _state_text(one),
        local(one["settled_at"]),
        f"{len(one['attempts'])} 次",
        one["evidence"] or "—",
        one["content_digest"] or "—",
    ]
