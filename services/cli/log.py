"""`verify-log`: the audit chain and the transparency log on the databases, or one certificate offline."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from services.cli.means import blacklist_means
from services.cli.root import Command, as_json, existing, progress, read_json, show

if TYPE_CHECKING:
    from services.blacklist.audit.domain import Head
    from services.blacklist.store import Deps
    from services.blacklist.transparency.domain.certificates import Findings
    from services.blacklist.transparency.queries.checking import LogReport
    from shared.tlog.notes import NoteKey

UNTRUSTED = 3
_HASH = re.compile(r"[0-9a-f]{64}")
NOT_TRUSTED = (
    "没有用可信的公钥核对：内容与签名前后一致，但不能证明是谁出具的，任何人都可以自制这样一份。"
    "请用 --keys 给出另行保存的公钥文件，或用 --key-hash 给出证明公钥的 SHA-256。"
)


@click.command("verify-log", cls=Command)
@click.option("--certificate", type=existing, help="离线核验一份查询证明（JSON）")
@click.option("--keys", type=existing, help="另行保存的公钥文件（/api/v1/log/keys）")
@click.option("--key-hash", "pins", multiple=True, help="可信的证明公钥的 SHA-256（十六进制），可多次给出")
@click.option("--heads", type=existing, help="另行保存的审计链首（AUDIT_HEADS_FILE），缺省为本机上的那一份")
@as_json
def verify_log(
    certificate: Path | None, keys: Path | None, pins: tuple[str, ...], heads: Path | None, machine: bool
) -> None:
    """校验审计链，以及透明日志与登记册是否一致；加 --certificate 则只离线核验一份证明。

    审计链被改动、删除、调换、插入或者截断的，指出第一条有问题的记录。
    离线核验须有可信的公钥（--keys 或 --key-hash），没有的退出码为 3。
    """
    if certificate is not None:
        _verify_certificate(certificate, keys, pins, machine)
        return
    if keys is not None or pins:
        raise click.UsageError("--keys 和 --key-hash 只与 --certificate 同用。")
    from services.blacklist.settings import read_settings

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
    show(machine, document, "\n".join(lines))
    sys.exit(0 if document["ok"] else 1)


def _heads(deps: "Deps", file: Path) -> "list[Head]":
    """What was kept elsewhere of the audit chain; none where nothing was kept yet."""
    from services.blacklist.audit.heads import BadHeads, read_heads

    if not file.exists():
        return []
    try:
        return read_heads(file.read_text("ascii", errors="replace").splitlines(), deps.keyring)
    except BadHeads as error:
        raise click.UsageError(f"{file}：{error}") from error


def _audit(deps: "Deps", heads: "list[Head]") -> tuple[dict[str, Any], list[str]]:
    from services.blacklist.audit.queries import head, verify

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


def _checked(deps: "Deps", origin: str, machine: bool) -> "LogReport":
    from services.blacklist.transparency.queries.checking import check_log, hold_still
    from services.blacklist.transparency.queries.keys import log_keys
    from services.blacklist.transparency.queries.store import tree_size

    with progress("透明日志", machine) as bar, deps.db.read() as session:
        hold_still(session)
        keys, add = log_keys(deps.keyring, origin), _adding(bar, tree_size(session))
        return check_log(session, keys, deps.clock.today(), add)


def _adding(bar: Callable[[float, float | None], None], total: int) -> Callable[[int], None]:
    done = 0

    def add(count: int) -> None:
        nonlocal done
        done += count
        bar(done, total)

    return add


def _shown(report: "LogReport") -> dict[str, Any]:
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


def _verify_certificate(path: Path, keys: Path | None, pins: Sequence[str], machine: bool) -> None:
    """Needs neither database nor network, but a key trusted beforehand: anyone can sign for himself."""
    document = read_json(path, "证明")
    trusted, logs = _trusted(keys)
    found = _found(document, trusted, _pinned(pins), logs, path)
    payload = document.get("payload") or {}
    lines = [f"成立：{text}" for text in found.good] + [f"未核对：{text}" for text in found.open]
    lines += [f"不成立：{text}" for text in found.bad]
    if not found.ok:
        lines.append("该证明不能采信")
    elif not found.trusted:
        lines.append(NOT_TRUSTED)
    else:
        lines += [f"{payload.get('issued_at', '')} {payload.get('statement', '')}".rstrip(), *_sheet(payload)]
    said: dict[str, Any] = {"ok": found.ok and found.trusted, "trusted": found.trusted}
    said |= {"good": found.good, "open": found.open, "bad": found.bad, "payload": payload}
    show(machine, said, "\n".join(lines))
    sys.exit(1 if not found.ok else 0 if found.trusted else UNTRUSTED)


def _sheet(payload: dict[str, Any]) -> list[str]:
    """Of a tender sheet: its project, and what it says of each group."""
    from services.blacklist.checks.domain.words import BARRED, verdict_of

    if "groups" not in payload:
        return []
    project = payload["project"]
    groups = [
        f"{each['number']}. {each['name'] or '投标组'}：{verdict_of(each)}，{BARRED[each['barred']]}"
        for each in payload["groups"]
    ]
    return [f"项目 {project['number']} {project['name']}", *groups]


def _found(
    document: dict[str, Any], trusted: list[str], pins: frozenset[str], logs: "list[NoteKey]", path: Path
) -> "Findings":
    from services.blacklist.transparency.domain.certificates import check_certificate

    try:
        return check_certificate(document, trusted, logs, pins=pins)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise click.UsageError(f"{path} 不是查询证明：其中的内容不成形状。") from error


def _trusted(path: Path | None) -> "tuple[list[str], list[NoteKey]]":
    """The certificates' and the log's keys out of a kept copy of /api/v1/log/keys."""
    from shared.tlog.notes import NoteKey

    if path is None:
        return [], []
    given = read_json(path, "公钥文件")
    try:
        keys = [str(each["key"]) for each in given["certificates"]]
        return keys, [NoteKey.parse(str(each)) for each in given["log"]]
    except (ValueError, KeyError, TypeError) as error:
        said = "应为 /api/v1/log/keys 的答复，含 certificates 和 log"
        raise click.UsageError(f"公钥文件 {path} 不能使用：{said}。") from error


def _pinned(pins: Sequence[str]) -> frozenset[str]:
    plain = frozenset(each.replace(":", "").lower() for each in pins)
    if not all(_HASH.fullmatch(each) for each in plain):
        raise click.UsageError("--key-hash 应为 64 位十六进制数：证明公钥（32 字节）的 SHA-256。")
    return plain
