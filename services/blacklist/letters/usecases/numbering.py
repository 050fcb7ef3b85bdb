"""文号 of letters: taken from the department's series in the transaction of the letter, so that a refused or
crashed letter leaves no gap; or the department's own number, which may not jump ahead in a series of ours.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.identity.queries import department
from services.blacklist.letters.domain.numbering import (
    Series,
    default_pattern,
    number_problem,
    pattern_problem,
    series_of,
)
from services.blacklist.letters.domain.templates import series_kinds
from services.blacklist.letters.models import Letter, LetterCounter, LetterSeries
from shared.db.types import upsert
from shared.errors import Conflict, FieldError, Invalid, describe_errors
from shared.web.access import Principal

describe_errors(
    {
        "letter-number-taken": "本部门已有同文号的文书。请核对文号，或者不填由系统编号。",
        "letter-number-gap": "文号须逐号使用。next 是该文号系列的下一个号。",
    }
)


def pattern_of(session: Session, department_id: str, kind: str) -> str:
    """The department's own pattern, else the default of its 代字."""
    own = session.get(LetterSeries, (department_id, kind))
    if own is not None:
        return own.pattern
    office = department(session, department_id)
    return default_pattern(office.code, office.short_name, series_kinds()[kind][1])


def set_series(session: Session, kind: str, pattern: str, *, actor: Principal, at: datetime) -> LetterSeries:
    """Set how the actor's department numbers a kind of letter from now on."""
    if kind not in series_kinds():
        pointed = [FieldError("/kind", f"文书种类应为下列之一：{'、'.join(series_kinds())}")]
        raise Invalid("validation-failed", "没有这种文书", fields=pointed)
    if problem := pattern_problem(pattern):
        raise Invalid("validation-failed", "文号格式有误", fields=[FieldError("/pattern", problem)])
    row = session.get(LetterSeries, (actor.department_id, kind))
    before = row.pattern if row else None
    if row is None:
        row = LetterSeries(department_id=actor.department_id, kind=kind)
        session.add(row)
    row.pattern, row.set_by, row.set_at = pattern, actor.user_id, at
    audit.record(
        session, actor=actor, action="letter.series", object_type="department",
        object_id=actor.department_id, detail={"kind": kind, "before": before, "after": pattern}, at=at,
    )  # fmt: skip
    session.flush()
    return row


def take_number(session: Session, department_id: str, kind: str, year: int) -> str:
    """The series' next number; numbers the department used itself are stepped over."""
    series = series_of(pattern_of(session, department_id, kind), year)
    while True:
        number = series.number(_advance(session, department_id, series))
        if not _taken(session, department_id, number):
            return number


def next_number(session: Session, department_id: str, kind: str, year: int) -> str:
    """What the series would give now, for showing."""
    series = series_of(pattern_of(session, department_id, kind), year)
    wanted = select(LetterCounter.last).where(
        LetterCounter.department_id == department_id, LetterCounter.series == series.name
    )
    return series.number((session.scalar(wanted) or 0) + 1)


def use_number(session: Session, department_id: str, kind: str, year: int, number: str) -> str:
    """A number given for this letter: well formed, not taken, and the next one if it is of our series."""
    if problem := number_problem(number):
        raise Invalid("validation-failed", "文号格式有误", fields=[FieldError("/number", problem)])
    series = series_of(pattern_of(session, department_id, kind), year)
    running = series.running(number)
    if running is not None:
        following = _last(session, department_id, series) + 1
        if running > following:
            raise Conflict(
                "letter-number-gap", "文号不连续", f"下一个文号是{series.number(following)}。",
                next=series.number(following),
            )  # fmt: skip
        if running == following:
            _advance(session, department_id, series)
    return recorded_number(session, department_id, number)


def recorded_number(session: Session, department_id: str, number: str) -> str:
    """A number the case already holds, as it stands, unless another letter has it."""
    if _taken(session, department_id, number):
        raise Conflict("letter-number-taken", "文号已被使用", f"本部门已有文号为{number}的文书。")
    return number


def _taken(session: Session, department_id: str, number: str) -> bool:
    wanted = select(Letter.id).where(Letter.department_id == department_id, Letter.number == number)
    return session.scalars(wanted.limit(1)).first() is not None


def _advance(session: Session, department_id: str, series: Series) -> int:
    """The next running number, under the counter's row lock until commit."""
    insert = upsert(session.get_bind().dialect.name)(LetterCounter)
    statement = (
        insert.values(department_id=department_id, series=series.name, last=1)
        .on_conflict_do_update(
            index_elements=[LetterCounter.department_id, LetterCounter.series],
            set_={"last": LetterCounter.last + 1},
        )
        .returning(LetterCounter.last)
    )
    return int(session.execute(statement).scalar_one())


def _last(session: Session, department_id: str, series: Series) -> int:
    """The last number given; locked, so that nobody takes the next one meanwhile."""
    wanted = select(LetterCounter.last).where(
        LetterCounter.department_id == department_id, LetterCounter.series == series.name
    )
    return session.scalar(wanted.with_for_update()) or 0
