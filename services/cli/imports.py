"""`import`: history another system published, and sheets of cases."""

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from services.cli.account import user_named
from services.cli.means import blacklist_means
from services.cli.root import Bar, Group, as_json, existing, progress, show

if TYPE_CHECKING:
    from shared.web.access import Principal

PAUSE = threading.Event()


@click.group("import", cls=Group)
def importing() -> None:
    """导入案件或历史公示信息。"""


@importing.command("listings")
@click.argument("file", type=existing)
@click.option("--push", is_flag=True, help="同时推送并通知（默认不推送、不通知）")
@as_json
def import_history(file: Path, push: bool, machine: bool) -> None:
    """导入其他系统已公示的历史信息（NDJSON，每行一条）；重复运行不会重复导入。"""
    from services.blacklist.register.usecases import import_listings
    from shared.process import rest_from_collecting

    deps = blacklist_means()
    rest_from_collecting()
    with progress(file.name, machine) as bar:
        report = import_listings(deps.db, deps.clock, deps.keyring, counted(file, bar), push=push)
    rejected = [{"line": each.number, "reason": each.reason} for each in report.reasons]
    document = {"read": report.read, "imported": report.imported, "known": report.known, "rejected": rejected}
    lines = [f"第{each['line']}行：{each['reason']}" for each in rejected]
    lines.append(
        f"读取 {report.read} 行，导入 {report.imported} 条，已有 {report.known} 条，退回 {report.rejected} 行"
    )
    show(machine, document, "\n".join(lines))
    sys.exit(1 if report.rejected else 0)


def counted(path: Path, bar: Bar) -> Iterator[bytes]:
    """The file's lines; the bar goes by bytes."""
    total, done = path.stat().st_size, 0
    with path.open("rb") as lines:
        for line in lines:
            done += len(line)
            bar(done, total)
            yield line


@importing.command("cases")
@click.argument("file", type=existing)
@click.option("--as", "username", required=True, help="以哪个经办人的账号录入")
@click.option("--list", "list_code", default="penalty-publication", show_default=True, help="录入哪个名单")
@click.option("--domain", default="other", show_default=True, help="表中没有写明的领域")
@click.option("--confirm", is_flag=True, help="录入无误的行（默认只检查，不录入）")
@as_json
def import_cases(
    file: Path, username: str, list_code: str, domain: str, confirm: bool, machine: bool
) -> None:
    """导入双公示表格（XLSX、CSV）：逐格检查，指出有误的单元格；加 --confirm 才录入为案件草稿。"""
    from services.blacklist.cases.usecases.imports import SheetUpload, confirm_import, receive_import
    from services.blacklist.identity.usecases import principal_of

    deps = blacklist_means()
    with deps.db.read() as session:
        actor = principal_of(session, user_named(session, username))
    if not actor.has("clerk"):
        raise click.UsageError(f"{username} 不是经办人，请换用角色为 clerk 的账号。")
    sheet = SheetUpload(file.name, file.read_bytes(), list_code, domain, None)
    with deps.db.write() as session:
        import_id = receive_import(session, deps, sheet, actor=actor, at=deps.clock.now()).id
    found = _settled(deps, import_id, actor, machine, "检查")
    if confirm and found["good_rows"]:
        with deps.db.write() as session:
            confirm_import(session, import_id, actor=actor, at=deps.clock.now())
        found = _settled(deps, import_id, actor, machine, "录入")
    _show_import(found, machine)


def _settled(deps: Any, import_id: str, actor: "Principal", machine: bool, doing: str) -> dict[str, Any]:
    """The import once read or filed, by the running worker or else here."""
    from services.blacklist.cases.queries.imports import find_import, import_rows, import_view
    from services.blacklist.cases.usecases.imports import Imports

    loop = Imports(deps, f"cli-{os.getpid()}")
    try:
        with progress(doing, machine) as bar:
            while True:
                with deps.db.read() as session:
                    view = import_view(find_import(session, import_id, actor))
                    if view["state"] in ("preview", "done", "failed"):
                        bad = import_rows(session, import_id, state="bad", after=0, limit=view["bad_rows"])
                        return view | {"errors": [error for row in bad for error in row.errors]}
                bar(view["progress"] or 0.0, 1.0)
                if not loop.step():
                    PAUSE.wait(0.2)
    finally:
        loop.close()


def _show_import(found: dict[str, Any], machine: bool) -> None:
    lines = [f"{each['cell']}（{each['column']}）：{each['message']}" for each in found["errors"]]
    lines += [found["problem"]] if found["problem"] else []
    lines.append(
        f"共 {found['total_rows']} 行，可录入 {found['good_rows']} 行，"
        f"有误 {found['bad_rows']} 行，已录入 {found['filed_rows']} 行"
    )
    show(machine, found, "\n".join(lines))
    sys.exit(1 if found["bad_rows"] or found["problem"] else 0)
