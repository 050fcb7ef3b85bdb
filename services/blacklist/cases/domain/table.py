"""The whole state machine as one table: procedure × action × from → to, roles, inputs, guards, event.

Every transition of a case is a row here; use cases look rows up and never test states themselves.
A row without target keeps the state (overlays, corrections).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

DRAFT, UNDER_REVIEW, NOTICED, HEARING = "draft", "under_review", "noticed", "hearing"
DECIDED, SERVED, PUBLISHED, REMOVED = "decided", "served", "published", "removed"
REVOKED, NOT_LISTED, WITHDRAWN, ARCHIVED = "revoked", "not_listed", "withdrawn", "archived"

STATE_NAMES = {
    DRAFT: "拟录入",
    UNDER_REVIEW: "审核中",
    NOTICED: "已告知",
    HEARING: "听证中",
    DECIDED: "已决定",
    SERVED: "已送达",
    PUBLISHED: "公示中",
    REMOVED: "已移出",
    REVOKED: "已撤销",
    NOT_LISTED: "不予列入",
    WITHDRAWN: "已撤回",
    ARCHIVED: "已归档",
}
STATES = tuple(STATE_NAMES)
BEFORE_DECISION = (DRAFT, UNDER_REVIEW, NOTICED, HEARING)
BEFORE_PUBLICATION = (*BEFORE_DECISION, DECIDED, SERVED)
TOLD = BEFORE_PUBLICATION[2:]
"""Where how the notice was served still matters: before the decision, and before the public reads it."""
OVERLAYS = ("objection", "repair", "shield", "suspended", "expiry", "linked", "change")

FULL, DECIDED_ELSEWHERE, PENALTY = "full", "decided-elsewhere", "penalty-publication"
DOCUMENT_DECIDES = (DECIDED_ELSEWHERE, PENALTY)
ALL = (FULL, DECIDED_ELSEWHERE, PENALTY)

PARTS = ("grounds", "basis", "consequences", "removal", "remedy")
"""决定书的五个部分: 事由、依据、惩戒提示、移出条件和程序、救济."""

CLERK, REVIEWER, DECIDER = ("clerk",), ("reviewer",), ("decider",)
OFFICERS = ("clerk", "reviewer", "decider")
ROLE_NAMES = {"clerk": "经办人", "reviewer": "审核人", "decider": "负责人"}


@dataclass(frozen=True)
class Transition:
    """One row. `event` is the case event's suffix on blacklist.cases.v1, None where none is published."""

    action: str
    title: str
    sources: tuple[str, ...]
    target: str | None
    roles: tuple[str, ...]
    rule: str
    procedures: tuple[str, ...] = ALL
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    """Inputs only another feature gives, never a caller from outside."""
    guards: tuple[str, ...] = ()
    event: str | None = None


# fmt: off
def _rows() -> tuple[Transition, ...]:
    return (*_filing_rows(), *_decision_rows(), *_listing_rows(), *_overlay_rows())


def _filing_rows() -> tuple[Transition, ...]:
    row = Transition
    return (
        row("submit", "提交审核", (DRAFT,), UNDER_REVIEW, CLERK, "国办发〔2020〕49号（六）",
            guards=("list_in_force", "subject_allowed", "not_minor"), event="submitted"),
        row("return_for_revision", "退回修改", (UNDER_REVIEW, NOTICED, HEARING), DRAFT, REVIEWER,
            "审核退回须说明理由", (FULL,), required=("reason",), event="returned"),
        row("return_for_revision", "退回修改", (UNDER_REVIEW, SERVED), DRAFT, REVIEWER,
            "审核退回须说明理由", DOCUMENT_DECIDES, required=("reason",), event="returned"),
        row("dismiss", "不予列入", BEFORE_PUBLICATION[1:], NOT_LISTED, DECIDER,
            "不予列入须说明理由", required=("reason",), event="dismissed"),
        row("withdraw", "撤回", BEFORE_PUBLICATION, WITHDRAWN, CLERK,
            "公示前可以撤回", required=("reason",), event="withdrawn"),
    )


