"""The push side's commands: `reconcile`, `replay`, and `consumer-kit`, a trial of a consumer."""

import sys
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from services.cli.means import push_means
from services.cli.root import Command, as_json, progress, show

if TYPE_CHECKING:
    from services.credit_push.kit import Judgement

PAUSE = threading.Event()
STATES = {"waiting": "还没有开始", "running": "正在进行", "done": "已完成", "failed": "没有完成"}


@click.command(cls=Command)
@click.argument("platforms", nargs=-1)
@click.option("--no-repair", is_flag=True, help="只对账，不自动重推")
@click.option(
    "--wait", "seconds", default=120.0, type=click.FloatRange(0), show_default=True, help="最多等待的秒数"
)
@as_json
def reconcile(platforms: tuple[str, ...], no_repair: bool, seconds: float, machine: bool) -> None:
    """与平台对账（不写平台则全部），有差异的自动重推；由正在运行的推送进程执行。"""
    from services.credit_push.reconciliation import request_runs

    deps = push_means()
    with deps.db.write() as session:
        asked = [
            request_runs(session, deps, each, "operator", repair=not no_repair)
            for each in platforms or (None,)
        ]
        ids = [run.id for runs in asked for run in runs]
    runs = _runs_settled(deps, ids, time.monotonic() + seconds, machine)
    lines = [
        f"{run['platform']}：{STATES.get(run['state'], run['state'])}，本方 {_figure(run['ours'])}，"
        f"对方 {_figure(run['theirs'])}，差异 {len(run['differences'])}"
        for run in runs
    ]
    show(machine, {"runs": runs}, "\n".join(lines))
    sys.exit(1 if any(run["differences"] or run["state"] != "done" for run in runs) else 0)


def _figure(count: int | None) -> str:
    return "未知" if count is None else str(count)


def _runs_settled(deps: Any, ids: list[str], until: float, machine: bool) -> list[dict[str, Any]]:
    from services.credit_push.models import ReconciliationRun
    from services.credit_push.queries import run_differences, run_view

    with progress("对账", machine) as bar:
        while True:
            with deps.db.read() as session:
                runs = [
                    run_view(session.get_one(ReconciliationRun, each), run_differences(session, each))
                    for each in ids
                ]
            settled = sum(run["state"] in ("done", "failed") for run in runs)
            bar(settled, len(runs))
            if time.monotonic() >= until or settled == len(runs):
                return runs
            PAUSE.wait(0.2)


@click.command(cls=Command)
@click.argument("deliveries", nargs=-1)
@click.option("--dead", is_flag=True, help="全部推送失败的记录")
@click.option("--platform", help="只限一个平台（与 --dead 同用）")
@as_json
def replay(deliveries: tuple[str, ...], dead: bool, platform: str | None, machine: bool) -> None:
    """重推：按推送记录编号，或者用 --dead 重推全部失败的记录。"""
    from services.credit_push.usecases.operating import replay as replay_delivery
    from services.credit_push.usecases.operating import replay_all

    if bool(deliveries) == dead:
        raise click.UsageError("请写明推送记录编号，或者用 --dead")
    deps = push_means()
    if platform is not None and platform not in deps.catalogue:
        raise click.UsageError(f"没有平台 {platform}，平台代码见 /push/ 或者 docs/platforms.md。")
    with deps.db.write() as session:
        for each in deliveries:
            replay_delivery(session, deps, each, "operator")
        count = replay_all(session, deps, "operator", platform) if dead else len(deliveries)
    show(machine, {"replayed": count}, f"重推 {count} 条")


@click.command("consumer-kit", cls=Command)
@click.argument("address")
@click.option("--listings", default=20, type=click.IntRange(1, 1000), show_default=True, help="名单条数")
@click.option("--seed", default=1, show_default=True, help="同一数字给出同一次序")
@click.option("--key-id", default="", help="签名密钥的编号")
@click.option("--secret", default="", envvar="CONSUMER_KIT_SECRET", help="签名密钥；不填则不签名")
@as_json
def consumer_kit(address: str, listings: int, seed: int, key_id: str, secret: str, machine: bool) -> None:
    """试一个接入方：以重复、乱序、重放的方式投递各类交换事件，按其 GET <地址>/state 评定。

    每一事件以 POST 送到 ADDRESS；约定见 docs/platform-wire.md 的“Trying a consumer”。
    全部通过时退出码为 0，否则为 1。
    """
    from services.credit_push.kit import Consumer, judge

    if not _is_address(address):
        raise click.BadParameter("应为 http 或 https 开头的地址。", param_hint="ADDRESS")
    if secret and not key_id:
        raise click.BadParameter("有签名密钥时须写明其编号。", param_hint="--key-id")
    if not (key_id.isascii() and (key_id.isprintable())):
        raise click.BadParameter("只能用字母、数字和半角标点。", param_hint="--key-id")
    judgement = judge(Consumer(address, key_id, secret.encode()), listings, seed)
    rows = [{"name": one.name, "kept": one.kept, "detail": one.detail} for one in judgement.findings]
    show(machine, {"passed": judgement.passed, "findings": rows}, _text(judgement))
    sys.exit(0 if judgement.passed else 1)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and text.isascii() and text.isprintable() and " " not in text


def _text(judgement: "Judgement") -> str:
    lines = [f"{'通过' if one.kept else '不符'}  {one.name}{'：' + one.detail if one.detail else ''}"
             for one in judgement.findings]  # fmt: skip
    kept = sum(one.kept for one in judgement.findings)
    return "\n".join([*lines, f"{kept}/{len(judgement.findings)} 项通过"])
