"""Chat robots: signatures, codes in the body, rates shared across processes, few words to the cloud."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from services.notifier.channels import Gone, Ports, Postponed, Target, dingtalk, feishu, read_settings, wecom
from services.notifier.channels.rates import Limit, take
from services.notifier.channels.robot import RobotChannel, Vendor, text_of
from services.notifier.models import Base
from shared.clock import FixedClock
from shared.db import Database, open_database
from shared.errors import DeliveryError
from tests.contract.channels.benches import SECRET, json_text, message
from tests.harness.notices import Receiver, webhook_receiver

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
VENDORS = [wecom.VENDOR, dingtalk.VENDOR, feishu.VENDOR]
Build = Callable[..., RobotChannel]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Channels as several processes would open them: each on its own connections to one database."""
    url = f"sqlite:///{tmp_path}/rates.db"

    def made(vendor: Vendor, clock: FixedClock, content: str = "brief") -> RobotChannel:
        db: Database = open_database(url)
        Base.metadata.create_all(db.engine)
        settings = {
            "hosts": frozenset({"127.0.0.1"}),
            "content": content,
            "public_url": "https://c.example.cn",
        }
        return RobotChannel(vendor, Ports(db, clock), settings, 2.0)

    return made


def answering(receiver: Receiver, vendor: Vendor, code: object) -> None:
    body = json.dumps({vendor.code_fields[0]: code}).encode()
    receiver.answer = lambda _n: (200, {}, body)


def test_dingtalk_signs_milliseconds_and_secret():
    request = dingtalk.compose("文", Target("robot:1", "https://h/robot/send?access_token=t", (SECRET,)), NOW)
    query = parse_qs(urlsplit(request.url).query)
    stamp = str(int(NOW.timestamp() * 1000))
    expected = hmac.new(SECRET, f"{stamp}\n".encode() + SECRET, hashlib.sha256).digest()
    assert query["timestamp"] == [stamp]
    assert query["sign"] == [base64.b64encode(expected).decode()]
    assert query["access_token"] == ["t"]


def test_feishu_signs_nothing_under_seconds_and_secret():
    document = feishu.compose("文", Target("robot:1", "https://h/hook/x", (SECRET,)), NOW).document
    stamp = str(int(NOW.timestamp()))
    expected = hmac.new(f"{stamp}\n".encode() + SECRET, b"", hashlib.sha256).digest()
    assert document["timestamp"] == stamp
    assert document["sign"] == base64.b64encode(expected).decode()


def test_without_a_secret_nothing_is_signed():
    plain = Target("robot:1", "https://h/robot/send?access_token=t")
    assert dingtalk.compose("文", plain, NOW).url == plain.address
    assert "sign" not in feishu.compose("文", plain, NOW).document
    assert wecom.compose("文", Target("robot:1", "https://h/", (SECRET,)), NOW).url == "https://h/"


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_codes_in_the_body_decide(build, vendor):
    clock = FixedClock(NOW)
    channel = build(vendor, clock)
    kinds = [(code, Gone) for code in vendor.gone] + [(code, DeliveryError) for code in vendor.permanent]
    with webhook_receiver() as receiver:
        target = Target("robot:1", receiver.url)
        for code, kind in kinds:
            clock.advance(timedelta(minutes=1))
            answering(receiver, vendor, code)
            with pytest.raises(kind) as caught:
                channel.send(message(), target)
            assert caught.value.permanent
        for code in (-1, 987654, "0", None, False):
            clock.advance(timedelta(minutes=1))
            answering(receiver, vendor, code)
            with pytest.raises(DeliveryError) as caught:
                channel.send(message(), target)
            assert not caught.value.permanent


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_a_robot_that_says_too_fast_is_left_alone_by_every_process(build, vendor):
    clock = FixedClock(NOW)
    one, other = build(vendor, clock), build(vendor, clock)
    code, wait = next(iter(vendor.too_fast.items()))
    with webhook_receiver() as receiver:
        answering(receiver, vendor, code)
        target = Target("robot:1", receiver.url)
        for channel in (one, other):
            with pytest.raises(Postponed) as caught:
                channel.send(message(), target)
            assert caught.value.wait == wait
        assert len(receiver.requests) == 1
        answering(receiver, vendor, 0)
        clock.advance(timedelta(seconds=wait + 1))
        other.send(message(), target)


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_the_vendors_rate_holds_across_processes(build, vendor):
    clock = FixedClock(NOW)
    channels = [build(vendor, clock), build(vendor, clock)]
    sent, minute = 0, timedelta()
    with webhook_receiver() as receiver:
        answering(receiver, vendor, 0)
        target = Target("robot:1", receiver.url)
        while minute < timedelta(seconds=59):
            try:
                channels[sent % 2].send(message(), target)
                sent += 1
            except Postponed as error:
                step = timedelta(seconds=min(error.wait, 59.5))
                clock.advance(step)
                minute += step
        channels[0].send(message(), Target("robot:2", receiver.url))  # another robot has its own
    assert sent == vendor.limits[0].count


def test_no_minute_ever_holds_more_than_the_limit(tmp_path):
    db = open_database(f"sqlite:///{tmp_path}/rates.db")
    Base.metadata.create_all(db.engine)
    limit, taken = Limit(5, 60), []
    for second in range(0, 300, 3):
        now = NOW + timedelta(seconds=second)
        if take(db, "robot:1", [limit], now) == 0:
            taken.append(second)
    for start in range(300):
        assert sum(1 for at in taken if start <= at < start + 60) <= 5
    assert len(taken) == 25
    db.close()


def test_the_cloud_hears_of_the_need_alone(build):
    with webhook_receiver() as receiver:
        answering(receiver, wecom.VENDOR, 0)
        build(wecom.VENDOR, FixedClock(NOW)).send(message(), Target("robot:1", receiver.url))
    said = json_text(receiver.requests[0][1])
    assert "列入信息已公示" in said
    assert "https://c.example.cn/cases/case-1" in said
    assert "华景" not in said
    assert "12号" not in said


def test_a_text_mentions_nobody_and_breaks_no_line():
    hostile = message(title='<at user_id="all">所有人</at>\r\n【紧急】伪造', department_name="甲\u2028乙")
    said = text_of(hostile, "", titled=True)
    assert "<" not in said
    assert not any(line.startswith("【紧急】") for line in said.splitlines())


@pytest.mark.parametrize(
    "url",
    [
        "https://oapi.dingtalk.com.evil.example/",
        "https://evil.example/?oapi.dingtalk.com",
        "http://[::1",
        "//x",
    ],
)
def test_a_foreign_address_is_never_asked(build, url):
    with pytest.raises(Gone):
        build(dingtalk.VENDOR, FixedClock(NOW)).send(message(), Target("robot:1", url))


def test_the_vendors_host_is_the_default_and_not_trusted_beyond_the_public_net():
    settings = read_settings({})["wecom"]
    assert settings["hosts"] == {"qyapi.weixin.qq.com"}
    channel = RobotChannel(
        wecom.VENDOR,
        Ports(None, FixedClock(NOW), lambda _h, _p: ["10.0.0.1"]),
        settings,  # type: ignore[arg-type]
    )
    with pytest.raises(DeliveryError) as caught:
        channel._http.post("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1", b"", {})
    assert caught.value.permanent
