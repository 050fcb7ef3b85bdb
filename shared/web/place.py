"""Where we are found from outside: for addresses that leave the page, in files, certificates and tools."""

from flask import current_app, request

from shared.web.site import Site


def origin() -> str:
    """The site's domain where one is set, else where we are asked now; with the service's prefix."""
    site: Site = current_app.jinja_env.globals["site"]  # type: ignore[assignment]
    prefix = str(current_app.config.get("URL_PREFIX") or "")
    host = request.host_url.rstrip("/") if site.domain == Site.domain else f"https://{site.domain}"
    return f"{host}{prefix}"
