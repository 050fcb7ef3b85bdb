"""The search's part of the operator's tool: `reindex`, which proves the index of names or makes it anew."""

import json
import os
import sys

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.blacklist.app import open_deps
from services.blacklist.register.index import ENGINES, Reindexed, verify_index
from services.blacklist.register.index import reindex as make_anew
from services.blacklist.settings import read_settings
from shared.db.readiness import require_migrated


@click.command()
@click.option("--verify", is_flag=True, help="只检查，不改动")
@click.option("--json", "machine", is_flag=True, help="输出 JSON，供脚本使用")
def reindex(verify: bool, machine: bool) -> None:
    """重建名称检索索引，或用 --verify 检查索引与名称是否一致；查询照常进行。"""
    settings = read_settings(os.environ)
    require_migrated(settings.common.db_url, "services.blacklist", "blacklist migrate")
    db = open_deps(settings).db
    work = verify_index if verify else make_anew
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=machine or not console.is_terminal) as bar:
        task = bar.add_task("名称", total=None)
        report = work(db, ENGINES[db.dialect], lambda count: bar.advance(task, count))
    _show(report, verify, machine)


def _show(report: Reindexed, verify: bool, machine: bool) -> None:
    if machine:
        found = {"names": report.names, "outdated": report.outdated, "faults": report.faults}
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        verb = "与名称不一致" if verify else "已更新"
        lines = [f"名称 {report.names} 个，{verb} {report.outdated} 个", *report.faults]
        click.echo("\n".join(lines))
    sys.exit(1 if verify and not report.sound else 0)
