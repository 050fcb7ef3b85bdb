"""What the reconciliations of a platform found in a period, and what became of it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import STATE_NAMES
from services.credit_push.models import Delivery, Difference, ReconciliationRun
from services.credit_push.papers.paper import Paper, Section
from services.credit_push.papers.proof import local

KINDS = {"missing": "平台缺失", "extra": "平台多出", "stale": "版本落后", "altered": "内容不同"}
MOST_ROWS = 5_000


def report(session: Session, profile: Profile, since: datetime, until: datetime, at: datetime) -> Paper:
    """Runs asked for from `since`, before `until`."""
    query = (
        select(ReconciliationRun)
        .where(
            ReconciliationRun.platform == profile.id,
            ReconciliationRun.requested_at >= since,
            ReconciliationRun.requested_at < until,
        )
        .order_by(ReconciliationRun.id)
    )
    runs = list(session.scalars(query))
    found = _differences(session, [run.id for run in runs])
    kinds = Counter(one["kind"] for one in found)
    data: dict[str, Any] = {
        "kind": "reconciliation-report",
        "platform": profile.id,
        "platform_name": profile.name,
        "since": since,
        "until": until,
        "issued_at": at,
        "runs": [_run(run) for run in runs],
        "totals": {kind: kinds.get(kind, 0) for kind in KINDS},
        "differences": found,
    }
    return Paper(f"{profile.name} 对账报告", _lines(data), _sections(data), data)


def _run(run: ReconciliationRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "requested_at": run.requested_at,
        "finished_at": run.finished_at,
        "state": run.state,
        "ours": run.ours,
        "theirs": run.theirs,
        "rows_exchanged": run.rows_exchanged,
        "reason": run.reason,
    }


def _differences(session: Session, runs: Sequence[str]) -> list[dict[str, Any]]:
    query = (
        select(Difference, Delivery.state, Delivery.document_number)
        .outerjoin(Delivery, Delivery.id == Difference.repair_id)
        .where(Difference.run_id.in_(runs))
        .order_by(Difference.id)
        .limit(MOST_ROWS)
    )
    return [
        {
            "run_id": one.run_id,
            "listing_id": one.listing_id,
            "kind": one.kind,
            "detail": one.detail,
            "repair_id": one.repair_id,
            "repair_state": state,
            "document_number": number,
        }
        for one, state, number in session.execute(query)
    ]


def _lines(data: dict[str, Any]) -> list[str]:
    totals = "，".join(f"{KINDS[kind]} {number} 条" for kind, number in data["totals"].items())
    return [
        f"期间：{local(data['since'])} 至 {local(data['until'])}（北京时间）",
        f"对账 {len(data['runs'])} 次；差异：{totals}",
        f"出具时间：{local(data['issued_at'])}",
    ]


def _sections(data: dict[str, Any]) -> list[Section]:
    runs = [
        [local(one["requested_at"]), local(one["finished_at"]), str(one["state"]), _count(one["ours"]),
         _count(one["theirs"]), _count(one["rows_exchanged"]), one["reason"] or "—"]
        for one in data["runs"]
    ]  # fmt: skip
    differences = [
        [KINDS[one["kind"]], one["document_number"] or one["listing_id"] or "—", one["detail"],
         STATE_NAMES.get(one["repair_state"], "交人工处理")]
        for one in data["differences"]
    ]  # fmt: skip
    return [
        Section("各次对账", ("发起", "完成", "结果", "本方", "对方", "逐行核对", "说明"), runs,
                (2.4, 2.4, 1.2, 1.4, 1.4, 1.4, 3)),
        Section("差异", ("类别", "文号或名单", "情况", "处理"), differences, (1.4, 3.4, 4, 2)),
    ]  # fmt: skip


def _count(value: int | None) -> str:
    return "—" if value is None else str(value)
