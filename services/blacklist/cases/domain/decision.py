"""The five parts of a decision (国办发〔2020〕49号): the decider's words, the list's rule for the rest."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.blacklist.cases.domain.table import PARTS
from services.blacklist.rules.domain import SEVERITIES, ListRule, repair_after


def decision_parts(
    rule: ListRule,
    given: Mapping[str, Any],
    *,
    region: str,
    domain: str,
    facts: str,
    basis: str,
    severity: str,
    months: int,
    measures: Iterable[str],
) -> dict[str, str]:
    """事由、依据、惩戒提示、移出条件和程序、救济; none of them is ever empty."""
    made = {
        "grounds": facts,
        "basis": _basis(rule, region, basis),
        "consequences": _consequences(rule, months, measures),
        "removal": _removal(rule, severity, months, domain),
        "remedy": rule.remedy,
    }
    return {name: str(given.get(name) or made[name]) for name in PARTS}


def _basis(rule: ListRule, region: str, basis: str) -> str:
    lists = "；".join(each.cited for each in rule.basis_in(region))
    return f"{basis}；{lists}" if basis else lists


def _consequences(rule: ListRule, months: int, measures: Iterable[str]) -> str:
    named = "、".join(measures)
    if not months and not rule.publicity_follows_ban:
        return f"列入{rule.name}的信息依法不予公示。" + (f"依法采取下列措施：{named}。" if named else "")
    acts = f"公示期内依法采取下列措施：{named}" if named else "未采取其他惩戒措施"
    return f"列入{rule.name}的信息向社会公示，并推送有关信用和交易平台；{acts}。"


def _removal(rule: ListRule, severity: str, months: int, domain: str) -> str:
    shown = f"公示期{months}个月，期满停止公示" if months else "依法可以不公示，不设公示期"
    repair = _repair(rule, repair_after(rule, severity, domain), months)
    return f"失信程度为{SEVERITIES.get(severity, severity)}，{shown}。{repair}"


def _repair(rule: ListRule, after: int, months: int) -> str:
    """From when repair may be asked for: a publicity no longer than its minimum ends by itself first."""
    wanted = "、".join(rule.removal.conditions)
    if not months:
        return ""
    if after >= months:
        return f"最短公示期为{after}个月，公示期不因信用修复提前结束；期满即停止公示，无须申请。"
    begins = f"公示满{after}个月并" if after else "公示后"
    return (
        f"{begins}符合下列条件的，可以向认定部门或者“信用中国”网站申请信用修复：{wanted}。"
        f"{rule.removal.accept_wd}个工作日内决定是否受理，{rule.removal.settle_wd}个工作日内作出决定。"
    )
