"""What the rules mean: pure functions over list rules read from data.

Nothing here knows a statutory number; all come from `data/`, with source and dates of force.
Dates are Asia/Shanghai dates; "wd" is 工作日, the event's own day excluded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from shared.calendar import Due, WorkingCalendar, add_months
from shared.errors import describe_errors
from shared.regions import within


@dataclass(frozen=True)
class Basis:
    """One legal basis: 文件名、文号、条款, and the region it is in force for (000000: everywhere)."""

    title: str
    document: str
    region: str
    article: str
    source: str
    status: str

    @property
    def cited(self) -> str:
        """《文件名》（文号）; the name alone where the paper has no number of its own."""
        return f"《{self.title}》（{self.document}）" if "号" in self.document else f"《{self.title}》"


@dataclass(frozen=True)
class Window:
    """A period counted from an event; `unit` is "wd" (工作日) or "months"."""

    n: int
    unit: str


@dataclass(frozen=True)
class PublicityRange:
    """公示期 of one severity, in months; a minimum of 0 means it may stay unshown."""

    min_months: int
    max_months: int


@dataclass(frozen=True)
class Override:
    """A statutory minimum or maximum for some domains only (食品药品、安全生产 …)."""

    domains: tuple[str, ...]
    severity: str
    publicity: PublicityRange
    status: str
    source: str


@dataclass(frozen=True)
class RemovalRule:
    """How a listing may end early: 信用修复 after so many months, by whom, within which times."""

    repair_after_months: Mapping[str, int]
    accept_wd: int
    settle_wd: int
    extend_wd: int
    stop_wd: int
    conditions: tuple[str, ...]
    archive_after_expiry: bool
    restorable: bool
    basis: str


@dataclass(frozen=True)
class ObjectionRule:
    """Times for 异议; mostly assumed, so `status` says it."""

    accept_wd: int
    settle_wd: int
    suspend_confirm_wd: int
    status: str


@dataclass(frozen=True)
class ExpiryRule:
    """期满询问: by how much a publicity that ends with obligations open may be prolonged, and where."""

    domains: tuple[str, ...]
    extend_months: int
    status: str
    source: str


@dataclass(frozen=True)
class ListRule:
    """One list (名单) as it stands on a day: the list's own version merged with the regime in force."""

    code: str
    name: str
    list_class: str
    procedure: str
    version: str
    valid_from: date
    valid_to: date | None
    status: str
    source: str
    legal_basis: tuple[Basis, ...]
    deciding_levels: tuple[str, ...]
    deciding_organs: tuple[str, ...]
    filing_organs: tuple[str, ...]
    subject_types: tuple[str, ...]
    requires_documents: tuple[str, ...]
    statement_window: Window
    hearing_window: Window
    superior_consent: bool
    publicity: Mapping[str, PublicityRange]
    overrides: tuple[Override, ...]
    default_severity: str
    default_months: int
    publicity_start: str
    minor_needs_necessity: bool
    publicity_follows_ban: bool
    duty_start: str
    publication_duty: Mapping[str, int]
    correct_wd: int
    due_soon_wd: int
    objection: ObjectionRule
    removal: RemovalRule
    expiry: tuple[ExpiryRule, ...]
    remedy: str
    regime: str

    @property
    def rule_id(self) -> str:
        """How events and duties name the rule that allowed them."""
        return f"list:{self.code}"

    def basis_in(self, region: str) -> tuple[Basis, ...]:
        """What a decision there may cite: national papers and those of a region that holds it.

        A list of one place alone, met elsewhere, still names the papers it was founded by.
        """
        found = tuple(each for each in self.legal_basis if within(region, each.region))
        return found or self.legal_basis

    def publication_duty_wd(self, document_kind: str | None) -> int:
        """7 working days for a penalty decision, else 20 (as the data says)."""
        return self.publication_duty.get(document_kind or "", self.publication_duty["default"])


@dataclass(frozen=True)
class PublicityWindow:
    """公示期: shown from `start`, may end early from `min_end`; `max_end` is the first day not shown."""

    start: date
    min_end: date
    max_end: date


