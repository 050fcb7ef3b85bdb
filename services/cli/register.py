"""The register's commands: `export`, and `reindex`, which proves the index of names or makes it anew."""

import sys
from pathlib import Path

import click

from services.cli.means import blacklist_means
from services.cli.root import Command, as_json, progress, show, writable


@click.command(cls=Command)
@click.argument("file", type=writable)
@as_json
def export(file: Path, machine: bool) -> None:
    """导出当前公示中的法人和其他组织信息（NDJSON）。"""
    from services.blacklist.register.api.downloads import write_ndjson
    from services.blacklist.register.queries import count_in_force, organisations_in_force
    from services.blacklist.snapshots.queries import refuse_while_blocked

    deps, count = blacklist_means(), 0
    refuse_while_blocked(deps.data_dir)
    today = deps.clock.today()
    with deps.db.read() as session, file.open("wb") as out, progress("导出", machine) as bar:
        total = count_in_force(session, today)
        for item in organisations_in_force(session, today):
            write_ndjson([item], out)
            count += 1
            bar(count, total)
    show(machine, {"exported": count, "file": str(file)}, f"导出 {count} 条")


@click.command(cls=Command)
@click.option("--verify", is_flag=True, help="只检查，不改动")
@as_json
def reindex(verify: bool, machine: bool) -> None:
    """重建名称检索索引，或用 --verify 检查索引与名称是否一致；查询照常进行。"""
    from services.blacklist.register.index import ENGINES, verify_index
    from services.blacklist.register.index import reindex as make_anew

    db = blacklist_means().db
    done, work = 0, verify_index if verify else make_anew
    with progress("名称", machine) as bar:

        def add(count: int) -> None:
            nonlocal done
            done += count
            bar(done, None)

        report = work(db, ENGINES[db.dialect], add)
    found = {"names": report.names, "outdated": report.outdated, "faults": report.faults}
    verb = "与名称不一致" if verify else "已更新"
    lines = [f"名称 {report.names} 个，{verb} {report.outdated} 个", *report.faults]
    show(machine, found, "\n".join(lines))
    sys.exit(1 if verify and not report.sound else 0)
