"""Reading disclosure: requests for applicants and officers, the catalogue, the preview of a public page."""

from services.blacklist.disclosure.queries.catalogue import CATALOGUE_COLUMNS, catalogue_rows
from services.blacklist.disclosure.queries.preview import public_preview
from services.blacklist.disclosure.queries.requests import (
    find_request,
    list_requests,
    officer_view,
    request_by_code,
    request_to_act_on,
    summary_views,
)

__all__ = [
    "CATALOGUE_COLUMNS",
    "catalogue_rows",
    "find_request",
    "list_requests",
    "officer_view",
    "public_preview",
    "request_by_code",
    "request_to_act_on",
    "summary_views",
]
