"""What was searched, said beside every answer, so that "nothing found" is not read as more than it says."""

from datetime import date
from typing import Any

ORGANISATIONS, INDIVIDUALS = "organizations", "individuals"
SCOPE_NOTE = "只检索当前公示的法人和非法人组织；自然人须凭姓名和证件号码查询。未查到不等于没有失信记录。"
PERSON_NOTE = "只检索当前公示的、姓名和证件号码同时相符的自然人信息。未查到不等于没有失信记录。"
PAST_NOTE = "所问的是{as_of}：只列出该日以前（含该日）列入、{today}仍在公示的信息，已经停止公示的不予显示。"
CHECKED_NOTE = (
    "是否受限按{as_of}判断；只核对该日以前（含该日）列入、{today}仍在公示的信息，已经停止公示的不予显示。"
)
BID_NOTE = "是否受限按投标截止日{cutoff}判断。"
REMEMBERED_NOTES = {
    ORGANISATIONS: "检索本系统{on}终了时登记的法人和非法人组织，已经移出、暂停公示的也在内；自然人不在其内。",
    INDIVIDUALS: "检索本系统{on}终了时登记的、姓名和证件号码同时相符的自然人，已经移出、暂停公示的也在内。",
}


def searched(today: date, as_of: date | None = None) -> dict[str, Any]:
    """Of an earlier day only what is public today still may be told."""
    past = as_of is not None and as_of < today
    note = SCOPE_NOTE + (PAST_NOTE.format(as_of=as_of, today=today) if past else "")
    return _scope(ORGANISATIONS, as_of or today, note)


def checked(today: date, on: date) -> dict[str, Any]:
    """Of a check whose measures are judged for a day."""
    past = CHECKED_NOTE.format(as_of=on, today=today) if on < today else ""
    return _scope(ORGANISATIONS, on, SCOPE_NOTE + past)


def bids_checked(answered: date, cutoff: date) -> dict[str, Any]:
    """Of a tender project: all that was public when it was answered, measures for the day of the cutoff."""
    return _scope(ORGANISATIONS, answered, SCOPE_NOTE + BID_NOTE.format(cutoff=cutoff))


def persons_searched(today: date) -> dict[str, Any]:
    return _scope(INDIVIDUALS, today, PERSON_NOTE)


def remembered(on: date, subjects: str = ORGANISATIONS) -> dict[str, Any]:
    """Of the register's past, told to officials."""
    return _scope(subjects, on, REMEMBERED_NOTES[subjects].format(on=on))


def _scope(subjects: str, as_of: date, note: str) -> dict[str, Any]:
    return {"subjects": subjects, "as_of": as_of, "note": note}
