"""`keys`: what certificates and sheets are signed with; SM2 beside Ed25519."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from services.cli.means import own_keys
from services.cli.root import Group, as_json, existing, show

if TYPE_CHECKING:
    from shared.crypto import KeyRing
    from shared.crypto.sm2 import Sm2Signer

KIND = "certificate"
STATES = {True: "现行", False: "停用"}


@click.group(cls=Group)
def keys() -> None:
    """密钥：查询证明和核查单的签名密钥，可以加国密 SM2 签名。"""


@keys.command("list")
@as_json
def list_keys(machine: bool) -> None:
    """列出证明的签名公钥，现行的在前。"""
    _show(own_keys(), machine)


@keys.command("add-sm2")
@click.option("--key", "file", type=existing, help="已有的 SM2 私钥（PEM，或者 64 位十六进制数），缺省新建")
@as_json
def add_sm2(file: Path | None, machine: bool) -> None:
    """此后出具的证明和核查单加签 SM2；原有的 SM2 密钥留作核验。"""
    from shared.crypto import CryptoError
    from shared.crypto.sm2 import is_available

    if not is_available():
        raise click.ClickException("没有安装国密组件，请先安装 gmssl-pyx（可选依赖 gm）。")
    keyring = own_keys()
    try:
        signer = _signer(file)
    except CryptoError as error:
        raise click.UsageError(f"{file} 不是 SM2 私钥。") from error
    keyring.add_sm2(KIND, signer)
    _show(keyring, machine)


@keys.command("retire-sm2")
@as_json
def retire_sm2(machine: bool) -> None:
    """此后只用 Ed25519 签名；已出具的证明仍可核验。"""
    keyring = own_keys()
    keyring.retire_sm2(KIND)
    _show(keyring, machine)


def _signer(file: Path | None) -> "Sm2Signer":
    from shared.crypto.sm2 import Sm2Signer

    return Sm2Signer.generate() if file is None else Sm2Signer.from_file(file)


def _show(keyring: "KeyRing", machine: bool) -> None:
    from shared.crypto.signers import NAMES

    signing = {each.key_id for each in keyring.signing(KIND)}
    found: list[dict[str, Any]] = [
        {
            "id": each.key_id,
            "algorithm": each.algorithm,
            "active": each.key_id in signing,
            "public_key": each.public.hex(),
        }
        for each in keyring.known_signers(KIND)
    ]
    lines = [
        "  ".join((NAMES[each["algorithm"]], each["id"], STATES[each["active"]], each["public_key"]))
        for each in found
    ]
    show(machine, {"keys": found}, "\n".join(lines))
