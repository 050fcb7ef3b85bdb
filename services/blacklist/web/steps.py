"""Taking a case one step further: each action's own form, made from the table of transitions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.api.transitions import inputs_of
from services.blacklist.cases.domain.hearing import ACCEPTANCE, OPENNESS, OUTCOMES, notice_period
from services.blacklist.cases.domain.legal_review import CONCLUSIONS
from services.blacklist.cases.domain.serving import PUBLIC_NOTICE
from services.blacklist.cases.domain.table import Transition, find_transition, rows_named
from services.blacklist.cases.queries import case_view, find_case
from services.blacklist.cases.schemas import TransitionIn
from services.blacklist.cases.usecases.moves import invalid
from services.blacklist.cases.usecases.reading import trace_view
from services.blacklist.cases.usecases.transition import Order, take_step
from services.blacklist.disclosure.queries import public_preview
from services.blacklist.rules.queries import all_measures
from services.blacklist.store import Deps
from services.blacklist.web import wording
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal, roles
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render

FLAGS = ("waived", "hearing_waived", "upheld", "granted", "fulfilled", "extended")
INTEGERS = ("version", "publicity_months")
OFFICERS = roles("clerk", "reviewer", "decider")


@dataclass(frozen=True)
class Input:
    """How one input of an action is asked for."""

    kind: str
    label: str
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()


def _options(names: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(names.items())


INPUTS: dict[str, Input] = {
    "reason": Input("prose", "理由和依据"),
    "notice_number": Input("text", "告知书文号", "如 长住建告〔2026〕3号"),
    "waived": Input("flag", "当事人书面放弃陈述申辩"),
    "hearing_waived": Input(
        "flag",
        "当事人书面放弃要求听证",
        "放弃陈述申辩不等于放弃听证；没有放弃的，听证申请期限届满后方可作出决定",
    ),
    "content": Input("prose", "内容"),
    "answer": Input("prose", "对陈述申辩的答复"),
    "severity": Input("choice", "失信程度", options=_options(wording.SEVERITY_NAMES)),
    "measures": Input("measures", "惩戒措施", "只能从清单中选择；不选表示不采取"),
    "publicity_months": Input("number", "公示期（月）", "不填则按该程度的规定期限"),
    "necessity": Input(
        "prose", "公示必要性说明", "失信程度为轻微而公示的须填写；没有公示必要的，公示期填 0，不予公示"
    ),
    "method": Input("choice", "送达方式", options=_options(wording.SERVICE_METHODS)),
    "served_on": Input("date", "送达日期"),
    "recipient": Input("text", "签收人", "直接送达、留置送达、电子送达的填写"),
    "proof": Input("text", "送达凭证", "如送达回证编号、邮件单号、公告载体"),
    "changes": Input("changes", "更正内容"),
    "document": Input("paper", "文书"),
    "consent": Input("paper", "上级机关同意文书"),
    "until": Input("date", "截止日期"),
    "channel": Input("choice", "提出渠道", options=_options(wording.CHANNELS)),
    "ticket": Input("text", "受理编号"),
    "received_at": Input("date", "收到日期"),
    "evidence": Input("prose", "证明材料"),
    "commitment": Input("prose", "信用承诺"),
    "upheld": Input("verdict", "核查结果", options=(("true", "异议成立"), ("false", "异议不成立"))),
    "granted": Input("verdict", "修复决定", options=(("true", "准予修复"), ("false", "不予修复"))),
    "changed_on": Input("date", "变更日期", "事实或者决定变更之日；自该日起20个工作日内公开"),
    "requested_on": Input("date", "当事人要求听证日期", "不填为今天"),
    "notified_on": Input("date", "通知当事人日期", "不填为今天"),
    "held_on": Input("date", "听证日期"),
    "held_time": Input("text", "听证时间", "24小时制，如 09:30"),
    "place": Input("text", "听证地点"),
    "presider": Input("text", "听证主持人", "由非本案调查人员主持；录入、修改和审核本案的人员不得主持"),
    "openness": Input("choice", "是否公开", "不选为公开举行", _options(OPENNESS)),
    "outcome": Input("choice", "听证结果", options=_options(OUTCOMES)),
    "acceptance": Input("choice", "当事人的意见", "举行了听证的须填写", _options(ACCEPTANCE)),
    "opinion": Input("prose", "听证意见"),
    "conclusion": Input("choice", "审核结论", options=_options(CONCLUSIONS)),
    "reviewed_on": Input("date", "审核日期", "不填为今天"),
    "legal_reviewer": Input("text", "法制审核人员", "不填为本人；录入和修改本案的人员不得审核"),
    "decision_number": Input("text", "决定书文号"),
    "grounds": Input("prose", "事由", "不填则取违法失信事实"),
    "basis": Input("prose", "依据", "不填则取决定依据和名单依据"),
    "consequences": Input("prose", "惩戒提示", "不填则按所选措施生成"),
    "removal": Input("prose", "移出条件和程序", "不填则按名单规定生成"),
    "remedy": Input("prose", "救济途径", "不填则按名单规定生成"),
    "overlay": Input("choice", "补正哪项申请", options=(("repair", "信用修复"), ("objection", "异议"))),
    "fulfilled": Input("verdict", "义务履行", options=(("true", "已经履行"), ("false", "尚未履行"))),
    "extended": Input("verdict", "期满处理", options=(("true", "延长公示"), ("false", "期满移出"))),
}
PARTICULAR: dict[tuple[str, str], Input] = {
    ("shield", "reason"): Input("choice", "屏蔽事由", options=_options(wording.SHIELD_REASONS)),
    ("record_statement", "content"): Input("prose", "陈述申辩内容", "当事人放弃的不填"),
    ("open_hearing", "held_on"): Input("date", "听证日期", f"应当在举行听证的{notice_period()}前通知当事人"),
    ("open_hearing", "content"): Input("prose", "其他事项", "如参加人员、携带的材料"),
    ("open_hearing", "reason"): Input("prose", "说明"),
    ("reschedule_hearing", "held_on"): Input(
        "date", "新的听证日期", f"自重新通知之日起重新计算{notice_period()}，并重新制作、送达听证通知书"
    ),
    ("reschedule_hearing", "notified_on"): Input("date", "重新通知当事人日期", "不填为今天"),
    ("reschedule_hearing", "held_time"): Input("text", "听证时间", "24小时制，如 09:30；不填为原定时间"),
    ("reschedule_hearing", "place"): Input("text", "听证地点", "不填为原定地点"),
    ("reschedule_hearing", "presider"): Input("text", "听证主持人", "不填为原定主持人"),
    ("reschedule_hearing", "openness"): Input("choice", "是否公开", "不选为原定方式", _options(OPENNESS)),
    ("reschedule_hearing", "reason"): Input("prose", "延期、改期的理由"),
    ("record_legal_review", "opinion"): Input("prose", "审核意见"),
    ("fail_service", "served_on"): Input("date", "未送达日期"),
    ("fail_service", "reason"): Input("prose", "未送达的原因"),
    ("serve_again", "reason"): Input("prose", "说明"),
    ("close_hearing", "held_on"): Input("date", "实际举行日期", "举行了听证的须填写"),
    ("close_hearing", "notified_on"): Input("date", "重新通知当事人日期", "举行日期与通知的不一致的须填写"),
    ("close_hearing", "reason"): Input(
        "prose", "理由", "举行了听证的，写明意见采纳与否的理由；撤回、缺席或者终止的，写明情形"
    ),
    ("close_hearing", "content"): Input(
        "prose", "改期情况", "举行日期与通知的不一致的，写明原因和重新通知的情况"
    ),
}
"""What an action asks for in words of its own."""
ASKED_HERE = frozenset({("correct", "changed_on")})
"""Marked as required although a program may leave it out."""
CORRECTABLE = (
    "domain", "region", "subject.name", "subject.uscc", "subject.legal_representative", "misconduct.facts",
    "document.number", "document.organ", "document.date", "document.basis", "document.content",
    "document.fine_wan", "subject.former_names", "subject.short_names",
)  # fmt: skip
LISTED = frozenset({"subject.former_names", "subject.short_names"})
"""One a line; a box left empty takes all of them away."""
EMPTIED = frozenset({"subject.uscc", "subject.legal_representative", "document.fine_wan"})
"""What a correction may also take away."""
DANGEROUS = frozenset({"revoke", "dismiss", "withdraw", "suspend"})


def asked(row: Transition) -> list[tuple[str, Input, bool]]:
    """(name, how, required) of everything an action asks, in the order of the table."""
    names = [(name, True) for name in row.required] + [(name, False) for name in row.optional]
    return [
        (name, _input(row.action, name), required or (row.action, name) in ASKED_HERE)
        for name, required in names
        if name in INPUTS
    ]


def _input(action: str, name: str) -> Input:
    return PARTICULAR.get((action, name)) or INPUTS[name]


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/cases/<case_id>/actions/<action>")
    @access(OFFICERS)
    def step_form(case_id: str, action: str) -> Response:
        return _page(deps, case_id, action, 200, {}, {})

    @made.post("/cases/<case_id>/actions/<action>")
    @access(OFFICERS)
    def do_step(case_id: str, action: str) -> AnyResponse:
        values = read_form(request.form, integers=INTEGERS, flags=FLAGS, lists=("measures",))
        try:
            loaded = load_form(TransitionIn(), {**_shaped(deps, case_id, action, values), "action": action})
            order = Order(case_id, loaded["version"], loaded["action"], inputs_of(loaded))
            with deps.db.write() as session:
                take_step(session, deps, order, actor=principal(), at=deps.clock.now())
        except NotFound:
            raise
        except DomainError as error:
            return _page(deps, case_id, action, int(error.kind), values, form_errors(error))
        return redirect(f"/cases/{case_id}?done={action}", 303)


def _shaped(deps: Deps, case_id: str, action: str, values: dict[str, Any]) -> dict[str, Any]:
    """Measures as the API names them, and of the corrections only what differs from the case."""
    shaped = dict(values)
    if "measures" in values:
        ends = values.get("measures_to")
        shaped["measures"] = [{"code": code, **({"to": ends} if ends else {})} for code in values["measures"]]
    shaped.pop("measures_to", None)
    if action == "record_statement":  # an empty box says that the right was kept
        shaped.setdefault("hearing_waived", False)
    if missing := list(_missing(action, values)):
        raise invalid(*missing)
    if isinstance(values.get("changes"), dict):  # anything else is the schema's to refuse
        shaped["changes"] = _differences(_view(deps, case_id), values["changes"])
        if not shaped["changes"] and "upheld" in values:  # an objection answered without a correction
            del shaped["changes"]
    return shaped


def _missing(action: str, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What the form insists on beyond what a program must send."""
    if action == "correct" and not values.get("changed_on"):
        yield "/changed_on", "填写变更日期"
    announced = values.get("method") == PUBLIC_NOTICE and not values.get("proof")
    if announced and action in ("record_service", "renew_service", "serve_again"):
        yield "/proof", "公告送达须填写公告的网址，或者报纸的日期和版面；公告的截图在“材料”中上传"
    ruled = values.get("reason") in ("reorganisation", "stay") if action == "shield" else action == "revoke"
    document = values.get("document")
    if ruled:
        held = document if isinstance(document, dict) else {}
        names = (("number", "填写文书文号"), ("date", "填写文书日期"), ("organ", "填写作出文书的机关"))
        yield from ((f"/document/{name}", words) for name, words in names if not held.get(name))


