"""督办单 and 通报 as PDF, with the words of their pages."""

from typing import Any

from services.blacklist.letters.domain.wording import chinese_day
from services.blacklist.supervision.queries.inspections import CATEGORIES
from services.blacklist.web.wording import region_name
from shared.clock import local_date
from shared.typesetting import Section, Table, render_report


def order_pdf(view: dict[str, Any], item: dict[str, Any]) -> bytes:
    """To the inspected department: what was found, and what it has to do by when."""
    opening = (
        f"{item['department_name']}：",
        f"在“{view['title']}”中，抽查你单位{item['document_number']}，发现以下问题，请按要求整改并按期报告。",
    )
    parts = (
        ("问题类别", CATEGORIES.get(item["category"] or "", "")),
        ("发现的问题", item["finding"]),
        ("整改要求", item["requirement"]),
        ("整改期限", chinese_day(item["due_on"])),
        ("整改情况", item["rectification"]),
        ("结论", item["state_name"]),
    )
    sections = [Section("督办事项", opening), *(Section(name, (text,)) for name, text in parts if text)]
    return _paper("督办单", sections, [], view, item["order_number"], item["found_at"])


def circular_pdf(view: dict[str, Any]) -> bytes:
    """To all: how many were looked at, what was found in which, and the office's opinion."""
    items, found = view["items"], [each for each in view["items"] if each["finding"] is not None]
    closed = sum(each["state"] == "closed" for each in items)
    told = (
        f"本次检查从{region_name(view['region'])}{view['period']}期间的{view['population']}件中随机抽取，"
        f"所列样本{len(items)}件，发现问题{len(found)}件，已销号{closed}件。"
    )
    rows = [
        (
            each["department_name"], each["document_number"],
            f"{CATEGORIES.get(each['category'] or '', '')}：{each['finding']}", chinese_day(each["due_on"]),
            each["state_name"],
        )
        for each in found
    ]  # fmt: skip
    head = ("部门", "文号", "问题", "整改期限", "情况")
    tables = [Table("发现的问题", head, rows, after="检查情况")] if rows else []
    sections = [Section("检查情况", (told,)), Section("处理意见", (view["circular_opinion"],))]
    title = f"关于“{view['title']}”情况的通报"
    return _paper(title, sections, tables, view, view["circular_number"], view["circular_at"])


def _paper(
    title: str, sections: list[Section], tables: list[Table], view: dict[str, Any], number: str, at: Any
) -> bytes:
    day = local_date(at)
    signed = Section("印发机关和日期", (view["office_name"], chinese_day(day)))
    return render_report(
        title, [*sections, signed], tables, organ=view["office_name"], on=day, subtitle=number
    )
