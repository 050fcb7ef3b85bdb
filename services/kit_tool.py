"""The exchange's part of the operator's tool: `consumer-kit`, a trial of an integrator's consumer."""

import json
import sys
from urllib.parse import urlsplit

import click

from services.credit_push.kit import Consumer, Judgement, judge


@click.command("consumer-kit")
@click.argument("address")
@click.option("--listings", default=20, type=click.IntRange(1, 1000), show_default=True, help="名单条数")
@click.option("--seed", default=1, show_default=True, help="同一数字给出同一次序")
@click.option("--key-id", default="", help="签名密钥的编号")
@click.option("--secret", default="", envvar="CONSUMER_KIT_SECRET", help="签名密钥；不填则不签名")
@click.option("--json", "machine", is_flag=True, help="输出 JSON，供脚本使用")
def consumer_kit(address: str, listings: int, seed: int, key_id: str, secret: str, machine: bool) -> None:
    """试一个接入方：以重复、乱序、重放的方式投递各类交换事件，按其 GET <地址>/state 评定。

    每一事件以 POST 送到 ADDRESS；约定见 docs/platform-wire.md 的“Trying a consumer”。
    全部通过时退出码为 0，否则为 1。
    """
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc:
        raise click.BadParameter("应为 http 或 https 开头的地址。", param_hint="ADDRESS")
    if secret and not key_id:
        raise click.BadParameter("有签名密钥时须写明其编号。", param_hint="--key-id")
    judgement = judge(Consumer(address, key_id, secret.encode()), listings, seed)
    click.echo(_document(judgement) if machine else _text(judgement))
    sys.exit(0 if judgement.passed else 1)


def _document(judgement: Judgement) -> str:
    rows = [{"name": one.name, "kept": one.kept, "detail": one.detail} for one in judgement.findings]
    return json.dumps({"passed": judgement.passed, "findings": rows}, ensure_ascii=False)


def _text(judgement: Judgement) -> str:
    lines = [f"{'通过' if one.kept else '不符'}  {one.name}{'：' + one.detail if one.detail else ''}"
             for one in judgement.findings]  # fmt: skip
    kept = sum(one.kept for one in judgement.findings)
    return "\n".join([*lines, f"{kept}/{len(judgement.findings)} 项通过"])
