"""Chinese names of what pages show, with the colour of its tag; the text always says it all."""

from collections.abc import Sequence

from services.blacklist.cases.domain import content
from services.blacklist.cases.domain.content import misconduct_kind
from services.blacklist.cases.domain.hearing import ACCEPTANCE, OPENNESS, OUTCOMES
from services.blacklist.cases.domain.legal_review import CONCLUSIONS
from services.blacklist.cases.domain.linking import RELATIONS
from services.blacklist.cases.domain.serving import methods
from services.blacklist.cases.domain.table import STATE_NAMES, rows_named
from services.blacklist.disclosure.domain import APPLICANTS, DELIVERY
from services.blacklist.identity.domain import ROLES
from services.blacklist.rules import domain as rule_words
from services.blacklist.rules.domain import (
    ATTACHMENT_KINDS,
    DOCUMENT_KINDS,
    LIST_CLASSES,
    PROCEDURES,
    SEVERITIES,
    ListRule,
)
from services.blacklist.rules.grounds import exception_grounds
from services.blacklist.rules.queries import all_organs, measure_names, trade_domains
from services.blacklist.rules.queries import domain as find_domain
from shared.regions import full_name, is_known

STATE_COLOURS = {
    "draft": "grey",
    "under_review": "yellow",
    "noticed": "yellow",
    "hearing": "yellow",
    "decided": "blue",
    "served": "blue",
    "published": "red",
    "removed": "green",
    "revoked": "green",
}
OVERLAYS = {
    "objection": "异议处理中",
    "repair": "信用修复办理中",
    "shield": "已屏蔽",
    "suspended": "已紧急暂停公示",
    "expiry": "期满待决定",
    "linked": "主案已结束，待复核",
    "change": "已登记变更，待更正",
}
DUTIES = {
    "answer-disclosure": "答复政府信息公开申请",
    "publish": "公示决定",
    "accept-objection": "受理异议",
    "settle-objection": "答复异议",
    "accept-repair": "受理修复申请",
    "settle-repair": "作出修复决定",
    "rectify": "监督检查整改",
    "decide-expiry": "决定期满处理",
    "review-linked": "复核关联案件",
    "publish-change": "公开变更",
    "serve-again": "再次送达决定书",
    "correct-delivery": "更正被平台退回的信息",
    "publish-item": "公开信息",
    "interpret-policy": "发布政策解读",
    "opinion-information": "发布权威信息",
    "opinion-press": "举行新闻发布会",
    "answer-report": "答复监督举报",
    "publish-annual-report": "公布年度报告",
}
DUTY_STATES = {
    "open": "办理中",
    "not-started": "待起算",
    "paused": "已中止计时",
    "due-soon": "即将到期",
    "overdue": "已逾期",
    "done": "已完成",
    "cancelled": "已终止",
}
DUTY_COLOURS = {
    "due-soon": "yellow",
    "overdue": "red",
    "done": "green",
    "cancelled": "grey",
    "not-started": "grey",
    "paused": "blue",
}
ATTACHMENTS = ATTACHMENT_KINDS
REQUEST_COLOURS = {
    "received": "blue",
    "correction": "yellow",
    "consulting": "yellow",
    "answered": "green",
    "abandoned": "grey",
    "withdrawn": "grey",
}
ITEM_COLOURS = {
    "draft": "grey",
    "submitted": "yellow",
    "published": "green",
    "registered": "blue",
    "withdrawn": "grey",
    "dropped": "grey",
}
ITEM_CHANGES = {"publish": "公开", "register": "登记", "correct": "更正", "withdraw": "撤下"}
CHANNEL_DRAFTS = {
    "draft": ("待审批", "yellow"),
    "approved": ("待发出", "blue"),
    "sent": ("已发出", "green"),
    "dropped": ("不发出", "grey"),
}
REPORT_COLOURS = {"received": "yellow", "accepted": "blue", "answered": "green", "declined": "grey"}
TREATMENTS = {"shown": ("公示", "green"), "masked": ("部分遮盖", "yellow"), "withheld": ("不公示", "grey")}
PROPOSALS = {
    "proposed": ("待确认", "yellow"),
    "confirmed": ("已生效", "green"),
    "rejected": ("已退回", "grey"),
}
APPLICANT_TYPES = APPLICANTS
DELIVERY_WAYS = DELIVERY
SUBJECT_TYPES = {"organization": "法人及非法人组织", "individual": "自然人"}
ID_TYPES = {
    "resident-id": "居民身份证",
    "passport": "护照",
    "hk-macao-permit": "港澳居民来往内地通行证",
    "taiwan-permit": "台湾居民来往大陆通行证",
    "foreigner-residence": "外国人永久居留身份证",
    "other": "其他证件",
}
SERVICE_METHODS = {code: each.name for code, each in methods().items()}
SERVICE_NAMES = SERVICE_METHODS | {"as-documented": "以决定文书载明为准"}
CHANNELS = {"credit-china": "信用中国", "window": "窗口", "direct": "直接向本部门提出"}
REQUESTS = {"objection": "异议", "repair": "信用修复"}
REQUEST_STATES = {
    "open": ("待受理", "yellow"),
    "accepted": ("已受理", "blue"),
    "upheld": ("异议成立", "green"),
    "rejected": ("异议不成立", "grey"),
    "granted": ("准予修复", "green"),
    "refused": ("不予修复", "grey"),
}
PARTS = {
    "grounds": "事由",
    "basis": "依据",
    "consequences": "惩戒提示",
    "removal": "移出条件和程序",
    "remedy": "救济途径",
}
SHIELD_REASONS = {"reorganisation": "破产重整", "stay": "停止执行", "privacy": "隐私保护"}
DISCLOSURES, REASON_CODES = content.DISCLOSURES, content.ENDINGS
CHANGE_KINDS = {
    "published": "列入并公示",
    "corrected": "更正",
    "annotated": "标注",
    "restored": "恢复列入",
    "removed": "移出",
    "revoked": "撤销",
}
DELIVERY_STATES = {
    "waiting": ("待推送", "grey"),
    "sending": ("推送中", "blue"),
    "accepted": ("已送达，待回执", "blue"),
    "acknowledged": ("已回执", "green"),
    "rejected": ("平台未接收", "red"),
    "awaiting-hand": ("待人工报送", "yellow"),
    "dead": ("推送失败", "red"),
    "superseded": ("已被新版本替代", "grey"),
}
IMPORT_STATES = {
    "received": ("已接收", "grey"),
    "parsing": ("解析中", "blue"),
    "preview": ("待确认", "yellow"),
    "confirming": ("录入中", "blue"),
    "done": ("已完成", "green"),
    "failed": ("未能读取", "red"),
    "replaced": ("已被更正件替代", "grey"),
    "merged": ("已并入原导入", "green"),
}
ROW_STATES = {
    "good": ("可以录入", "green"),
    "bad": ("有误", "red"),
    "held": ("重复，待决定", "yellow"),
    "skipped": ("不录入", "grey"),
    "filed": ("已录入", "blue"),
}
RELATION_NAMES = RELATIONS
REVIEW_CONCLUSIONS = CONCLUSIONS
HEARING_OPENNESS, HEARING_OUTCOMES, HEARING_ACCEPTANCE = OPENNESS, OUTCOMES, ACCEPTANCE
MILD, entered = rule_words.MILD, rule_words.entered
STATES, CLASSES, PROCEDURE_NAMES = STATE_NAMES, LIST_CLASSES, PROCEDURES
ROLE_NAMES = {**ROLES, "key": "部门系统"}
DOCUMENTS, SEVERITY_NAMES = DOCUMENT_KINDS, SEVERITIES


