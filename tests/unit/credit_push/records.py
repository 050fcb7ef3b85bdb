"""Made-up records for the formats' tests."""

from dataclasses import replace
from typing import Any

from services.credit_push.domain import Document, Organ, Record, Subject
from shared.identifiers import make_resident_id, make_uscc
from tests.unit.credit_push.dates import BIRTH

ORGAN = Organ("示例住房和城乡建设局", make_uscc("11130102", 1))
COMPANY = Subject(
    "organization", "示例建设工程有限公司", uscc=make_uscc("91130102", 7), legal_representative="示例人"
)
PERSON = Subject(
    "individual", "欧阳示例", id_type="resident-id", id_number=make_resident_id("130102", BIRTH, 7)
)
DOCUMENT = Document(
    "penalty-decision", "示住建罚〔2026〕12号", ORGAN.name, "2026-11-02", basis="《示例法》第一条",
    content="处罚款2.5万元", fine_wan="2.50", penalty_category="罚款",
)  # fmt: skip


def record(**changes: Any) -> Record:
    """A whole record; `subject`, `document` and all else may be given."""
    made = Record(
        listing_id="01900000-0000-7000-8000-000000000001",
        version=1,
        sequence=1,
        operation="list",
        occurred_at="2026-11-02T02:00:00Z",
        list_code="public-resource-blacklist",
        list_name="公共资源配置领域黑名单",
        list_class="industry-misconduct",
        list_basis="国办发〔2017〕97号",
        domain="engineering-tendering",
        region="130102",
        department_id="d1",
        subject=COMPANY,
        organ=ORGAN,
        source=ORGAN,
        document=DOCUMENT,
        category="fraudulent-obtaining",
        facts="提供虚假业绩材料骗取中标",
        measures=(),
        publicity_start="2026-11-02",
        publicity_end="2027-11-02",
    )
    return replace(made, **changes)
