"""The signatures under a certificate or sheet: Ed25519 always, and beside it SM2 where a key is set.

Who else signs stands in what is signed (`also_signed`), so a second signature is neither taken off nor put on
unnoticed.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from services.blacklist.transparency.domain.commitments import canonical
from shared.crypto import CryptoError
from shared.crypto.signers import ED25519, NAMES, Signer, verify

FORMAT, SHEET_FORMAT = "credit-blacklist certificate v1", "credit-blacklist tender sheet v1"
FORMATS = frozenset({FORMAT, SHEET_FORMAT})


class Checked(NamedTuple):
    """One further signature; `valid` is None where it cannot be checked here, `said` is why not."""

    algorithm: str
    key_id: str
    public_key: str
    valid: bool | None
    said: str = ""


def signed_document(
    signers: Sequence[Signer], payload: Mapping[str, Any], proofs: Sequence[Any]
) -> dict[str, Any]:
    """What is handed out: the payload, its proofs, and the signature of every signer, Ed25519's first."""
    first, *others = signers
    whole = dict(payload)
    if others:
        whole["also_signed"] = [_key(each) for each in others]
    text = canonical(whole)
    document = {"payload": whole, "proofs": list(proofs), "signature": _signature(first, text)}
    return document | {"signatures": [_signature(each, text) for each in others]} if others else document


def _key(signer: Signer) -> dict[str, str]:
    public = base64.b64encode(signer.public).decode()
    return {"algorithm": signer.algorithm, "key_id": signer.key_id, "public_key": public}


def _signature(signer: Signer, text: bytes) -> dict[str, str]:
    return _key(signer) | {"value": base64.b64encode(signer.sign(text)).decode()}


def name_of(algorithm: str) -> str:
    return NAMES.get(algorithm, algorithm)


def signature_holds(payload: Mapping[str, Any], signature: Mapping[str, Any]) -> bool:
    """Whether the first signature is over exactly this payload, by the Ed25519 key it names."""
    if signature.get("algorithm") != ED25519 or payload.get("format") not in FORMATS:
        return False
    return bool(_holds(payload, signature))


def _holds(payload: Mapping[str, Any], signature: Mapping[str, Any]) -> bool:
    try:
        public, value = (base64.b64decode(signature[name], validate=True) for name in ("public_key", "value"))
    except (binascii.Error, ValueError, KeyError, TypeError):
        return False
    return verify(str(signature["algorithm"]), public, canonical(payload), value)


def check_further(document: Mapping[str, Any]) -> list[Checked]:
    """Every signature beside the first: those declared in the payload, and those that are not."""
    payload = document["payload"]
    declared = [_named(each) for each in payload.get("also_signed") or []]
    given = {_named(each): each for each in document.get("signatures") or []}
    strange = [Checked(*each, False, "未在证明中声明") for each in given if each not in declared]
    return [_checked(payload, each, given.get(each)) for each in declared] + strange


def _named(each: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(each["algorithm"]), str(each["key_id"]), str(each["public_key"])


def _checked(
    payload: Mapping[str, Any], named: tuple[str, str, str], signature: Mapping[str, Any] | None
) -> Checked:
    if signature is None:
        return Checked(*named, False, "缺少声明的签名")
    try:
        holds = _holds(payload, signature)
    except CryptoError:
        return Checked(*named, None, "本机没有安装国密组件（gmssl-pyx），没有核对")
    return Checked(*named, holds, "" if holds else "签名无效")
