"""The notifier's part of the operator's tool: `templates check`, everything wrong with the message texts."""

import json
import sys

import click

from services.notifier.proofing import check_texts


@click.group()
def templates() -> None:
    """消息文字。"""


@templates.command("check")
@click.option("--json", "machine", is_flag=True, help="输出 JSON，供脚本使用")
def check(machine: bool) -> None:
    """检查消息文字：每类消息在每个渠道和语言都有文字；变量、写法和长度有误的，逐条指出文件和行。"""
    problems = check_texts()
    text = "\n".join(problems) if problems else "消息文字均无问题"
    click.echo(json.dumps({"problems": problems}, ensure_ascii=False) if machine else text)
    sys.exit(1 if problems else 0)
