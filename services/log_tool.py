"""The log's part of the operator's tool: `verify-log`, certificates checked offline, and witnesses."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.blacklist.app import open_deps
from services.blacklist.audit.domain import Head
from services.blacklist.audit.heads import BadHeads, read_heads
from services.blacklist.audit.queries import head, verify
from services.blacklist.settings import read_settings
from services.blacklist.store import Deps
from services.blacklist.transparency.domain.certificates import check_certificate
from services.blacklist.transparency.queries.checking import LogReport, check_log, hold_still
from services.blacklist.transparency.queries.keys import log_keys, witnesses
from services.blacklist.transparency.queries.store import tree_size
from services.blacklist.transparency.usecases.witness import Fetch, WitnessError, WitnessKey, witness_once
from services.blacklist.transparency.usecases.witnessing import add_witness, remove_witness
from shared.db.readiness import require_migrated
from shared.tlog.notes import LOG, BadNote, NoteKey

SECONDS = 30
LARGEST = 1024 * 1024
PAUSE = threading.Event()
as_json = click.option("--json", "machine", is_flag=True, help="输出 JSON，供脚本使用")


def blacklist_means() -> Deps:
    """Only on a database that stands as this code expects it: nothing is made where none is."""
    settings = read_settings(os.environ)
    require_migrated(settings.common.db_url, "services.blacklist", "blacklist migrate")
    return open_deps(settings)


@click.command("verify-log")
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="离线核验一份查询证明（JSON）",
)
@click.option(
    "--keys",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="另行保存的公钥文件（/api/v1/log/keys）",
)
@click.option(
    "--heads",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="另行保存的审计链首（AUDIT_HEADS_FILE），缺省为本机上的那一份",
)
@as_json
def verify_log(certificate: Path | None, keys: Path | None, heads: Path | None, machine: bool) -> None:
    """校验审计链，以及透明日志与登记册是否一致；加 --certificate 则只离线核验一份证明。

    审计链被改动、删除、调换、插入或者截断的，指出第一条有问题的记录。
    """
    if certificate is not None:
        _verify_certificate(certificate, keys, machine)
        return
    deps = blacklist_means()
    settings = read_settings(os.environ)
    document, lines = _audit(deps, _heads(deps, heads or settings.audit_heads))
    report = _checked(deps, settings.log_origin, machine)
    document["transparency"] = _shown(report)
    document["ok"] = document["ok"] and not report.count
    lines.append(
        f"透明日志 {report.size} 条，根 {report.root}：核对内容 {report.opened} 条，"
        f"已移出不能打开 {report.closed} 条，待写入 {report.waiting} 条，问题 {report.count} 个"
    )
    lines += [str(fault) for fault in report.faults]
    _say(machine, document, lines)
    sys.exit(0 if document["ok"] else 1)


def _heads(deps: Deps, file: Path) -> list[Head]:
    """What was kept elsewhere of the audit chain; none where nothing was kept yet."""
    if not file.exists():
        return []
    try:
        return read_heads(file.read_text("ascii", errors="replace").splitlines(), deps.keyring)
    except BadHeads as error:
        raise click.UsageError(f"{file}：{error}") from error


def _audit(deps: Deps, heads: list[Head]) -> tuple[dict[str, Any], list[str]]:
    with deps.db.read() as session:
        bad = verify(session, heads)
        position, digest = head(session)
    document: dict[str, Any] = {"ok": bad is None, "position": position, "head": digest, "heads": len(heads)}
    if bad is None:
        return document, [
            f"审计链完整，共 {position} 条，链首 {digest}，与另行保存的 {len(heads)} 个链首相符"
        ]
    document["bad"] = {"position": bad.position, "entry_id": bad.entry_id, "problem": bad.reason}
    return document, [f"第 {bad.position} 条（{bad.entry_id}）：{bad.reason}"]


def _checked(deps: Deps, origin: str, machine: bool) -> LogReport:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    quiet = machine or not console.is_terminal
    with Progress(*columns, console=console, disable=quiet) as bar, deps.db.read() as session:
        hold_still(session)
        task = bar.add_task("透明日志", total=tree_size(session))
        keys = log_keys(deps.keyring, origin)
        return check_log(session, keys, deps.clock.today(), lambda count: bar.advance(task, count))


def _shown(report: LogReport) -> dict[str, Any]:
    faults = [
        {
            "problem": each.problem,
            "listing_id": each.listing_id,
            "version": each.version,
            "position": each.position,
        }
        for each in report.faults
    ]
    named = ("size", "root", "opened", "closed", "waiting", "count")
    return {name: getattr(report, name) for name in named} | {"faults": faults}


def _verify_certificate(path: Path, keys: Path | None, machine: bool) -> None:
    """Needs neither database nor network."""
    given = json.loads(keys.read_text("utf-8")) if keys else {"certificates": [], "log": []}
    try:
        document = json.loads(path.read_text("utf-8"))
        logs = [NoteKey.parse(each) for each in given["log"]]
    except (ValueError, KeyError) as error:
        raise click.UsageError(f"文件不能读取：{error}") from error
    found = check_certificate(document, [each["key"] for each in given["certificates"]], logs)
    payload = document.get("payload") or {}
    lines = [f"成立：{text}" for text in found.good] + [f"未核对：{text}" for text in found.open]
    lines += [f"不成立：{text}" for text in found.bad]
    lines.append(
        f"{payload.get('issued_at', '')} {payload.get('statement', '')}" if found.ok else "该证明不能采信"
    )
    said = {"ok": found.ok, "good": found.good, "open": found.open, "bad": found.bad, "payload": payload}
    _say(machine, said, lines)
    sys.exit(0 if found.ok else 1)


def _say(machine: bool, document: dict[str, Any], lines: Sequence[str]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, default=str) if machine else "\n".join(lines))


@click.group()
def witness() -> None:
    """透明日志的见证：本单位见证别家的日志（new、run），或者登记见证本日志的单位（add、remove、list）。"""


@witness.command("new")
@click.argument("name")
@click.option(
    "--key", "path", type=click.Path(dir_okay=False, path_type=Path), required=True, help="私钥文件"
)
def new_witness(name: str, path: Path) -> None:
    """生成见证密钥，显示公钥，交给日志的运维人员登记。"""
    try:
        click.echo(str(WitnessKey.create(name, path).public))
    except (WitnessError, FileExistsError) as error:
        raise click.UsageError(f"不能生成：{error}") from error


@witness.command("run")
@click.option("--url", required=True, help="日志地址，如 https://credit.example/api/v1/log")
@click.option("--origin", required=True, help="日志名称")
@click.option("--log-key", required=True, help="日志公钥（名称+编号+公钥）")
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True, help="私钥文件"
)
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), required=True, help="上次见证的检查点"
)
@click.option("--every", type=float, default=0, help="每隔多少秒见证一次；不写则只见证一次")
def run_witness(url: str, origin: str, log_key: str, key: Path, state: Path, every: float) -> None:
    """取得检查点，核对日志只增不改，签名并交回。"""
    try:
        log = NoteKey.parse(log_key)
    except BadNote as error:
        raise click.UsageError(f"日志公钥有误：{error}") from error
    if log.kind != LOG or log.name != origin or not url.startswith(("http://", "https://")):
        raise click.UsageError("日志名称、公钥和地址不相符")
    base, own = url.rstrip("/"), WitnessKey.load(key)
    while True:
        click.echo(_witness(base, log, own, state))
        if not every:
            return
        PAUSE.wait(every)


def _witness(base: str, log: NoteKey, key: WitnessKey, state: Path) -> str:
    try:
        note = witness_once(_fetcher(base), log, key, state, int(time.time()))
        body = json.dumps({"note": note}).encode()
        _http(Request(f"{base}/cosignatures", body, {"Content-Type": "application/json"}))  # noqa: S310
    except (WitnessError, OSError) as error:
        click.echo(f"没有见证：{error}", err=True)
        sys.exit(1)
    return f"已见证 {log.name}，大小 {note.split(chr(10))[1]}"


def _fetcher(base: str) -> Fetch:
    return lambda path: _http(Request(f"{base}/{path}"))  # noqa: S310  http(s) only, checked at the start


def _http(request: Request) -> bytes:
    with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        content: bytes = answer.read(LARGEST)
        return content


@witness.command("add")
@click.argument("key")
def add(key: str) -> None:
    """登记一个见证方的公钥：此后接受它在检查点上的签名。"""
    _change(lambda deps: _added(deps, key))


def _added(deps: Deps, key: str) -> str:
    with deps.db.write() as session:
        return f"已登记见证方 {add_witness(session, key, deps.clock.system_now()).name}"


@witness.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """不再接受一个见证方的签名；已有的签名保留。"""
    _change(lambda deps: _removed(deps, name))


def _removed(deps: Deps, name: str) -> str:
    with deps.db.write() as session:
        return f"已停止见证方 {name}" if remove_witness(session, name) else f"没有见证方 {name}"


def _change(act: Callable[[Deps], str]) -> None:
    click.echo(act(blacklist_means()))


@witness.command("list")
def list_witnesses() -> None:
    """已登记的见证方。"""
    deps = blacklist_means()
    with deps.db.read() as session:
        for each in witnesses(session):
            click.echo(each.key)
