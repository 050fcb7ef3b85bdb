"""公开事项目录: what each region's departments publish, by when, how, who answers and who supervises.

Rows come from the rules in force (one per list its departments may decide on) and the region's own items.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.disclosure.models import DisclosureItem
from services.blacklist.disclosure.queries.changes import entries_on
from services.blacklist.identity.models import Department
from services.blacklist.identity.queries import list_departments
from services.blacklist.rules.domain import ListRule, may_decide
from services.blacklist.rules.queries import all_lists
from services.blacklist.rules.queries import domain as find_domain
from shared.regions import full_name

CATALOGUE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("region_name", "地区"),
    ("domain_name", "领域"),
    ("title", "公开事项"),
    ("content", "公开内容"),
    ("time_limit", "公开时限"),
    ("method", "公开方式"),
    ("responsible_names", "责任主体"),
    ("supervision", "监督渠道"),
    ("basis", "依据"),
)
"""Column and Chinese heading, in the order of the founding documents (R37)."""

DEFAULT_METHOD = "政府门户网站、本系统公开查询页面、政务微博微信、公开栏"
DEFAULT_SUPERVISION = "本级人民政府办公厅（室）（政务公开办）"
LISTED = "列入对象；认定依据；违法失信事实；决定文书及文号；惩戒措施；公示期限；移出、更正和救济方式"
MOST_DEPARTMENTS = 2000


@dataclass(frozen=True)
class Place:
    """A region with its departments in force and how it publishes."""

    region: str
    departments: Sequence[Department]
    method: str
    supervision: str
    entries: Sequence[DisclosureItem]


def catalogue_rows(
    session: Session,
    on: date,
    *,
    region: str | None = None,
    department_id: str | None = None,
    domain: str | None = None,
) -> list[dict[str, Any]]:
    """The catalogue of one region, or of every region that takes part."""
    rows = [row for place in _places(session, on, region) for row in _rows_of(place, on)]
    return [
        row
        for row in rows
        if (domain is None or row["domain"] in (domain, "*"))
        and (department_id is None or department_id in row["responsible_ids"])
    ]


def _places(session: Session, on: date, region: str | None) -> Iterator[Place]:
    found: dict[str, list[Department]] = {}
    for each in list_departments(session, region=region, on=on, limit=MOST_DEPARTMENTS):
        found.setdefault(each.region, []).append(each)
    for code in sorted(found):
        own = entries_on(session, code, on)
        method, supervision = DEFAULT_METHOD, DEFAULT_SUPERVISION
        if own:
            method, supervision = own[0].method, own[0].supervision
        yield Place(code, found[code], method, supervision, own)


def _rows_of(place: Place, on: date) -> Iterator[dict[str, Any]]:
    for rule in all_lists(on):
        able = [each for each in place.departments if may_decide(rule, each.kind, each.level)]
        if able:
            yield _from_rule(place, rule, able)
    for item in place.entries:
        answering = [each for each in place.departments if item.organ in ("*", each.kind)]
        if answering:
            yield _from_item(place, item, answering)


def _from_rule(place: Place, rule: ListRule, able: Sequence[Department]) -> dict[str, Any]:
    basis = [f"{each.title}（{each.document}）" for each in rule.basis_in(place.region)]
    return _row(place, able) | {
        "code": f"list:{rule.code}",
        "origin": "rules",
        "domain": "*",
        "domain_name": "各领域",
        "title": rule.name,
        "content": LISTED,
        "time_limit": _time_limit(rule.publication_duty),
        "method": place.method,
        "supervision": place.supervision,
        "basis": "；".join(dict.fromkeys(basis)),
        "rule_version": rule.version,
    }


def _time_limit(duty: Mapping[str, int]) -> str:
    penalty, others = duty.get("penalty-decision"), duty["default"]
    if penalty is None or penalty == others:
        return f"自信息形成或者变更之日起{others}个工作日内"
    return f"自作出行政处罚决定之日起{penalty}个工作日内；其他自信息形成或者变更之日起{others}个工作日内"


def _from_item(place: Place, item: DisclosureItem, answering: Sequence[Department]) -> dict[str, Any]:
    known = find_domain(item.domain)
    return _row(place, answering) | {
        "code": item.code,
        "origin": "region",
        "domain": item.domain,
        "domain_name": known.name if known else item.domain,
        "title": item.title,
        "content": item.content,
        "time_limit": item.time_limit,
        "method": item.method,
        "supervision": item.supervision,
        "basis": item.source,
        "rule_version": None,
    }


def _row(place: Place, departments: Sequence[Department]) -> dict[str, Any]:
    return {
        "region": place.region,
        "region_name": full_name(place.region),
        "attribute": "proactive",
        "responsible_ids": [each.id for each in departments],
        "responsible": [{"id": each.id, "name": each.name} for each in departments],
        "responsible_names": "、".join(each.short_name for each in departments),
    }
