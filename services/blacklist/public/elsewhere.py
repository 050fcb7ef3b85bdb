"""Pages the public process links to and does not serve: the regulator's side does.

The proxy sends those addresses there (deploy/nginx/site.conf); here they say that they cannot be had now,
instead of pretending that they do not exist. `/unavailable` is where the proxy turns while that side is down.
"""

from typing import NoReturn

from apiflask import APIBlueprint

from shared.errors import Unavailable
from shared.web.access import access, public
from shared.web.problem import problems

PLACES = (
    "persons", "verify", "certificates", "log", "checks", "tender-projects", "sign-in", "unavailable",
    "disclosure-catalogue", "disclosure-requests", "items", "annual-reports", "reports", "services",
    "notices",
)  # fmt: skip


def blueprint() -> APIBlueprint:
    made = APIBlueprint("elsewhere", __name__, enable_openapi=False)
    named = f"<any({', '.join(repr(each) for each in PLACES)}):place>"

    @made.get(f"/{named}")
    @made.get(f"/{named}/<path:rest>")
    @access(public())
    @problems(503)
    def served_elsewhere(place: str, rest: str = "") -> NoReturn:  # noqa: ARG001  whatever is asked there
        detail = "业务系统没有接通。公开查询、名单、统计和数据下载照常，请稍后再试。"
        raise Unavailable("unavailable", "该页面目前不能提供", detail, retry_after=60)

    return made
