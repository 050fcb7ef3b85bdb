"""`witness`: cosigning somebody's log, and whose cosignatures our own log takes."""

import http.client
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import click

from services.cli.means import blacklist_means
from services.cli.root import Group, as_json, existing, reason, show, writable

if TYPE_CHECKING:
    from services.blacklist.transparency.usecases.witness import WitnessKey
    from shared.tlog.notes import NoteKey

SECONDS = 30
LARGEST = 1024 * 1024
PAUSE = threading.Event()


@click.group(cls=Group)
def witness() -> None:
    """透明日志的见证：本单位见证别家的日志（new、run），或者登记见证本日志的单位（add、remove、list）。"""


@witness.command("new")
@click.argument("name")
@click.option("--key", "path", type=writable, required=True, help="私钥文件")
@as_json
def new_witness(name: str, path: Path, machine: bool) -> None:
    """生成见证密钥，显示公钥，交给日志的运维人员登记。"""
    from services.blacklist.transparency.usecases.witness import WitnessError, WitnessKey

    try:
        public = str(WitnessKey.create(name, path).public)
    except WitnessError as error:
        raise click.UsageError(f"不能生成：{error}") from error
    except OSError as error:
        raise click.UsageError(f"不能生成：{path}：{reason(error)}。") from error
    show(machine, {"name": name, "key": public}, public)


@witness.command("run")
@click.option("--url", required=True, help="日志地址，如 https://credit.example/api/v1/log")
@click.option("--origin", required=True, help="日志名称")
@click.option("--log-key", required=True, help="日志公钥（名称+编号+公钥）")
@click.option("--key", type=existing, required=True, help="私钥文件")
@click.option("--state", type=writable, required=True, help="上次见证的检查点")
@click.option("--every", type=click.FloatRange(0), default=0, help="每隔多少秒见证一次；不写则只见证一次")
@as_json
def run_witness(
    url: str, origin: str, log_key: str, key: Path, state: Path, every: float, machine: bool
) -> None:
    """取得检查点，核对日志只增不改，签名并交回。"""
    from shared.tlog.notes import LOG, BadNote, NoteKey

    try:
        log = NoteKey.parse(log_key)
    except BadNote as error:
        raise click.UsageError("日志公钥有误：应写成“名称+编号+公钥”，见该日志的 /keys。") from error
    if log.kind != LOG or log.name != origin or not url.startswith(("http://", "https://")):
        raise click.UsageError("日志名称、公钥和地址不相符")
    base, own = url.rstrip("/"), _own_key(key)
    while True:
        size = _witness(base, log, own, state)
        show(machine, {"origin": log.name, "size": size}, f"已见证 {log.name}，大小 {size}")
        if not every:
            return
        PAUSE.wait(every)


def _own_key(path: Path) -> "WitnessKey":
    from services.blacklist.transparency.usecases.witness import WitnessKey

    try:
        return WitnessKey.load(path)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise click.UsageError(f"{path} 不是见证私钥文件，请用 witness new 生成的那一份。") from error


def _witness(base: str, log: "NoteKey", key: "WitnessKey", state: Path) -> int:
    """The size cosigned; ends the command where log, address or state is not what it should be."""
    from services.blacklist.transparency.usecases.witness import WitnessError, witness_once

    try:
        note = witness_once(lambda path: _http(f"{base}/{path}"), log, key, state, int(time.time()))
        _http(f"{base}/cosignatures", json.dumps({"note": note}).encode())
    except WitnessError as error:
        told = str(error)
    except OSError as error:
        told = f"{error.filename or base}：{reason(error)}"
    except (ValueError, http.client.HTTPException):
        told = f"{state} 不是检查点，或者地址 {base} 有误"
    else:
        return int(note.split("\n")[1])
    click.echo(f"没有见证：{told}", err=True)
    sys.exit(1)


def _http(address: str, body: bytes | None = None) -> bytes:
    headers = {} if body is None else {"Content-Type": "application/json"}
    request = Request(address, body, headers)  # noqa: S310  http(s) only, checked at the start
    with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        content: bytes = answer.read(LARGEST)
        return content


@witness.command("add")
@click.argument("key")
@as_json
def add(key: str, machine: bool) -> None:
    """登记一个见证方的公钥：此后接受它在检查点上的签名。"""
    from services.blacklist.transparency.usecases.witnessing import add_witness

    deps = blacklist_means()
    name = _written(deps, lambda session: add_witness(session, key, deps.clock.system_now()).name)
    show(machine, {"name": name}, f"已登记见证方 {name}")


@witness.command("remove")
@click.argument("name")
@as_json
def remove(name: str, machine: bool) -> None:
    """不再接受一个见证方的签名；已有的签名保留。"""
    from services.blacklist.transparency.usecases.witnessing import remove_witness

    if not _written(blacklist_means(), lambda session: remove_witness(session, name)):
        raise click.UsageError(f"没有见证方 {name}，用 credit-blacklist witness list 查看。")
    show(machine, {"name": name, "removed": True}, f"已停止见证方 {name}")


def _written(deps: Any, act: Callable[[Any], Any]) -> Any:
    with deps.db.write() as session:
        return act(session)


@witness.command("list")
@as_json
def list_witnesses(machine: bool) -> None:
    """已登记的见证方。"""
    from services.blacklist.transparency.queries.keys import witnesses

    with blacklist_means().db.read() as session:
        keys = [each.key for each in witnesses(session)]
    show(machine, {"witnesses": keys}, "\n".join(keys) or "没有登记见证方")
