"""The delivery log as a table for a spreadsheet: one line per try, addresses masked."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.notifier.queries.messages import DispatchFilter, dispatch_rows, dispatch_views
from services.notifier.routing import routing
from shared.clock import SHANGHAI
from shared.sheets import harmless
from shared.web.access import Principal

MOST_ROWS = 5000
CHUNK = 500
HEAD = (
    "消息编号", "消息", "类型", "渠道", "收件人", "状态", "产生时间", "第几次", "发送时间", "结果",
    "是否不再重试", "耗时（毫秒）", "服务商", "服务商编号", "费用（元）", "原因",
)  # fmt: skip


def delivery_csv(session: Session, actor: Principal, wanted: DispatchFilter) -> bytes:
    """The newest dispatches of the actor's department that the filter lets through."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEAD)
    after, left = None, MOST_ROWS
    while left > 0:
        rows = dispatch_rows(session, actor, wanted, after, min(CHUNK, left))
        for view in dispatch_views(session, rows):
            writer.writerows(_lines(view))
        left -= len(rows)
        if len(rows) < CHUNK:
            break
        after = rows[-1].id
    return out.getvalue().encode("utf-8-sig")


def _lines(view: dict[str, Any]) -> Iterator[list[str]]:
    whole = [view["notice_id"], view["title"], _called(view), view["channel_name"], view["target"]]
    whole += [view["state_name"], _moment(view["created_at"])]
    for each in view["attempts"] or [None]:
        cells = _attempt(each) if each else [""] * (len(HEAD) - len(whole))
        yield [harmless(cell) for cell in (*whole, *cells)]


def _called(view: dict[str, Any]) -> str:
    """What the message is about, with the code behind it."""
    code = str(view["event_type"])
    route = routing().route(code)
    return f"{route.label}（{code}）" if route else code


def _attempt(each: dict[str, Any]) -> list[str]:
    cost = "" if each["cost"] is None else f"{each['cost'] / 1000:.3f}"
    outcome = "成功" if each["outcome"] == "delivered" else "失败"
    known = [each["provider"] or "", each["provider_id"] or "", cost, each["reason"] or ""]
    final = "是" if each["permanent"] else "否"
    return [str(each["number"]), _moment(each["at"]), outcome, final, str(each["duration_ms"]), *known]


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
