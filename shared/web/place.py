"""Where we are found from outside: the only place that looks at the host a request was made to.

What is signed or kept names the configured domain or no host at all: whoever asks chooses the Host header.
"""

import re

from flask import current_app, request

from shared.web.site import Site

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def origin() -> str:
    """For answers to whoever asks: the site's domain where one is set, else where we are asked now."""
    return lasting_origin() if _is_configured() else f"{_asked()}{_prefix()}"


def lasting_origin() -> str:
    """For what is signed or kept: the site's domain, or only a path where none is set; with the prefix."""
    return f"https://{_site().domain}{_prefix()}" if _is_configured() else _prefix()


def _asked() -> str:
    """Scheme and host as asked; nothing where the header is no host."""
    return f"{request.scheme}://{request.host}" if _HOST.fullmatch(request.host) else ""


def _is_configured() -> bool:
    return _site().domain != Site.domain


def _prefix() -> str:
    return str(current_app.config.get("URL_PREFIX") or "")


def _site() -> Site:
    site: Site = current_app.jinja_env.globals["site"]  # type: ignore[assignment]
    return site
