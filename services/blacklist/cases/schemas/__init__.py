"""Shapes of the cases API: what it takes, and what it answers."""

from services.blacklist.cases.schemas.answers import (
    AttachmentOut,
    BulkOut,
    CaseOut,
    CasePage,
    ImportDetail,
    ImportOut,
    ImportPage,
    LinksOut,
    RequestPage,
)
from services.blacklist.cases.schemas.inputs import (
    AttachmentIn,
    BulkIn,
    CaseIn,
    CasePatch,
    CaseQuery,
    ImportIn,
    ImportQuery,
    LinkIn,
    RequestQuery,
    TransitionIn,
    plain_filing,
)
from shared.web.paging import PageQuery

__all__ = [
    "AttachmentIn",
    "AttachmentOut",
    "BulkIn",
    "BulkOut",
    "CaseIn",
    "CaseOut",
    "CasePage",
    "CasePatch",
    "CaseQuery",
    "ImportDetail",
    "ImportIn",
    "ImportOut",
    "ImportPage",
    "ImportQuery",
    "LinkIn",
    "LinksOut",
    "PageQuery",
    "RequestPage",
    "RequestQuery",
    "TransitionIn",
    "plain_filing",
]