def may_decide(rule: ListRule, organ_kind: str, level: str) -> bool:
    """认定权 of a department of this line of work and level.

    Where the decision is made elsewhere, who reports it as 数据来源单位 (`filing_organs`) may, too.
    """
    organs = (*rule.deciding_organs, *rule.filing_organs)
    return level in rule.deciding_levels and ("*" in organs or organ_kind in organs)


def publicity_range(rule: ListRule, severity: str, domain: str | None = None) -> PublicityRange | None:
    """The months allowed for a severity, a domain's own statutory range before the general one."""
    for override in rule.overrides:
        if override.severity == severity and domain in override.domains:
            return override.publicity
    return rule.publicity.get(severity)


def repair_after(rule: ListRule, severity: str, domain: str | None = None) -> int:
    """最短公示期 before 信用修复, in months: never less than a domain's own statutory minimum."""
    own = [o.publicity.min_months for o in rule.overrides if o.severity == severity and domain in o.domains]
    return max(rule.removal.repair_after_months.get(severity, 0), *own, 0)


def expiry_rule(rule: ListRule, domain: str) -> ExpiryRule | None:
    """What the list lays down for the end of publicity, a domain's own rule before the general one."""
    own = [each for each in rule.expiry if domain in each.domains]
    return next(iter([*own, *(each for each in rule.expiry if "*" in each.domains)]), None)


def months_problem(rule: ListRule, severity: str, months: int, domain: str | None = None) -> str | None:
    """Why this publicity length is refused for the severity, or None."""
    allowed = publicity_range(rule, severity, domain)
    if allowed is None:
        grade = SEVERITIES.get(severity, severity)
        return f"{rule.name}没有“{grade}”这一档；可选：{_named(rule.publicity)}"
    if allowed.min_months <= months <= allowed.max_months:
        return None
    bounds = f"{allowed.min_months} 至 {allowed.max_months} 个月"
    return f"{SEVERITIES[severity]}失信的公示期须为 {bounds}({rule.regime})"


def necessity_problem(rule: ListRule, severity: str | None, months: int | None, stated: object) -> str | None:
    """Why a minor act may not be shown without its necessity being stated, or None."""
    if stated or severity != "minor" or not months or not rule.minor_needs_necessity:
        return None
    return f"公示轻微失信信息须说明必要性（{rule.regime}）；没有公示必要的，公示期填 0，不予公示"


def default_months(rule: ListRule, domain: str | None = None) -> int:
    """Publicity of a decision that names no length: the list's own, kept within the range of the domain."""
    allowed = publicity_range(rule, rule.default_severity, domain)
    if allowed is None:
        return rule.default_months
    return min(max(rule.default_months, allowed.min_months), allowed.max_months)


def _named(severities: Mapping[str, PublicityRange]) -> str:
    return "、".join(SEVERITIES[each] for each in severities)


def publication_start(rule: ListRule, document_date: date | None, decided_on: date | None) -> date | None:
    """The day the publication duty counts from; None while that day is not known yet."""
    return document_date if rule.duty_start == "document" else decided_on


def publication_due(
    rule: ListRule,
    *,
    document_kind: str | None,
    document_date: date | None,
    decided_on: date | None,
    calendar: WorkingCalendar,
) -> Due | None:
    """Latest day to publish; None until the day it counts from is known (full procedure before `decide`)."""
    start = publication_start(rule, document_date, decided_on)
    return (
        None if start is None else calendar.add_working_days(start, rule.publication_duty_wd(document_kind))
    )


def publicity_window(
    rule: ListRule, severity: str, months: int, start: date, domain: str | None, ban_until: date | None = None
) -> PublicityWindow:
    """From `start` (the decision or the first publication, as the rule says).

    Where the list follows a ban (招标投标: six months, or the longer ban), the ban's end counts if later.
    """
    max_end = add_months(start, months)
    if rule.publicity_follows_ban and ban_until is not None:
        max_end = max(max_end, ban_until)
    earliest = add_months(start, repair_after(rule, severity, domain))
    return PublicityWindow(start, min(earliest, max_end), max_end)


def statement_window_ends(rule: ListRule, noticed_on: date, calendar: WorkingCalendar) -> Due:
    """Last day for 陈述申辩; `decide` without a statement is allowed from the day after."""
    return calendar.add_working_days(noticed_on, rule.statement_window.n)


