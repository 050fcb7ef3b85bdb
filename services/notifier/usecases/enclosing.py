"""What goes with a mail: a legal deadline comes as an entry for the reader's calendar (RFC 5545).

Only what the message says itself is in it: nothing leaves by a file that may not leave by mail.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.notifier.channels import Attachment

FAMILY = "duty."
DAY = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
LONGEST_LINE = 72


def enclosed(
    notice_id: str, event_type: str, title: str, facts: Mapping[str, Any], created_at: datetime
) -> tuple[Attachment, ...]:
    """The attachments of a message; most have none."""
    stated = DAY.fullmatch(str(facts.get("due", ""))) if event_type.startswith(FAMILY) else None
    if stated is None:
        return ()
    day = date(*(int(part) for part in stated.groups()))
    return (Attachment("deadline.ics", "text/calendar", _calendar(notice_id, title, day, created_at)),)


def _calendar(notice_id: str, title: str, day: date, created_at: datetime) -> bytes:
    """One whole-day entry; the same message is the same entry, however often it comes."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//credit-blacklist//notices//ZH",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{notice_id}@credit-blacklist",
        f"DTSTAMP:{created_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(title)}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _escaped(text: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", " ".join(text.split()))


def _folded(line: str) -> str:
    """No line longer than 75 bytes; a character is never cut."""
    parts, room = [""], LONGEST_LINE
    for char in line:
        if len((parts[-1] + char).encode()) > room:
            parts.append("")
        parts[-1] += char
    return "\r\n ".join(parts)
