"""The tables of the annual report, in the order of its text."""

from dataclasses import dataclass
from typing import Any

from services.blacklist.disclosure.domain import ABANDONED, ANSWERED, WITHDRAWN, answer_types
from services.blacklist.openness.domain.terms import kind_name
from services.blacklist.supervision.queries.annual_facts import Facts
from services.blacklist.supervision.queries.indicators import Figures

DISCLOSURE, APPLICATIONS, REMEDIES = (
    "二、主动公开政府信息情况",
    "三、收到和处理政府信息公开申请情况",
    "四、异议、信用修复和救济情况",
)


@dataclass(frozen=True)
class Table:
    """One table of the report; the first column names the row, `section` is the heading it follows."""

    title: str
    section: str
    head: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def tables(facts: Facts) -> list[Table]:
    """In the order of the text."""
    parts = (
        _departments_table,
        _classes_table,
        _items_table,
        _disclosures_table,
        _requests_table,
        _endings_table,
    )
    return [make(facts) for make in parts]


def _departments_table(facts: Facts) -> Table:
    head = (
        "部门", "公示件数", "公开率", "及时率", "7个工作日内", "20个工作日内", "推送成功率",
        "推送用时中位数", "异议按期率", "修复按期率", "当前逾期（件）", "台账合规率", "瞒报率",
    )  # fmt: skip
    rows = [(each.name, *_cells(facts.figures[each.id])) for each in facts.departments]
    return Table("各部门主动公开和报送情况", DISCLOSURE, head, (*rows, ("合计", *_cells(facts.total))))


def _cells(each: Figures) -> tuple[Any, ...]:
    return (
        each.published, each.publication.text, each.timeliness.text, each.short.timely.text,
        each.long.timely.text, each.pushes.success.text, each.pushes.median_text,
        each.objection.timely.text, each.repair.timely.text, each.overdue, each.ledger.compliance.text,
        each.ledger.concealment.text,
    )  # fmt: skip


def _classes_table(facts: Facts) -> Table:
    rows = tuple(facts.by_class.items())
    return Table(
        "按类别公示件数", DISCLOSURE, ("类别", "件数"), (*rows, ("合计", sum(facts.by_class.values())))
    )


def _items_table(facts: Facts) -> Table:
    rows = tuple((kind_name(kind), count) for kind, count in facts.items.items())
    total = ("合计", sum(facts.items.values()))
    return Table("按种类公开信息件数", DISCLOSURE, ("种类", "件数"), (*rows, total))


def _requests_table(facts: Facts) -> Table:
    names = {"objection": "异议", "repair": "信用修复"}
    outcomes = {
        "objection": (("upheld",), ("rejected", "refused")),
        "repair": (("granted",), ("refused",)),
    }
    rows = []
    for kind, name in names.items():
        total = sum(count for (one, _), count in facts.requests.items() if one == kind)
        granted, refused = (
            sum(facts.requests.get((kind, state), 0) for state in states) for states in outcomes[kind]
        )
        rows.append((name, total, granted, refused, total - granted - refused))
    return Table(
        "异议和信用修复办理情况",
        REMEDIES,
        ("事项", "收到", "成立（准予）", "不成立（不予）", "办理中"),
        tuple(rows),
    )


def _endings_table(facts: Facts) -> Table:
    names = {"repair": "信用修复", "expiry": "公示期满", "objection": "异议成立", "revoked": "撤销"}
    rows = tuple((name, facts.ended[code]) for code, name in names.items())
    return Table("移出和撤销情况", REMEDIES, ("原因", "件数"), rows)


def _disclosures_table(facts: Facts) -> Table:
    found = facts.disclosures
    answered = [(kind.name, found.get((ANSWERED, code), 0)) for code, kind in answer_types().items()]
    closed = [
        ("申请人撤回", _in_state(facts, WITHDRAWN)),
        ("逾期未补正，视为放弃", _in_state(facts, ABANDONED)),
    ]
    ended = sum(count for _, count in (*answered, *closed))
    total = sum(found.values())
    rows = (("收到申请", total), *answered, *closed, ("办理中", total - ended))
    return Table("依申请公开办理情况", APPLICATIONS, ("事项", "件数"), rows)


def _in_state(facts: Facts, wanted: str) -> int:
    return sum(count for (state, _), count in facts.disclosures.items() if state == wanted)
