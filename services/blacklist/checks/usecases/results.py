"""A job's answers as CSV, JSON or XLSX, each naming the register's version; never what is public no more."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import IO, Any

from sqlalchemy.orm import Session

from services.blacklist.checks.domain.words import BARRED, CLASSES, plain_verdict
from services.blacklist.checks.models import CheckJob
from services.blacklist.checks.queries.jobs import DONE, answers_of, find_job, is_current, scope_of
from services.blacklist.register.domain.workbook import write_workbook
from services.blacklist.store import Deps
from shared.clock import SHANGHAI, local_date
from shared.errors import Conflict, describe_errors
from shared.web.access import Principal

describe_errors(
    {
        "check-result-outdated": "核查之后，所查到的公示信息有变化，原结果不再提供。请重新核查。",
    }
)
HEAD = (
    "行号", "送查名称", "送查代码", "结论", "名单类别", "是否受限", "查到的主体", "主体代码", "名单", "文号",
    "公示至", "把握", "理由", "限制依据", "备注", "检索范围", "登记册版本",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def result_of(session: Session, deps: Deps, key: str, who: Principal | None) -> CheckJob:
    """The finished job while its answers still hold; Conflict else."""
    job = find_job(session, key, who, deps.clock)
    if job.state != DONE:
        raise Conflict("check-job-not-ready", "批量核查尚未完成", "请等待完成后再下载。", state=job.state)
    if not is_current(session, job, deps.clock):
        raise Conflict("check-result-outdated", "登记册有变化", "原结果不再提供，请重新核查。")
    return job


def write_result(session: Session, deps: Deps, job: CheckJob, form: str, file: IO[bytes]) -> None:
    FORMS[form][1](job, answers_of(session, deps.keyring, job), file)


def version_text(register: Mapping[str, Any] | None, *, root: bool = True) -> str:
    """In a line: what everybody can look up in the log; pages leave out the root, which has no blanks."""
    if not register:
        return ""
    log = register.get("log")
    logged = f"，透明日志 {log['origin']} 大小 {log['size']} 的检查点" if log else ""
    hashed = f"，根 {log['root']}" if log and root else ""
    return f"{register['as_of']}，变更流位置 {register['position']}{logged}{hashed}"


def cells_of(line: Mapping[str, Any], scope: str, version: str) -> list[str]:
    """A row of the table; several listings of one organisation are parted by semicolons."""
    found = line["listings"]
    return [
        str(line["row"]),
        line["name"] or "",
        line["uscc"] or "",
        plain_verdict(line),
        CLASSES.get(line["list_class"] or "", ""),
        BARRED[line["barred"]],
        *(_joined(found, name) for name in ("name", "uscc", "list_code", "document_number", "public_until")),
        _joined(found, "score"),
        "；".join("、".join(each["why"]) for each in found),
        "；".join(dict.fromkeys(str(each.get("basis") or each["code"]) for each in line["measures"])),
        line["remark"] or "",
        scope,
        version,
    ]


def _joined(found: Iterable[Mapping[str, Any]], name: str) -> str:
    return "；".join(str(each[name] if each[name] is not None else "") for each in found)


def _scope(job: CheckJob) -> dict[str, Any]:
    return scope_of(job, local_date(job.finished_at or job.created_at))


def _safe(text: str) -> str:
    """Text a spreadsheet will not take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write_csv(job: CheckJob, lines: Iterator[dict[str, Any]], file: IO[bytes]) -> None:
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    scope, version = _scope(job)["note"], version_text(job.register)
    writer = csv.writer(text)
    writer.writerow(HEAD)
    writer.writerows([_safe(cell) for cell in cells_of(line, scope, version)] for line in lines)
    text.detach()


def _write_json(job: CheckJob, lines: Iterator[dict[str, Any]], file: IO[bytes]) -> None:
    """Written line by line: a hundred thousand answers are never held at once."""
    asked = {name: value for name, value in job.asked.items() if name != "spender"}  # nobody else's business
    head = {"register": job.register, "scope": _scope(job), "asked": asked, "rows": job.done_rows}
    file.write(json.dumps(head, ensure_ascii=False, default=str).encode()[:-1] + b', "items": [\n')
    for number, line in enumerate(lines):
        file.write((b",\n" if number else b"") + json.dumps(line, ensure_ascii=False).encode())
    file.write(b"\n]}\n")


def _write_xlsx(job: CheckJob, lines: Iterator[dict[str, Any]], file: IO[bytes]) -> None:
    """What is alike in every row stands on a sheet of its own."""
    rows = (cells_of(line, "", "")[:-2] for line in lines)
    about = _about(job, job.finished_at or job.created_at)
    write_workbook(file, [("核查结果", chain([HEAD[:-2]], rows)), ("说明", about)])


def _about(job: CheckJob, finished: datetime) -> list[tuple[str, str]]:
    return [
        ("登记册版本", version_text(job.register)),
        ("完成时间", f"{finished.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}（北京时间）"),
        ("检索范围", _scope(job)["note"]),
        ("检查点", job.register["log"]["checkpoint"] if job.register and job.register["log"] else ""),
    ]


FORMS: Mapping[str, tuple[str, Callable[[CheckJob, Iterator[dict[str, Any]], IO[bytes]], None]]] = {
    "csv": ("text/csv", _write_csv),
    "json": ("application/json", _write_json),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _write_xlsx),
}
