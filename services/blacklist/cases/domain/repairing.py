"""Guards of credit repair (信用修复): not before the shortest publicity, never where a rule bars it."""

from datetime import date

from services.blacklist.cases.domain.standing import WAIT, Actor, Blocked, Standing


def repair_minimum(case: Standing, _: Actor, today: date) -> Blocked | None:
    earliest = case.publicity_min_end
    if earliest is None or today >= earliest:
        return None
    return Blocked("最短公示期未满，不符合信用修复条件", "国办发〔2025〕22号：最短公示期", WAIT, earliest)


def repairable(case: Standing, _: Actor, __: date) -> Blocked | None:
    if case.repair_bar is None:
        return None
    return Blocked("属于不可修复的情形，应当不予受理并说明理由", case.repair_bar)
