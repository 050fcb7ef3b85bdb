"""Opening a packet: manifest against file, body against manifest, before any row is looked at."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.credit_push.sandbox.bodies import STRUCTURED, read_body
from services.credit_push.sandbox.checking import LAYOUTS, names_of
from services.credit_push.sandbox.ledger import OPERATIONS, Receipt, Submission
from services.credit_push.sandbox.platforms import Platform
from services.credit_push.sandbox.sheets import BadSheet, read_sheet

_MANIFEST = {"batch_id", "sender", "format", "file", "count", "sha256", "created_at", "rows"}
_ROW = {"line", "idempotency_key", "operation", "listing_id", "version"}
_HEAD = _MANIFEST - {"file", "sha256", "rows"}
_SUBJECT = {
    "penalty_2018": "CF_XDR_MC",
    "blacklist_org": "JGQC",
    "blacklist_person": "FZRXM",
    "canonical": "subject_name",
}
_NUMBER = {
    "penalty_2018": "CF_WSH",
    "blacklist_org": "RDWH",
    "blacklist_person": "RDWH",
    "canonical": "document_number",
}


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
        read = _records if platform.file in STRUCTURED else _cells
        rows, text = read(body, platform.file, layout, manifest)
    except BadSheet as error:
        raise BadPacket(str(error), manifest) from error
    return Packet(batch, layout, rows, [], json.dumps(manifest, ensure_ascii=False) + "\n" + text)


def _cells(body: bytes, kind: str, layout: str, manifest: dict[str, Any]) -> tuple[list[Submission], str]:
    """The rows of a sheet."""
    cells = read_sheet(body, kind)
    _check_heading(cells, layout, manifest)
    names, rows = names_of(layout), []
    for line, row in enumerate(cells[2:], 1):
        content = dict(zip(names, row[1:], strict=True))
        rows.append(_submission(line, content, "\t".join(row), layout, manifest))
    return rows, "\n".join("\t".join(row) for row in cells)


def _records(body: bytes, kind: str, layout: str, manifest: dict[str, Any]) -> tuple[list[Submission], str]:
    """The records of a structured body; its head and theirs have to fit the manifest."""
    head, records = read_body(body, kind)
    told = {name: str(manifest[name]) for name in _HEAD}
    if {name: str(value) for name, value in head.items()} != told or len(records) != manifest["count"]:
        raise BadPacket("文件的 head 或行数与清单不符", manifest)
    rows = []
    for entry, record in zip(manifest["rows"], records, strict=True):
        content, raw = dict(record), json.dumps(record, ensure_ascii=False)
        said = content.get("status") if layout == "canonical" else content.pop("CZ", None)
        version = content.get("version") if layout == "canonical" else entry["version"]
        if OPERATIONS.get(str(said)) != entry["operation"] or version != entry["version"]:
            raise BadPacket(f"第 {entry['line']} 行的操作或版本与清单不符", manifest)
        rows.append(_submission(entry["line"], content, raw, layout, manifest))
    return rows, body.decode("utf-8")


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


def _submission(
    line: int, content: dict[str, Any], raw: str, layout: str, manifest: dict[str, Any]
) -> Submission:
    entry = manifest["rows"][line - 1]
    return Submission(
        key=str(entry["idempotency_key"]),
        operation=entry["operation"],
        layout=layout,
        content=content,
        subject_name=str(content.get(_SUBJECT[layout]) or ""),
        document_number=str(content.get(_NUMBER[layout]) or ""),
        raw=raw,
        batch_id=manifest["batch_id"],
        listing_id=str(entry["listing_id"]),
        version=entry["version"],
    )
