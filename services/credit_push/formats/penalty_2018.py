"""双公示 行政处罚, 2018 standard (发改办财金〔2018〕424号): 30 fields, amounts in 万元."""

from services.credit_push.domain import Record
from services.credit_push.formats.base import Column, Fault, Row, check_columns, paper_faults, refuse, wan

CATEGORIES = (
    "警告",
    "罚款",
    "没收违法所得、没收非法财物",
    "责令停产停业",
    "暂扣或者吊销许可证、执照",
    "行政拘留",
    "其他",
)
SUBJECT_KINDS = ("法人及非法人组织", "自然人", "个体工商户")
SOLE_TRADER_PREFIX = "92"

COLUMNS = (
    Column("CF_XDR_MC", "行政相对人名称", 200, mandatory=True),
    Column("CF_XDR_LB", "行政相对人类别", 16, mandatory=True, choices=SUBJECT_KINDS),
    Column("CF_XDR_SHXYM", "行政相对人代码_1（统一社会信用代码）", 18, kind="uscc"),
    Column("CF_XDR_GSZC", "行政相对人代码_2（工商注册号）", 50),
    Column("CF_XDR_ZZJG", "行政相对人代码_3（组织机构代码）", 9, kind="organ"),
    Column("CF_XDR_SWDJ", "行政相对人代码_4（税务登记号）", 15),
    Column("CF_XDR_SYDW", "行政相对人代码_5（事业单位证书号）", 12),
    Column("CF_XDR_SHZZ", "行政相对人代码_6（社会组织登记证号）", 50),
    Column("CF_FRDB", "法定代表人", 50),
    Column("CF_FR_ZJLX", "法定代表人证件类型", 64),
    Column("CF_FR_ZJHM", "法定代表人证件号码", 64),
    Column("CF_XDR_ZJLX", "自然人证件类型", 64),
    Column("CF_XDR_ZJHM", "自然人证件号码", 64),
    Column("CF_WSH", "行政处罚决定书文号", 128, mandatory=True),
    Column("CF_WFXW", "违法行为类型", 2000, mandatory=True),
    Column("CF_SY", "违法事实", 5000, mandatory=True),
    Column("CF_YJ", "处罚依据", 2000, mandatory=True),
    Column("CF_CFLB", "处罚类别", 50, mandatory=True),
    Column("CF_NR", "处罚内容", 4000, mandatory=True),
    Column("CF_NR_FK", "罚款金额（万元）", 19, kind="amount"),
    Column("CF_NR_WFFF", "没收违法所得、没收非法财物的金额（万元）", 19, kind="amount"),
    Column("CF_NR_ZKDX", "暂扣或吊销证照名称及编号", 200),
    Column("CF_JDRQ", "处罚决定日期", 10, mandatory=True, kind="date"),
    Column("CF_YXQ", "处罚有效期", 10, kind="date"),
    Column("CF_GSJZQ", "公示截止期", 10, kind="date"),
    Column("CF_CFJG", "处罚机关", 200, mandatory=True),
    Column("CF_CFJGDM", "处罚机关统一社会信用代码", 18, mandatory=True, kind="uscc"),
    Column("CF_SJLY", "数据来源单位", 200, mandatory=True),
    Column("CF_SJLYDM", "数据来源单位统一社会信用代码", 18, mandatory=True, kind="uscc"),
    Column("BZ", "备注", 512),
)
ID_TYPE_NAMES = {
    "resident-id": "身份证",
    "passport": "护照号",
    "hk-macao-permit": "港澳居民来往内地通行证",
    "taiwan-permit": "台湾居民来往大陆通行证",
}


def penalty_category(record: Record) -> str:
    """The stated category, else 罚款 where there is a fine, else 其他."""
    if record.document.penalty_category:
        return record.document.penalty_category
    return "罚款" if wan(record.document.fine_wan) not in ("", "0") else "其他"


def subject_kind(record: Record) -> str:
    """法人及非法人组织, 个体工商户 (codes beginning 92) or 自然人."""
    if record.subject.person:
        return "自然人"
    return "个体工商户" if record.subject.uscc.startswith(SOLE_TRADER_PREFIX) else "法人及非法人组织"


def encode(record: Record) -> Row:
    """The 30 fields of a record; Unacceptable if the platform would reject any of them."""
    row = {**_party(record), **_decision(record), **_offices(record)}
    subject = record.subject
    number = paper_faults("CF_XDR_ZJHM", "自然人证件号码", subject.id_type, row["CF_XDR_ZJHM"])
    refuse(check_columns(COLUMNS, row) + _conditional(row) + number, row, COLUMNS)
    return row


def _party(record: Record) -> Row:
    subject, codes = record.subject, record.subject.codes
    return {
        "CF_XDR_MC": subject.name,
        "CF_XDR_LB": subject_kind(record),
        "CF_XDR_SHXYM": subject.uscc,
        "CF_XDR_GSZC": codes.get("registration", ""),
        "CF_XDR_ZZJG": codes.get("org_code", ""),
        "CF_XDR_SWDJ": codes.get("tax", ""),
        "CF_XDR_SYDW": codes.get("institution", ""),
        "CF_XDR_SHZZ": codes.get("social", ""),
        "CF_FRDB": "" if subject.person else subject.legal_representative,
        "CF_FR_ZJLX": _id_type(subject.legal_representative_id_type) if not subject.person else "",
        "CF_FR_ZJHM": "" if subject.person else subject.legal_representative_id_number,
        "CF_XDR_ZJLX": _id_type(subject.id_type or "resident-id") if subject.person else "",
        "CF_XDR_ZJHM": subject.id_number if subject.person else "",
    }


def _decision(record: Record) -> Row:
    document = record.document
    return {
        "CF_WSH": document.number,
        "CF_WFXW": record.category,
        "CF_SY": record.facts,
        "CF_YJ": document.basis or record.list_basis,
        "CF_CFLB": penalty_category(record),
        "CF_NR": document.content,
        "CF_NR_FK": wan(document.fine_wan),
        "CF_NR_WFFF": wan(document.confiscated_wan),
        "CF_NR_ZKDX": document.licence,
        "CF_JDRQ": document.date,
        "CF_YXQ": document.valid_until,
        "CF_GSJZQ": record.publicity_end,
    }


def _offices(record: Record) -> Row:
    return {
        "CF_CFJG": record.organ.name or record.document.organ,
        "CF_CFJGDM": record.organ.uscc,
        "CF_SJLY": record.source.name,
        "CF_SJLYDM": record.source.uscc,
        "BZ": "",
    }


def _id_type(value: str) -> str:
    return ID_TYPE_NAMES.get(value, value)


def _conditional(row: Row) -> list[Fault]:
    faults = []
    if row["CF_XDR_LB"] == "自然人":
        if not row["CF_XDR_ZJHM"]:
            faults.append(Fault("CF_XDR_ZJHM", "REQUIRED", "自然人须有证件号码"))
    elif not row["CF_XDR_SHXYM"]:
        faults.append(Fault("CF_XDR_SHXYM", "REQUIRED", "法人和其他组织须有统一社会信用代码"))
    if any(category not in CATEGORIES for category in filter(None, row["CF_CFLB"].split(";"))):
        faults.append(Fault("CF_CFLB", "CODE", "处罚类别不在代码集内"))
    return faults
