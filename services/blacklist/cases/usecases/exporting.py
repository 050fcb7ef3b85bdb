"""Export of cases as XLSX or CSV (导出): what one may see, the purpose on record, numbers only as masks."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.content import DISCLOSURES, ENDINGS, misconduct_kind
from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.domain.filing import INDIVIDUAL
from services.blacklist.cases.domain.table import STATE_NAMES
from services.blacklist.cases.models import Case
from services.blacklist.cases.queries.finding import CaseFilter, list_cases
from services.blacklist.cases.usecases.moves import invalid
from services.blacklist.rules.domain import SEVERITIES
from services.blacklist.rules.queries import measure_names, trade_domains
from shared.clock import local_date
from shared.ids import new_id
from shared.regions import full_name, is_known
from shared.sheets import csv_file, xlsx_file
from shared.web.access import Principal
from shared.written import cover_identities

COLUMNS = (
    "案件编号", "状态", "名单", "名单代码", "领域", "领域代码", "行政区划", "行政区划代码",
    "主体类型", "主体名称", "统一社会信用代码", "证件（掩码）", "文书文号", "文书日期", "作出机关",
    "违法失信行为类别", "违法事实", "决定内容", "罚款（万元）", "惩戒措施", "公示起", "公示止", "认定部门",
    "失信程度", "公示期（月）", "公开属性", "结束原因",
)  # fmt: skip
PAGE = 1000


def export_cases(
    session: Session,
    wanted: CaseFilter,
    purpose: str,
    form: str = "xlsx",
    *,
    actor: Principal,
    at: datetime,
) -> bytes:
    """A file of every case the filter finds, Invalid beyond the limit; who, why and how many is audited."""
    rows = list(_found(session, actor, wanted))
    audit.record(
        session,
        actor=actor,
        action="case.export",
        object_type="export",
        object_id=new_id(),
        detail={
            "purpose": purpose,
            "form": form,
            "rows": len(rows),
            "persons": sum(row.subject_type == INDIVIDUAL for row in rows),
            "filter": _shown(wanted),
        },
        at=at,
    )
    names = Names()
    lines = [[_note(purpose, actor, at)], COLUMNS, *(_cells(case, names) for case in rows)]
    return csv_file(lines) if form == "csv" else xlsx_file("案件", lines)


def _found(session: Session, actor: Principal, wanted: CaseFilter) -> Iterable[Case]:
    before, most, count = None, figure("exports", "max_rows"), 0
    while page := list_cases(session, actor, wanted, before=before, limit=PAGE)[:PAGE]:
        count += len(page)
        if count > most:
            raise invalid(("/state", f"超过{most}条，请缩小范围后分批导出"))
        yield from page
        before = page[-1].id


def _shown(wanted: CaseFilter) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(wanted).items() if value is not None}


def _note(purpose: str, actor: Principal, at: datetime) -> str:
    day, told = local_date(at).isoformat(), cover_identities(purpose)
    return f"导出人：{actor.display_name}　部门：{actor.department_name}　日期：{day}　用途：{told}"


class Names:
    """What codes are called, looked up once for the whole file."""

    def __init__(self) -> None:
        self.domains = {each.code: each.name for each in trade_domains()}
        self._measures = measure_names()

    def measure(self, code: str) -> str:
        """The name, with the code behind it for whoever compares with another system."""
        return _coded(self._measures.get(code), code) or code


def _cells(case: Case, names: Names) -> tuple[Any, ...]:
    document = case.document
    return (
        case.id,
        STATE_NAMES[case.state],
        case.list_name,
        case.list_code,
        names.domains.get(case.domain),
        case.domain,
        full_name(case.region) if is_known(case.region) else "",
        case.region,
        "自然人" if case.subject_type == "individual" else "法人及非法人组织",
        case.subject_name,
        case.uscc,
        case.id_masked,
        case.document_number,
        case.document_date,
        document.get("organ"),
        _coded(misconduct_kind(case.misconduct.get("category")), case.misconduct.get("category")),
        case.misconduct.get("facts"),
        document.get("content"),
        document.get("fine_wan"),
        "、".join(names.measure(each["code"]) for each in case.measures or ()),
        case.publicity_start,
        case.publicity_max_end,
        case.department_name,
        _coded(SEVERITIES.get(case.severity or ""), case.severity),
        case.publicity_months,
        _coded(DISCLOSURES.get(case.disclosure), case.disclosure),
        _coded(ENDINGS.get(case.reason_code or ""), case.reason_code),
    )


def _coded(name: str | None, code: str | None) -> str | None:
    """Name（code） for whoever compares with another system; words filed as such stand alone."""
    return f"{name}（{code}）" if name and code and name != code else name or code
