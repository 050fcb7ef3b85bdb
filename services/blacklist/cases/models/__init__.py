"""Tables of the cases feature. Four eyes stand here as CHECK constraints too, so that not even a direct
SQL update can make one person both maker and checker.
"""

from services.blacklist.cases.models.adoption import Adoption
from services.blacklist.cases.models.case import Case, CaseAttachment, CaseOverlay, CaseStep
from services.blacklist.cases.models.imports import CaseImport, CaseImportRow, ImportMapping
from services.blacklist.cases.models.links import CaseLink
from services.blacklist.cases.models.notices import NoticeStatus
from services.blacklist.cases.models.papers import PublishedPaper
from services.blacklist.cases.models.rejections import PlatformRejection

__all__ = [
    "Adoption",
    "Case",
    "CaseAttachment",
    "CaseImport",
    "CaseImportRow",
    "CaseLink",
    "CaseOverlay",
    "CaseStep",
    "ImportMapping",
    "NoticeStatus",
    "PlatformRejection",
    "PublishedPaper",
]
