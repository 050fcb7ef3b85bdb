"""What the pages of 管理 share: whom they admit, their tabs, a form's answer, one page of a list."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from flask import Response, request

from services.blacklist.store import Deps
from services.blacklist.web.options import department_options
from shared.errors import DomainError
from shared.web.access import Principal, roles
from shared.web.listing import listed
from shared.web.pages import form_errors, render
from shared.web.site import ACCOUNT_ROLES, ADMINISTRATION, ADMINISTRATORS

Row = TypeVar("Row")
PER_PAGE = 30
READERS = roles(*sorted(ACCOUNT_ROLES))
BOTH = roles(*sorted(ADMINISTRATORS))
SYSTEM, SECURITY = roles("system-admin"), roles("security-admin")
_ITEM = re.compile(r"\.\d+\Z")
"""An error of one item of a list is shown at the list."""


def places(who: Principal) -> list[tuple[str, str]]:
    """The pages of 管理 somebody may open: label, address."""
    return [(each.label, each.url) for each in ADMINISTRATION if each.visible(who)]


def asked(name: str) -> str:
    """One search word of the address."""
    return request.args.get(name, "").strip()[:100]


def asked_id(name: str) -> str | None:
    """An id of the address; what is none finds nothing rather than failing."""
    try:
        return str(UUID(asked(name))) if asked(name) else None
    except ValueError:
        return asked(name)


def paged(rows: Sequence[Row], key: Callable[[Row], str]) -> dict[str, Any]:
    """One page of the rows asked with one more than fit, and the addresses around it."""
    shown, around = listed(rows, PER_PAGE, key)
    return {"rows": shown, **around}


def secret_page(template: str, status: int = 200, **context: Any) -> Response:
    """A page that may hold what is shown once: kept by no cache."""
    answer = render(f"blacklist/administration/{template}.html", status, **context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def office_form(
    deps: Deps, template: str, status: int, values: dict[str, Any], errors: dict[str, str], **context: Any
) -> Response:
    """A form in which a department is chosen, as it was filled in and with what is wrong."""
    with deps.db.read() as session:
        offices = department_options(session, deps.clock.today())
    return secret_page(template, status, offices=offices, values=values, errors=errors, **context)


def wrong(error: DomainError) -> dict[str, str]:
    return {_ITEM.sub("", name): message for name, message in form_errors(error).items()}
