"""HTTP answers of the stand-ins (JSON, problem+json, receipts as XML), and checking a request's signature."""

import json
from typing import Any
from xml.etree import ElementTree as ET

from flask import Response, request

from services.credit_push.sandbox.desk import Desk
from services.credit_push.sandbox.ledger import Receipt
from services.credit_push.sandbox.platforms import PLATFORMS, Platform
from services.credit_push.sandbox.signing import Distrusted, check


class Refused(Exception):
    """A request as a whole is not taken."""

    def __init__(self, status: int, slug: str, title: str) -> None:
        super().__init__(slug)
        self.status, self.slug, self.title = status, slug, title


def answer(document: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(json.dumps(document, ensure_ascii=False), status, mimetype="application/json")


def problem(refused: Refused) -> Response:
    """RFC 9457."""
    document = {
        "type": f"urn:credit-blacklist:sandbox:{refused.slug}",
        "title": refused.title,
        "status": refused.status,
        "slug": refused.slug,
    }
    return Response(
        json.dumps(document, ensure_ascii=False), refused.status, mimetype="application/problem+json"
    )


def known_platform(name: str, *transports: str) -> Platform:
    """The platform of a path, if it speaks one of these; else 404."""
    platform = PLATFORMS.get(name)
    if platform is None or (transports and platform.transport not in transports):
        raise Refused(404, "not-found", "没有此平台，或该平台不提供此接口")
    return platform


def check_signature(desk: Desk, platform: Platform) -> None:
    """The request must be signed with the platform's key; else 401."""
    told = (request.method, _target(), request.get_data(cache=True))
    now, nonces = desk.clock.system_now(), desk.nonces
    try:
        check(platform, desk.key(platform.id), told, dict(request.headers), now, nonces)
    except Distrusted as error:
        raise Refused(401, "SIGNATURE", f"签名不符：{error}") from error


def _target() -> str:
    """The request target as it was sent: what the signature covers."""
    raw = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or "")
    return raw if raw.startswith("/") else request.full_path.rstrip("?")


def receipt_xml(receipt: Receipt) -> bytes:
    """A receipt as XML."""
    root = ET.Element("Receipt")
    for name, value in (
        ("MessageId", receipt.idempotency_key),
        ("Result", receipt.result),
        ("ReceiptNumber", receipt.receipt_number),
        ("Field", receipt.field),
        ("Code", receipt.code),
        ("Message", receipt.message),
    ):
        ET.SubElement(root, name).text = value
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
