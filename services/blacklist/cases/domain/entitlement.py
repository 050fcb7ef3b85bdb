"""Whether a list may be used at all: by this department, for this subject, in this place."""

from collections.abc import Iterator

from services.blacklist.cases.domain.filing import Problem
from services.blacklist.rules.domain import ListRule, may_decide
from shared.regions import within


def entitlement_problems(
    rule: ListRule, *, subject_type: str, region: str, department_region: str, level: str, organ_kind: str
) -> Iterator[Problem]:
    """Everything that bars this department from filing this subject on this list."""
    if subject_type not in rule.subject_types:
        yield "/subject/type", f"{rule.name}的依据不包括此类主体，请核对名单"
    if not within(region, department_region):
        yield "/region", "行政区划应为本部门所在地区或其下级"
    if not may_decide(rule, organ_kind, level):
        yield "/list_code", f"本部门不是{rule.name}的认定部门，无权录入"
