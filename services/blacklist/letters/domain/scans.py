"""What a scanned stamped copy must be: PDF, JPG or PNG, whole from first to last byte, no script."""

from pathlib import PurePath

_PDF, _JPEG, _PNG = "application/pdf", "image/jpeg", "image/png"
TYPES = {".pdf": _PDF, ".jpg": _JPEG, ".jpeg": _JPEG, ".png": _PNG}
_BEGINS = {_PDF: b"%PDF-", _JPEG: b"\xff\xd8\xff", _PNG: b"\x89PNG\r\n\x1a\n"}
_ENDS = {_PDF: b"%%EOF", _JPEG: b"\xff\xd9", _PNG: b"IEND"}
_ACTIVE = (b"/JavaScript", b"/Launch", b"/EmbeddedFile")
TAIL = 1024


def scan_type(name: str) -> str:
    """The media type by suffix; KeyError for any other."""
    return TYPES[PurePath(name).suffix.lower()]


def scan_problem(name: str, content: bytes, most_bytes: int) -> str | None:
    """Why the file cannot be kept as a scan, or None."""
    if not content:
        return "文件是空的，请重新选择"
    if len(content) > most_bytes:
        return f"文件不能超过{most_bytes // 1024 // 1024}MB，请压缩后上传"
    kind = TYPES.get(PurePath(name).suffix.lower())
    if kind is None:
        return "扫描件应为 PDF、JPG 或 PNG 文件"
    if not content.startswith(_BEGINS[kind]):
        return "文件内容与扩展名不符，请核对"
    if _ENDS[kind] not in content[-TAIL:]:
        return "文件不完整，请重新扫描或上传"
    if kind == _PDF and any(mark in content for mark in _ACTIVE):
        return "PDF 含有脚本或嵌入文件，请另存为普通扫描件后上传"
    return None
