"""Two providers of one channel: what fails for now goes on to the second, at once, and all of it is told."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.notifier.channels import (
    AllFailed,
    Channel,
    Ports,
    Postponed,
    Target,
    open_channels,
    read_settings,
)
from services.notifier.models import Base
from shared.clock import FixedClock
from shared.db import open_database
from tests.contract.channels.benches import message
from tests.harness.notices import Receiver, mail_server, webhook_receiver

PHONE = Target("user:1", "13800000000")
BUSY, DOWN, BAD, OK = "isv.BUSINESS_LIMIT_CONTROL", "isp.SYSTEM_ERROR", "isv.MOBILE_NUMBER_ILLEGAL", "OK"


def texts(first: Receiver, second: Receiver, tmp: Path) -> tuple[Channel, FixedClock]:
    """Aliyun, then Tencent."""
    db, clock = open_database(f"sqlite:///{tmp}/sms.db"), FixedClock(datetime(2026, 11, 2, 2, 0, tzinfo=UTC))
    Base.metadata.create_all(db.engine)
    env = {"SMS_PROVIDER": "aliyun", "SMS_2_PROVIDER": "tencent", "SMS_PRICE": "0.045", "SMS_2_PRICE": "0.05"}
    for prefix, receiver in (("SMS_", first), ("SMS_2_", second)):
        env[f"{prefix}ENDPOINT"] = receiver.url.partition("/hook")[0]
        env |= {prefix + name: "x" for name in ("KEY_ID", "KEY_SECRET", "SIGN_NAME", "TEMPLATE", "APP_ID")}
    return open_channels(read_settings(env), Ports(db, clock))["sms"], clock


def says(receiver: Receiver, code: str) -> None:
    status = {"Code": "Ok" if code == OK else code, "SerialNo": "s-1"}
    answer = {"Code": code, "BizId": "b-1", "Response": {"SendStatusSet": [status]}}
    receiver.answer = lambda _n: (200, {}, json.dumps(answer).encode())


@pytest.mark.parametrize("code", [DOWN, BUSY])
def test_a_text_the_first_cannot_take_goes_by_the_second(tmp_path, code):
    with webhook_receiver() as first, webhook_receiver() as second:
        says(first, code)
        says(second, OK)
        channel, _ = texts(first, second, tmp_path)
        sent = channel.send(message(), PHONE)
    assert sent.provider_id == "s-1"
    assert [(each.provider, bool(each.reason), each.cost) for each in sent.tries] == [
        ("aliyun", True, None),
        ("tencent", False, 50),
    ]


def test_one_that_takes_it_is_the_only_one_asked(tmp_path):
    with webhook_receiver() as first, webhook_receiver() as second:
        says(first, OK)
        channel, _ = texts(first, second, tmp_path)
        sent = channel.send(message(), PHONE)
    assert [(each.provider, each.cost) for each in sent.tries] == [("aliyun", 45)]
    assert second.requests == []


def test_a_refusal_for_good_is_not_put_to_the_second(tmp_path):
    with webhook_receiver() as first, webhook_receiver() as second:
        says(first, BAD)
        channel, _ = texts(first, second, tmp_path)
        with pytest.raises(AllFailed) as caught:
            channel.send(message(), PHONE)
    assert caught.value.permanent
    assert second.requests == []


def test_a_refusal_by_the_second_is_not_final_while_the_first_is_away(tmp_path):
    with webhook_receiver() as first, webhook_receiver() as second:
        says(first, DOWN)
        says(second, "InvalidParameterValue.IncorrectPhoneNumber")
        channel, _ = texts(first, second, tmp_path)
        with pytest.raises(AllFailed) as caught:
            channel.send(message(), PHONE)
    assert not caught.value.permanent
    assert [each.provider for each in caught.value.tries] == ["aliyun", "tencent"]


def test_when_all_are_busy_it_waits_uncounted(tmp_path):
    with webhook_receiver() as first, webhook_receiver() as second:
        says(first, BUSY)
        says(second, "LimitExceeded.PhoneNumberThirtySecondLimit")
        channel, _ = texts(first, second, tmp_path)
        for _ in range(2):
            with pytest.raises(Postponed):
                channel.send(message(), PHONE)
    assert len(first.requests) == len(second.requests) == 1


def test_one_that_keeps_failing_is_asked_last_for_a_minute(tmp_path):
    with webhook_receiver() as first, webhook_receiver() as second:
        says(first, DOWN)
        says(second, OK)
        channel, clock = texts(first, second, tmp_path)
        for number in range(4):
            channel.send(message(), Target(f"user:{number}", "13800000000"))
        assert len(first.requests) == 3
        clock.advance(timedelta(seconds=61))
        channel.send(message(), Target("user:9", "13800000000"))
    assert len(first.requests) == 4
    assert len(second.requests) == 5


def test_a_mail_server_that_is_away_is_replaced_by_the_other():
    clock = FixedClock(datetime.now(UTC))
    with mail_server() as (mailbox, url):
        env = {"SMTP_URL": "smtp://127.0.0.1:1", "SMTP_2_URL": url}
        channel = open_channels(read_settings(env), Ports(None, clock))["email"]  # type: ignore[arg-type]
        sent = channel.send(message(), Target("user:1", "clerk@example.gov.cn"))
    assert [each.provider for each in sent.tries] == ["127.0.0.1:1", url.partition("://")[2]]
    assert len(mailbox.mails) == 1
