"""`credit-blacklist`: the operator's tool, on DATA_DIR and the configured databases beside the services.

Exit codes: 0 done, 1 done with findings (rejected rows, problems, differences), 2 wrong use or refused.
With `__main__` the only file that may name two services.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from services.blacklist.app import create_app as create_blacklist
from services.blacklist.cases.queries.imports import find_import, import_rows, import_view
from services.blacklist.cases.usecases.imports import Imports, SheetUpload, confirm_import, receive_import
from services.blacklist.identity.queries import user_by_name
from services.blacklist.identity.usecases import create_user, disable_user, principal_of, reset_password
from services.blacklist.register.api.downloads import write_ndjson
from services.blacklist.register.queries import organisations_in_force
from services.blacklist.register.usecases import import_listings
from services.blacklist.rules.queries import check_additions
from services.blacklist.rules.queries import check_catalogue as check_rules
from services.blacklist.settings import read_settings as read_blacklist
from services.credit_push.app import create_app as create_credit_push
from services.credit_push.app import open_deps as open_push_deps
from services.credit_push.catalogue import SAMPLE_VALUES, check_file
from services.credit_push.catalogue import check_catalogue as check_platforms
from services.credit_push.models import ReconciliationRun
from services.credit_push.queries import run_differences, run_view
from services.credit_push.reconciliation import request_runs
from services.credit_push.settings import read_settings as read_credit_push
from services.credit_push.usecases import Deps as PushDeps
from services.credit_push.usecases.operating import replay as replay_delivery
from services.credit_push.usecases.operating import replay_all
from services.kit_tool import consumer_kit
from services.log_tool import blacklist_means, verify_log, witness
from services.notifier.app import create_app as create_notifier
from services.notifier.settings import read_settings as read_notifier
from services.search_tool import reindex as reindex_names
from services.text_tool import templates
from shared.contracts.schema_export import asyncapi as asyncapi_document
from shared.db.readiness import DatabaseNotReady, require_migrated
from shared.errors import ERROR_PAGES, DomainError
from shared.eventlog import ensure_topics
from shared.process import rest_from_collecting
from shared.settings import SettingsError
from shared.web.access import Principal

SERVICES = ("blacklist", "credit-push", "notifier")
ERRORS_HEAD = """# Errors

Every refusal is `application/problem+json` (RFC 9457); `type` ends in the slug and opens a page
with this text. Made by `credit-blacklist errors`.

| slug | 说明 |
| --- | --- |"""
PAUSE = threading.Event()
as_json = click.option("--json", "machine", is_flag=True, help="输出 JSON，供脚本使用")


def push_means() -> PushDeps:
    settings = read_credit_push(os.environ)
    require_migrated(settings.common.db_url, "services.credit_push", "credit-push migrate")
    return open_push_deps(settings)


def show(machine: bool, document: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, default=str) if machine else text)


def counted(path: Path, machine: bool) -> Iterator[bytes]:
    """The file's lines, with a progress bar by bytes on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, console=console, disable=machine or not console.is_terminal) as bar,
        path.open("rb") as lines,
    ):
        task = bar.add_task(path.name, total=path.stat().st_size)
        for line in lines:
            bar.advance(task, len(line))
            yield line


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """公共资源配置领域信用黑名单：运维工具。"""


@main.group("import")
def importing() -> None:
    """导入案件或历史公示信息。"""


@importing.command("listings")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--push", is_flag=True, help="同时推送并通知（默认不推送、不通知）")
@as_json
def import_history(file: Path, push: bool, machine: bool) -> None:
    """导入其他系统已公示的历史信息（NDJSON，每行一条）；重复运行不会重复导入。"""
    deps = blacklist_means()
    rest_from_collecting()
    report = import_listings(deps.db, deps.clock, deps.keyring, counted(file, machine), push=push)
    rejected = [{"line": each.number, "reason": each.reason} for each in report.reasons]
    document = {"read": report.read, "imported": report.imported, "known": report.known, "rejected": rejected}
    lines = [f"第{each['line']}行：{each['reason']}" for each in rejected]
    lines.append(
        f"读取 {report.read} 行，导入 {report.imported} 条，已有 {report.known} 条，退回 {report.rejected} 行"
    )
    show(machine, document, "\n".join(lines))
    sys.exit(1 if report.rejected else 0)


