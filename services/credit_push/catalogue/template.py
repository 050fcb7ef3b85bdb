"""`[template]`: the sheet a platform gives to those who file by hand, column by column."""

import re
from collections.abc import Iterator

from services.credit_push.catalogue.document import Document
from services.credit_push.catalogue.profile import Template

COLUMNS = {
    "procurement_sheet": (
        "企业名称", "统一社会信用代码", "企业地址", "严重违法失信行为的具体情形", "处罚结果", "处罚依据",
        "处罚日期", "公布截止日期", "执法单位", "决定书文号",
    ),
    "penalty_2018": (
        "CF_XDR_MC", "CF_XDR_LB", "CF_XDR_SHXYM", "CF_XDR_GSZC", "CF_XDR_ZZJG", "CF_XDR_SWDJ", "CF_XDR_SYDW",
        "CF_XDR_SHZZ", "CF_FRDB", "CF_FR_ZJLX", "CF_FR_ZJHM", "CF_XDR_ZJLX", "CF_XDR_ZJHM", "CF_WSH",
        "CF_WFXW", "CF_SY", "CF_YJ", "CF_CFLB", "CF_NR", "CF_NR_FK", "CF_NR_WFFF", "CF_NR_ZKDX", "CF_JDRQ",
        "CF_YXQ", "CF_GSJZQ", "CF_CFJG", "CF_CFJGDM", "CF_SJLY", "CF_SJLYDM", "BZ",
    ),
}  # fmt: skip
"""Standard columns by layout: what a column of a template may be filled from."""
OPERATION, KEY, NUMBER = "@operation", "@key", "@number"
OURS = (OPERATION, KEY, NUMBER)
"""What is ours to say of a row: 新增/变更/撤销, the key feedback names it by, its place in the sheet."""
FIXED = "="
"""Before a text that is the same in every row."""
FILES, ENCODINGS = ("xlsx", "csv"), ("utf-8", "gb18030")
MOST_HEADS, LONGEST_TITLE = 20, 31
_NO_TITLE = re.compile(r"[\[\]:*?/\\]|^'|'$")


def read_template(doc: Document, layout: str) -> Template:
    """The table of a profile, with every problem noted; without one the layout's own columns stand."""
    if "template" not in doc.content:
        return Template()
    told = Template(
        file=doc.choice("template.file", FILES, FILES[0]),
        encoding=doc.choice("template.encoding", ENCODINGS, ENCODINGS[0]),
        sheet=doc.word("template.sheet", ""),
        heads=doc.texts("template.heads", default=[]),
        columns=doc.names("template.columns"),
    )
    for field, message in _faults(doc, layout, told):
        doc.note(field, message)
    return told


def _faults(doc: Document, layout: str, told: Template) -> Iterator[tuple[str, str]]:
    if doc.text("transport.kind", "") != "manual":
        yield "template", "只有人工报送（manual）的平台有表格模板"
    if len(told.sheet) > LONGEST_TITLE or _NO_TITLE.search(told.sheet):
        yield "template.sheet", f"工作表名不超过 {LONGEST_TITLE} 个字，不含 [ ] : * ? / \\"
    if len(told.heads) > MOST_HEADS:
        yield "template.heads", f"表头以上不超过 {MOST_HEADS} 行"
    if not told.columns:
        yield "template.columns", '应逐列写明，如 "单位名称" = "企业名称"'
    for title, source in told.columns.items():
        if layout in COLUMNS and source not in (*OURS, *COLUMNS[layout]) and not source.startswith(FIXED):
            yield f"template.columns.{title}", f"{layout} 没有 {source} 这一列"
    if told.file == "csv" and told.columns and OPERATION not in told.columns.values():
        yield "template.columns", "csv 模板须有一列填 @operation，否则变更与新增无从区分"
