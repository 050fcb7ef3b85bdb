"""What stands in a file that goes to an applicant: its text where it has any, and the private data in that.

Pictures, PDF and the old binary formats have no text to look through here, nor has an archive with anything
but XML in it: a person must.
"""

import codecs
import html
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.blacklist.register.domain.redaction import KINDS, redact
from shared.written import cover_identities

ZIPPED, XML = {".docx", ".xlsx", ".ofd"}, (".xml", ".rels", ".vml")
MOST_UNPACKED, MOST_MEMBERS, MOST_SIGNS = 32 * 1024 * 1024, 3000, 2_000_000
_ENDS = re.compile(r"</(?:\w+:)?(?:p|si|c|row|tr|TextCode)>|<(?:\w+:)?(?:br|tab)\b[^<>]*>")
_TAG = re.compile(r"<[^<>]*>")
_LITERAL = re.compile(r"<!\[CDATA\[((?:[^\]]|\](?!\]>))*+)(?:\]\]>)?")
_COMMENT = re.compile(r"<!--(?:[^-]|-(?!->))*+(?:-->)?")
_ASIDE = re.compile(r"""<!--((?:[^-]|-(?!->))*+)|=\s*"([^"<]*)"|=\s*'([^'<]*)'""")
"""Comments and the values of attributes: not on the page, but in the file."""
_DEFINES = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)  # words that stand for other words
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    OSError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
)


@dataclass(frozen=True)
class Findings:
    """`identities` None: nobody but a person can tell; `kinds` by their Chinese names."""

    identities: int | None
    kinds: tuple[str, ...] = ()

    @property
    def problem(self) -> str | None:
        """What an officer must state before the file may be added."""
        if self.identities is None:
            return "这个文件不能自动检查个人信息。请逐页核对，并写明核对情况，如“已遮盖证件号码和住址”"
        if not self.kinds:
            return None
        count = f"证件号码{self.identities}处" if self.identities else ""
        others = [kind for kind in self.kinds if kind != KINDS["identity-number"]]
        named = "、".join(each for each in (count, *others) if each)
        return f"文件中有{named}。请遮盖后重新上传；依法须提供的，写明核对情况和依据"


def look_through(file_name: str, content: bytes) -> Findings:
    """The private data in a file, by the finder the public register is cleaned with."""
    text = text_of(file_name, content)
    if text is None or len(text) > MOST_SIGNS:
        return Findings(None)
    met: list[str] = []

    def note(number: str) -> str:
        met.append(number)
        return ""

    cover_identities(text, note)
    return Findings(len(met), tuple(KINDS[kind] for kind in redact(text).kinds))


def text_of(file_name: str, content: bytes) -> str | None:
    """All of a file's text; None where it has none that can be read."""
    suffix = Path(file_name).suffix.lower()
    if suffix == ".txt":
        return _decoded(content)
    if suffix not in ZIPPED:
        return None
    try:
        return "\n".join(_parts(content))
    except _UNREADABLE:
        return None


def _decoded(content: bytes) -> str | None:
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def _parts(content: bytes) -> Iterator[str]:
    """The text of each member; ValueError where it is no XML, or more than anybody would read."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        members = [each for each in packed.infolist() if not each.is_dir()]
        if len(members) > MOST_MEMBERS or sum(each.file_size for each in members) > MOST_UNPACKED:
            raise ValueError("too much to look through")
        if not members:
            raise ValueError("nothing to look through")
        for each in members:
            yield from _xml_text(each.filename, packed.read(each))


def _xml_text(name: str, content: bytes) -> Iterator[str]:
    """What stands between the tags, then what stands in them."""
    markup = _decoded(content)
    written = markup is not None and markup.lstrip().startswith("<") and _DEFINES.search(markup) is None
    if markup is None or not written or not name.lower().endswith(XML):
        raise ValueError("not XML text")
    shown = _ENDS.sub("\n", _COMMENT.sub("", _LITERAL.sub(_escaped, markup)))
    yield html.unescape(_TAG.sub("", shown))
    aside = dict.fromkeys(found[found.lastindex or 0] for found in _ASIDE.finditer(markup))
    yield _GUID.sub("", html.unescape("\n|\n".join(aside)))


def _escaped(literal: re.Match[str]) -> str:
    return html.escape(literal[1])
