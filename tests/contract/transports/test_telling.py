"""Telling a platform what became of a request: the same promise by message, by packet and by table."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from services.credit_push import app as wiring
from services.credit_push.catalogue import load_catalogue
from services.credit_push.settings import read_settings
from services.credit_push.transports.telling import open_post
from services.credit_push.transports.told import LAID, REFUSED, TAKEN, Post, Told
from shared.contracts.request_outcomes import OUTCOMES
from shared.ids import new_id
from tests.contract.transports.conftest import PROFILES
from tests.harness.platforms import http_json
from tests.harness.sftp import by_sftp
from tests.harness.wait import until

WAYS = (
    *("credit-china", "credit-shijiazhuang", "credit-hebei", "credit-hebei by sftp"),
    *("packet-xml-sample", "packet-json-sample"),
    *("credit-liaoning", "credit-liaoning on mysql", "credit-liaoning on postgres"),
)
"""By message; packets as sheets, through SFTP, and as XML and JSON; tables on three databases."""


@dataclass
class Desk:
    """A stand-in that gave out tickets, and our way to tell it."""

    platform: str
    sandbox: str
    post: Post

    def ticket(self, ticket: str = "") -> tuple[str, str]:
        """A request filed at the stand-in, whose own call finds no door; the ticket is given out."""
        listing_id, given = new_id(), ticket or f"T-{new_id()}"
        told = {"platform": self.platform, "kind": "objection", "listing_id": listing_id, "ticket": given}
        with pytest.raises(HTTPError):
            http_json("POST", f"{self.sandbox}/filings", told | {"evidence": "附判决书"})
        return given, listing_id

    def told(self, body: bytes) -> Told:
        """Told, and looked again until there is an answer."""
        answer = self.post.tell(body)
        return answer if answer.result != LAID else until(lambda: self._look(body), 20, "an answer")

    def _look(self, body: bytes) -> Told | None:
        answer = self.post.tell(body)
        return answer if answer.result in (TAKEN, REFUSED) else None

    def known(self, ticket: str) -> list[tuple[str, str]]:
        found = http_json("GET", f"{self.sandbox}/answers?platform={self.platform}")["answers"]
        return [(one["outcome"], one["reason"]) for one in found if one["ticket"] == ticket]


def said(ticket: str, listing_id: str, **changes: str) -> bytes:
    told = {"idempotency_key": new_id(), "ticket": ticket, "kind": "objection", "listing_id": listing_id}
    told |= {"document_number": "示〔2026〕1号", "outcome": "受理", "reason": '甲,"乙"\n<丙>&丁'}
    return json.dumps(told | {"decided_at": "2026-11-02T08:00:00+08:00"} | changes).encode()


@pytest.fixture(params=WAYS)
def desk(request: pytest.FixtureRequest, stand_ins: tuple[Path, str]) -> Iterator[Desk]:
    (folder, url), exchange = stand_ins, ""
    platform, _, way = request.param.partition(" by ")
    platform, _, database = platform.partition(" on ")
    if database:
        folder, url, exchange = request.getfixturevalue(f"exchange_on_{database}")
    keys = folder / "sftp-keys.json"
    env = {"DATA_DIR": str(folder), "SANDBOX_URL": url, "PLATFORM_KEYS_FILE": str(keys)}
    settings = read_settings(env | {"SANDBOX_EXCHANGE": exchange})
    deps = wiring.open_deps(settings)
    profile = {**deps.catalogue, **load_catalogue(settings.catalogue_values(), PROFILES)}[platform]
    if way:
        place = request.getfixturevalue("sftp_place")
        keys.write_text(json.dumps(place.keys), "utf-8")
        profile = by_sftp(profile, place.url)
    if profile.transport.kind != "http":
        kind, key = profile.transport.kind, profile.transport.key
        answers = replace(profile.answers, by=kind, key=key, table="jh_outcome", outcomes=OUTCOMES)
        receipts = replace(profile.receipts, wait_seconds=0.5)
        profile = replace(profile, answers=answers, receipts=receipts)
    post = open_post(profile, wiring.means_of(settings, deps))
    assert post is not None
    yield Desk(platform, url, post)
    http_json("DELETE", f"{url}/faults")
    post.close()
    deps.db.close()


def test_an_outcome_is_taken_once_however_often_it_is_told(desk: Desk) -> None:
    ticket, listing_id = desk.ticket()
    body = said(ticket, listing_id)
    first = desk.told(body)
    assert (first.result, first.receipt_number[:4]) == (TAKEN, "BLJG")
    assert desk.told(body) == first, "as after a kill before it was written down"
    assert desk.known(ticket) == [("受理", '甲,"乙"\n<丙>&丁')]
    assert desk.post.preview(body).body


def test_what_is_refused_can_be_told_again_once_the_platform_knows_the_ticket(desk: Desk) -> None:
    ticket = f"T-{new_id()}"
    unknown = said(ticket, new_id())
    refused = desk.told(unknown)
    assert (refused.result, "没有此受理号" in refused.problem) == (REFUSED, True)
    _, listing_id = desk.ticket(ticket)
    key = f"{json.loads(unknown)['idempotency_key']}:r1"
    known: dict[str, Any] = json.loads(unknown) | {"listing_id": listing_id, "idempotency_key": key}
    assert desk.told(json.dumps(known).encode()).result == TAKEN
    wrong = said(ticket, listing_id, outcome="准予修复")
    assert desk.told(wrong).result == REFUSED
    assert [one for one, _ in desk.known(ticket)] == ["受理"]


@pytest.mark.parametrize("desk", ["credit-shijiazhuang", "credit-liaoning"], indirect=True)
@pytest.mark.parametrize("fault", ["garbage", "drop_receipt"])
def test_a_fault_of_the_platform_loses_and_doubles_nothing(desk: Desk, fault: str) -> None:
    ticket, listing_id = desk.ticket()
    struck = {"platform": desk.platform, "kind": fault, "count": 1}
    http_json("POST", f"{desk.sandbox}/faults", struck)
    assert desk.told(said(ticket, listing_id)).result == TAKEN
    assert len(desk.known(ticket)) == 1
