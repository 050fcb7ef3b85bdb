"""Opening a packet: manifest against file, sheet against manifest, before any row is looked at."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.credit_push.sandbox.checking import LAYOUTS, names_of
from services.credit_push.sandbox.ledger import OPERATIONS, Receipt, Submission
from services.credit_push.sandbox.platforms import Platform
from services.credit_push.sandbox.sheets import BadSheet, read_sheet

_MANIFEST = {"batch_id", "sender", "format", "file", "count", "sha256", "created_at", "rows"}
_ROW = {"line", "idempotency_key", "operation", "listing_id", "version"}
_SUBJECT = {"penalty_2018": "CF_XDR_MC", "blacklist_org": "JGQC", "blacklist_person": "FZRXM"}
_NUMBER = {"penalty_2018": "CF_WSH", "blacklist_org": "RDWH", "blacklist_person": "RDWH"}


@dataclass(frozen=True)
class Packet:
    """An opened packet, or (without rows) one refused as a whole: then `refused` holds the answer."""

    batch_id: str
    layout: str
    rows: list[Submission]
    refused: list[tuple[int, Receipt]] = field(default_factory=list)
    text: str = ""


class BadPacket(Exception):
    """The packet as a whole is not taken: each line of the manifest is rejected (line 0 if there is none)."""

    def __init__(self, message: str, manifest: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        rows = (manifest or {}).get("rows")
        lines = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        self.text = json.dumps(manifest, ensure_ascii=False) if manifest else ""
        self.receipts = [
            (
                number,
                Receipt(str(row.get("idempotency_key", "")), "rejected", "", "manifest", "FORMAT", message),
            )
            for number, row in enumerate(lines, 1)
        ] or [(0, Receipt("", "rejected", "", "manifest", "FORMAT", message))]


def open_packet(platform: Platform, folder: Path, batch: str) -> Packet:
    """Read and compare the packet's files; BadPacket if they do not fit together."""
    manifest = _read_manifest(folder / f"{batch}.manifest.json", batch)
    layout = str(manifest["format"])
    if layout not in platform.layouts:
        raise BadPacket("清单 format 不是本平台接收的格式", manifest)
    name = f"{batch}.{platform.file}"
    if manifest["file"] != name or not (folder / name).is_file():
        raise BadPacket(f"清单 file 应为 {name} 且文件存在", manifest)
    body = (folder / name).read_bytes()
    if hashlib.sha256(body).hexdigest() != manifest["sha256"]:
        raise BadPacket("文件校验和与清单不符", manifest)
    try:
        cells = read_sheet(body, platform.file)
    except BadSheet as error:
        raise BadPacket(str(error), manifest) from error
    _check_heading(cells, layout, manifest)
    rows = [_submission(line, row, layout, manifest) for line, row in enumerate(cells[2:], 1)]
    text = "\n".join("\t".join(row) for row in cells)
    return Packet(batch, layout, rows, [], json.dumps(manifest, ensure_ascii=False) + "\n" + text)


def _read_manifest(path: Path, batch: str) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadPacket("缺少清单或清单不是合法的 JSON") from error
    if not isinstance(manifest, dict) or set(manifest) != _MANIFEST:
        raise BadPacket("清单字段不符", manifest if isinstance(manifest, dict) else None)
    rows = manifest["rows"]
    if manifest["batch_id"] != batch or not manifest["sender"]:
        raise BadPacket("清单批次号与文件名不符，或缺少报送单位", manifest)
    if not isinstance(rows, list) or any(not isinstance(row, dict) or set(row) != _ROW for row in rows):
        raise BadPacket("清单 rows 字段不符", manifest)
    if (
        not rows
        or [row["line"] for row in rows] != list(range(1, len(rows) + 1))
        or manifest["count"] != len(rows)
    ):
        raise BadPacket("清单行号或行数不符", manifest)
    if any(
        row["operation"] not in OPERATIONS.values() or not isinstance(row["version"], int) for row in rows
    ):
        raise BadPacket("清单中的操作或版本不符", manifest)
    return manifest


def _check_heading(cells: list[list[str]], layout: str, manifest: dict[str, Any]) -> None:
    if len(cells) < 3 or cells[1] != ["CZ", *names_of(layout)] or cells[0][0] != "操作":
        raise BadPacket("表头与格式不符：第一行为中文名称，第二行为字段代码，首列为操作", manifest)
    if len(cells[0]) != len(LAYOUTS[layout]) + 1 or not all(cells[0]):
        raise BadPacket("表头中文名称缺失", manifest)
    if len(cells) - 2 != manifest["count"]:
        raise BadPacket("表格行数与清单不符", manifest)
    for row, entry in zip(cells[2:], manifest["rows"], strict=True):
        if len(row) != len(cells[1]) or OPERATIONS.get(row[0]) != entry["operation"]:
            raise BadPacket(f"第 {entry['line']} 行列数或操作与清单不符", manifest)


def _submission(line: int, row: list[str], layout: str, manifest: dict[str, Any]) -> Submission:
    entry = manifest["rows"][line - 1]
    content = dict(zip(names_of(layout), row[1:], strict=True))
    return Submission(
        key=str(entry["idempotency_key"]),
        operation=entry["operation"],
        layout=layout,
        content=content,
        subject_name=content[_SUBJECT[layout]],
        document_number=content[_NUMBER[layout]],
        raw="\t".join(row),
        batch_id=manifest["batch_id"],
        listing_id=str(entry["listing_id"]),
        version=entry["version"],
    )
