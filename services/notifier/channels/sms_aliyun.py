"""SMS by Aliyun's SendSms (2017-05-25), signed ACS3-HMAC-SHA256. The number travels in the body alone.

https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
"""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import urlencode

from services.notifier.channels.rates import Limit
from shared.ids import new_id

PASSING = (
    "isp.",
    "Throttling",
    "ServiceUnavailable",
    "InternalError",
    "isv.AMOUNT_NOT_ENOUGH",
    "isv.OUT_OF_SERVICE",
)
BUSY = frozenset({"isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.SMS_CONTENT_MISMATCH_LIMIT"})


class Held(Protocol):
    """What is needed of the account."""

    @property
    def key_id(self) -> str: ...
    @property
    def secret(self) -> str: ...
    @property
    def sign_name(self) -> str: ...
    @property
    def template(self) -> str: ...


def signature(
    method: str, query: str, headers: Mapping[str, str], digest: str, secret: str
) -> tuple[str, str]:
    """The names of the signed headers, and the signature; `headers` in lower case."""
    signed = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    canonical = "\n".join([method, "/", query, lines, signed, digest])
    text = f"ACS3-HMAC-SHA256\n{sha256(canonical.encode()).hexdigest()}"
    return signed, hmac.new(secret.encode(), text.encode(), sha256).hexdigest()


class Aliyun:
    limits: tuple[Limit, ...] = (Limit(1, 30), Limit(50, 86_400))

    def __init__(self, account: Held, host: str) -> None:
        self._account, self._host = account, host

    def request(self, phone: str, kind: str, number: str, now: datetime) -> tuple[bytes, Mapping[str, str]]:
        params = json.dumps({"kind": kind, "number": number[-12:]}, ensure_ascii=False)
        form = {
            "PhoneNumbers": phone,
            "SignName": self._account.sign_name,
            "TemplateCode": self._account.template,
            "TemplateParam": params,
            "OutId": number,
        }
        body = urlencode(form).encode()
        digest = sha256(body).hexdigest()
        headers = {
            "host": self._host,
            "content-type": "application/x-www-form-urlencoded",
            "x-acs-action": "SendSms",
            "x-acs-version": "2017-05-25",
            "x-acs-date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": new_id(),
            "x-acs-content-sha256": digest,
        }
        signed, value = signature("POST", "", headers, digest, self._account.secret)
        credential = f"Credential={self._account.key_id},SignedHeaders={signed},Signature={value}"
        return body, {**headers, "Authorization": f"ACS3-HMAC-SHA256 {credential}"}

    def judge(self, document: Mapping[str, Any]) -> tuple[str, str]:
        code = str(document.get("Code", ""))
        if code == "OK":
            return "ok", str(document.get("BizId", ""))
        if code in BUSY or code.startswith("Throttling"):
            return "busy", code
        return ("failed" if not code.startswith("isv.") or code.startswith(PASSING) else "refused"), code
