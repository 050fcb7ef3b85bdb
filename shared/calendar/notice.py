"""Reading the State Council's yearly notice (节假日安排的通知) as it stands: which days rest, which work.

The reader proposes and says what it doubts (weekday, number of days, missing holiday); people decide.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from shared.calendar import CalendarYear

HOLIDAYS = ("元旦", "春节", "清明", "劳动", "端午", "中秋", "国庆")
"""The seven statutory holidays since 2008; a notice may join two of them under one heading."""

_YEAR = re.compile(r"(\d{4})年(?:部分)?节假日(?:放假)?安排")
_NUMBER = re.compile(r"国办发(?:明电)?[〔\[【](\d{4})[〕\]】]\s*第?\s*(\d+)\s*号")
_HEADING = re.compile(r"(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十]+\))\s*([^:。\d]{2,14}):")
_ASIDE = re.compile(r"\([^()]*\)")
_WEEKDAY = re.compile(
    r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日\((?:[^()]*?[、,])?(?:星期|周)([一二三四五六日天])\)"
)
_DATE = r"(?:\d{4}年)?(?:\d{1,2}月)?\d{1,2}日"
_RANGE = rf"{_DATE}(?:(?:至|到|—+|–|-|~){_DATE})?"
_REST = re.compile(rf"((?:{_RANGE})(?:[、和及](?:{_RANGE}))*)放假(?:(?:调休|公休)?,?共?(\d+)天)?")
_WORK = re.compile(rf"((?:{_DATE})(?:[、和及,](?:{_DATE}))*)(?:照常|正常)?上班")
_PARTS = re.compile(r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日")
_NAMES = "一二三四五六日"
_LONGEST = timedelta(days=20)


@dataclass(frozen=True)
class Holiday:
    """One heading of the notice: 节日, and the days off in a row."""

    name: str
    start: date
    end: date


@dataclass(frozen=True)
class NoticeReading:
    """What a notice seems to say; `problems` are the reader's doubts, in Chinese."""

    year: int | None
    number: str | None
    holidays: tuple[Holiday, ...] = ()
    rest: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()
    problems: tuple[str, ...] = ()

    @property
    def calendar_year(self) -> CalendarYear | None:
        return None if self.year is None else CalendarYear(self.year, self.rest, self.work)


@dataclass
class _Reader:
    """The year being read and everything found so far."""

    year: int
    holidays: list[Holiday] = field(default_factory=list)
    off: set[date] = field(default_factory=set)
    work: set[date] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def read_notice(text: str, year: int | None = None) -> NoticeReading:
    """The reading of a notice's text; `year` overrides what the title says."""
    plain = _plain(text)
    found = _YEAR.search(plain)
    number = _NUMBER.search(plain)
    label = f"{number[0].replace('[', '〔').replace(']', '〕')}" if number else None
    stated = year or (int(found[1]) if found else None)
    if stated is None:
        return NoticeReading(None, label, problems=("没有读到年份：标题应含“某年部分节假日安排”。",))
    reader = _Reader(stated)
    for name, section in _sections(plain):
        _read_section(reader, name, section)
    _check_whole(reader)
    rest = frozenset(day for day in reader.off if day.weekday() < 5)
    return NoticeReading(
        stated, label, tuple(reader.holidays), rest, frozenset(reader.work), tuple(reader.problems)
    )


def _plain(text: str) -> str:
    """Half-width signs, no blanks: the same text however it was copied."""
    table = str.maketrans({"―": "—", "\u301c": "~"})
    wide = str.maketrans({chr(0xFF01 + i): chr(0x21 + i) for i in range(94)})
    return re.sub(r"\s+", "", text.translate(wide).translate(table))


def _sections(plain: str) -> Iterator[tuple[str, str]]:
    headings = list(_HEADING.finditer(plain))
    for index, heading in enumerate(headings):
        end = headings[index + 1].start() if index + 1 < len(headings) else len(plain)
        yield heading[1], plain[heading.end() : end]


