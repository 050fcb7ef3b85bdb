"""The content of a filing: its fingerprint (what was reviewed is what is published), and what is missing."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from services.blacklist.rules.domain import ATTACHMENT_KINDS

PENALTY_CATEGORIES = (
    "警告",
    "通报批评",
    "罚款",
    "没收违法所得、没收非法财物",
    "责令停产停业",
    "暂扣或者吊销许可证、执照",
    "限制开展生产经营活动",
    "责令关闭",
    "限制从业",
    "行政拘留",
    "其他",
)
FINE, OTHER = "罚款", "其他"

ID_TYPES = ("resident-id", "passport", "hk-macao-permit", "taiwan-permit", "foreigner-residence", "other")
DISCLOSURES = {"proactive": "主动公开", "on-request": "依申请公开", "withheld": "不予公开"}
"""公开属性."""
ENDINGS = {
    "repair": "信用修复",
    "expiry": "公示期满",
    "revoked": "撤销",
    "objection": "异议成立",
    "error": "更正错误",
}
"""Why a listing ended."""


def fingerprint(content: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a filing (identity numbers as blind index, never clear)."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


KINDS_OF_MISCONDUCT = {"fraudulent-obtaining": "骗取公共资源"}


def misconduct_kind(category: str | None) -> str | None:
    """What people read for a category filed as a code; other categories are words already."""
    return KINDS_OF_MISCONDUCT.get(category or "", category)


def penalty_category(document: Mapping[str, Any]) -> str:
    """The category filed, else 罚款 when there is a fine, else 其他 (contract §2)."""
    if document.get("penalty_category"):
        return str(document["penalty_category"])
    return FINE if float(document.get("fine_wan") or 0) > 0 else OTHER


_REQUIRED = (
    ("/subject/name", ("subject", "name"), "填写主体名称"),
    ("/misconduct/facts", ("misconduct", "facts"), "填写违法失信事实"),
    ("/misconduct/category", ("misconduct", "category"), "填写违法失信行为类别"),
    ("/document/kind", ("document", "kind"), "选择所依据文书的种类（作出认定所依据的处罚决定、判决等文书）"),
    ("/document/number", ("document", "number"), "填写作出认定所依据的处罚决定、判决等文书的文号"),
    ("/document/organ", ("document", "organ"), "填写作出所依据文书的机关"),
    ("/document/date", ("document", "date"), "填写所依据文书的日期"),
    ("/document/basis", ("document", "basis"), "填写法律依据"),
    ("/document/content", ("document", "content"), "填写所依据文书的决定内容"),
    ("/disclosure/attribute", ("disclosure", "attribute"), "确定公开属性"),
)


def missing_fields(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(pointer, remedy) of everything a filing needs before it may be submitted."""
    for pointer, (group, name), remedy in _REQUIRED:
        if not (content.get(group) or {}).get(name):
            yield pointer, remedy
    subject = content.get("subject") or {}
    if subject.get("type") == "organization" and not subject.get("uscc"):
        yield "/subject/uscc", "填写统一社会信用代码"
    if subject.get("type") == "individual" and not subject.get("id_number"):
        yield "/subject/id_number", "填写自然人证件号码"
    if subject.get("type") == "individual" and not _tells_birth(subject):
        yield "/subject/birth_on", "证件不载明出生日期的，填写出生日期（未成年人不得列入）"
    disclosure = content.get("disclosure") or {}
    if disclosure.get("attribute") in ("on-request", "withheld") and not disclosure.get("reason"):
        yield "/disclosure/reason", "依申请公开或者不予公开的，填写理由和依据"


def _tells_birth(subject: Mapping[str, Any]) -> bool:
    return bool(subject.get("birth_on")) or subject.get("id_type") in (None, "resident-id")


def missing_documents(required: Collection[str], attached: Collection[str]) -> Iterator[tuple[str, str]]:
    """(pointer, remedy) of every attachment kind the list demands and the case has not."""
    for kind in required:
        if kind not in attached:
            yield f"/attachments/{kind}", f"上传名单要求的材料：{ATTACHMENT_KINDS.get(kind, kind)}"
