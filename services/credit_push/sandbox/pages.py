"""Pages that show what arrived, in Chinese, without scripts; identity numbers masked, unlike in /records."""

import re
import sqlite3
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template

from services.credit_push.sandbox.answers import known_platform
from services.credit_push.sandbox.checking import CHOICES, LAYOUTS
from services.credit_push.sandbox.desk import Desk
from services.credit_push.sandbox.faults import KIND_NAMES
from services.credit_push.sandbox.platforms import PLATFORMS, Platform
from services.credit_push.sandbox.seeding import SEEDED
from shared.clock import SHANGHAI, read_offset
from shared.logs import REDACTED, redact_text

MOST_ROWS = 100
FILINGS = (
    "SELECT f.at, f.ticket, f.kind, o.outcome, o.reason, o.receipt_number FROM filings f LEFT JOIN outcomes o"
    " ON o.platform = f.platform AND o.ticket = f.ticket WHERE f.platform = ?"
    " ORDER BY f.at DESC, o.number LIMIT ?"
)
REFUSALS = (
    "SELECT idempotency_key, field, code, message FROM receipts"
    " WHERE platform = ? AND result = 'rejected' ORDER BY number DESC LIMIT ?"
)
STATUS_NAMES = {"listed": "在册", "withdrawn": "已撤销"}
_TEXT_ID = re.compile(r"(?<=SubjectCode>)[^<]+|(?<=\"id_number\": \")[^\"]+|(?<=\"SFZH\": \")[^\"]+")


def pages_blueprint(desk: Desk) -> Blueprint:
    """The start page and one page per platform."""
    routes = Blueprint("pages", __name__, template_folder="templates")

    @routes.get("/")
    def start() -> str:
        with desk.store.read() as cx:
            counts = _counts(cx)
            recent = cx.execute("SELECT * FROM records ORDER BY received_at DESC LIMIT 20").fetchall()
        return render_template(
            "start.html",
            platforms=PLATFORMS.values(),
            names={platform.id: platform.name for platform in PLATFORMS.values()},
            counts=counts,
            recent=[_shown(row) for row in recent],
            **_frame(desk),
        )

    @routes.get("/platforms/<name>")
    def one(name: str) -> str:
        platform = known_platform(name)
        with desk.store.read() as cx:
            records = _last(cx, "records", "received_at", name)
            requests = _last(cx, "requests", "id", name)
            refusals = cx.execute(REFUSALS, (name, MOST_ROWS)).fetchall()
            filings = cx.execute(FILINGS, (name, MOST_ROWS)).fetchall()
        return render_template(
            "platform.html",
            platform=platform,
            records=[_shown(row) for row in records],
            requests=[_shown(row) for row in requests],
            refusals=refusals,
            filings=[_shown(row) for row in filings],
            layouts={layout: LAYOUTS[layout] for layout in _layouts(platform)},
            choices=CHOICES,
            kinds=KIND_NAMES,
            seeded=platform.transport in SEEDED,
            most=MOST_ROWS,
            **_frame(desk),
        )

    return routes


def _layouts(platform: Platform) -> list[str]:
    messages = ("trade_listing", "trade_revocation") if platform.transport == "xml" else ()
    return list(dict.fromkeys([*messages, *platform.layouts, *(layout for _, layout in platform.tables)]))


def _last(cx: sqlite3.Connection, table: str, order: str, platform: str) -> list[sqlite3.Row]:
    query = f"SELECT * FROM {table} WHERE platform = ? ORDER BY {order} DESC LIMIT ?"  # noqa: S608  our own names
    return cx.execute(query, (platform, MOST_ROWS)).fetchall()


def _counts(cx: sqlite3.Connection) -> dict[tuple[str, str], int]:
    query = "SELECT platform, status, count(*) FROM records GROUP BY platform, status"
    return {(platform, status): number for platform, status, number in cx.execute(query)}


def _frame(desk: Desk) -> dict[str, Any]:
    offset = read_offset(desk.settings.clock_file)
    return {
        "now": chinese_time((desk.clock.system_now() + offset).isoformat()),
        "moved_days": offset.total_seconds() / 86_400,
        "faults": [(fault, KIND_NAMES[fault.kind]) for fault in desk.faults.current()],
        "status_names": STATUS_NAMES,
    }


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {name: _masked(name, row[name]) for name in row.keys()}  # noqa: SIM118  a Row iterates over values


def _masked(name: str, value: Any) -> Any:
    if name in {"at", "received_at"}:
        return chinese_time(value)
    if not isinstance(value, str):
        return value
    lines = _TEXT_ID.sub(_mask_person, value).split("\n")
    return "\n".join(redact_text(line).replace(REDACTED, "〔证件号码已隐去〕") for line in lines)


def _mask_person(match: re.Match[str]) -> str:
    return match[0] if re.fullmatch(r"9[0-9A-Z]{17}", match[0]) else match[0][:4] + "*" * (len(match[0]) - 4)


def chinese_time(text: str) -> str:
    """2026年11月23日 15:30:05, Beijing time."""
    at = datetime.fromisoformat(text).astimezone(SHANGHAI)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M:%S}"
