"""依申请公开 from receipt to answer; and what the sample world brings of the regions' catalogues."""

from services.blacklist.disclosure.usecases.announcing import announce
from services.blacklist.disclosure.usecases.documents import (
    Paper,
    add_document,
    open_for_applicant,
    open_for_officer,
    paper_of,
    remove_document,
)
from services.blacklist.disclosure.usecases.handling import take_action
from services.blacklist.disclosure.usecases.intake import Receipt, submit_request, supplement, withdraw
from services.blacklist.disclosure.usecases.items import load_items

__all__ = [
    "Paper",
    "Receipt",
    "add_document",
    "announce",
    "load_items",
    "open_for_applicant",
    "open_for_officer",
    "paper_of",
    "remove_document",
    "submit_request",
    "supplement",
    "take_action",
    "withdraw",
]
