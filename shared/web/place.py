"""Where we are found from outside, as configured: never by the host a request was made to.

Whoever asks chooses the Host header, so nothing we write down, sign or send may name it.
"""

import re
from collections.abc import Mapping

from flask import current_app

from shared.logs import get_log
from shared.settings import SettingsError
from shared.web.site import Site, read_site

NOBODY_ELSE = "http://127.0.0.1:8000"
"""The address of an installation that was told none."""
_NAME = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
_HOST = re.compile(_NAME)
_ADDRESS = re.compile(f"https?://{_NAME}")
_BOUND = re.compile(r"(.*):([0-9]{1,5})")
_ANY = ("", "0.0.0.0", "[::]")  # noqa: S104  compared with, not bound to

log = get_log("place")


def origin() -> str:
    """The site's address with this service's prefix, for every answer, paper and message that names one."""
    return f"{current_app.config['SITE_ADDRESS']}{current_app.config.get('URL_PREFIX') or ''}"


def read_address(env: Mapping[str, str], *, production: bool) -> str:
    """SITE_DOMAIN, else PUBLIC_URL, else where we listen; production must have a domain."""
    site = read_site(env)
    if site.is_named:
        if not _HOST.fullmatch(site.domain):
            raise SettingsError(
                "SITE_DOMAIN must be a domain such as credit.example.gov.cn, without https://"
            )
        return f"https://{site.domain}"
    if production:
        raise SettingsError("SITE_DOMAIN must be set in production: letters, certificates and feeds name it")
    public = env.get("PUBLIC_URL", "").strip().rstrip("/")
    if not public:
        return _bound(env)
    if not _ADDRESS.fullmatch(public):
        raise SettingsError("PUBLIC_URL must be an address such as https://credit.example.gov.cn")
    return public


def _bound(env: Mapping[str, str]) -> str:
    """Where we listen; an address that stands for all of a machine's is this machine's own. Nothing by itself
    listens on PORT: what one command starts on one machine is told PUBLIC_URL with it.
    """
    found = _BOUND.fullmatch(env.get("BIND", "").strip())
    host, port = found.groups() if found else ("", "8000")
    address = f"http://{'127.0.0.1' if host in _ANY else host}:{port}"
    return address if _ADDRESS.fullmatch(address) else NOBODY_ELSE


def warn_unnamed(site: Site, address: str) -> None:
    """Said once at start: what is made out without a domain leads nobody else to us."""
    if not site.is_named:
        log.warning("site_domain_missing", address=address, remedy="set SITE_DOMAIN")