def _read_section(reader: _Reader, name: str, section: str) -> None:
    before = {"元旦"} & {name[:2]} != set()
    _check_weekdays(reader, name, section, december_before=before)
    bare = section
    while _ASIDE.search(bare):
        bare = _ASIDE.sub("", bare)
    for found in _REST.finditer(bare):
        spans = list(_spans(reader, name, found[1], december_before=before))
        reader.holidays += [Holiday(name, start, end) for start, end in spans]
        days = {start + timedelta(days=i) for start, end in spans for i in range((end - start).days + 1)}
        reader.off |= days
        if found[2] and int(found[2]) != len(days):
            reader.problems.append(f"{name}：写明共{found[2]}天，按日期数得{len(days)}天，请核对。")
    for found in _WORK.finditer(bare):
        day: date | None = None
        for parts in _PARTS.finditer(found[1]):
            day = _day(reader.year, parts, day, december_before=before)
            _add_work(reader, name, day)


def _spans(reader: _Reader, name: str, text: str, *, december_before: bool) -> Iterator[tuple[date, date]]:
    for piece in re.split(r"[、和及]", text):
        parts = list(_PARTS.finditer(piece))
        start = _day(reader.year, parts[0], None, december_before=december_before)
        end = _day(reader.year, parts[-1], start, december_before=december_before) if start else None
        if start is None or end is None or not timedelta(0) <= end - start <= _LONGEST:
            reader.problems.append(f"{name}：日期“{piece}”读不出来，请手工填写。")
            continue
        yield start, end


def _day(year: int, parts: re.Match[str], after: date | None, *, december_before: bool) -> date | None:
    """The date named; a bare day takes the month before it, 12月 under 元旦 is last year's."""
    month = int(parts[2]) if parts[2] else (after.month if after else 0)
    if parts[1]:
        year = int(parts[1])
    elif december_before and month == 12:
        year -= 1
    elif after is not None:
        year = max(year, after.year)
    try:
        return date(year, month, int(parts[3]))
    except ValueError:
        return None


def _add_work(reader: _Reader, name: str, day: date | None) -> None:
    if day is None:
        reader.problems.append(f"{name}：上班日期读不出来，请手工填写。")
    elif day.weekday() < 5:
        reader.problems.append(f"{name}：{day} 不是周末，无须调休上班，请核对。")
    else:
        reader.work.add(day)


def _check_weekdays(reader: _Reader, name: str, section: str, *, december_before: bool) -> None:
    """A weekday printed beside a date must be that date's."""
    month: str | None = None
    for found in re.finditer(rf"{_PARTS.pattern}(\([^()]*\))?", section):
        month = found[2] or month
        said = _WEEKDAY.fullmatch(found[0])
        if said is None or month is None:
            continue
        named = _PARTS.match(f"{found[1] + '年' if found[1] else ''}{month}月{found[3]}日")
        day = _day(reader.year, named, None, december_before=december_before) if named else None
        if day is not None and _NAMES[day.weekday()] != said[4].replace("天", "日"):
            reader.problems.append(f"{name}：{day} 是星期{_NAMES[day.weekday()]}，通知写作星期{said[4]}。")


def _check_whole(reader: _Reader) -> None:
    heard = "".join(each.name for each in reader.holidays)
    missing = [name for name in HOLIDAYS if name not in heard]
    if missing:
        reader.problems.append(f"没有读到：{'、'.join(missing)}。")
    both = sorted(reader.off & reader.work)
    if both:
        reader.problems.append(f"既放假又上班：{'、'.join(map(str, both))}。")
    near = range(reader.year - 1, reader.year + 2)
    far = sorted(day for day in reader.off | reader.work if day.year not in near)
    if far:
        reader.problems.append(f"日期不在本年前后：{'、'.join(map(str, far))}。")
