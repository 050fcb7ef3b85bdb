"""The sheet on paper: project, groups with their verdicts, what is still to be asked elsewhere, the code."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.blacklist.checks.domain.words import BARRED, moment, verdict_of
from services.blacklist.transparency.usecases.printing import Page
from shared.typesetting import fonts
from shared.typesetting.sheet import Sheet

TITLE = "投标人信用核查单"


def render_sheet(document: Mapping[str, Any]) -> bytes:
    """The PDF of a signed sheet; the same bytes for the same document."""
    payload = document["payload"]
    issued = datetime.fromisoformat(payload["issued_at"])
    with fonts.lock:
        page = Page(Sheet(f"{TITLE} {payload['code']}", payload["issuer"], issued.date()))
        page.head(payload["system"], TITLE)
        for text in _head(payload):
            page.line(text)
        page.gap()
        for group in payload["groups"]:
            _print_group(page, group)
        page.gap()
        page.line("以下网站仍须由招标人或者代理机构自行查询：", bold=True)
        for site in payload["sites"]:
            page.line(f"{site['name']}（{site['url']}）：{site['asks']}。依据：{site['basis']}")
        page.gap()
        page.proof(dict(document))
        return page.finish()


def _head(payload: Mapping[str, Any]) -> Iterator[str]:
    project = payload["project"]
    yield f"项目编号：{project['number']}"
    yield f"项目名称：{project['name']}"
    yield f"招标人或者代理机构：{project['operator']}"
    yield f"投标截止时间：{moment(project['cutoff_at'])}"
    yield f"核查时间：{moment(payload['issued_at'])}"
    yield f"检索范围：{'、'.join(each['name'] for each in payload['scope']['lists'])}"
    yield f"比对方式：{payload['scope']['matched_by']}"
    yield f"说明：{payload['scope']['note']}"


def _print_group(page: Page, group: Mapping[str, Any]) -> None:
    together = "（联合体）" if len(group["members"]) > 1 else ""
    named = group["name"] or "、".join(each["name"] or each["uscc"] for each in group["members"])
    verdict = f"{verdict_of(group)}，{BARRED[group['barred']]}"
    page.line(f"{group['number']}. {named}{together}：{verdict}", bold=True)
    for member in group["members"]:
        if together:
            page.line(f"　{member['name'] or ''} {member['uscc'] or ''}：{verdict_of(member)}")
        for each in member["listings"]:
            sure = "" if each["certain"] else "（疑似，主体尚需核实）"
            why = "、".join(each["why"])
            number = each["document_number"] or each["id"]
            page.line(f"　　{each['name']}，{number}，公示至 {each['public_until']} 前，{why}{sure}")
        for measure in member["measures"]:
            page.line(f"　　限制：{measure.get('basis') or measure['code']}")
