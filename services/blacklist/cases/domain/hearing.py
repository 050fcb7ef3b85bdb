"""The hearing (听证): who may preside, on which day, how it ends, and what a decision after it rests on.

Pure: 行政处罚法第六十三条至第六十五条 as questions with answers; the days stand in `data/figures.toml`.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from services.blacklist.cases.domain.days import written_day
from services.blacklist.cases.domain.figures import FIGURES, figure, rule_of
from shared.calendar import WorkingCalendar
from shared.clock import SHANGHAI, local_date

OPENNESS = {
    "public": "公开举行",
    "state-secret": "不公开举行：涉及国家秘密",
    "trade-secret": "不公开举行：涉及商业秘密",
    "personal-privacy": "不公开举行：涉及个人隐私",
}
"""第六十四条第（三）项: public, or one of the three lawful reasons why not."""
HELD, WITHDRAWN, ABSENT, TERMINATED = "held", "withdrawn", "absent", "terminated"
OUTCOMES = {
    HELD: "已经举行",
    WITHDRAWN: "当事人撤回听证申请",
    ABSENT: "当事人无正当理由拒不出席或者中途退出，终止听证",
    TERMINATED: "其他情形终止听证",
}
ACCEPTANCE = {"accepted": "采纳", "partly": "部分采纳", "rejected": "不采纳"}
RECORD, WITHDRAWAL, TERMINATION = "hearing-record", "hearing-withdrawal", "hearing-termination"
"""The kinds of attachment a 听证笔录, a party's written withdrawal and the proof of another ending are."""
NOT_HELD = (("held_on", "听证日期"), ("notified_on", "重新通知的日期"), ("acceptance", "意见是否采纳"))
REMEDY = "请办理听证改期，重新通知后举行，或者由审核人退回修改、重新告知"
UNPROVED = (
    "听证通知书的送达没有凭证，不能认定当事人拒不出席；请在“材料”中上传送达回证、邮件回执或者公告页面，"
    "材料种类选“送达回证”"
)
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
    return ("/presider", NOT_PRESIDING) if any(same_name(presider, each) for each in officers) else None


def same_name(one: str, other: str) -> bool:
    """Written alike, whatever the width or spacing."""
    return _name(one) == _name(other)


