"""What a certificate (查询证明) says, the bytes that are signed, and checking one without asking anybody."""

import base64
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from services.blacklist.transparency.domain.commitments import BadOpening, check_opening, entry_of
from services.blacklist.transparency.domain.signatures import check_further, name_of, signature_holds
from shared.tlog import tree
from shared.tlog.notes import BadNote, Checkpoint, Note, NoteKey

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 20  # 100 bits: nobody finds a certificate by trying
LISTED, POSSIBLE, NONE = "listed", "possible", "none"
CURRENT, AMENDED, CHANGED = "current", "amended", "changed"

RESULTS = {
    LISTED: "截至出具时间，查到该主体的公示信息如下。",
    POSSIBLE: "截至出具时间，查到名称相符、主体尚需核实的公示信息如下。",
    NONE: "截至出具时间，在检索范围内未查到该主体的公示信息。",
}
STATEMENTS = {
    CURRENT: "签名有效，该证明的查询结果没有变化。",
    AMENDED: "签名有效，所列信息之后有更正，请以当前公示为准。",
    CHANGED: "签名有效，状态已经变化。",
}
NOTE = (
    "只检索本系统出具时正在公示的信息；已移出、已届满或者暂不公示的信息不在其内。"
    "未查到不等于没有其他失信记录。"
)


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def normal_code(code: str) -> str:
    """A code however it was typed."""
    return code.replace("-", "").replace(" ", "").upper()[:40]


def spaced(code: str) -> str:
    """In groups of four, for people."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def status_of(before: Collection[Sequence[Any]], now: Collection[Sequence[Any]]) -> str:
    """What became of the answer: the same listings in the same versions, in others, or other listings."""
    if {each[0] for each in before} != {each[0] for each in now}:
        return CHANGED
    return CURRENT if {tuple(each) for each in before} == {tuple(each) for each in now} else AMENDED


@dataclass
class Findings:
    """What an offline check found; `bad` is empty where everything held."""

    good: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    """What could not be decided with the keys at hand."""
    trusted: bool = False
    """Whether the signature is by a key that was trusted beforehand; without one anybody may have signed."""

    @property
    def ok(self) -> bool:
        return not self.bad


def check_certificate(
    document: Mapping[str, Any],
    trusted: Collection[str] = (),
    logs: Sequence[NoteKey] = (),
    *,
    pins: Collection[str] = (),
) -> Findings:
    """Signature, checkpoint and every leaf; `trusted` are certificate keys in base64, `pins` the SHA-256 of
    such, `logs` the log's.
    """
    found = Findings()
    payload, signature = document.get("payload") or {}, document.get("signature") or {}
    if not signature_holds(payload, signature):
        found.bad.append("证明的签名无效，内容或者签名被改动")
        return found
    found.good.append("证明的签名有效")
    _check_key(found, str(signature["public_key"]), trusted, pins)
    _check_further(found, document, trusted, pins)
    checkpoint = _checkpoint(found, payload, logs)
    if checkpoint is not None:
        _check_leaves(found, payload, document.get("proofs") or [], checkpoint)
    return found


def _check_key(found: Findings, key: str, trusted: Collection[str], pins: Collection[str]) -> None:
    if not trusted and not pins:
        found.open.append(f"未提供公布的公钥，请自行核对证明公钥：{key}")
    elif key in trusted or sha256(base64.b64decode(key)).hexdigest() in pins:
        found.trusted = True
        found.good.append("签名公钥是公布的证明公钥")
    else:
        found.bad.append("签名公钥不在公布的证明公钥之中")


def _check_further(
    found: Findings, document: Mapping[str, Any], trusted: Collection[str], pins: Collection[str]
) -> None:
    """A key nobody vouches for is said, and no fault: the first signature names it."""
    for each in check_further(document):
        name = name_of(each.algorithm)
        if not each.valid:
            (found.open if each.valid is None else found.bad).append(f"{name} 签名：{each.said}")
            continue
        key = base64.b64decode(each.public_key)
        if each.public_key in trusted or sha256(key).hexdigest() in pins:
            found.good.append(f"{name} 签名有效，公钥是公布的证明公钥")
        else:
            found.good.append(f"{name} 签名有效")
            found.open.append(f"没有公布的 {name} 公钥可供比对，请自行核对：{each.public_key}")


def _checkpoint(found: Findings, payload: Mapping[str, Any], logs: Sequence[NoteKey]) -> Checkpoint | None:
    try:
        note = Note.parse(payload["log"]["checkpoint"])
        checkpoint = Checkpoint.parse(note.text)
        if logs:
            note.require(logs)
    except (BadNote, KeyError, TypeError) as error:
        found.bad.append(f"检查点无效：{_why(error)}")
        return None
    if logs:
        found.good.append(f"检查点由日志签名，大小 {checkpoint.size}")
    else:
        found.open.append("未提供日志公钥，没有核对检查点的签名")
    return checkpoint


def _why(error: Exception) -> str:
    """Our own words; a member that is missing or of another shape has none."""
    return str(error) if isinstance(error, BadNote | tree.BadProof | BadOpening) else "内容不全或者写法有误"


def _check_leaves(
    found: Findings, payload: Mapping[str, Any], proofs: Sequence[Mapping[str, Any]], checkpoint: Checkpoint
) -> None:
    for leaf in proofs:
        try:
            check_leaf(leaf, checkpoint)
            _check_about(leaf, payload)
        except (ValueError, KeyError, TypeError) as error:
            found.bad.append(f"日志位置 {leaf.get('index')} 的证明不成立：{_why(error)}")
        else:
            found.good.append(f"日志位置 {leaf['index']}：内容与承诺一致，并在日志中")


def _check_about(leaf: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
    named = {each["id"] for each in payload.get("listings", ())}
    if leaf["parts"]["record"]["value"]["listing_id"] not in named:
        raise BadOpening("说的是另一条信息")


def check_leaf(leaf: Mapping[str, Any], checkpoint: Checkpoint) -> None:
    """ValueError unless the parts amount to the commitment and the leaf stands in the tree."""
    committed = check_opening(leaf["parts"])
    if committed.hex() != leaf["commitment"]:
        raise BadOpening("内容与承诺不符")
    hashed = tree.leaf_hash(entry_of(leaf["kind"], committed))
    proof = [bytes.fromhex(step) for step in leaf["proof"]]
    tree.verify_inclusion(hashed, leaf["index"], checkpoint.size, proof, checkpoint.root)
