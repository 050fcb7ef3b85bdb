"""One request and its answer; refusals become exceptions, and what passes by itself is tried again."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

Send = Callable[[str, str, bytes | None, Mapping[str, str], float], tuple[int, Mapping[str, str], bytes]]
"""method, address, body, headers, time-out → status, headers, body."""
PASSING = frozenset({429, 503})
LONGEST_WAIT = 60.0


class Problem(Exception):
    """A refusal by RFC 9457."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.slug = str(document.get("slug", ""))
        self.title = str(document.get("title", ""))
        self.detail = str(document.get("detail", ""))
        self.fields: list[Mapping[str, str]] = list(document.get("fields", ()))
        super().__init__(f"{status} {self.slug}: {self.title} {self.detail}".strip())


class NotFound(Problem):
    """Nothing public there: it never was, or no longer is."""


class Expired(Problem):
    """The cursor is older than the kept change feed: load `snapshot` anew and go on from its position."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        super().__init__(status, document)
        self.snapshot = str(document.get("snapshot", ""))


REFUSALS: Mapping[int, type[Problem]] = {404: NotFound, 410: Expired}


def send(
    method: str, address: str, body: bytes | None, headers: Mapping[str, str], timeout: float
) -> tuple[int, Mapping[str, str], bytes]:
    """By urllib; only http and https."""
    if not address.startswith(("http://", "https://")):
        raise ValueError("the register's address begins with http:// or https://")
    request = urllib.request.Request(address, body, dict(headers), method=method)  # noqa: S310  checked above
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310  checked above
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


class Caller:
    """Asks the service and reads JSON."""

    def __init__(self, base: str, sending: Send, timeout: float, retries: int, key: str | None) -> None:
        self._own = {"Authorization": f"ApiKey {key}"} if key else {}
        self._base, self._send, self._timeout, self._retries = base.rstrip("/"), sending, timeout, retries

    def get(self, path: str, **query: object) -> dict[str, Any]:
        given = {name: str(value) for name, value in query.items() if value is not None}
        return self._call("GET", f"{path}?{urllib.parse.urlencode(given)}" if given else path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._call("POST", path, json.dumps(body).encode())

    def _call(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        headers = {"Accept": "application/json", "User-Agent": "credit-blacklist-client/0.1", **self._own}
        if body is not None:
            headers["Content-Type"] = "application/json"
        for left in range(self._retries, -1, -1):
            status, said, raw = self._send(method, self._base + path, body, headers, self._timeout)
            if status not in PASSING or not left:
                break
            time.sleep(_wait(said.get("Retry-After", "")))
        document = _read(raw)
        if status >= 400:
            raise REFUSALS.get(status, Problem)(status, document)
        return document


def _wait(text: str) -> float:
    return min(float(text), LONGEST_WAIT) if text.isdigit() else 1.0


def _read(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def quoted(text: str) -> str:
    """As one part of a path."""
    return urllib.parse.quote(text, safe="")
