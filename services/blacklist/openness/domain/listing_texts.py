"""The words of a listing for other outlets, by template: of organisations only, and gone with the listing."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from string import Template

from services.blacklist.openness.domain.channels import (
    APPROVED,
    DRAFT,
    DROPPED,
    SENT,
    Channel,
    channel_text,
)
from services.blacklist.openness.domain.terms import data

PUBLISHED, CORRECTED, LIFTED = "published", "corrected", "lifted"
KINDS: Mapping[str, str] = {PUBLISHED: "公示", CORRECTED: "更正", LIFTED: "终止公示"}
GONE, WITHDRAWN = "gone", "withdrawn"
STATES: Mapping[str, str] = {
    DRAFT: "待审批", APPROVED: "待发出", SENT: "已发出", DROPPED: "不发出", GONE: "已失效",
    WITHDRAWN: "已说明终止",
}  # fmt: skip
OPEN = (DRAFT, APPROVED)
VARIABLES: Mapping[str, frozenset[str]] = {
    PUBLISHED: frozenset({"list_name", "subject_name", "document_number", "listed_on", "public_until"}),
    CORRECTED: frozenset({"list_name", "subject_name"}),
    LIFTED: frozenset({"sent_on", "sent_to"}),
}


@cache
def template(kind: str) -> tuple[Template, Template]:
    written = data("listing_texts")[kind]
    return Template(written["title"]), Template(written["body"])


def text_of(kind: str, outlet: Channel, facts: Mapping[str, str], *, department: str, address: str) -> str:
    """What a fact says is put in as it stands: a `$` in a name is no variable."""
    title, body = (each.substitute(facts) for each in template(kind))
    if kind == LIFTED:
        return f"【终止公示】{body}（{department}）"[: outlet.longest]
    return channel_text(outlet, title=title, body=body, department=department, address=address)


def day_text(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
