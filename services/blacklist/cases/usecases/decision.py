"""Statement, hearing and decision: effects of the full procedure."""

from collections.abc import Mapping
from typing import Any

from services.blacklist.cases.domain.hearing import right_settled_by
from services.blacklist.cases.usecases.deciding import decision_of
from services.blacklist.cases.usecases.duties import owe_publication
from services.blacklist.cases.usecases.legal_review import require_review
from services.blacklist.cases.usecases.moves import Move, invalid, plain
from services.blacklist.cases.usecases.publicity import chosen_publicity, require_necessity
from services.blacklist.rules.domain import (
    Measure,
    measure_basis_problem,
    measure_length_problem,
    measure_scope_problem,
)
from services.blacklist.rules.queries import measure, measures_version

NOT_LISTED_MEASURE = (
    "惩戒措施只能从全国失信惩戒措施基础清单中选择，清单内没有这个代码；当日有效的清单见 /api/v1/measures"
)


def record_statement(move: Move) -> None:
    """The party's 陈述申辩 with our answer, or the statement that it waives.

    What was said of a hearing holds until something else is said; what is replaced stays in the step.
    """
    inputs, former = move.inputs, move.case.statement or {}
    said = {**former, **inputs}
    hearing = {"hearing_waived": said["hearing_waived"]} if "hearing_waived" in said else {}
    if inputs.get("waived"):
        if problem := _waiver_problem(move, former):
            raise invalid(("/waived", problem))
        statement: dict[str, Any] = {"waived": True}
    else:
        gaps = [
            (f"/{name}", words)
            for name, words in (
                ("content", "填写陈述申辩内容，或注明放弃"),
                ("answer", "填写对陈述申辩的答复"),
            )
            if not inputs.get(name)
        ]
        if gaps:
            raise invalid(*gaps)
        statement = {"waived": False, "content": inputs["content"], "answer": inputs["answer"]}
    move.case.statement = {**statement, **hearing, "recorded_on": move.today.isoformat()}
    move.detail |= {"waived": statement["waived"], **hearing, **({"replaced": former} if former else {})}


def _waiver_problem(move: Move, former: Mapping[str, Any]) -> str | None:
    """A waiver wipes out nothing that the party has said."""
    if move.inputs.get("content") or move.inputs.get("answer"):
        return "放弃陈述申辩的，不填陈述内容和答复"
    if move.case.notice_failed_on:
        return "告知书登记为未送达，先登记告知书送达，再登记放弃；当事人已经陈述申辩的，填写陈述内容和答复"
    if former.get("content"):
        return "已登记当事人的陈述申辩，不能改为放弃；登记有误的，重新填写陈述内容和答复"
    return None


def decide(move: Move) -> None:
    """Severity, measures and months within the list's class; the publication duty now has its start."""
    case = move.case
    severity, months = chosen_publicity(
        move.needed_rule(), move.inputs["severity"], move.inputs.get("publicity_months"), case.domain
    )
    require_necessity(move.needed_rule(), severity, months, move.inputs)
    require_review(move, severity)
    measures = _measures(move)
    case.severity, case.publicity_months, case.measures = severity, months, measures
    case.decider_id, case.decided_on, case.decision = move.person, move.today, decision_of(move)
    move.detail |= {
        "severity": severity,
        "publicity_months": months,
        "necessity": move.inputs.get("necessity"),
        "measures": [measure["code"] for measure in measures],
        "measures_catalogue": measures_version(move.today),
        "hearing": _hearing_right(move),
        "legal_review": (case.legal_review or {}).get("reviewer"),
    }
    owe_publication(move)


def _hearing_right(move: Move) -> dict[str, Any]:
    """How the party's right to a hearing was settled, and the record the decision rests on."""
    case = move.case
    hearing, waived = case.hearing or {}, (case.statement or {}).get("hearing_waived")
    settled = right_settled_by(hearing, waived, case.hearing_ends_on, move.today)
    return {"settled_by": settled, "record": (hearing.get("record") or {}).get("sha256")}


def _measures(move: Move) -> list[dict[str, Any]]:
    """Each measure of the closed national list, with the case's own domain, region and organ where it names
    none."""
    case, found = move.case, list[dict[str, Any]]()
    for index, asked in enumerate(move.inputs.get("measures") or ()):
        begins, ends = asked.get("from"), asked.get("to")
        known = measure(asked["code"], move.today)
        if known is None:
            raise invalid((f"/measures/{index}/code", NOT_LISTED_MEASURE))
        if problem := _misuse(known, move, asked):
            raise invalid((f"/measures/{index}/{problem[0]}", problem[1]))
        if begins and ends and ends < begins:
            raise invalid((f"/measures/{index}/to", "措施的截止日期不能早于起始日期"))
        found.append(
            plain(
                {
                    "code": asked["code"],
                    "basis": asked.get("basis") or known.basis,
                    "domain": asked.get("domain") or case.domain,
                    "region": asked.get("region") or case.region,
                    "from": begins,
                    "to": ends,
                    "organ": asked.get("organ") or case.department_name,
                }
            )
        )
    return found


def _misuse(known: Measure, move: Move, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    """What the closed list (基础清单) does not allow: longer than its limit, or elsewhere without own law."""
    case = move.case
    begins = asked.get("from") or move.today
    if problem := measure_length_problem(known, begins, asked.get("to")):
        return "to", problem
    domain = asked.get("domain") or case.domain
    problem = None if asked.get("basis") else measure_scope_problem(known, case.list_class, domain)
    problem = problem or measure_basis_problem(known, asked.get("basis"))
    return ("basis", problem) if problem else None