def hearing_window_ends(rule: ListRule, noticed_on: date, calendar: WorkingCalendar) -> Due:
    """Last day to ask for a hearing."""
    return calendar.add_working_days(noticed_on, rule.hearing_window.n)


@dataclass(frozen=True)
class Measure:
    """惩戒措施 of the closed national list (基础清单), or a trading-platform consequence named by a list."""

    code: str
    name: str
    kind: str
    basis: str
    organs: tuple[str, ...]
    domains: tuple[str, ...]
    list_classes: tuple[str, ...]
    max_months: int | None
    valid_from: date
    valid_to: date | None
    status: str
    source: str
    editions: tuple[str, ...] = ()
    """Which editions of the closed list carry it."""


def measure_scope_problem(measure: Measure, list_class: str, domain: str) -> str | None:
    """Why the closed list does not carry this measure for such a list or domain, or None."""
    if list_class not in measure.list_classes:
        named = LIST_CLASSES.get(list_class, list_class)
        return f"按基础清单，“{measure.name}”不适用于{named}；另有法律、法规依据的须写明"
    if "*" not in measure.domains and domain not in measure.domains:
        return f"按基础清单，“{measure.name}”不适用于这个领域；另有法律、法规依据的须写明"
    return None


def entered(list_class: str) -> str:
    """What happened on the day of a listing, in a word."""
    return "登记" if list_class in MILD else "列入"


def measure_length_problem(measure: Measure, begins: date, ends: date | None) -> str | None:
    """Why the measure may not last so long, or None."""
    if measure.max_months is None or ends is None or ends <= add_months(begins, measure.max_months):
        return None
    return f"“{measure.name}”最长{measure.max_months}个月"


_CLAUSE = re.compile(r"第[0-9零〇一二三四五六七八九十百千]+条")


def measure_basis_problem(measure: Measure, basis: str | None) -> str | None:
    """A basis of one's own names its clause wherever the list names one, or None."""
    if not basis or not _CLAUSE.search(measure.basis) or _CLAUSE.search(basis):
        return None
    return f"依据须写明条款，如基础清单所列“{measure.basis}”；不填则按基础清单"


@dataclass(frozen=True)
class TradeDomain:
    """配置领域. `trading` says whether its listings go to public-resource trading platforms."""

    code: str
    name: str
    trading: bool
    items: tuple[str, ...]
    organs: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Problem:
    """One fault of the rule data: which file, where in it, what to do (Chinese)."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


SEVERITIES = {"serious": "严重", "general": "一般", "minor": "轻微"}
LIST_CLASSES = {
    "serious": "严重失信主体名单",
    "industry-misconduct": "行业不良行为记录",
    "penalty-record": "行政处罚信息",
    "notice": "告知性信息",
}
MILD = {"penalty-record": "有处罚记录", "notice": "有提示信息"}
"""What was found but is no blacklisting is not called one."""
PROCEDURES = {
    "full": "完整认定程序",
    "decided-elsewhere": "依已有决定列入",
    "penalty-publication": "处罚信息公示",
}
DOCUMENT_KINDS = {
    "penalty-decision": "行政处罚决定书",
    "judgment": "判决、裁定",
    "administrative-decision": "行政处理决定书",
    "listing-decision": "列入决定书",
    "inspection-result": "抽查检查结果",
    "notice": "通报、公告",
    "other": "其他文书",
}

ATTACHMENT_KINDS = {
    "evidence": "证据材料",
    "decision": "决定文书",
    "penalty-decision": "行政处罚决定书",
    "judgment": "判决、裁定",
    "administrative-decision": "行政处理决定书",
    "listing-decision": "列入决定书",
    "inspection-result": "抽查检查结果",
    "notice": "告知书",
    "statement": "陈述申辩材料",
    "hearing-record": "听证笔录",
    "hearing-withdrawal": "撤回听证申请书",
    "hearing-termination": "终止听证的证明材料",
    "service-proof": "送达回证",
    "objection": "异议申请材料",
    "repair-proof": "修复证明材料",
    "commitment": "信用承诺书",
    "identity": "身份证明",
    "authorization": "授权委托书",
    "other": "其他",
}
"""What a material of a case may be (材料种类); lists demand some of them by these names."""

describe_errors(
    {"list-not-in-force": "没有这个名单，或其依据在这一天不在有效期内。请对照 /api/v1/lists 选择。"}
)