def _name(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def plan_problem(held_on: date, today: date) -> Problem | None:
    """A hearing is told of beforehand, and not for a day so far off that it never comes."""
    last = today + timedelta(days=figure("hearing", "furthest_days"))
    if held_on < today:
        return "/held_on", "听证日期不能早于今天，应当先通知当事人再举行"
    return ("/held_on", f"听证日期不能晚于{written_day(last)}") if held_on > last else None


def has_begun(hearing: Mapping[str, Any], now: datetime) -> bool:
    """Its day and time have come, in Asia/Shanghai; what is closed is over."""
    planned = _day(hearing.get("held_on"))
    if planned is None or hearing.get("closed"):
        return True
    at = time.fromisoformat(hearing.get("held_time") or "00:00")
    return now >= datetime.combine(planned, at, SHANGHAI)


def planned_for(hearing: Mapping[str, Any]) -> str:
    """2026年11月12日09:30, as the party was told."""
    planned = _day(hearing.get("held_on"))
    return f"{written_day(planned) if planned else ''}{hearing.get('held_time') or ''}"


def closing_problems(
    opened: Mapping[str, Any],
    given: Mapping[str, Any],
    now: datetime,
    calendar: WorkingCalendar,
    *,
    proved: bool = False,
) -> Iterator[Problem]:
    """What does not fit how the hearing is said to have ended; `opened` as kept when it was opened.

    `proved`: a proof that the notice was served is among the case's materials.
    """
    if given["outcome"] == HELD:
        yield from _held_problems(opened, given, now, calendar)
        return
    for name, words in NOT_HELD:
        if given.get(name):
            yield f"/{name}", f"听证没有举行完毕的，不填{words}"
    if given["outcome"] == WITHDRAWN and not opened.get("withdrawal"):
        yield "/outcome", "当事人撤回的，先在“材料”中上传其书面申请，材料种类选“撤回听证申请书”"
    if given["outcome"] == TERMINATED and not opened.get("termination"):
        yield "/outcome", "其他情形终止的，先在“材料”中上传证明该情形的文书，材料种类选“终止听证的证明材料”"
    if given["outcome"] == ABSENT:
        yield from _absent_problems(opened, now, calendar, proved)


def _absent_problems(
    opened: Mapping[str, Any], now: datetime, calendar: WorkingCalendar, proved: bool
) -> Iterator[Problem]:
    """Only who was told in time can stay away: the letter's service says when, and something proves it."""
    notice, planned = opened.get("notice") or {}, _day(opened.get("held_on"))
    served = _day(notice.get("effective_on"))
    if not has_begun(opened, now):
        yield "/outcome", f"听证定于{planned_for(opened)}举行，届时当事人没有出席的，方可这样登记"
    elif served is None:
        known = "未能送达" if notice else "没有送达记录"
        yield "/outcome", f"听证通知书{known}，不能认定当事人拒不出席。{REMEDY}（{rule_of('hearing')}）"
    elif planned and planned < (first := earliest_hearing(served, calendar)):
        told = f"听证通知书{written_day(served)}视为送达，听证最早可于{written_day(first)}举行"
        yield "/outcome", f"{told}，不能认定当事人拒不出席。{REMEDY}（{rule_of('hearing')}）"
    elif not (proved or notice.get("proof")):
        yield "/outcome", UNPROVED


def moving_problems(
    opened: Mapping[str, Any], given: Mapping[str, Any], today: date, calendar: WorkingCalendar
) -> Iterator[Problem]:
    """A hearing put off or brought forward (延期、改期) is told anew, and its days of notice count anew."""
    held, notified = given["held_on"], given["notified_on"]
    last_told = _day(opened.get("notified_on") or opened.get("opened_on"))
    if problem := notification_problem(last_told or notified, notified, today):
        yield problem[0], problem[1].replace("当事人要求听证的日期", "上一次通知的日期")
        return
    earliest = earliest_hearing(notified, calendar)
    if problem := plan_problem(held, today) or day_problem(held, notified, earliest):
        yield problem
    same = ("held_on", "held_time", "place")
    if all(str(given.get(name) or "") == str(opened.get(name) or "") for name in same):
        yield "/held_on", "时间和地点与原通知的一致，不是改期"


def _held_problems(
    opened: Mapping[str, Any], given: Mapping[str, Any], now: datetime, calendar: WorkingCalendar
) -> Iterator[Problem]:
    held: date | None = given.get("held_on")
    planned = _day(opened.get("held_on"))
    if held is None:
        yield "/held_on", "填写举行听证的日期"
    elif held > local_date(now):
        yield "/held_on", "听证尚未举行，日期不能晚于今天"
    elif planned and held != planned:
        yield from _moved_problems(opened, given, held, calendar)
    elif not has_begun(opened, now):
        yield "/held_on", f"听证定于{planned_for(opened)}举行，尚未到时间"
    elif given.get("notified_on"):
        yield "/notified_on", "在通知的日期举行的，不填重新通知的日期"
    if not given.get("acceptance"):
        yield "/acceptance", "写明当事人在听证中提出的意见是否采纳"


def _moved_problems(
    opened: Mapping[str, Any], given: Mapping[str, Any], held: date, calendar: WorkingCalendar
) -> Iterator[Problem]:
    """Another day than the one told is told anew, and as early; coming earlier by consent is not known."""
    told, notified = planned_for(opened), given.get("notified_on")
    before = _day(opened.get("notified_on") or opened.get("opened_on"))
    if notified is None:
        yield "/notified_on", f"与通知的日期（{told}）不一致的，填写重新通知当事人的日期"
    elif before and notified < before:
        yield "/notified_on", "重新通知当事人的日期不能早于上一次通知的日期"
    elif problem := day_problem(held, notified, earliest_hearing(notified, calendar)):
        yield problem
    if not given.get("content"):
        yield "/content", f"与通知的日期（{told}）不一致的，写明改期的原因和重新通知当事人的情况"


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
