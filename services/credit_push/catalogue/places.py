"""Where a profile written on the site may point: out to the public, or where the installation's settings say.

The files shipped are not asked. No name is resolved here: a check must not be a way to ask our resolver.
"""

import re
import socket
from urllib.parse import urlsplit

from shared.http import BlockedAddress, Unresolved, resolve_public

ADDRESSES = ("transport.endpoint", "transport.ledger", "observation.endpoint", "answers.endpoint")
_ADDRESS = re.compile(r"\$\{(PLATFORM_[A-Z0-9_]+|SANDBOX_URL)\}(/[^\s$\\]*)?")
_STORE = re.compile(r"\$\{(PLATFORM|SANDBOX)_[A-Z0-9_]+\}(/[\w.-]+)*/?")
_NAME = re.compile(r"([a-z0-9_-]+\.)+[a-z][a-z0-9-]*")
MYSQL = ("mysql", "mariadb", "mysql+pymysql")
DATABASES = ("sqlite", "postgresql+psycopg", *MYSQL)
"""Drivers of an exchange database's address."""
_INSIDE = (".localhost", ".localdomain", ".local", ".internal", ".lan", ".home.arpa")


def inward(field: str, written: str, filled: str) -> str:
    """What is wrong with a place as it is written and with its settings filled in; empty when nothing is."""
    if field in ADDRESSES:
        if _ADDRESS.fullmatch(written):
            return "" if filled.startswith(("http://", "https://")) else "所引用的设置应为 http 或 https 地址"
        good = "${" not in written and _is_outside(written)
        return "" if good else "应为公网的 http 或 https 地址，或以 ${PLATFORM_…}、${SANDBOX_URL} 开头"
    good = _STORE.fullmatch(written) is not None and ".." not in written
    return "" if good else "应以 ${PLATFORM_…} 或 ${SANDBOX_…} 开头，其后只可为下级路径"


def is_database(address: str) -> bool:
    """Whether an address names a database of a kind we speak to."""
    driver, beside, _ = address.partition("://")
    return bool(beside) and driver in DATABASES


def _is_outside(url: str) -> bool:
    try:
        resolve_public(url, resolver=_literal)
    except Unresolved:
        name = (urlsplit(url).hostname or "").removesuffix(".")
        return _NAME.fullmatch(name) is not None and not name.endswith(_INSIDE)
    except BlockedAddress:
        return False
    return True


def _literal(host: str, port: int) -> list[str]:
    """The address a host is written as, also 127.1 or 2130706433; OSError for a name."""
    try:
        found = socket.getaddrinfo(
            host.removesuffix("."), port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except UnicodeError as error:
        raise OSError("not a host name") from error
    return [str(entry[4][0]) for entry in found]
