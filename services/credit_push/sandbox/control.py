"""The contract's handles (/records, /requests, /faults, /clock) and the ledgers to reconcile with."""

import re
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from services.credit_push.sandbox.answers import Refused, answer, check_signature, known_platform
from services.credit_push.sandbox.desk import Desk
from services.credit_push.sandbox.faults import EVERYWHERE, KINDS
from services.credit_push.sandbox.ledger import ledger_bucket, ledger_digest, ledger_page
from services.credit_push.sandbox.platforms import PLATFORMS
from shared.clock import advance_offset, read_offset

_DURATION = re.compile(
    r"P(?=\d|T\d)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
_RECORDS = (
    "SELECT platform, listing_id, subject_name, document_number, status, version, receipt_number,"
    " received_at, raw FROM records"
)
_REQUESTS = "SELECT id, platform, at, transport, method, path, body, status, answer FROM requests"
_LONGEST = timedelta(days=36_500)
MOST_BUCKETS = 65_536


def control_blueprint(desk: Desk) -> Blueprint:
    """Everything that is not a platform's own interface."""
    routes = Blueprint("control", __name__)
    _add_views(routes, desk)
    _add_faults(routes, desk)
    _add_clock(routes, desk)
    _add_ledger(routes, desk)
    return routes


def _add_views(routes: Blueprint, desk: Desk) -> None:
    @routes.get("/healthz")
    def alive() -> Response:
        return answer({"status": "ok"})

    @routes.get("/records")
    def records() -> Response:
        return answer({"records": _listed(desk, _RECORDS, "received_at, record_key")})

    @routes.get("/requests")
    def requests() -> Response:
        return answer({"requests": _listed(desk, _REQUESTS, "id")})


def _listed(desk: Desk, query: str, order: str) -> list[dict[str, Any]]:
    platform = request.args.get("platform")
    if platform is not None:
        known_platform(platform)
        query += " WHERE platform = :platform"
    with desk.store.read() as cx:
        return [dict(row) for row in cx.execute(f"{query} ORDER BY {order}", {"platform": platform})]


def _add_faults(routes: Blueprint, desk: Desk) -> None:
    @routes.post("/faults")
    def set_fault() -> Response:
        return answer(desk.faults.set(**read_fault(body())).document(), 201)

    @routes.get("/faults")
    def tell_faults() -> Response:
        return answer({"faults": [fault.document() for fault in desk.faults.current()]})

    @routes.delete("/faults")
    def clear_faults() -> Response:
        return answer({"cleared": desk.faults.clear(request.args.get("platform"))})


def body() -> dict[str, Any]:
    """The request's JSON object."""
    document = request.get_json(silent=True, force=True)
    if not isinstance(document, dict):
        raise Refused(400, "malformed-request", "请求体应为 JSON 对象")
    return document


def read_fault(document: dict[str, Any]) -> dict[str, Any]:
    """A fault as it was asked for, checked."""
    unknown = set(document) - {"platform", "kind", "rate", "count", "seconds", "seed"}
    platform, kind = document.get("platform", EVERYWHERE), document.get("kind")
    rate, count, seconds = document.get("rate"), document.get("count"), document.get("seconds")
    if unknown or (platform != EVERYWHERE and platform not in PLATFORMS):
        raise Refused(422, "validation-failed", f"没有此平台或字段：{'、'.join(sorted(unknown)) or platform}")
    if kind not in KINDS:
        raise Refused(422, "validation-failed", f"kind 应为 {'、'.join(KINDS)} 之一")
    if rate is not None and not (_is_number(rate) and 0 <= rate <= 1):
        raise Refused(422, "validation-failed", "rate 应在 0 与 1 之间")
    if count is not None and not (_is_number(count) and isinstance(count, int) and count > 0):
        raise Refused(422, "validation-failed", "count 应为正整数")
    if seconds is not None and not (_is_number(seconds) and seconds > 0):
        raise Refused(422, "validation-failed", "seconds 应为正数")
    seed = document.get("seed")
    if seed is not None and not (type(seed) is int and 0 <= seed < 2**31):
        raise Refused(422, "validation-failed", "seed 应为不小于 0 的整数")
    return {
        "seed": seed,
        "platform": platform,
        "kind": kind,
        "rate": 1.0 if rate is None else float(rate),
        "count": count,
        "seconds": seconds,
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _add_clock(routes: Blueprint, desk: Desk) -> None:
    @routes.get("/clock")
    def tell_clock() -> Response:
        return answer(_clock(desk, read_offset(desk.settings.clock_file)))

    @routes.post("/clock")
    def move_clock() -> Response:
        step = parse_duration(body().get("advance"))
        with desk.moving_clock:
            if read_offset(desk.settings.clock_file) + step > _LONGEST:
                raise Refused(422, "validation-failed", "时钟不能再向前移动")
            offset = advance_offset(desk.settings.clock_file, step)
        return answer(_clock(desk, offset))


def _clock(desk: Desk, offset: timedelta) -> dict[str, Any]:
    return {
        "now": (desk.clock.system_now() + offset).isoformat(),
        "offset_seconds": offset.total_seconds(),
    }


def parse_duration(value: Any) -> timedelta:
    """An ISO 8601 duration of weeks, days, hours, minutes, seconds; only forwards: no date runs back."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and len(value) <= 40 else None
    if match is None:
        raise Refused(422, "validation-failed", "advance 应为 ISO 8601 时长，如 P30D、PT12H（不含年、月）")
    try:
        return timedelta(**{unit: int(number or 0) for unit, number in match.groupdict().items()})
    except OverflowError as error:
        raise Refused(422, "validation-failed", "时长过大") from error


def _add_ledger(routes: Blueprint, desk: Desk) -> None:
    @routes.get("/platforms/<name>/ledger/digest")
    def tell_digest(name: str) -> Response:
        platform = known_platform(name, "json", "xml", "manual")
        check_signature(desk, platform)
        buckets = _whole("buckets", 256, 1, MOST_BUCKETS)
        wide = _whole("within", 1, 1, buckets)
        if buckets % wide:
            raise Refused(422, "validation-failed", "buckets 应为 within 的整数倍")
        with desk.store.read() as cx:
            return answer(ledger_digest(cx, platform.id, buckets, (wide, _whole("bucket", 0, 0, wide - 1))))

    @routes.get("/platforms/<name>/ledger")
    def tell_ledger(name: str) -> Response:
        platform = known_platform(name, "json", "xml", "manual")
        check_signature(desk, platform)
        buckets = _whole("buckets", 256, 1, MOST_BUCKETS)
        with desk.store.read() as cx:
            if "bucket" in request.args:
                bucket = _whole("bucket", 0, 0, buckets - 1)
                return answer({"rows": ledger_bucket(cx, platform.id, bucket, buckets)})
            limit = _whole("limit", 200, 1, 1000)
            rows, following = ledger_page(cx, platform.id, request.args.get("after", ""), limit)
        return answer({"rows": rows, "next": following})


def _whole(name: str, default: int, least: int, most: int) -> int:
    value = request.args.get(name, str(default))
    if not value.isascii() or not value.isdecimal() or not least <= int(value) <= most:
        raise Refused(422, "validation-failed", f"{name} 应为 {least} 至 {most} 的整数")
    return int(value)
