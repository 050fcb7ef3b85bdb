"""Filings of every procedure and inputs of every action, for the randomised lives of cases."""

from datetime import date, timedelta
from typing import Any

from shared.identifiers import make_resident_id
from tests.unit.blacklist.case_office import filing, person_filing
from tests.unit.blacklist.hearings import WITHDRAWN, closing, opening

LISTS = ("public-resource-blacklist", "penalty-publication", "housing-fraud", "procurement-serious-violation")
MINOR = make_resident_id("130102", date(2010, 5, 1), 3)
SEVERITIES = ("general", "serious", "minor")
SHIELDS = ("reorganisation", "stay", "privacy")
METHODS = ("direct", "post", "public-notice")


def some_filing(kind: int, number: int) -> dict[str, Any]:
    """One of four lists; organisations, persons, now and then a minor or an incomplete or withheld filing."""
    document = {"number": f"长住建罚〔2026〕{number}号"}
    list_code = LISTS[kind % 4]
    if kind % 10 == 7 and list_code != "procurement-serious-violation":
        return person_filing(list_code=list_code, document=document)
    if kind == 42:
        return person_filing(MINOR, document=document)
    if kind == 43:
        document["basis"] = ""
    made = filing(list_code=list_code, document=document)
    if kind % 15 == 14:
        made["disclosure"] = {"attribute": "on-request", "reason": "涉及商业秘密"}
    if kind % 12 == 5:
        made["misconduct"]["facts"] = "骗取中标，联系电话13900000000"
    return made


def inputs_for(action: str, pick: int, today: date) -> dict[str, Any]:
    """Plausible inputs; some picks are wrong on purpose."""
    paper = {"number": "复议〔2026〕1号", "date": today}
    request = {"channel": "window", "received_at": today - timedelta(days=pick % 3), "evidence": "材料"}
    made: dict[str, dict[str, Any]] = {
        "return_for_revision": {"reason": "事实不清"},
        "dismiss": {"reason": "无主观故意"},
        "withdraw": {"reason": "录入有误"},
        "approve_notice": {"notice_number": "告〔2026〕1号"},
        "record_statement": _statement(pick),
        "open_hearing": opening(today + timedelta(days=21), requested_on=today - timedelta(days=pick % 5)),
        "reschedule_hearing": {"held_on": today + timedelta(days=20 + pick % 9), "reason": "当事人申请延期"},
        "close_hearing": _end(pick, today),
        "decide": {"severity": SEVERITIES[pick % 3], **({"necessity": "影响大"} if pick % 3 == 2 else {})},
        "record_legal_review": {
            "conclusion": ("agreed", "agreed", "objected", "amend")[pick % 4],
            "opinion": "事实清楚",
        },
        "fail_service": _service(pick, today) | {"reason": "邮件退回"},
        "serve_again": _service(pick, today),
        "record_notice_service": _service(pick, today),
        "renew_notice_service": _service(pick, today) | {"reason": "再次送达"},
        "fail_notice_service": _service(pick, today) | {"reason": "查无此人"},
        "renew_service": _service(pick, today) | {"reason": "登记有误"},
        "record_service": {"method": METHODS[pick % 3], "served_on": today},
        "confirm_decision": {},
        "correct": {"changes": {"document": {"fine_wan": str(pick % 9)}}, "reason": "笔误"},
        "report_change": {"changed_on": today - timedelta(days=pick % 3), "reason": "复议变更"},
        "drop_change": {"reason": "没有变更"},
        "revoke": {"reason": "复议撤销", "document": paper},
        "restore": {"reason": "材料虚假", "document": paper},
        "close_undisclosed": {"reason": "依法不公开"},
        "record_obligations": {"fulfilled": pick % 3 == 0},
        "decide_expiry": {"extended": pick % 3 == 1, "reason": "依行业规定"},
        "remove_linked": {"reason": "随主案"},
        "keep_listing": {"reason": "独立违法"},
        "suspend": {"reason": "举报核实"},
        "lift_suspension": {"reason": "查无实据"},
        "shield": {"reason": SHIELDS[pick % 3]} | ({"until": today + timedelta(days=20)} if pick % 2 else {}),
        "open_objection": request,
        "open_repair": request | {"commitment": "承诺"},
        "refuse_objection": {"reason": "不属于异议范围"},
        "settle_objection": _objection(pick),
        "settle_repair": {"granted": pick % 2 == 0, "reason": "核查"},
        "request_material": {"reason": "补正"},
        "extend_repair": {"reason": "复杂"},
    }
    return made.get(action, {})


def _service(pick: int, today: date) -> dict[str, Any]:
    return {"method": METHODS[pick % 3], "served_on": today, "recipient": "门卫", "proof": "回证"}


def _statement(pick: int) -> dict[str, Any]:
    """Said nothing of a hearing, gave it up, or kept it."""
    made: dict[str, Any] = {"waived": True} if pick % 2 else {"content": "申辩", "answer": "不予采纳"}
    return made | ({"hearing_waived": pick % 3 == 1} if pick % 3 else {})


def _end(pick: int, today: date) -> dict[str, Any]:
    """Withdrawn, held (often before it may be), or given up by staying away."""
    told = today - timedelta(days=15)
    moved = closing(today, notified_on=told, content="改期", opinion="维持")
    if pick % 7 == 6:
        return {"outcome": "terminated", "reason": "当事人终止"}
    return (WITHDRAWN, moved, {"outcome": "absent", "reason": "未到场"})[pick % 3]


def _objection(pick: int) -> dict[str, Any]:
    made: dict[str, Any] = {"upheld": pick % 3 == 1, "reason": "核查结果"}
    return made | ({"changes": {"document": {"fine_wan": "1"}}} if pick % 6 == 1 else {})
