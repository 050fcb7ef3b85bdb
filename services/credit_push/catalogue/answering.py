"""`[answers]`: how a platform is told what became of requests it brought, and in which words."""

import re

from services.credit_push.catalogue.document import Document
from services.credit_push.catalogue.outcome_columns import codes
from services.credit_push.catalogue.places import DATABASES, is_database
from services.credit_push.catalogue.profile import Answers
from shared.contracts.request_outcomes import FINAL, OUTCOMES

SENT = ("http", "packet", "exchange_db")
"""Ways by which we send them ourselves."""
WAYS = (*SENT, "hand", "events")
BASES = ("published", "assumed")
FILES = ("xlsx", "csv", "xml", "json")
_PATH = re.compile(r"/[A-Za-z0-9/_.~-]{1,200}")
_NAME = re.compile(r"[^\W\d]\w{0,62}")


def read_answers(doc: Document) -> Answers:
    """The table of a profile, with every problem noted; without one the exchange events tell."""
    written = "answers" in doc.content
    by = doc.choice("answers.by", WAYS, None if written else "events")
    told = Answers(
        by=by,
        endpoint=doc.place("answers.endpoint"),
        path=doc.word("answers.path", ""),
        key=doc.word("answers.key", "") or doc.word("transport.key", ""),
        directory=doc.place("answers.directory"),
        file=doc.choice("answers.file", FILES, ""),
        database=doc.place("answers.database"),
        table=doc.word("answers.table", ""),
        columns=doc.names("answers.columns"),
        outcomes=doc.names("answers.outcomes"),
        basis=doc.choice("answers.basis", BASES, ""),
        source=doc.word("answers.source", ""),
    )
    if written:
        _check(doc, told)
    return told


def _check(doc: Document, told: Answers) -> None:
    if not doc.flag("door.requests", default=False):
        doc.note("answers", "只有转来异议和修复申请的平台（door.requests = true）有此项")
    if not told.basis or not told.source:
        doc.note("answers.source", "应写明依据（basis）和出处（source）")
    for name in set(told.outcomes) - set(OUTCOMES):
        doc.note(f"answers.outcomes.{name}", f"应为 {', '.join(OUTCOMES)} 之一")
    if told.by in SENT:
        for name in FINAL:
            if not told.outcomes.get(name):
                doc.note("answers.outcomes", f"缺少办理结果 {name} 的平台用语")
    check = {"http": _check_http, "packet": _check_packet, "exchange_db": _check_table}.get(told.by)
    if check is not None:
        check(doc, told)
    if told.by in ("packet", "exchange_db"):
        _check_columns(doc, told)


def _check_http(doc: Document, told: Answers) -> None:
    if not told.endpoint and not doc.text("transport.endpoint", ""):
        doc.note("answers.endpoint", "推送方式没有 http 地址的平台须在此写明")
    if not told.key:
        doc.note("answers.key", "回传需要密钥")
    if not _PATH.fullmatch(told.path):
        doc.note("answers.path", "应为以 / 开头的路径，如 /answers")


def _check_packet(doc: Document, told: Answers) -> None:
    if not told.file and not doc.text("transport.file", ""):
        doc.note("answers.file", "推送方式不是数据包的平台须在此写明文件种类")
    if not told.directory and not doc.text("transport.directory", ""):
        doc.note("answers.directory", "推送方式没有目录的平台须在此写明")
    if told.directory.startswith("sftp:"):
        if not told.key:
            doc.note("answers.key", "SFTP 目录需要密钥（账号）")
        if not doc.text("transport.host_key", ""):
            doc.note("transport.host_key", "SFTP 目录需要主机公钥")


def _check_table(doc: Document, told: Answers) -> None:
    if not told.database and not doc.text("transport.database", ""):
        doc.note("answers.database", "推送方式没有前置库的平台须在此写明")
    elif told.database and not is_database(told.database):
        doc.note("answers.database", f"地址应以 {'、'.join(f'{one}://' for one in DATABASES)} 之一开头")
    if not _NAME.fullmatch(told.table):
        doc.note("answers.table", "表名应以字母开头，只含字母、数字和下划线，不超过 63 个字符")


def _check_columns(doc: Document, told: Answers) -> None:
    known = codes(told.columns, told.by)
    all_names = [name.lower() for name in known.values()]  # databases know no capitals
    for name, own in told.columns.items():
        field = f"answers.columns.{name}"
        if name not in known:
            doc.note(field, f"应为 {', '.join(known)} 之一")
        elif not _NAME.fullmatch(own):
            doc.note(field, "列名应以字母或汉字开头，只含文字、数字和下划线，不超过 63 个字符")
        elif all_names.count(own.lower()) > 1:
            doc.note(field, f"列名 {own} 用于多项")
