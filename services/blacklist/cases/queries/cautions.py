"""What an officer should know before acting: lawful steps at the edge of a rule, each with the rule."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from services.blacklist.cases.domain.days import written_day
from services.blacklist.cases.domain.figures import rule_of
from services.blacklist.cases.domain.guards import UNREACHED
from services.blacklist.cases.domain.hearing import lacks_record, was_held
from services.blacklist.cases.domain.legal_review import standing_review
from services.blacklist.cases.domain.serving import PUBLIC_NOTICE, methods
from services.blacklist.cases.domain.table import DECIDED, FULL, HEARING, NOTICED, PUBLISHED, REVOKED, SERVED
from services.blacklist.cases.models import Case, CaseOverlay
from services.blacklist.cases.queries.standing import bar_of, rule_on, unpublished
from services.blacklist.rules import minors
from services.blacklist.rules.legal_review import demanded

Caution = dict[str, str]
RULINGS = frozenset({"judgment", "administrative-decision"})
"""Kinds of material that are another organ's ruling: 判决、裁定, 复议决定."""


def cautions(
    case: Case,
    overlays: Mapping[str, CaseOverlay],
    duties: Sequence[Mapping[str, Any]],
    papers: Collection[str],
    today: date,
    revoked_by: Mapping[str, Any] | None = None,
) -> list[Caution]:
    """`papers`: the kinds of material the case holds; `revoked_by`: the document a revocation names."""
    found = [
        _unproved(case),
        _decided_untold(case),
        _hearing_open(case, today),
        _no_ticket(overlays),
        _repair_early(case, overlays, today),
        _uncommitted(overlays, papers),
    ]
    found += [_record_missing(case), _service_late(case, duties, today), _announced_where(case)]
    found += [_barred(case, overlays, today), _review_advised(case, today), _came_back(case)]
    found += [_unruled(overlays, papers), _unfounded(case, revoked_by, papers), _unlawful(case, today)]
    return [each for each in found if each]


def _unproved(case: Case) -> Caution | None:
    """The windows are counted from the day of the notice until its service is on record."""
    if case.state not in {NOTICED, HEARING} or case.notice_service or case.notice_failed_on:
        return None
    text = "告知书送达尚未登记，陈述申辩期和听证申请期限暂自告知之日计算；登记送达后自送达之日起算"
    return {"title": "告知书送达未登记", "text": text, "rule": UNREACHED}


def _decided_untold(case: Case) -> Caution | None:
    """Decided by default, because the party kept silent, although nothing proves that it was told in time."""
    statement, served = case.statement or {}, case.notice_service
    heard = statement.get("answer") or was_held(case.hearing)
    if case.procedure != FULL or case.state not in {DECIDED, SERVED} or heard:
        return None
    if case.notice_failed_on:
        text = f"告知书于{written_day(case.notice_failed_on)}登记未送达，决定前没有其他送达记录，不得公示"
    elif statement or (served and _over_before_deciding(case)):
        return None
    else:
        text = "当事人没有陈述申辩，决定作出前也没有告知书已经送达满期限的记录；公示前请核实并补登告知书送达"
    return {"title": "告知书送达存疑", "text": text, "rule": UNREACHED}


def _over_before_deciding(case: Case) -> bool:
    ends, decided = case.window_ends_on, case.decided_on
    return ends is None or decided is None or ends < decided


def _hearing_open(case: Case, today: date) -> Caution | None:
    """The statement is settled, so that deciding is allowed, while a hearing may still be asked for."""
    last = case.hearing_ends_on
    waived = (case.statement or {}).get("hearing_waived")
    if case.state != NOTICED or not case.statement or waived is not None or last is None or last < today:
        return None
    text = f"听证申请期限至{written_day(last)}。当事人没有书面放弃听证的，宜在期限届满后再作决定"
    return {"title": "听证期限未届满", "text": text, "rule": "行政处罚法第六十四条"}


def _record_missing(case: Case) -> Caution | None:
    if case.state != NOTICED or not lacks_record(case.hearing):
        return None
    text = "听证已经举行，听证笔录尚未归入案卷；请在“材料”中上传，材料种类选“听证笔录”，上传前不能作出决定"
    return {"title": "缺少听证笔录", "text": text, "rule": rule_of("hearing_record")}


def _no_ticket(overlays: Mapping[str, CaseOverlay]) -> Caution | None:
    """Without the number the outcome cannot go back to the place the request came from."""
    came = [each for each in overlays.values() if each.channel == "credit-china" and not each.ticket]
    if not came:
        return None
    text = "申请由“信用中国”网站转来，但没有登记受理编号，办理结果须由人工反馈到来处"
    return {"title": "缺少受理编号", "text": text, "rule": "国办发〔2025〕22号"}


def _repair_early(case: Case, overlays: Mapping[str, CaseOverlay], today: date) -> Caution | None:
    """Asked for before the minimum publicity is over: it can only be refused, with the day from when."""
    asked, earliest = overlays.get("repair"), case.publicity_min_end
    if asked is None or asked.state != "open" or earliest is None or today >= earliest:
        return None
    text = f"最早可于{written_day(earliest)}申请信用修复；本次申请应当不予受理，并告知可以再次申请的日期"
    return {"title": "未满最短公示期", "text": text, "rule": "国办发〔2025〕22号：最短公示期"}


def _uncommitted(overlays: Mapping[str, CaseOverlay], papers: Collection[str]) -> Caution | None:
    """Repair asks for a public commitment; it may yet come as a paper, so nothing is refused here."""
    asked = overlays.get("repair")
    if asked is None or asked.detail.get("commitment") or "commitment" in papers:
        return None
    text = "修复申请没有登记信用承诺，材料中也没有信用承诺书；准予修复前请核实，缺少的，要求补正"
    return {"title": "缺少信用承诺书", "text": text, "rule": "国办发〔2025〕22号：公开作出信用修复承诺"}


