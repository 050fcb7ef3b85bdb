"""What the codes of the rules are called, in the words shown to people."""

SEVERITIES = {"serious": "严重", "general": "一般", "minor": "轻微"}
LIST_CLASSES = {
    "serious": "严重失信主体名单",
    "industry-misconduct": "行业不良行为记录",
    "penalty-record": "行政处罚信息",
    "notice": "告知性信息",
}
MILD = {"penalty-record": "有处罚记录", "notice": "有提示信息"}
"""What was found but is no blacklisting is not called one."""
PROCEDURES = {
    "full": "完整认定程序",
    "decided-elsewhere": "依已有决定列入",
    "penalty-publication": "处罚信息公示",
}
DOCUMENT_KINDS = {
    "penalty-decision": "行政处罚决定书",
    "judgment": "判决、裁定",
    "administrative-decision": "行政处理决定书",
    "listing-decision": "列入决定书",
    "inspection-result": "抽查检查结果",
    "notice": "通报、公告",
    "other": "其他文书",
}

ATTACHMENT_KINDS = {
    "evidence": "证据材料",
    "decision": "决定文书",
    "penalty-decision": "行政处罚决定书",
    "judgment": "判决、裁定",
    "administrative-decision": "行政处理决定书",
    "listing-decision": "列入决定书",
    "inspection-result": "抽查检查结果",
    "notice": "告知书",
    "statement": "陈述申辩材料",
    "hearing-record": "听证笔录",
    "hearing-withdrawal": "撤回听证申请书",
    "hearing-termination": "终止听证的证明材料",
    "service-proof": "送达回证",
    "objection": "异议申请材料",
    "repair-proof": "修复证明材料",
    "commitment": "信用承诺书",
    "identity": "身份证明",
    "authorization": "授权委托书",
    "other": "其他",
}
"""What a material of a case may be (材料种类); lists demand some of them by these names."""


def entered(list_class: str) -> str:
    """What happened on the day of a listing, in a word."""
    return "登记" if list_class in MILD else "列入"
