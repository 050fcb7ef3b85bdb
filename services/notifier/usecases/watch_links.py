"""Links in mails to watchers: sealed with the storage key, so that nobody can forge or read them, and dated.

A link is good for one purpose only: one that confirms neither manages nor ends a watch.
"""

from datetime import UTC, datetime

from shared.crypto import CryptoError, KeyRing
from shared.errors import NotFound, describe_errors

CONFIRM, MANAGE = "confirm", "manage"
LONGEST = 400
describe_errors(
    {"watch-link-invalid": "提醒链接不完整、已过期或已失效。需要提醒的，请重新申请并在四十八小时内确认。"}
)


def make_link(keyring: KeyRing, purpose: str, watch_id: str, until: datetime) -> str:
    """The part of the address that says which watch and until when."""
    return keyring.seal(f"{watch_id}|{int(until.timestamp())}", _aad(purpose))


def read_link(keyring: KeyRing, purpose: str, link: str, now: datetime) -> str:
    """The id of the watch; NotFound for what is forged, meant for another purpose, or out of date."""
    if len(link) > LONGEST:
        raise invalid_link()
    try:
        watch_id, _, until = keyring.unseal(link, _aad(purpose)).decode().partition("|")
    except CryptoError:
        raise invalid_link() from None
    if datetime.fromtimestamp(int(until), UTC) < now:
        raise invalid_link()
    return watch_id


def invalid_link() -> NotFound:
    return NotFound("watch-link-invalid", "链接无效或已过期", "请检查链接是否完整，或者重新申请提醒。")


def _aad(purpose: str) -> str:
    return f"watches.link.{purpose}"
