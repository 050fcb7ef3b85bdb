"""The text of the annual report, said from the figures alone; nothing is praised that was not counted."""

from services.blacklist.supervision.domain.rates import Rate
from services.blacklist.supervision.queries.annual_facts import Facts

Section = dict[str, str | list[str]]


def sections(facts: Facts) -> list[Section]:
    """The six customary sections."""
    parts = (
        ("一、总体情况", _overview(facts)),
        ("二、主动公开政府信息情况", _disclosure(facts)),
        ("三、收到和处理政府信息公开申请情况", _requests(facts)),
        ("四、异议、信用修复和救济情况", _remedies(facts)),
        ("五、存在的主要问题及改进情况", _problems(facts)),
        ("六、其他需要报告的事项", _others(facts)),
    )
    return [{"heading": heading, "paragraphs": paragraphs} for heading, paragraphs in parts]


def _overview(facts: Facts) -> list[str]:
    until = f"{facts.until.year}年{facts.until.month}月{facts.until.day}日"
    opening = (
        f"本报告依据公共资源配置领域信用信息系统的业务记录生成，"
        f"统计范围为{facts.place}{len(facts.departments)}个部门，数据截至{until}。"
    )
    text = [opening] if facts.complete else [opening, "本年度尚未结束，所列为截至上述日期的数据。"]
    publication, timeliness = facts.total.publication, facts.total.timeliness
    text.append(
        f"全年公示信用信息{facts.total.published}件。{_share('应当公开', publication, '已公开')}"
        f"{_share('应当公开', timeliness, '按期公开')}"
    )
    return text


def _share(owed: str, rate: Rate, done: str) -> str:
    if not rate.whole:
        return f"本期没有{owed}期限届至的事项。" if done == "已公开" else ""
    return f"{owed}{rate.whole}件，{done}{rate.part}件，占{rate.text}。"


def _disclosure(facts: Facts) -> list[str]:
    short, long, pushes = facts.total.short, facts.total.long, facts.total.pushes
    classes = "、".join(f"{name}{count}件" for name, count in facts.by_class.items() if count)
    text = [f"公示信息按类别分：{classes}。"] if classes else ["本期没有新公示的信息。"]
    if short.owed:
        text.append(f"行政处罚7个工作日内公开：应公开{short.owed}件，按期{short.on_time}件。")
    if long.owed:
        text.append(f"其他信息20个工作日内公开：应公开{long.owed}件，按期{long.on_time}件。")
    if facts.items:
        text.append(f"按公开事项目录公开信息{sum(facts.items.values())}件。{_items(facts)}")
    if pushes.total:
        lag = f"，用时中位数{pushes.median_text}" if pushes.seconds else ""
        waiting = f"，另有{pushes.by_hand}件次待人工报送" if pushes.by_hand else ""
        text.append(
            f"向信用平台、交易平台报送{pushes.total}件次，已回执{pushes.confirmed}件次{lag}；"
            f"未成功{pushes.failed}件次，逾期{pushes.late}件次{waiting}。"
        )
    return text


def _items(facts: Facts) -> str:
    parts = (
        ("期限届至", facts.total.items.timely, "按期公开"),
        ("应当解读的规范性文件", facts.total.interpretations.timely, "按期解读"),
        ("应当按时回应的重大政务舆情事项", facts.total.opinions.timely, "按时"),
    )
    return "".join(f"{name}{rate.whole}件，{done}{rate.part}件。" for name, rate, done in parts if rate.whole)


def _requests(facts: Facts) -> list[str]:
    total, timely = sum(facts.disclosures.values()), facts.total.applications.timely
    if not total:
        return ["本期没有收到公共资源配置领域的政府信息公开申请。"]
    due = f"答复期限届至{timely.whole}件，按期答复{timely.part}件。" if timely.whole else ""
    return [f"收到政府信息公开申请{total}件。{due}"]


def _remedies(facts: Facts) -> list[str]:
    objections, repairs = (
        sum(count for (kind, _), count in facts.requests.items() if kind == wanted)
        for wanted in ("objection", "repair")
    )
    ended = facts.ended
    requests = (
        f"收到异议{objections}件，按期办理率{facts.total.objection.timely.text}；"
        f"收到信用修复申请{repairs}件，按期办理率{facts.total.repair.timely.text}。"
    )
    endings = (
        f"因信用修复移出{ended['repair']}件，公示期满移出{ended['expiry']}件，"
        f"因异议成立移出{ended['objection']}件，撤销{ended['revoked']}件。"
    )
    return [requests, endings]


def _problems(facts: Facts) -> list[str]:
    ledger, text = facts.total.ledger, []
    if facts.total.overdue:
        text.append(f"截至统计日，逾期未办结{facts.total.overdue}件，应当尽快办结。")
    if ledger.counts["concealed"]:
        text.append(f"决定台账中逾期未公开且未说明{ledger.counts['concealed']}件，应当公开或者说明理由。")
    if ledger.counts["late"]:
        text.append(f"逾期公开{ledger.counts['late']}件。")
    if facts.gaps:
        text.append(f"文号不连续且未说明{facts.gaps}个，应当核实。")
    if facts.total.late_rectifications:
        text.append(f"监督检查整改逾期{facts.total.late_rectifications}件。")
    return text or ["本期未发现逾期、瞒报、断号或者整改逾期的情况。"]


def _others(facts: Facts) -> list[str]:
    if not facts.inspections:
        return ["本期未开展监督抽查。"]
    return [
        f"接受监督抽查{facts.inspections}次，发现问题{facts.findings}件，已整改销号{facts.closed_findings}件。"
    ]
