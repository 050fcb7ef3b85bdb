"""Files that go with mails: a deadline as an entry for a calendar, and nothing that is not allowed."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

from services.notifier.channels import Attachment, Target
from services.notifier.channels.email import MOST_ATTACHED, Relay, SmtpServer, allowed
from services.notifier.usecases.enclosing import enclosed
from tests.contract.channels.benches import message

AT = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
FACTS = {"due": "2026年11月11日"}


def test_a_deadline_is_an_entry_of_its_own_day_that_nobody_can_add_to() -> None:
    title = "期限将至：公示，列入信息;" + "长" * 60 + "\r\nDTSTART:19990101"
    (file,) = enclosed("n-1", "duty.overdue", title, FACTS, AT)
    lines = file.content.decode().split("\r\n")
    assert "DTSTART;VALUE=DATE:20261111" in lines
    assert "DTEND;VALUE=DATE:20261112" in lines
    assert max(len(line.encode()) for line in lines) <= 75
    assert not [line for line in lines if line.startswith("DTSTART:")]
    assert enclosed("n-1", "case.published", title, FACTS, AT) == ()
    assert enclosed("n-1", "duty.overdue", title, {"due": ""}, AT) == ()


def test_a_mail_takes_files_of_allowed_kinds_and_size_and_goes_without_the_others() -> None:
    good = Attachment("deadline.ics", "text/calendar", "日程".encode())
    bad = [
        Attachment("a.html", "text/html", b"<script>"),
        Attachment("run.exe", "application/pdf", b"x"),
        Attachment('a"\r\nX: y.pdf', "application/pdf", b"x"),
        Attachment("large.pdf", "application/pdf", b"x" * (MOST_ATTACHED + 1)),
    ]
    assert allowed([*bad, good]) == [good]
    relay = Relay(SmtpServer.parse("smtp://127.0.0.1:1"), "no-reply@example.gov.cn")
    mail = relay._compose(replace(message(), attachments=(good, *bad)), Target("user:1", "a@example.gov.cn"))
    read = message_from_bytes(mail.as_bytes(), policy=policy.default)
    assert read.get_content_type() == "multipart/mixed"
    assert [part.get_content_type() for part in read.iter_parts()] == [
        "multipart/alternative",
        "text/calendar",
    ]
    assert [part.get_filename() for part in read.iter_attachments()] == ["deadline.ics"]
