"""A trial for integrators: every kind of exchange event at their HTTP consumer, doubled, out of order and
replayed, and a judgement of what it made of them.

The consumer takes one CloudEvent a POST and tells under GET <address>/state what it shows:
{"listings": [{"listing_id", "version", "shown"}]}.
"""

import http.client
import json
import random
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import shared.contracts
from shared.http import sign_request
from shared.ids import new_id

GOLDEN = Path(shared.contracts.__file__).parent / "golden" / "blacklist.exchange.v1"
LIVES = (
    ("published", "corrected", "annotated"),
    ("published", "corrected", "removed"),
    ("published", "revoked", "restored"),
    ("published", "shielded", "unshielded", "removed"),
    ("published", "annotated", "shielded"),
)
"""Between them every kind of event there is."""
JSON = "application/cloudevents+json; charset=utf-8"


@dataclass(frozen=True)
class Sent:
    """One event of the trial."""

    listing_id: str
    sequence: int
    withdrawn: bool
    body: dict[str, Any]


@dataclass
class Finding:
    """One promise an integrator has to keep."""

    name: str
    kept: bool = True
    detail: str = ""

    def fail(self, detail: str) -> None:
        """The first failure is the one that is told."""
        if self.kept:
            self.kept, self.detail = False, detail


@dataclass
class Judgement:
    """All findings, in order."""

    findings: list[Finding] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every promise was kept."""
        return all(one.kept for one in self.findings)

    def finding(self, name: str) -> Finding:
        """A new line, kept until it fails."""
        self.findings.append(Finding(name))
        return self.findings[-1]


class Consumer:
    """The integrator's address; signs where there is a secret."""

    def __init__(self, address: str, key_id: str = "", secret: bytes = b"", seconds: float = 10.0) -> None:
        parts = urlsplit(address)
        self._address, query = address, f"?{parts.query}" if parts.query else ""
        self._path = (parts.path or "/") + query
        self._state = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/state{query}"
        self._key_id, self._secret = key_id, secret
        self._seconds = seconds

    @property
    def signed(self) -> bool:
        """Whether it checks signatures."""
        return bool(self._secret)

    def post(self, body: Mapping[str, Any], secret: bytes | None = None) -> int:
        """The status of the answer; 0 if there was none."""
        raw = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": JSON}
        if self.signed:
            headers |= sign_request(
                "POST", self._path, raw, key_id=self._key_id, secret=secret or self._secret,
                now=datetime.now(UTC),
            )  # fmt: skip
        return self._ask(urllib.request.Request(self._address, raw, headers, method="POST"))[0]  # noqa: S310

    def _ask(self, request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(request, timeout=self._seconds) as answer:  # noqa: S310  the operator's own
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, b""
        except (OSError, http.client.HTTPException):
            return 0, b""

    def state(self) -> dict[str, tuple[int, bool]]:
        """Version and whether it is shown, by listing; ValueError where the answer is none."""
        _, body = self._ask(urllib.request.Request(self._state))  # noqa: S310
        try:
            rows = json.loads(body)["listings"]
            return {row["listing_id"]: (int(row["version"]), bool(row["shown"])) for row in rows}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"GET {urlsplit(self._state).path} 没有给出约定的答复") from error


def lives(count: int) -> list[list[Sent]]:
    """So many listings, each with its events in order."""
    samples = {
        path.stem.removeprefix("listing."): json.loads(path.read_text("utf-8"))
        for path in GOLDEN.glob("*.json")
    }
    return [_life(samples, LIVES[number % len(LIVES)]) for number in range(count)]


def _life(samples: Mapping[str, Any], kinds: Sequence[str]) -> list[Sent]:
    listing_id = new_id()
    return [_sent(samples[kind], kind, listing_id, sequence) for sequence, kind in enumerate(kinds, 1)]


