"""登记告知书和决定书的送达: served, not reached, and put right. From the day service counts the windows run
and publication may follow; a record put right only moves that day on: the party relies on what it was told.
"""

from datetime import date

from services.blacklist.cases.domain.days import written_day
from services.blacklist.cases.domain.serving import effective_on, proof_problems
from services.blacklist.cases.usecases.deciding import decision_of
from services.blacklist.cases.usecases.duties import SERVE_AGAIN, owe_service_again, settle
from services.blacklist.cases.usecases.moves import Move, invalid, plain
from services.blacklist.cases.usecases.review import require_served_on
from services.blacklist.cases.usecases.windows import count_windows

KEPT = ("method", "served_on", "recipient", "proof", "letter")
ALONE = ["decision"]
"""What a record without letters of ours tells of; with them 两书同达, and the letters say what was served."""


def record_notice_service(move: Move) -> None:
    """The windows run from the day the notice counts as served (告知书送达).

    After the decision only what had counted before it: a notice that came later told nobody in time.
    """
    _check_notice(move)
    effective, decided = effective_on(move.inputs["method"], move.inputs["served_on"]), move.case.decided_on
    if decided is not None and effective > decided:
        told = f"已于{written_day(decided)}作出决定，只能补登在此之前视为送达的告知书"
        raise invalid(("/served_on", f"{told}；没有送达的，撤回或者不予列入，重新告知"))
    _serve_notice(move, effective)


def renew_notice_service(move: Move) -> None:
    """The record was wrong, or the notice was served again: the later day counts."""
    _check_notice(move)
    former = (move.case.notice_service or {}).get("effective_on")
    move.detail["former"] = former
    _serve_notice(move, _later(move, date.fromisoformat(former) if former else None))


def fail_notice_service(move: Move) -> None:
    """Not reached: nobody may be heard or judged by a window that never began."""
    _check_day(move.case.noticed_on, move.inputs["served_on"], move.today, "告知日期")
    move.case.notice_failed_on = move.inputs["served_on"]
    move.detail |= plain({name: move.inputs.get(name) for name in KEPT})


def record_service(move: Move) -> None:
    """Served on the day signed for; by public notice only after the statutory days (公告送达)."""
    _check_decision(move)
    _serve_decision(move, effective_on(move.inputs["method"], move.inputs["served_on"]))


def renew_service(move: Move) -> None:
    """The record of the decision's service was wrong, before anything is public by it."""
    _refuse(*proof_problems(move.inputs))
    _check_decision(move)
    former = move.case.service_effective_on
    move.detail["former"] = former.isoformat() if former else None
    _serve_decision(move, _later(move, former))


def fail_service(move: Move) -> None:
    """The decision came back although its listing is public: to be served again, with a duty to do so."""
    _check_day(move.case.decided_on, move.inputs["served_on"], move.today, "作出决定的日期")
    owe_service_again(move)
    move.case.decision_failed_on = move.inputs["served_on"]
    move.detail |= plain({name: move.inputs.get(name) for name in KEPT})


def serve_again(move: Move) -> None:
    """Served after all; the day the first service counted from stands, the second is kept beside it."""
    case = move.case
    _refuse(*proof_problems(move.inputs))
    _check_day(case.decided_on, move.inputs["served_on"], move.today, "作出决定的日期")
    given = {name: move.inputs.get(name) for name in KEPT}
    given["effective_on"] = effective_on(move.inputs["method"], move.inputs["served_on"])
    given["failed_on"] = case.decision_failed_on
    case.service = {**(case.service or {}), "again": plain(given)}
    case.decision_failed_on = None
    settle(move, SERVE_AGAIN)
    move.detail |= plain(given)


def _check_notice(move: Move) -> None:
    _refuse(*proof_problems(move.inputs))
    _check_day(move.case.noticed_on, move.inputs["served_on"], move.today, "告知日期")


def _check_decision(move: Move) -> None:
    require_served_on(move.case, move.inputs["served_on"], move.today)
    _check_day(move.case.decided_on, move.inputs["served_on"], move.today, "作出决定的日期")


def _refuse(*found: tuple[str, str]) -> None:
    if found:
        raise invalid(*found)


def _check_day(first: date | None, served_on: date, today: date, what: str) -> None:
    if served_on > today:
        raise invalid(("/served_on", "送达日期不能晚于今天"))
    if first and served_on < first:
        raise invalid(("/served_on", f"送达日期不能早于{what}"))


def _later(move: Move, former: date | None) -> date:
    effective = effective_on(move.inputs["method"], move.inputs["served_on"])
    if former is not None and effective <= former:
        told = f"已登记于{written_day(former)}视为送达，更正只能改为更晚的日期；须提前的，退回重新办理"
        raise invalid(("/served_on", told))
    return effective


def _serve_notice(move: Move, effective: date) -> None:
    case = move.case
    given = {name: move.inputs.get(name) for name in KEPT}
    case.notice_service = plain(given | {"effective_on": effective})
    case.notice_failed_on = None
    count_windows(case, move.needed_rule(), effective, move.batch.deps.calendar)
    move.detail |= {
        "method": given["method"],
        "effective_on": effective.isoformat(),
        "window_ends_on": str(case.window_ends_on),
        "hearing_ends_on": str(case.hearing_ends_on),
        "letter": given["letter"],
    }


def _serve_decision(move: Move, effective: date) -> None:
    case = move.case
    given = {name: move.inputs.get(name) for name in KEPT}
    case.decision = case.decision or decision_of(move)
    case.service = plain(given | {"papers": (given["letter"] or {}).get("papers") or ALONE})
    case.service_effective_on = effective
    move.detail |= {
        "method": given["method"],
        "served_on": str(given["served_on"]),
        "effective_on": effective.isoformat(),
        "letter": given["letter"],
    }
