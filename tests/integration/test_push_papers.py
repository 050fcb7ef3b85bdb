"""Proofs and reports: they say what the receipts say, are signed, and a changed word breaks the signature."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from python_calamine import CalamineWorkbook

from services.credit_push.reconciling import request_due
from tests.harness.platforms import PushWorld, Subject, http_json, push_world
from tests.harness.wait import until

JSON = "credit-quanzhou"


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("papers"), api=False) as made:
        yield made


@pytest.fixture
def world(shared_world: PushWorld) -> Iterator[PushWorld]:
    yield shared_world
    shared_world.clear_faults()


def settled(world: PushWorld, listing: Any, operation: str) -> bool:
    done = [s for s in world.states(listing.id) if s[1:] == (operation, "acknowledged")]
    return len(done) == 2


def proof(world: PushWorld, listing: Any, **how: Any) -> Any:
    client = world.client("operator", **how)
    return client.get(f"/push/api/v1/listings/{listing.id}/proof?format=json")


def test_delivery_then_withdrawal_is_proven(world: PushWorld) -> None:
    listing = world.listing(subject=Subject("欧阳示例", person=True))
    world.publish(listing.event("published"))
    world.until(lambda: settled(world, listing, "list"), "listed")
    told = proof(world, listing).json
    assert told["document"]["kind"] == "delivered"
    assert {one["platform"] for one in told["document"]["platforms"]} == {JSON, "trade-quanzhou"}
    assert all(one["receipt_number"] for one in told["document"]["platforms"])
    assert listing.subject.code not in json.dumps(told)
    world.publish(listing.event("revoked"))
    world.until(lambda: settled(world, listing, "withdraw"), "withdrawn")
    told = proof(world, listing).json
    assert told["document"]["kind"] == "withdrawn"
    assert not any(one["shown"] for one in told["document"]["platforms"])
    verify = world.client().post("/push/api/v1/papers/verify", json=told)
    assert verify.json == {"genuine": True}
    told["document"]["statement"] = "另有说法"
    assert world.client().post("/push/api/v1/papers/verify", json=told).json == {"genuine": False}


def test_the_signature_of_a_proof_is_over_the_bytes_the_document_names(world: PushWorld) -> None:
    listing = world.listing()
    world.publish(listing.event("published"))
    world.until(lambda: settled(world, listing, "list"), "listed")
    told = proof(world, listing).json
    plain = json.dumps(told["document"], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    raw = b"credit-push paper v1\n" + plain.encode("utf-8")
    signature = base64.b64decode(told["signature"]["value"], validate=True)
    known = world.deps.keyring.letter_public()[told["signature"]["key_id"]]
    public = Ed25519PublicKey.from_public_bytes(known.public_bytes_raw())
    assert told["signature"]["algorithm"] == "ed25519"
    public.verify(signature, raw)
    with pytest.raises(InvalidSignature):
        public.verify(signature, plain.encode("utf-8"))


def test_nothing_is_proven_while_a_platform_is_silent(world: PushWorld) -> None:
    world.fault(JSON, "error500")
    listing = world.listing()
    world.publish(listing.event("published"))
    world.until(lambda: ("trade-quanzhou", "list", "acknowledged") in world.states(listing.id), "one of two")
    assert proof(world, listing).json["document"]["kind"] == "open"
    assert (
        world.client("supervisor", region="130102")
        .get(f"/push/api/v1/listings/{listing.id}/proof")
        .status_code
        == 404
    )


def attached(pdf: bytes) -> dict[str, Any]:
    """The one file within a PDF, held there as it is."""
    start = pdf.index(b"/Type /EmbeddedFile\n")
    told: dict[str, Any] = json.loads(pdf[start:].split(b"stream", 1)[1].split(b"endstream", 1)[0])
    return told


def test_the_same_as_pdf_and_sheet(world: PushWorld, tmp_path: Any) -> None:
    listing = world.listing()
    world.publish(listing.event("published"))
    world.until(lambda: settled(world, listing, "list"), "listed")
    client = world.client("auditor", region="350500")
    pdf = client.get(f"/push/api/v1/listings/{listing.id}/proof")
    assert pdf.data.startswith(b"%PDF-")
    assert pdf.headers["Content-Type"] == "application/pdf"
    held = attached(pdf.data)
    assert held["document"]["kind"] == "delivered"
    verify = world.client()
    assert verify.post("/push/api/v1/papers/verify", json=held).json == {"genuine": True}
    held["document"]["version"] += 1
    assert verify.post("/push/api/v1/papers/verify", json=held).json == {"genuine": False}
    sheet = client.get(f"/push/api/v1/listings/{listing.id}/proof?format=xlsx")
    path = tmp_path / "proof.xlsx"
    path.write_bytes(sheet.data)
    names = CalamineWorkbook.from_path(str(path)).sheet_names
    assert names == ["说明", "1 各平台现状", "2 推送经过", "3 转送到达的平台（只观察）", "签名"]
    book = CalamineWorkbook.from_path(str(path))
    heads, *rows = book.get_sheet_by_name("1 各平台现状").to_python()
    assert heads[-1] == "依据种类"
    assert {row[-1] for row in rows} <= {"平台回执", "经查询平台"}
    assert len(rows) == 2


def test_runs_are_due_by_themselves_and_reported(world: PushWorld) -> None:
    listing = world.listing()
    world.publish(listing.event("published"))
    world.until(lambda: settled(world, listing, "list"), "listed")
    with world.deps.db.write() as session:
        assert request_due(session, world.deps) == []
    before = world.deps.clock.now()
    http_json("POST", f"{world.sandbox}/clock", {"advance": "PT25H"})
    until(lambda: world.deps.clock.now() - before > timedelta(hours=24), 5, "the clock to move")
    with world.deps.db.write() as session:
        assert set(request_due(session, world.deps)) >= {JSON, "trade-quanzhou"}
        assert request_due(session, world.deps) == []
    now = world.deps.clock.now()
    period = {
        "since": (now - timedelta(hours=1)).isoformat(),
        "until": (now + timedelta(hours=1)).isoformat(),
    }
    client = world.client("operator")

    def told(form: str, **other: Any) -> Any:
        return client.get(
            "/push/api/v1/reconciliation-reports",
            query_string={"platform": JSON, "format": form, **period, **other},
        )

    world.until(lambda: [run["state"] for run in told("json").json["document"]["runs"]] == ["done"], "done")
    document = told("json").json
    assert document["document"]["totals"] == {"missing": 0, "extra": 0, "stale": 0, "altered": 0}
    assert world.client().post("/push/api/v1/papers/verify", json=document).json == {"genuine": True}
    assert told("pdf").data.startswith(b"%PDF-")
    assert told("xlsx").data.startswith(b"PK")
    assert told("json", platform="nowhere").status_code == 404
    assert told("json", until=period["since"]).status_code == 422