def _barred(case: Case, overlays: Mapping[str, CaseOverlay], today: date) -> Caution | None:
    """A record no rule lets be repaired: said before a request comes, and how to answer one."""
    rule = bar_of(case, today)
    if rule is None:
        return None
    asked = overlays.get("repair")
    told = "；本次修复申请应当不予受理或者不予修复，并说明理由" if asked else ""
    return {"title": "不可修复", "text": f"本案属于不可修复的情形，公示至期满{told}", "rule": rule}


def _review_advised(case: Case, today: date) -> Caution | None:
    """A rule asks for a legal review of such a decision, and none is on record."""
    held = was_held(case.hearing)
    counts = standing_review(case.legal_review, case.content_hash, heard=held, statement=case.statement)
    if case.state != NOTICED or counts[0]:
        return None
    wanted = next(demanded(case.list_code, case.severity, heard=held, today=today), None)
    if wanted is None:
        return None
    must = "未登记的，不能作出决定" if wanted.binding else "作出决定前宜进行法制审核"
    text = f"本案须经法制审核，审核人员、日期和意见尚未登记；{must}"
    return {"title": "缺少法制审核", "text": text, "rule": wanted.rule}


def _came_back(case: Case) -> Caution | None:
    """Public, and the decision did not reach the party."""
    if case.state != PUBLISHED or case.decision_failed_on is None:
        return None
    text = (
        f"决定书于{written_day(case.decision_failed_on)}登记未送达，而信息正在公示；"
        "请再次送达（无法送达的公告送达），必要时先暂停公示"
    )
    return {"title": "决定书未送达", "text": text, "rule": rule_of("serve_again")}


def _unruled(overlays: Mapping[str, CaseOverlay], papers: Collection[str]) -> Caution | None:
    """A shield for reorganisation or a stay rests on the ruling of another organ (裁定书、停止执行决定)."""
    shield = overlays.get("shield")
    if shield is None or shield.reason not in ("reorganisation", "stay"):
        return None
    named = shield.detail.get("document") or {}
    gaps = [] if named.get("number") and named.get("organ") else ["载明文号、机关和日期"]
    gaps += [] if RULINGS & set(papers) else ["将文书归入材料（材料种类：判决、裁定）"]
    text = f"屏蔽依据的裁定书或者停止执行决定不齐，请补充：{'；'.join(gaps)}"
    return (
        {"title": "缺少裁定文书", "text": text, "rule": "国办发〔2025〕22号：重整期间依裁定屏蔽"}
        if gaps
        else None
    )


def _unfounded(case: Case, document: Mapping[str, Any] | None, papers: Collection[str]) -> Caution | None:
    """Revoked because another organ annulled the decision: its document is named and in the file."""
    if case.state != REVOKED or document is None or document.get("organ") == case.department_name:
        return None
    gaps = [] if document.get("organ") else ["作出机关没有载明，请在案卷注明"]
    gaps += [] if RULINGS & set(papers) else ["复议决定书、判决或者裁定没有归入材料，请在“材料”中上传"]
    text = f"撤销所依据的文书（{document.get('number')}）不齐：{'；'.join(gaps)}"
    return (
        {"title": "缺少撤销文书", "text": text, "rule": "原决定被撤销、确认违法或无效的，撤销列入"}
        if gaps
        else None
    )


def _unlawful(case: Case, today: date) -> Caution | None:
    """History shows somebody the list may not name; only a revocation ends that."""
    if case.state != PUBLISHED:
        return None
    rule = rule_on(case.list_code, today)
    minor = case.minor_until is not None and case.minor_until > today
    stranger = rule is not None and case.subject_type not in rule.subject_types
    if not minor and not stranger:
        return None
    who = "当事人为未成年人" if minor else "该名单的依据不包括此类主体"
    text = f"{who}，不应公示；请由负责人撤销列入并说明理由，各平台随之停止公示"
    return {"title": "不应列入", "text": text, "rule": minors.RULE if minor else "名单依据规定的主体范围"}


def _service_late(case: Case, duties: Sequence[Mapping[str, Any]], today: date) -> Caution | None:
    """Where two rules pull apart: waiting for service, and the day publication is due."""
    if case.state in {DECIDED, SERVED} and unpublished(case, rule_on(case.list_code, today)):
        text = "决定不予公示，期限为零：本案不产生公示信息，送达后由负责人办理“不公开结案”"
        return {"title": "不予公示", "text": text, "rule": "公示期限"}
    effective = case.service_effective_on
    due = next((each["due"] for each in duties if each["kind"] == "publish"), None)
    if case.state != SERVED or effective is None or due is None or effective.isoformat() <= due:
        return None
    last = written_day(date.fromisoformat(due))
    text = f"送达于{written_day(effective)}生效，晚于公示期限{last}；按规定送达后方可公示，请在案卷注明原因"
    return {"title": "期限冲突", "text": text, "rule": methods()[PUBLIC_NOTICE].rule}


def _announced_where(case: Case) -> Caution | None:
    """A public notice is proved by where it was read; a service recorded by the letter has its place."""
    service = case.service or {}
    if case.state != SERVED or service.get("method") != PUBLIC_NOTICE or service.get("proof"):
        return None
    text = "公告送达没有载明公告载体和凭证；公示前请核实，并将公告（注明载体和日期）作为材料归入案卷"
    return {"title": "公告送达缺少凭证", "text": text, "rule": methods()[PUBLIC_NOTICE].rule}
