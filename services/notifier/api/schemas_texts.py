"""What the API of message texts takes and gives."""

from typing import Any

from apiflask.fields import Boolean, Date, DateTime, Integer, List, Nested, String
from marshmallow import ValidationError, validate, validates_schema

from services.notifier.queries.texts import STATE_NAMES
from services.notifier.templates import LANGUAGES
from shared.web.paging import page_schema
from shared.web.schemas import Schema, StatutoryDate, Text

MOST_REVISIONS = 99_999
LONGEST_TITLE, LONGEST_BODY, LONGEST_NOTE = 1000, 20_000, 300
DECISIONS = ("approve", "refuse", "withdraw")


def _language() -> String:
    return String(load_default="zh", validate=validate.OneOf(tuple(LANGUAGES)))


def _number(**more: Any) -> Integer:
    return Integer(required=True, strict=True, validate=validate.Range(0, MOST_REVISIONS), **more)


class TextsQuery(Schema):
    q = String(load_default="", validate=validate.Length(max=100), metadata={"description": "名称中的字词"})


class LanguageQuery(Schema):
    language = _language()


class StandingOut(Schema):
    name = String(required=True)
    language = String(required=True)
    language_name = String(required=True)
    own = Boolean(required=True, metadata={"description": "true：本站自拟；false：系统自带"})
    number = Integer(required=True, allow_none=True, metadata={"description": "现行文字是第几版修改"})
    since = Date(required=True, allow_none=True)
    pending = Boolean(required=True, metadata={"description": "有待审批的修改"})


class TextSummaryOut(Schema):
    name = String(required=True)
    label = String(required=True)
    languages = List(Nested(StandingOut), required=True)


TextPage = page_schema(TextSummaryOut, "TextPage")


class RevisionOut(Schema):
    name = String(required=True)
    language = String(required=True)
    number = Integer(required=True)
    title = String(required=True, allow_none=True, metadata={"description": "空：恢复系统自带的文字"})
    body = String(required=True, allow_none=True)
    note = String(required=True)
    state = String(required=True, validate=validate.OneOf(tuple(STATE_NAMES)))
    state_name = String(required=True)
    since = Date(required=True, allow_none=True, metadata={"description": "生效日期"})
    restores = Integer(
        required=True, allow_none=True, metadata={"description": "恢复的是第几版；0 为系统自带"}
    )
    reason = String(required=True, allow_none=True)
    proposed_by = String(required=True)
    proposed_at = DateTime(required=True)
    decided_by = String(required=True, allow_none=True)
    decided_at = DateTime(required=True, allow_none=True)


class TextOut(Schema):
    name = String(required=True)
    label = String(required=True)
    language = String(required=True)
    language_name = String(required=True)
    title = String(required=True)
    body = String(required=True)
    variables = List(String(), required=True, metadata={"description": "该类消息可以使用的变量"})
    own = Boolean(required=True)
    number = Integer(required=True, allow_none=True)
    since = Date(required=True, allow_none=True)
    newest = Integer(required=True, metadata={"description": "最新一版的编号，提出修改时填入 seen"})
    revisions = List(Nested(RevisionOut), required=True)


class WordingIn(Schema):
    language = _language()
    title = Text(LONGEST_TITLE, required=True)
    body = Text(LONGEST_BODY, lines=True, required=True)


class ProposalIn(WordingIn):
    note = Text(LONGEST_NOTE, shortest=0, load_default="")
    seen = _number(metadata={"description": "所依据的最新一版的编号；尚无修改时为 0"})


class DecisionIn(Schema):
    language = _language()
    decision = String(required=True, validate=validate.OneOf(DECISIONS))
    since = StatutoryDate(
        load_default=None, allow_none=True, metadata={"description": "批准时的生效日期，空表示今天"}
    )
    reason = Text(LONGEST_NOTE, shortest=0, load_default="", metadata={"description": "不批准时必填"})

    @validates_schema
    def _complete(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("decision") == "refuse" and not data.get("reason"):
            raise ValidationError({"reason": ["必填。"]})


class RollbackIn(Schema):
    language = _language()
    number = _number(metadata={"description": "曾经生效的一版；0 为系统自带的文字"})
    reason = Text(LONGEST_NOTE, required=True)


class ProblemOut(Schema):
    pointer = String(required=True)
    message = String(required=True)


class FilledOut(Schema):
    source = String(required=True, metadata={"description": "所用数据的来源"})
    title = String(required=True)
    body = String(required=True)
    problem = String(required=True, metadata={"description": "填写后的问题；空表示没有"})


class DraftOut(Schema):
    problems = List(Nested(ProblemOut), required=True)
    shown = List(Nested(FilledOut), required=True, metadata={"description": "文字有误时为空"})
