"""What every transport promises, held against a strict stand-in of its kind."""

from dataclasses import replace

import pytest

from services.credit_push.domain import CORRECT, WITHDRAW
from services.credit_push.formats import content_digest, match_key
from services.credit_push.transports.base import (
    ABSENT,
    FAILED,
    FILED,
    REFUSED,
    TAKEN,
    UNKNOWN,
    UNSEEN,
    Within,
)
from services.credit_push.transports.buckets import bucket_hash, digest_rows
from shared.ids import new_id
from tests.contract.transports.conftest import Bench
from tests.harness.wait import until


@pytest.mark.parametrize("person", [False, True])
def test_listed_corrected_withdrawn(bench: Bench, person: bool) -> None:
    first = bench.record(person=person)
    (listed,) = bench.send(bench.job(first))
    assert (listed.result, bool(listed.receipt_number)) == (FILED, True)
    second = replace(first, version=2, facts="更正后的违法事实")
    (corrected,) = bench.send(bench.job(second, CORRECT))
    assert corrected.result == FILED, corrected
    assert [record["status"] for record in bench.records(first)] == ["listed"]
    third = replace(second, version=3, reason_code="revoked", reason="撤销")
    (withdrawn,) = bench.send(bench.job(third, WITHDRAW))
    assert withdrawn.result == FILED, withdrawn
    assert [record["status"] for record in bench.records(first)] == ["withdrawn"]


def test_the_same_key_has_one_effect_and_one_receipt(bench: Bench) -> None:
    job = bench.job(bench.record())
    (first,) = bench.send(job)
    bench.shown.clear()
    (second,) = bench.send(replace(job, batch_id=new_id()))
    assert (second.result, second.receipt_number) == (first.result, first.receipt_number)
    ledger = until(lambda: bench.transport.ledger("run-" + job.delivery_id), 10, "the ledger")
    key = match_key(job.content.layout, job.content.row, job.listing_id)
    bucket = bucket_hash(key) % 256
    assert [row.match_key for row in ledger.rows(bucket, 256)].count(key) == 1


def test_a_receipt_for_every_row(bench: Bench) -> None:
    batch = new_id()
    jobs = [bench.job(bench.record(), batch=batch) for _ in range(7)]
    assert [outcome.result for outcome in bench.send(*jobs)] == [FILED] * 7


def test_a_refused_row_says_field_or_code_and_the_others_go_through(bench: Bench) -> None:
    bench.fault("reject")
    batch = new_id()
    outcomes = bench.send(*(bench.job(bench.record(), batch=batch) for _ in range(3)))
    refused = [outcome for outcome in outcomes if outcome.result == REFUSED]
    assert len(refused) == 1
    assert refused[0].code
    assert [outcome.result for outcome in outcomes].count(FILED) == 2


def test_what_is_not_there_cannot_be_withdrawn(bench: Bench) -> None:
    made = bench.record(2, reason="撤销")
    (outcome,) = bench.send(bench.job(made, WITHDRAW))
    assert (outcome.result, outcome.code) == (REFUSED, "NOT_FOUND")


def test_a_query_tells_what_the_platform_knows(bench: Bench) -> None:
    job = bench.job(bench.record())
    assert [outcome.result for outcome in bench.transport.query([job])] in ([ABSENT], [UNSEEN])
    bench.transport.send([job])
    # a packet platform shows nothing between taking a packet and its feedback
    if bench.profile.receipts.by == "topic":  # a topic answers no questions
        assert bench.receipt(job).result == FILED
        return
    until(lambda: bench.transport.query([job])[0].result == FILED, 15, "an answer")


@pytest.mark.parametrize("kind", ["error500", "garbage", "drop_receipt"])
def test_trouble_never_loses_or_doubles_a_row(bench: Bench, kind: str) -> None:
    bench.fault(kind)
    made = bench.record()
    job = bench.job(made)
    (outcome,) = bench.transport.send([job])
    assert outcome.result in (UNKNOWN, FAILED, TAKEN)

    def asked_or_sent_again() -> bool:
        (known,) = bench.transport.query([job])
        if known.result in (ABSENT, UNSEEN):
            bench.transport.send([replace(job, batch_id=new_id())])
        receipts = [
            receipt.result for receipt in bench.transport.receipts([job.key]) if receipt.key == job.key
        ]
        return known.result == FILED or FILED in receipts

    until(asked_or_sent_again, 20, "the row to be filed", every=0.3)
    assert [record["status"] for record in bench.records(made)] == ["listed"]


def test_the_ledger_has_the_digests_we_compute(bench: Bench) -> None:
    jobs = [bench.job(bench.record(person=number == 1)) for number in range(3)]
    bench.send(*jobs)
    run = "ledger-" + jobs[0].delivery_id
    ledger = until(lambda: bench.transport.ledger(run), 10, "the ledger")
    theirs = ledger.digest(256)
    with_version = jobs[0].content.layout in ("canonical", "trade_v2")
    for job in jobs:
        key = match_key(job.content.layout, job.content.row, job.listing_id)
        bucket = bucket_hash(key) % 256
        (row,) = [row for row in ledger.rows(bucket, 256) if row.match_key == key]
        assert row.content_digest == content_digest(job.content)
        assert row.version == (1 if with_version else None)
        rows = list(ledger.rows(bucket, 256))
        ours = digest_rows(rows, 256)
        assert ours.buckets[bucket] == theirs.buckets[bucket]
        narrow, wide = ledger.digest(4096, Within(256, bucket)), digest_rows(rows, 4096)
        assert {n: told for n, told in narrow.buckets.items() if n % 256 == bucket} == wide.buckets
        assert not [n for n in narrow.buckets if n % 256 != bucket]


def test_an_older_version_never_replaces_a_newer_one(bench: Bench) -> None:
    made = bench.record(5)
    bench.send(bench.job(made))
    older = bench.job(replace(made, version=2, facts="旧版本的事实"), CORRECT)
    outcomes = bench.send(older)
    assert outcomes[0].result == REFUSED, outcomes
    assert outcomes[0].code == "VERSION"
    assert bench.send(bench.job(replace(made, version=6, facts="新版本"), CORRECT))[0].result == FILED