@importing.command("cases")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "username", required=True, help="以哪个经办人的账号录入")
@click.option("--list", "list_code", default="penalty-publication", show_default=True, help="录入哪个名单")
@click.option("--domain", default="other", show_default=True, help="表中没有写明的领域")
@click.option("--confirm", is_flag=True, help="录入无误的行（默认只检查，不录入）")
@as_json
def import_cases(
    file: Path, username: str, list_code: str, domain: str, confirm: bool, machine: bool
) -> None:
    """导入双公示表格（XLSX、CSV）：逐格检查，指出有误的单元格；加 --confirm 才录入为案件草稿。"""
    deps = blacklist_means()
    with deps.db.read() as session:
        actor = principal_of(session, _user(session, username))
    if not actor.has("clerk"):
        raise click.UsageError(f"{username} 不是经办人")
    sheet = SheetUpload(file.name, file.read_bytes(), list_code, domain, None)
    with deps.db.write() as session:
        import_id = receive_import(session, deps, sheet, actor=actor, at=deps.clock.now()).id
    found = _import_settled(deps, import_id, actor)
    if confirm and found["good_rows"]:
        with deps.db.write() as session:
            confirm_import(session, import_id, actor=actor, at=deps.clock.now())
        found = _import_settled(deps, import_id, actor)
    _show_import(found, machine)


def _import_settled(deps: Any, import_id: str, actor: Principal) -> dict[str, Any]:
    """The import once read or filed, by the running worker or else here."""
    loop = Imports(deps, f"cli-{os.getpid()}")
    try:
        while True:
            with deps.db.read() as session:
                view = import_view(find_import(session, import_id, actor))
                if view["state"] in ("preview", "done", "failed"):
                    bad = import_rows(session, import_id, state="bad", after=0, limit=view["bad_rows"])
                    return view | {"errors": [error for row in bad for error in row.errors]}
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


@main.command()
@click.argument("platforms", nargs=-1)
@click.option("--no-repair", is_flag=True, help="只对账，不自动重推")
@click.option("--wait", "seconds", default=120.0, show_default=True, help="最多等待的秒数")
@as_json
def reconcile(platforms: tuple[str, ...], no_repair: bool, seconds: float, machine: bool) -> None:
    """与平台对账（不写平台则全部），有差异的自动重推；由正在运行的推送进程执行。"""
    deps = push_means()
    with deps.db.write() as session:
        asked = [
            request_runs(session, deps, each, "operator", repair=not no_repair)
            for each in platforms or (None,)
        ]
        ids = [run.id for runs in asked for run in runs]
    runs = _runs_settled(deps, ids, time.monotonic() + seconds)
    lines = [
        f"{run['platform']}：{run['state']}，本方 {run['ours']}，对方 {run['theirs']}，"
        f"差异 {len(run['differences'])}"
        for run in runs
    ]
    show(machine, {"runs": runs}, "\n".join(lines))
    sys.exit(1 if any(run["differences"] or run["state"] != "done" for run in runs) else 0)


def _runs_settled(deps: Any, ids: list[str], until: float) -> list[dict[str, Any]]:
    while True:
        with deps.db.read() as session:
            runs = [
                run_view(session.get_one(ReconciliationRun, each), run_differences(session, each))
                for each in ids
            ]
        if time.monotonic() >= until or all(run["state"] in ("done", "failed") for run in runs):
            return runs
        PAUSE.wait(0.2)


@main.command()
@click.argument("deliveries", nargs=-1)
@click.option("--dead", is_flag=True, help="全部推送失败的记录")
@click.option("--platform", help="只限一个平台（与 --dead 同用）")
def replay(deliveries: tuple[str, ...], dead: bool, platform: str | None) -> None:
    """重推：按推送记录编号，或者用 --dead 重推全部失败的记录。"""
    if bool(deliveries) == dead:
        raise click.UsageError("请写明推送记录编号，或者用 --dead")
    deps = push_means()
    with deps.db.write() as session:
        for each in deliveries:
            replay_delivery(session, deps, each, "operator")
        count = replay_all(session, deps, "operator", platform) if dead else len(deliveries)
    click.echo(f"重推 {count} 条")


@main.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    """导出当前公示中的法人和其他组织信息（NDJSON）。"""
    deps = blacklist_means()
    count = 0
    with deps.db.read() as session, file.open("wb") as out:
        for item in organisations_in_force(session, deps.clock.today()):
            write_ndjson([item], out)
            count += 1
    click.echo(f"导出 {count} 条")


main.add_command(verify_log)
main.add_command(witness)
main.add_command(reindex_names)
main.add_command(consumer_kit)
main.add_command(templates)


@main.group()
def account() -> None:
    """账号：新建、停用、重置密码。"""


