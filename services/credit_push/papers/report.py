"""What the reconciliations of a platform found in a period, and what became of it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import STATE_NAMES
from services.credit_push.models import Delivery, Difference, Listing, ReconciliationRun
from services.credit_push.papers.paper import Paper, Section
from services.credit_push.papers.proof import local

KINDS = {"missing": "平台缺失", "extra": "平台多出", "stale": "版本落后", "altered": "内容不同"}
RUN_STATES = {"waiting": "待执行", "running": "执行中", "done": "已完成", "failed": "未完成"}
BY = {"schedule": "定时"}
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
    by_run = Counter(one["run_id"] for one in found)
    kinds = Counter(one["kind"] for one in found)
    data: dict[str, Any] = {
        "kind": "reconciliation-report",
        "platform": profile.id,
        "platform_name": profile.name,
        "since": since,
        "until": until,
        "issued_at": at,
        "runs": [{**_run(run), "found": by_run[run.id]} for run in runs],
        "totals": {kind: kinds.get(kind, 0) for kind in KINDS},
        "differences": found,
    }
    return Paper(f"{profile.name}对账报告", _lines(data), _sections(data), data)


def _run(run: ReconciliationRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "requested_by": run.requested_by,
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
        select(Difference, Delivery.state, Listing.document_number)
        .outerjoin(Delivery, Delivery.id == Difference.repair_id)
        .outerjoin(Listing, Listing.id == Difference.listing_id)
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
        _conclusion(data["runs"]),
        f"出具时间：{local(data['issued_at'])}（北京时间）",
    ]


def _conclusion(runs: Sequence[dict[str, Any]]) -> str:
    """How the last comparison that came to an end found things."""
    done = [one for one in runs if one["state"] == "done"]
    failed = sum(one["state"] == "failed" for one in runs)
    more = f"；另有 {failed} 次未能完成" if failed else ""
    if not done:
        return f"期内没有完成的对账{more}。"
    last = done[-1]
    told = f"最近一次完成于 {local(last['finished_at'])}：本方 {last['ours']} 条，平台 {last['theirs']} 条"
    return f"{told}，差异 {last['found']} 项{more}。"


def _sections(data: dict[str, Any]) -> list[Section]:
    runs = [
        [local(one["requested_at"]), BY.get(one["requested_by"], one["requested_by"]),
         local(one["finished_at"]), RUN_STATES.get(one["state"], one["state"]), _count(one["ours"]),
         _count(one["theirs"]), _count(one["rows_exchanged"]), str(one["found"]), one["reason"] or "—"]
        for one in data["runs"]
    ]  # fmt: skip
    differences = [
        [KINDS[one["kind"]], one["document_number"] or one["listing_id"] or "—", one["detail"],
         _repair(one["repair_state"])]
        for one in data["differences"]
    ]  # fmt: skip
    heads = ("发起", "发起人", "完成", "结果", "本方记录", "平台记录", "逐行核对", "差异", "说明")
    return [
        Section("各次对账", heads, runs,
                (2.3, 1.6, 2.3, 1.4, 1.4, 1.4, 1.4, 1.1, 3)),
        Section("差异", ("类别", "文号", "情况", "处理"), differences, (1.4, 3.2, 4, 2.4)),
    ]  # fmt: skip


def _repair(state: str | None) -> str:
    return f"已重新推送，{STATE_NAMES.get(state, state)}" if state else "交人工处理"


def _count(value: int | None) -> str:
    return "—" if value is None else str(value)