def _decision_rows() -> tuple[Transition, ...]:
    row = Transition
    return (
        row("approve_notice", "审核通过并告知", (UNDER_REVIEW,), NOTICED, REVIEWER,
            "国办发〔2020〕49号（八）：决定前告知事由、依据和权利", (FULL,), required=("notice_number",),
            optional=("consent",),
            guards=("reviewer_not_filer", "list_in_force", "not_minor"), event="noticed"),
        row("record_notice_service", "登记告知书送达", TOLD, None, CLERK,
            "陈述申辩和要求听证的期限自告知书送达之日起算", (FULL,), required=("method", "served_on"),
            optional=("recipient", "proof"), linked=("letter",), guards=("notice_not_served",),
            event="annotated"),
        row("renew_notice_service", "更正告知书送达记录", (NOTICED, HEARING), None, CLERK,
            "期限自告知书实际送达之日起算；更正只延后，不提前", (FULL,),
            required=("method", "served_on", "reason"), optional=("recipient", "proof"), linked=("letter",),
            guards=("notice_served",), event="annotated"),
        row("fail_notice_service", "登记告知书未送达", TOLD, None, CLERK,
            "告知书未送达的，陈述申辩期不起算", (FULL,), required=("method", "served_on", "reason"),
            optional=("recipient", "proof"), linked=("letter",), guards=("notice_not_served",),
            event="annotated"),
        row("record_statement", "登记陈述申辩", (NOTICED, HEARING), None, CLERK,
            "陈述申辩应当听取并答复", (FULL,), optional=("waived", "hearing_waived", "content", "answer"),
            event="statement-recorded"),
        row("open_hearing", "启动听证", (NOTICED,), HEARING, OFFICERS, "行政处罚法第六十四条", (FULL,),
            required=("held_on", "held_time", "place", "presider"),
            optional=("requested_on", "notified_on", "openness", "content", "reason"),
            guards=("hearing_not_held",), event="hearing-opened"),
        row("reschedule_hearing", "听证延期、改期", (HEARING,), None, OFFICERS,
            "行政处罚法第六十四条第（二）项：改期的，重新通知当事人", (FULL,), required=("held_on", "reason"),
            optional=("held_time", "place", "presider", "openness", "notified_on"), event="annotated"),
        row("close_hearing", "听证结束", (HEARING,), NOTICED, OFFICERS, "行政处罚法第六十四条：应当制作笔录",
            (FULL,), required=("outcome", "reason"),
            optional=("held_on", "notified_on", "acceptance", "opinion", "content"),
            event="hearing-closed"),
        row("record_legal_review", "登记法制审核", (NOTICED,), None, REVIEWER,
            "行政处罚法第五十八条：法制审核", (FULL,), required=("conclusion", "opinion"),
            optional=("reviewed_on", "legal_reviewer"),
            guards=("legal_reviewer_not_maker", "legal_review_open"), event="annotated"),
        row("decide", "作出认定决定", (NOTICED,), DECIDED, DECIDER, "国办发〔2020〕49号（八）", (FULL,),
            required=("severity",), optional=("measures", "publicity_months", "necessity", "decision_number",
                                             *PARTS),
            guards=("decider_not_filer", "decider_not_editor", "content_as_reviewed", "list_in_force",
                    "statement_heard", "hearing_settled", "hearing_on_record", "legally_reviewed",
                    "decider_not_legal_reviewer"), event="decided"),
        row("record_service", "登记送达", (DECIDED,), SERVED, CLERK, "决定书应当送达当事人", (FULL,),
            required=("method", "served_on"), optional=("recipient", "proof"), linked=("letter",),
            event="served"),
        row("renew_service", "更正送达记录", (SERVED,), None, CLERK,
            "公示自决定实际送达后；更正只延后，不提前", (FULL,), required=("method", "served_on", "reason"),
            optional=("recipient", "proof"), linked=("letter",), event="annotated"),
        row("confirm_decision", "确认决定文书", (UNDER_REVIEW,), SERVED, REVIEWER, "以生效的决定文书为依据",
            DOCUMENT_DECIDES, optional=("served_on", "severity", "publicity_months", "necessity", *PARTS),
            guards=("reviewer_not_filer", "list_in_force", "not_minor"), event="served"),
        row("close_undisclosed", "不公开结案", (SERVED,), ARCHIVED, DECIDER,
            "依法不主动公开、决定不予公示或者公示期已经届满的，送达后结案归档", required=("reason",),
            guards=("disclosure_not_proactive", "publisher_not_filer", "service_effective"),
            event="archived"),
        row("approve_redaction", "审核公示遮盖", (SERVED,), None, ("reviewer", "decider"),
            "政府信息公开条例第十五条、第三十七条：区分处理后公开", optional=("reason",),
            guards=("redactor_not_filer", "disclosure_proactive", "redaction_pending"), event="annotated"),
        row("publish", "公示", (SERVED,), PUBLISHED, DECIDER, "决定送达后公示", optional=("necessity",),
            guards=("publisher_not_filer", "content_as_reviewed", "not_minor", "disclosure_proactive",
                    "notice_reached", "publicity_given", "service_effective", "publicity_not_over",
                    "redaction_approved", "publisher_not_redactor", "not_published_twice"),
            event="published"),
    )


