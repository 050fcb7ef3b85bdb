"""The hearing (听证): who may preside, on which day, how it ends, and what a decision after it rests on.

Pure: 行政处罚法第六十三条至第六十五条 as questions with answers; the days stand in `data/figures.toml`.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from services.blacklist.cases.domain.days import written_day
from services.blacklist.cases.domain.figures import FIGURES, figure
from shared.calendar import WorkingCalendar

OPENNESS = {
    "public": "公开举行",
    "state-secret": "不公开举行：涉及国家秘密",
    "trade-secret": "不公开举行：涉及商业秘密",
    "personal-privacy": "不公开举行：涉及个人隐私",
}
"""第六十四条第（三）项: public, or one of the three lawful reasons why not."""
HELD, WITHDRAWN, ABSENT = "held", "withdrawn", "absent"
OUTCOMES = {
    HELD: "已经举行",
    WITHDRAWN: "当事人撤回听证申请",
    ABSENT: "当事人无正当理由拒不出席或者中途退出，终止听证",
}
ACCEPTANCE = {"accepted": "采纳", "partly": "部分采纳", "rejected": "不采纳"}
RECORD = "hearing-record"
"""The kind of attachment a 听证笔录 is."""
WAIVED, WINDOW_OVER, UNSAID = "waived", "window-over", "unsaid"

NOT_PRESIDING = (
    "听证由非本案调查人员主持，本案的录入、修改和审核人员不得主持，请另行指定；同名的，请在姓名后注明所在科室"
)
Problem = tuple[str, str]


def earliest_hearing(notified_on: date, calendar: WorkingCalendar) -> date:
    """The first day a hearing may be held of which the party was told on that day."""
    days = figure("hearing", "notice_days")
    if FIGURES["hearing"]["notice_unit"] == "wd":
        return calendar.add_working_days(notified_on, days).day
    return notified_on + timedelta(days=days)


def notification_problem(requested_on: date, notified_on: date, today: date) -> Problem | None:
    if notified_on > today:
        return "/notified_on", "通知当事人的日期不能晚于今天"
    if notified_on < requested_on:
        return "/notified_on", "通知当事人的日期不能早于当事人要求听证的日期"
    return None


def day_problem(held_on: date, notified_on: date, earliest: date) -> Problem | None:
    if held_on >= earliest:
        return None
    told, first = written_day(notified_on), written_day(earliest)
    return "/held_on", f"应当在举行听证的{notice_period()}前通知当事人；{told}通知的，最早可于{first}举行"


def notice_period() -> str:
    """7个工作日, as the rules data has it."""
    unit = "工作日" if FIGURES["hearing"]["notice_unit"] == "wd" else "自然日"
    return f"{figure('hearing', 'notice_days')}个{unit}"


def presider_problem(presider: str, officers: Iterable[str]) -> Problem | None:
    """第六十四条第（四）项: nobody presides over a case he or she investigated."""
    if _name(presider) not in {_name(each) for each in officers}:
        return None
    return "/presider", NOT_PRESIDING


def _name(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def closing_problems(opened: Mapping[str, Any], given: Mapping[str, Any], today: date) -> Iterator[Problem]:
    """What does not fit how the hearing is said to have ended; `opened` as kept when it was opened."""
    planned = _day(opened.get("held_on"))
    if given["outcome"] == HELD:
        yield from _held_problems(opened, given, planned, today)
        return
    for name, words in (("held_on", "听证日期"), ("acceptance", "意见是否采纳")):
        if given.get(name):
            yield f"/{name}", f"听证没有举行完毕的，不填{words}"
    if given["outcome"] == ABSENT and planned and today < planned:
        yield "/outcome", f"听证定于{written_day(planned)}举行，届时当事人没有出席的，方可这样登记"


def _held_problems(
    opened: Mapping[str, Any], given: Mapping[str, Any], planned: date | None, today: date
) -> Iterator[Problem]:
    held: date | None = given.get("held_on")
    earliest = _day(opened.get("earliest_on"))
    if held is None:
        yield "/held_on", "填写举行听证的日期"
    elif held > today:
        yield "/held_on", "听证尚未举行，日期不能晚于今天"
    elif planned and held != planned and earliest and held < earliest:
        yield "/held_on", f"按通知当事人的日期，听证最早可于{written_day(earliest)}举行"
    elif planned and held != planned and not given.get("content"):
        told = written_day(planned)
        yield "/content", f"与通知的日期（{told}）不一致的，写明改期的原因和重新通知当事人的情况"
    if not given.get("acceptance"):
        yield "/acceptance", "写明当事人在听证中提出的意见是否采纳"


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def was_held(hearing: Mapping[str, Any] | None) -> bool:
    """Closed after having been held; what an earlier release closed told no outcome and counts as held."""
    return bool(hearing and hearing.get("closed") and hearing.get("outcome", HELD) == HELD)


def lacks_record(hearing: Mapping[str, Any] | None) -> bool:
    return was_held(hearing) and not (hearing or {}).get("record")


def right_settled_by(
    hearing: Mapping[str, Any] | None, waived: bool | None, ends: date | None, today: date
) -> str:
    """Why a decision need not wait for a hearing: how one ended, or that none was asked for or wanted.

    `unsaid`: the statement was settled inside the window and nothing was said of a hearing.
    """
    if hearing and hearing.get("closed"):
        return str(hearing.get("outcome", HELD))
    if waived:
        return WAIVED
    return WINDOW_OVER if ends is None or today > ends else UNSAID
