"""Short messages: the providers' own signature examples, their codes, and how little is said."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from marshmallow import ValidationError

from services.notifier.channels import Ports, Postponed, Target, read_settings
from services.notifier.channels.sms import SmsChannel, open_channel
from services.notifier.channels.sms_aliyun import signature
from services.notifier.channels.sms_tencent import authorization
from services.notifier.models import Base
from shared.clock import FixedClock
from shared.db import open_database
from shared.errors import DeliveryError
from tests.contract.channels.benches import message
from tests.harness.notices import Receiver, webhook_receiver

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
PHONE = Target("user:1", "13800000000")
ENV = {
    "SMS_KEY_ID": "key",
    "SMS_KEY_SECRET": "secret",
    "SMS_SIGN_NAME": "示例",
    "SMS_TEMPLATE": "T1",
    "SMS_APP_ID": "14",
}
TENCENT_OK = {"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": "s-1"}]}}


def opened(provider: str, receiver: Receiver, tmp_path: Path) -> SmsChannel:
    db = open_database(f"sqlite:///{tmp_path}/sms.db")
    Base.metadata.create_all(db.engine)
    env = {**ENV, "SMS_PROVIDER": provider, "SMS_ENDPOINT": receiver.url.partition("/hook")[0]}
    channel = open_channel(read_settings(env)["sms"], Ports(db, FixedClock(NOW)))
    assert isinstance(channel, SmsChannel)
    return channel


def answering(receiver: Receiver, document: Any) -> None:
    receiver.answer = lambda _n: (200, {}, json.dumps(document).encode())


def test_aliyuns_published_example_is_signed_as_published():
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
    _, value = signature("POST", query, headers, headers["x-acs-content-sha256"], "YourAccessKeySecret")
    assert value == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


def test_tencents_published_example_is_signed_as_published():
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    stated = authorization(
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        service="cvm",
        host="cvm.tencentcloudapi.com",
        content_type="application/json; charset=utf-8",
        body=body,
        timestamp=1551113065,
    )
    assert stated.endswith("Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168")


def test_aliyun_gets_kind_and_number_and_nothing_else(tmp_path):
    with webhook_receiver() as receiver:
        answering(receiver, {"Code": "OK", "BizId": "biz-1"})
        sent = opened("aliyun", receiver, tmp_path).send(message(), PHONE)
    headers, body = receiver.requests[0]
    form = parse_qs(body.decode())
    assert sent.provider_id == "biz-1"
    assert form["PhoneNumbers"] == ["13800000000"]
    assert json.loads(form["TemplateParam"][0]) == {"kind": "列入信息已公示", "number": "000000000001"}
    assert headers["authorization"].startswith(
        "ACS3-HMAC-SHA256 Credential=key,SignedHeaders=content-type;host;"
    )
    assert headers["host"] == urlsplit(receiver.url).netloc
    assert "华景" not in body.decode()


def test_tencent_gets_kind_and_number_and_nothing_else(tmp_path):
    with webhook_receiver() as receiver:
        answering(receiver, TENCENT_OK)
        sent = opened("tencent", receiver, tmp_path).send(message(), PHONE)
    headers, body = receiver.requests[0]
    document = json.loads(body)
    assert sent.provider_id == "s-1"
    assert document["PhoneNumberSet"] == ["+8613800000000"]
    assert document["TemplateParamSet"] == ["列入信息已公示", "000000000001"]
    assert headers["x-tc-action"] == "SendSms"
    assert headers["authorization"].startswith("TC3-HMAC-SHA256 Credential=key/2026-11-02/sms/tc3_request")


@pytest.mark.parametrize(
    ("provider", "code", "permanent"),
    [("aliyun", "isv.MOBILE_NUMBER_ILLEGAL", True), ("aliyun", "isv.SMS_TEMPLATE_ILLEGAL", True),
     ("aliyun", "isv.AMOUNT_NOT_ENOUGH", False), ("aliyun", "isp.SYSTEM_ERROR", False), ("aliyun", "", False),
     ("tencent", "FailedOperation.ContainSensitiveWord", True), ("tencent", "InternalError.Timeout", False),
     ("tencent", "InvalidParameterValue.IncorrectPhoneNumber", True), ("tencent", "", False)],
)  # fmt: skip
def test_codes_are_judged(tmp_path, provider, code, permanent):
    with webhook_receiver() as receiver:
        answering(receiver, {"Code": code, "Response": {"SendStatusSet": [{"Code": code}]}})
        with pytest.raises(DeliveryError) as caught:
            opened(provider, receiver, tmp_path).send(message(), PHONE)
    assert caught.value.permanent is permanent


@pytest.mark.parametrize(
    ("provider", "document"),
    [("aliyun", {"Code": "isv.BUSINESS_LIMIT_CONTROL"}),
     ("tencent", {"Response": {"Error": {"Code": "RequestLimitExceeded"}}}),
     ("tencent", {"Response": {"SendStatusSet": [{"Code": "LimitExceeded.PhoneNumberThirtySecondLimit"}]}})],
)  # fmt: skip
def test_a_busy_gateway_is_not_a_failure_and_is_left_alone(tmp_path, provider, document):
    with webhook_receiver() as receiver:
        answering(receiver, document)
        channel = opened(provider, receiver, tmp_path)
        for _ in range(2):
            with pytest.raises(Postponed):
                channel.send(message(), PHONE)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "number", ["", "1380000000", "+8613800000000", "13800000000\n", "1380000000x", "１３８０００００００１"]
)
def test_a_wrong_number_goes_nowhere(tmp_path, number):
    with webhook_receiver() as receiver, pytest.raises(DeliveryError) as caught:
        opened("aliyun", receiver, tmp_path).send(message(), Target("user:1", number))
    assert caught.value.permanent
    assert receiver.requests == []


def test_the_matter_is_called_as_the_site_words_it(tmp_path):
    with webhook_receiver() as receiver:
        channel = opened("aliyun", receiver, tmp_path)
        answering(receiver, {"Code": "OK", "BizId": "1"})
        channel.send(message(kind="有事超期"), Target("user:a", "13800000000"))
        [(_, body)] = receiver.requests
        assert json.loads(parse_qs(body.decode())["TemplateParam"][0])["kind"] == "有事超期"


def test_what_one_number_may_get_is_counted_by_the_number_whoever_reads_it(tmp_path):
    with webhook_receiver() as receiver:
        channel = opened("aliyun", receiver, tmp_path)
        answering(receiver, {"Code": "OK", "BizId": "1"})
        duty_phone = [Target(f"user:{each}", "13800000000", counted_as="index:1") for each in "ab"]
        channel.send(message(), duty_phone[0])
        with pytest.raises(Postponed, match="上限"):
            channel.send(message(), duty_phone[1])
        channel.send(message(), Target("user:a", "13900000000", counted_as="index:2"))
        assert len(receiver.requests) == 2


def test_settings_are_complete_or_refused():
    assert open_channel(read_settings({})["sms"], Ports(None, FixedClock(NOW))) is None  # type: ignore[arg-type]
    for missing in ENV:
        stated = {**ENV, "SMS_PROVIDER": "tencent"}
        del stated[missing]
        with pytest.raises(ValidationError) as caught:
            read_settings(stated)
        assert missing in caught.value.messages_dict
    with pytest.raises(ValidationError):
        read_settings({"SMS_PROVIDER": "pigeon"})