def _listing_rows() -> tuple[Transition, ...]:
    row = Transition
    return (
        row("fail_service", "登记决定书未送达", (PUBLISHED,), None, CLERK,
            "公示后决定书被退回的，应当再次送达", (FULL,), required=("method", "served_on", "reason"),
            optional=("recipient", "proof"), linked=("letter",), guards=("service_not_failed",),
            event="annotated"),
        row("serve_again", "再次送达决定书", (PUBLISHED,), None, CLERK, "公示后决定书被退回的，应当再次送达",
            (FULL,), required=("method", "served_on"), optional=("recipient", "proof", "reason"),
            linked=("letter",), guards=("service_failed",), event="annotated"),
        row("report_change", "登记变更", (PUBLISHED,), None, CLERK, "信息变更之日起20个工作日内公开",
            required=("changed_on", "reason"), guards=("no_change_reported",), event="annotated"),
        row("drop_change", "变更不成立", (PUBLISHED,), None, DECIDER, "登记的变更经核实不成立的，说明理由",
            required=("reason",), guards=("change_reported", "corrector_not_reporter"), event="annotated"),
        row("correct", "更正", (PUBLISHED,), None, DECIDER, "更正须说明理由并标注",
            required=("changes", "reason"), optional=("changed_on",),
            guards=("corrector_not_maker", "corrector_not_reporter"), event="corrected"),
        row("revoke", "撤销", (PUBLISHED,), REVOKED, DECIDER, "原决定被撤销、确认违法或无效的，撤销列入",
            required=("reason", "document"), event="revoked"),
        row("restore", "恢复列入", (REMOVED, ARCHIVED), PUBLISHED, DECIDER, "以虚假材料取得移出的，恢复列入",
            required=("reason", "document"),
            guards=("removed_by_repair", "restorable", "may_be_shown"), event="restored"),
        row("record_obligations", "登记义务履行情况", (PUBLISHED,), None, CLERK,
            "公示期满前核实义务履行情况", required=("fulfilled",), optional=("content", "reason"),
            event="annotated"),
        row("ask_expiry", "期满前询问", (PUBLISHED,), None, (),
            "义务尚未履行的，期满前按行业规定决定是否延长",
            guards=("no_expiry_question",), event="annotated"),
        row("decide_expiry", "决定期满处理", (PUBLISHED,), None, DECIDER,
            "义务尚未履行的，期满前按行业规定决定是否延长", required=("extended", "reason"),
            guards=("expiry_asked",), event="annotated"),
        row("propose_removal", "提请复核关联案件", (PUBLISHED,), None, (), "主案移出或撤销的，复核关联案件",
            guards=("not_proposed",), event="annotated"),
        row("remove_linked", "随主案移出", (PUBLISHED,), REMOVED, DECIDER, "主案移出或撤销的，复核关联案件",
            required=("reason",), guards=("removal_proposed",), event="removed"),
        row("keep_listing", "保留列入", (PUBLISHED,), None, DECIDER, "主案移出或撤销的，复核关联案件",
            required=("reason",), guards=("removal_proposed",), event="annotated"),
        row("expire", "期满移出", (PUBLISHED,), REMOVED, (), "公示期满停止公示", event="removed"),
        row("lapse_suspension", "暂停失效", (PUBLISHED,), None, (), "紧急暂停公示逾期未确认，自动恢复公示",
            event="suspension-lapsed"),
        row("end_shield", "屏蔽到期", (PUBLISHED,), None, (), "屏蔽期满，自动恢复公示", event="unshielded"),
        row("archive", "转入后台保存", (REMOVED, REVOKED), ARCHIVED, (), "各平台均已停止公示后归档",
            event="archived"),
    )


