"""SMS by Tencent Cloud's SendSms (2021-01-11), signed TC3-HMAC-SHA256.

https://cloud.tencent.com/document/api/382/52071
"""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

from services.notifier.channels.rates import Limit
from services.notifier.channels.sms_aliyun import Held

SERVICE = "sms"
JSON = "application/json; charset=utf-8"
BUSY = ("LimitExceeded.", "RequestLimitExceeded")
PASSING = (
    "InternalError",
    "FailedOperation.InsufficientBalanceInSmsPackage",
    "UnauthorizedOperation.",
    "AuthFailure",
)


class WithApp(Held, Protocol):
    """What Tencent needs beside."""

    @property
    def app_id(self) -> str: ...
    @property
    def region(self) -> str: ...


def authorization(
    key_id: str, secret: str, *, service: str, host: str, content_type: str, body: bytes, timestamp: int
) -> str:
    """The Authorization header over content type and host."""
    signed = "content-type;host"
    lines = f"content-type:{content_type}\nhost:{host}\n"
    canonical = "\n".join(["POST", "/", "", lines, signed, sha256(body).hexdigest()])
    day = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    scope = f"{day}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"TC3{secret}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), sha256)
    value = hmac.new(key, text.encode(), sha256).hexdigest()
    return f"TC3-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={signed}, Signature={value}"


class Tencent:
    limits: tuple[Limit, ...] = (Limit(1, 30), Limit(10, 86_400))

    def __init__(self, account: WithApp, host: str) -> None:
        self._account, self._host = account, host

    def request(self, phone: str, kind: str, number: str, now: datetime) -> tuple[bytes, Mapping[str, str]]:
        account, timestamp = self._account, int(now.timestamp())
        document = {
            "PhoneNumberSet": [f"+86{phone}"],
            "SmsSdkAppId": account.app_id,
            "SignName": account.sign_name,
            "TemplateId": account.template,
            "TemplateParamSet": [kind, number[-12:]],
            "SessionContext": number,
        }
        body = json.dumps(document, ensure_ascii=False).encode()
        stated = authorization(
            account.key_id, account.secret, service=SERVICE, host=self._host, content_type=JSON, body=body,
            timestamp=timestamp,
        )  # fmt: skip
        headers = {
            "Authorization": stated,
            "Content-Type": JSON,
            "Host": self._host,
            "X-TC-Action": "SendSms",
            "X-TC-Version": "2021-01-11",
            "X-TC-Timestamp": str(timestamp),
            "X-TC-Region": account.region or "ap-guangzhou",
        }
        return body, headers

    def judge(self, document: Mapping[str, Any]) -> tuple[str, str]:
        code, serial = _outcome(document)
        if code == "Ok":
            return "ok", serial
        if code.startswith(BUSY):
            return "busy", code
        return ("failed" if not code or code.startswith(PASSING) else "refused"), code


def _outcome(document: Mapping[str, Any]) -> tuple[str, str]:
    """Code and serial number: of the one number asked for, else of the whole request."""
    said = document.get("Response")
    response: Mapping[str, Any] = said if isinstance(said, dict) else {}
    error, statuses = response.get("Error"), response.get("SendStatusSet")
    found = (
        error if isinstance(error, dict) else statuses[0] if isinstance(statuses, list) and statuses else {}
    )
    stated: Mapping[str, Any] = found if isinstance(found, dict) else {}
    return str(stated.get("Code", "")), str(stated.get("SerialNo", ""))