def delivery_state(operation: str, state: str) -> tuple[str, str]:
    """What a platform shows, for the public: shown, withdrawn, or on the way."""
    if state == "acknowledged":
        return ("已停止公示", "grey") if operation == "withdraw" else ("已公示", "green")
    return DELIVERY_STATES.get(state, (state, "grey"))


def action_title(action: str) -> str:
    """An action or timeline entry by its Chinese name."""
    own = {
        "file": "录入",
        "adopt": "接管历史公示",
        "edit": "修改",
        "keep_record": "归入听证笔录",
        "keep_withdrawal": "归入撤回听证申请书",
        "keep_termination": "归入终止听证的证明材料",
        "transfer": "移交",
        "link": "关联主案",
        "unlink": "解除关联",
        "late_objection": "转来的异议（未能受理）",
        "late_repair": "转来的修复申请（未能受理）",
    }
    rows = rows_named(action)
    return own.get(action) or (rows[0].title if rows else action)


def misconduct_name(category: str | None) -> str | None:
    """A 违法失信行为类别 filed as a code, by its name."""
    return misconduct_kind(category)


def ground_names(codes: Sequence[str]) -> str:
    """公开例外 by their names."""
    grounds = exception_grounds()
    return "、".join(grounds[code].name if code in grounds else code for code in codes)


def domain_name(code: str) -> str:
    """A 领域 by its name."""
    found = find_domain(code)
    return found.name if found else code


def domain_options() -> list[tuple[str, str]]:
    """Every 领域 for a select."""
    return [(each.code, each.name) for each in trade_domains()]


def measure_name(code: str) -> str:
    """A 惩戒措施 by its name."""
    return measure_names().get(code, code)


def region_name(code: str) -> str:
    """A region by its full name, with its code where the name is unknown."""
    return full_name(code) if is_known(code) else code


def options(names: dict[str, str]) -> list[tuple[str, str]]:
    """A naming as the options of a select."""
    return list(names.items())


def organ_names(rule: ListRule) -> str:
    """Who may decide on a list, by line of work."""
    names = all_organs()
    if "*" in rule.deciding_organs:
        return "依法作出决定的各级行政机关"
    return "、".join(names.get(code, code) for code in rule.deciding_organs) or "依照其他机关的决定"
