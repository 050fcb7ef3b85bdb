"""Doing with letters: making out, previewing, sealing, serving, numbering."""

from services.blacklist.letters.usecases.answering import (
    Answer,
    answer_number,
    issue_answer,
    open_answer,
)
from services.blacklist.letters.usecases.copies import add_scan, add_seal, open_copy
from services.blacklist.letters.usecases.drawing import preview_letter
from services.blacklist.letters.usecases.issuing import Wish, issue_letter
from services.blacklist.letters.usecases.numbering import set_series
from services.blacklist.letters.usecases.reading import open_letter, read_copy, read_preview, read_proof
from services.blacklist.letters.usecases.serving import open_proof, record_service

__all__ = [
    "Answer",
    "Wish",
    "add_scan",
    "add_seal",
    "answer_number",
    "issue_answer",
    "issue_letter",
    "open_answer",
    "open_copy",
    "open_letter",
    "open_proof",
    "preview_letter",
    "read_copy",
    "read_preview",
    "read_proof",
    "record_service",
    "set_series",
]
