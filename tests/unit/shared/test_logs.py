"""Nothing that identifies a person or opens a door reaches a log line, and one entry is one line."""

import json
import logging
from datetime import date

import pytest
import structlog

from shared.identifiers import make_resident_id, make_uscc
from shared.logs import configure_logs, get_log, redact_text

NUMBER = make_resident_id("130102", date(1980, 1, 1), 1)
SHORT = NUMBER[:6] + NUMBER[8:17]


@pytest.fixture
def restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        f"身份证{NUMBER},",
        f"id={SHORT}&x=1",
        NUMBER.lower(),
        "Authorization: Bearer abcdefghij.klm",
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "ApiKey abcd1234.secretsecret",
        "postgresql://user:pass@db/x",
        "/a?password=hunter2&b=1",
    ],
)
def test_redacted(text):
    clean = redact_text(text)
    assert "[redacted]" in clean
    for secret in (NUMBER, SHORT, "klm", "c2ln", "MfKQ9", "secretsecret", "user:pass", "hunter2"):
        assert secret not in clean


@pytest.mark.parametrize(
    "text",
    [
        make_uscc("91130102", 5),
        "2026-11-23",
        "长住建罚〔2026〕12号",
        "01a2066b-09fe-7e79-9321-cbbaf72826e1",
        "1790000000000",
    ],
)
def test_harmless_text_stays(text):
    assert redact_text(text) == text


@pytest.mark.parametrize("as_json", [True, False])
def test_one_clean_line_an_entry(capsys, restored, as_json):
    configure_logs("info", "test", json=as_json)
    get_log("t").info(
        "filed\nforged level=error", id_number=NUMBER, nested={"token": "abc", "text": [f"n {NUMBER}"]}, n=3
    )
    logging.getLogger("foreign").warning("number %s\r\nnext", NUMBER)
    try:
        int(f"about {NUMBER}\nsecond line")
    except ValueError:
        get_log("t").exception("failed", password="hunter2")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(NUMBER not in line and "hunter2" not in line and '"abc"' not in line for line in lines)
    if as_json:
        entries = [json.loads(line) for line in lines]
        assert entries[0]["service"] == "test"
        assert entries[0]["id_number"] == "[redacted]"
        assert entries[0]["n"] == 3
        assert "ValueError" in entries[2]["exception"]
        assert entries[1]["level"] == "warning"


def test_level_is_kept(capsys, restored):
    configure_logs("warning", "test")
    get_log("t").info("quiet")
    assert capsys.readouterr().err == ""