def _sent(sample: Mapping[str, Any], kind: str, listing_id: str, sequence: int) -> Sent:
    data = {**sample["data"], "listing_id": listing_id, "sequence": sequence, "version": sequence}
    body = {
        "specversion": "1.0",
        "id": new_id(),
        "source": "blacklist",
        "type": f"listing.{kind}",
        "subject": listing_id,
        "time": data["recorded_at"],
        "sequence": sequence,
        "datacontenttype": "application/json",
        "data": data,
    }
    return Sent(listing_id, sequence, data["operation"] == "withdraw", body)


def disturbed(told: Sequence[Sequence[Sent]], chance: random.Random) -> Iterator[Sent]:
    """The events mixed: some twice at once, some again later, some after their successors."""
    queues = [list(life) for life in told]
    again: list[Sent] = []
    while any(queues):
        queue = chance.choice([one for one in queues if one])
        event = queue.pop(1 if len(queue) > 1 and chance.random() < 0.25 else 0)
        yield event
        if chance.random() < 0.3:
            yield event
        if chance.random() < 0.3:
            again.append(event)
        if again and chance.random() < 0.2:
            yield again.pop(0)
    yield from again


def judge(consumer: Consumer, listings: int = 20, seed: int = 1) -> Judgement:
    """The whole trial."""
    judgement, told, known = Judgement(), lives(listings), _known(consumer)
    taken = judgement.finding("每一事件均以 2xx 受理，重复的与迟到的也是")
    for event in disturbed(told, random.Random(seed)):  # noqa: S311  not a secret
        _post(consumer, event.body, taken)
    _compare(consumer, told, known, judgement.finding("重复与乱序之后，每条名单停在最新版本，撤下的不再展示"))
    replayed = judgement.finding("从头重放同样受理")
    for life in told:
        for event in life:
            _post(consumer, event.body, replayed)
    _compare(consumer, told, known, judgement.finding("重放之后，状态不变"))
    _try_strange(consumer, judgement)
    _compare(consumer, told, known, judgement.finding("不认识的与伪造的都没有留下痕迹"))
    return judgement


def _post(consumer: Consumer, body: Mapping[str, Any], finding: Finding) -> None:
    status = consumer.post(body)
    if not 200 <= status < 300:
        finding.fail(f"{body['type']} 第 {body['sequence']} 号：{_answered(status)}")


def _answered(status: int) -> str:
    return f"HTTP {status}" if status else "没有应答（连接不上，或 10 秒内没有答复）"


def _known(consumer: Consumer) -> set[str]:
    """What it showed before the trial: of an earlier one, or its own."""
    try:
        return set(consumer.state())
    except ValueError:
        return set()


def _compare(consumer: Consumer, told: Sequence[Sequence[Sent]], known: set[str], finding: Finding) -> None:
    try:
        state = consumer.state()
    except ValueError as error:
        finding.fail(str(error))
        return
    for life in told:
        last = life[-1]
        version, shown = state.get(last.listing_id, (0, False))
        if shown is last.withdrawn or (shown and version != last.sequence):
            wanted = "不展示" if last.withdrawn else f"展示第 {last.sequence} 版"
            finding.fail(f"{last.listing_id} 应{wanted}，实为{f'展示第 {version} 版' if shown else '不展示'}")
    ours = known | {life[0].listing_id for life in told}
    strangers = {one for one, (_, shown) in state.items() if shown} - ours
    if strangers:
        finding.fail(f"展示了从未发布的 {min(strangers)}")


def _try_strange(consumer: Consumer, judgement: Judgement) -> None:
    (strange,) = lives(1)[0][:1]
    unknown = {**strange.body, "type": "listing.of-a-later-year"}
    _post(consumer, unknown, judgement.finding("不认识的事件类型以 2xx 受理并略过"))
    if not consumer.signed:
        return
    forged = consumer.post({**strange.body, "id": new_id()}, secret=b"not the secret")
    finding = judgement.finding("签名不符的以 401 或 403 拒绝")
    if forged not in (401, 403):
        finding.fail(_answered(forged))