def _overlay_rows() -> tuple[Transition, ...]:
    row, on = Transition, (PUBLISHED,)
    opening = ("channel", "received_at", "evidence")
    return (
        row("suspend", "紧急暂停公示", on, None, OFFICERS, "紧急情形可先行暂停公示，一个工作日内由第二人确认",
            required=("reason",), guards=("no_suspension_of_mine",), event="suspended"),
        row("confirm_suspension", "确认暂停公示", on, None, OFFICERS, "紧急暂停公示须由另一名工作人员确认",
            optional=("reason",), guards=("suspension_unconfirmed", "confirmer_not_suspender"),
            event="suspension-confirmed"),
        row("lift_suspension", "解除暂停公示", on, None, DECIDER, "暂停公示的事由消失后恢复公示",
            required=("reason",), guards=("suspension_active", "may_be_shown"), event="unshielded"),
        row("shield", "屏蔽公示", on, None, ("decider", "reviewer"), "重整、停止执行或隐私保护期间屏蔽",
            required=("reason",), optional=("until", "document"), guards=("no_shield",), event="shielded"),
        row("unshield", "解除屏蔽", on, None, ("decider", "reviewer"), "屏蔽事由消失后恢复公示",
            optional=("reason",), guards=("shield_active", "may_be_shown"), event="unshielded"),
        row("open_objection", "登记异议", on, None, OFFICERS, "当事人可以提出异议", required=opening,
            optional=("ticket", "commitment", "reason"), guards=("no_objection",), event="objection-opened"),
        row("accept_objection", "受理异议", on, None, OFFICERS, "异议应当及时受理",
            optional=("reason",), guards=("objection_opened",), event="objection-accepted"),
        row("refuse_objection", "不予受理异议", on, None, OFFICERS, "不予受理的，应当说明理由",
            required=("reason",), guards=("objection_opened", "settler_not_opener_objection"),
            event="objection-settled"),
        row("settle_objection", "答复异议", on, None, DECIDER, "异议核查结果应当答复",
            required=("upheld", "reason"), optional=("changes",),
            guards=("objection_pending", "objection_accepted", "settler_not_opener_objection",
                    "corrector_not_maker"),
            event="objection-settled"),
        row("open_repair", "登记修复申请", on, None, OFFICERS, "国家发展改革委令第36号", required=opening,
            optional=("ticket", "commitment", "reason"), guards=("no_repair",), event="repair-opened"),
        row("accept_repair", "受理修复", on, None, OFFICERS, "国办发〔2025〕22号",
            optional=("reason",), guards=("repair_opened", "repair_minimum", "repairable"),
            event="repair-accepted"),
        row("refuse_repair", "不予受理修复", on, None, OFFICERS, "国办发〔2025〕22号",
            optional=("reason",), guards=("repair_opened",), event="repair-refused"),
        row("request_material", "要求补正", on, None, OFFICERS, "一次性告知补正材料",
            optional=("reason", "overlay"), guards=("repair_or_objection",),
            event="repair-material-requested"),
        row("receive_material", "收到补正材料", on, None, OFFICERS, "补正期间不计入办理期限",
            optional=("content", "reason"), guards=("material_awaited",), event="annotated"),
        row("extend_repair", "延长办理期限", on, None, OFFICERS, "情形复杂的可以延长",
            optional=("reason",), guards=("repair_accepted",), event="repair-extended"),
        row("settle_repair", "作出修复决定", on, None, DECIDER, "国家发展改革委令第36号",
            required=("granted", "reason"),
            guards=("repair_accepted", "repair_minimum", "settler_not_opener_repair"),
            event="repair-settled"),
    )


# fmt: on

TRANSITIONS: tuple[Transition, ...] = _rows()


@dataclass(frozen=True)
class _Index:
    by_action: Mapping[str, tuple[Transition, ...]] = field(default_factory=dict)
    by_state: Mapping[tuple[str, str], tuple[Transition, ...]] = field(default_factory=dict)


def _index(rows: tuple[Transition, ...]) -> _Index:
    by_action: dict[str, tuple[Transition, ...]] = {}
    by_state: dict[tuple[str, str], tuple[Transition, ...]] = {}
    for row in rows:
        by_action[row.action] = (*by_action.get(row.action, ()), row)
        for procedure in row.procedures:
            for state in row.sources:
                key = (procedure, state)
                by_state[key] = (*by_state.get(key, ()), row)
    return _Index(by_action, by_state)


_INDEX = _index(TRANSITIONS)
ACTIONS: tuple[str, ...] = tuple(name for name, rows in _INDEX.by_action.items() if rows[0].roles)


def rows_from(procedure: str, state: str) -> tuple[Transition, ...]:
    """Every transition that leaves (or stays in) a state under a procedure."""
    return _INDEX.by_state.get((procedure, state), ())


def rows_named(action: str) -> tuple[Transition, ...]:
    return _INDEX.by_action.get(action, ())


def find_transition(procedure: str, state: str, action: str) -> Transition | None:
    return next((row for row in rows_from(procedure, state) if row.action == action), None)