@account.command("create")
@click.argument("username")
@click.option("--name", "display_name", required=True, help="姓名")
@click.option("--department", "department_id", required=True, help="部门编号（UUID）")
@click.option("--role", "roles", multiple=True, required=True, help="角色，可多次给出")
@click.option("--email", default=None)
def create_account(
    username: str, display_name: str, department_id: str, roles: tuple[str, ...], email: str | None
) -> None:
    """新建账号，显示首次登录密码（只显示这一次）。"""
    deps = blacklist_means()
    with deps.db.write() as session:
        made = create_user(
            session,
            actor=None,
            username=username,
            display_name=display_name,
            department_id=department_id,
            email=email,
            at=deps.clock.now(),
            roles=roles,
        )
        click.echo(f"{made.user.username} {made.password}")


@account.command("disable")
@click.argument("username")
@click.option("--reason", required=True, help="停用原因")
def disable_account(username: str, reason: str) -> None:
    """停用账号，立即结束其全部登录。"""
    deps = blacklist_means()
    with deps.db.write() as session:
        user_id = _user_id(session, username)
        at, system_at = deps.clock.now(), deps.clock.system_now()
        disable_user(session, user_id, actor=None, reason=reason, at=at, system_at=system_at)
    click.echo(f"{username} 已停用")


@account.command("reset-password")
@click.argument("username")
def reset_account(username: str) -> None:
    """重置密码，显示新密码（只显示这一次），下次登录须修改。"""
    deps = blacklist_means()
    with deps.db.write() as session:
        user_id = _user_id(session, username)
        at, system_at = deps.clock.now(), deps.clock.system_now()
        made = reset_password(session, user_id, actor=None, at=at, system_at=system_at)
        click.echo(f"{username} {made.password}")


def _user_id(session: Any, username: str) -> str:
    return str(_user(session, username).id)


def _user(session: Any, username: str) -> Any:
    user = user_by_name(session, username)
    if user is None:
        raise click.UsageError(f"没有账号 {username}")
    return user


@main.group()
def catalogue() -> None:
    """名单规则与平台目录。"""


@catalogue.command("check")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def check(files: tuple[Path, ...], machine: bool) -> None:
    """检查名单规则和平台目录数据文件，逐条指出文件、位置和问题；写出文件名的，只检查这些平台文件。"""
    added = read_blacklist(os.environ).common.data_dir / "rules"
    values = SAMPLE_VALUES | {name: value for name, value in os.environ.items() if name[:9] == "PLATFORM_"}
    found = (
        [problem for file in files for problem in check_file(file, values)]
        if files
        else [*check_rules(), *check_additions(added), *check_platforms()]
    )
    problems = [str(each) for each in found]
    show(machine, {"problems": problems}, "\n".join(problems) if problems else "规则与平台目录均无问题")
    sys.exit(1 if problems else 0)


@main.group()
def topics() -> None:
    """事件主题。"""


@topics.command("ensure")
def topics_ensure() -> None:
    """在消息服务器上建立缺少的主题（SQL 事件日志无需建立）。"""
    url = read_blacklist(os.environ).common.events_url
    ensure_topics(url)
    click.echo("主题已就绪")


@main.command()
@click.argument("service", type=click.Choice(SERVICES))
def openapi(service: str) -> None:
    """输出一个服务的 OpenAPI 文档。"""
    if service == "blacklist":
        app = create_blacklist(read_blacklist(os.environ))
    elif service == "credit-push":
        app = create_credit_push(read_credit_push(os.environ))
    else:
        app = create_notifier(read_notifier(os.environ))
    click.echo(json.dumps(app.spec, ensure_ascii=False, indent=1))


@main.command()
@click.argument("service", type=click.Choice(SERVICES))
def asyncapi(service: str) -> None:
    """输出一个服务的 AsyncAPI 文档。"""
    click.echo(json.dumps(asyncapi_document(service), ensure_ascii=False, indent=1))


@main.command()
def errors() -> None:
    """输出全部错误代码及说明（docs/errors.md 由此生成）。"""
    rows = [f"| `{slug}` | {text} |" for slug, text in sorted(ERROR_PAGES.items())]
    click.echo("\n".join([ERRORS_HEAD, *rows]))


def run() -> None:
    """Entry point: refusals and a database that is not ready become one line and exit code 2."""
    try:
        main()
    except DomainError as error:
        click.echo(f"{error.title}：{error.detail}", err=True)
        sys.exit(2)
    except (DatabaseNotReady, SettingsError) as error:
        click.echo(str(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    run()
