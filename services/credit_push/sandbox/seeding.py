"""Made-up records for a platform, the same for the same seed: something to compare, correct and withdraw."""

import json
import random
from collections.abc import Iterable, Mapping
from typing import Any

from services.credit_push.sandbox.checking import CHOICES, LAYOUTS, Field
from services.credit_push.sandbox.desk import Desk, moment
from services.credit_push.sandbox.exchange_tables import ExchangeTables
from services.credit_push.sandbox.ledger import LIST, Receipt, Submission, find_receipt, submit
from services.credit_push.sandbox.platforms import Platform
from shared.identifiers import make_uscc

SEEDED = ("json", "xml", "packet", "manual", "topic", "exchange_db")
"""Ways in whose platforms can be seeded."""
MOST = 1000
_NAMES = {"subject_name", "SubjectName", "CF_XDR_MC", "JGQC", "企业名称"}
_NUMBERS = {"document_number", "DocumentNumber", "CF_WSH", "RDWH", "决定书文号"}
_CODES = {"SubjectCode", "uscc", "CF_XDR_SHXYM"}


def seed(desk: Desk, platform: Platform, count: int, number: int) -> list[Receipt]:
    """File so many records; those of the same seed that are there already are not filed again."""
    now = moment(desk)
    made = [_made(platform, number, at) for at in range(1, count + 1)]
    with desk.store.write() as cx:
        known = {one.key for one in made if find_receipt(cx, platform.id, one.key) is not None}
        told = [submit(cx, platform, one, now) for one in made]
    if platform.tables:
        taken = {receipt.idempotency_key for receipt in told if receipt.result == "accepted"} - known
        _lay_down(desk, platform, [one.content for one in made if one.key in taken])
    return told


def _lay_down(desk: Desk, platform: Platform, rows: Iterable[Mapping[str, Any]]) -> None:
    """What an exchange platform holds stands in its table as well."""
    tables = ExchangeTables(platform, f"{desk.settings.exchange_url}/{platform.id}.db")
    try:
        with tables.engine.begin() as cx:
            for row in rows:
                tables.put(cx, platform.tables[0][0], dict(row))
    finally:
        tables.engine.dispose()


def _made(platform: Platform, number: int, at: int) -> Submission:
    layouts = platform.layouts or [layout for _, layout in platform.tables] or ["trade_listing"]
    layout = layouts[0]
    serial = number * 10_000 + at
    dice = random.Random(f"{platform.id}:{serial}")  # noqa: S311  made-up data, the same each time
    listing_id = f"5eed{dice.getrandbits(16):04x}-0000-7000-8000-{serial % 10**12:012d}"
    content = {field.name: _value(field, platform, serial, listing_id) for field in LAYOUTS[layout]}
    name = next(value for key, value in content.items() if key in _NAMES)
    document = next(value for key, value in content.items() if key in _NUMBERS)
    told = layout in ("canonical", "trade_listing")
    return Submission(
        key=f"{platform.id}:{listing_id}:1:list",
        operation=LIST,
        layout=layout,
        content=content,
        subject_name=name,
        document_number=document,
        raw=json.dumps(content, ensure_ascii=False),
        batch_id=f"seed-{number}",
        listing_id=listing_id if told else "",
        version=1 if told else None,
    )


def _value(field: Field, platform: Platform, serial: int, listing_id: str) -> Any:
    region = "110000" if platform.everywhere else platform.region
    if field.name in _NAMES:
        return f"示例企业第{serial}号有限公司"
    if field.name in _NUMBERS:
        return f"示例罚〔2026〕{serial}号"
    if field.kind == "uscc" or field.name in _CODES:
        return make_uscc(("91" if field.name in _CODES or not field.required else "11") + region, serial)
    if field.name in ("listing_id", "RecordId"):
        return listing_id
    return _plain(field, platform, region)


def _plain(field: Field, platform: Platform, region: str) -> Any:
    if field.kind in ("number", "measures"):
        return 1 if field.kind == "number" else []
    if not field.required:
        return ""
    allowed = CHOICES.get(platform.domains, (platform.domains,)) if platform.domains else CHOICES["domain"]
    named = {
        "status": "新增", "domain": allowed[0], "TradeDomain": allowed[0], "version": "1",
        "RecordVersion": "1", "SubjectType": "法人", "subject_type": "organization",
    }  # fmt: skip
    if field.name in named:
        return named[field.name]
    return {
        "choice": CHOICES.get(field.choices, ("",))[0],
        "choices": CHOICES.get(field.choices, ("",))[0],
        "date": "2026-11-02",
        "time": "2026-11-02T09:00:00+08:00",
        "amount": "1.5",
        "region": region,
        "slug": "sample",
    }.get(field.kind, "示例内容")