def _differences(case: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in CORRECTABLE:
        group, _, field = name.rpartition(".")
        if not isinstance(changes.get(group, {}), dict):
            found[group] = changes[group]  # the schema says what is wrong with it
            continue
        held, given = (case[group], changes.get(group, {})) if group else (case, changes)
        typed = request.form.get(f"changes.{name}")
        if name in LISTED:
            value, before = (None if typed is None else _lines(typed)), held[field]
        else:
            value, before = given.get(field), str(held.get(field) or "")
        emptied = name in EMPTIED and before and typed is not None and not typed.strip()
        if emptied or (value is not None and value != before):
            (found.setdefault(group, {}) if group else found)[field] = value
    return found


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _view(deps: Deps, case_id: str) -> dict[str, Any]:
    with deps.db.read() as session:
        view = case_view(session, find_case(session, case_id, principal()), principal(), deps.clock.today())
    trace_view(deps, principal(), case_id, view["subject"]["type"])
    return view


def _page(
    deps: Deps, case_id: str, action: str, status: int, values: dict[str, Any], errors: dict[str, str]
) -> Response:
    case = _view(deps, case_id)
    row = find_transition(case["procedure"], case["state"], action)
    standing = next((each for each in case["available_actions"] if each["action"] == action), None)
    if row is None or standing is None:
        if not rows_named(action):
            raise NotFound("not-found", "没有这个办理事项")
        return render(
            "blacklist/step_gone.html", status if errors else 404, case=case, errors=errors,
            title=wording.action_title(action),
        )  # fmt: skip
    return render(
        "blacklist/step.html",
        status,
        case=case,
        row=row,
        standing=standing,
        inputs=asked(row),
        labels={name: how.label for name, how, _ in asked(row)},
        values=_reported(case, action) | values,
        errors=errors,
        measures=_measures(deps, case),
        dangerous=action in DANGEROUS,
        repair_from=_repair_from(case, deps.clock.today()) if action == "open_repair" else None,
        preview=_preview(deps, case_id) if action == "approve_redaction" else None,
    )


def _reported(case: dict[str, Any], action: str) -> dict[str, Any]:
    """The day of a change that was reported, for the correction that publishes it."""
    change = case["overlays"].get("change")
    return {"changed_on": change["received_at"]} if change and action == "correct" else {}


def _repair_from(case: dict[str, Any], today: date) -> str | None:
    """The first day repair may be granted, while that is still to come."""
    earliest: str | None = (case["publicity"] or {}).get("min_end")
    return earliest if earliest and earliest > today.isoformat() else None


def _preview(deps: Deps, case_id: str) -> dict[str, Any]:
    """What the public will see, for whoever has to approve it."""
    with deps.db.read() as session:
        return public_preview(find_case(session, case_id, principal()), deps.clock.today())


def _measures(deps: Deps, case: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Measures of the closed list that fit the case's list class and domain: code, name, basis."""
    return [
        (each.code, each.name, each.basis)
        for each in all_measures(deps.clock.today())
        if (not each.list_classes or case["list_class"] in each.list_classes)
        and (not each.domains or {"*", case["domain"]} & set(each.domains))
    ]
