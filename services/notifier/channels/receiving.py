"""What a receiver of a channel must be told: one schema each, which gives the checks and the form alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from marshmallow import ValidationError, validate

from shared.errors import FieldError, Invalid
from shared.web.schemas import Schema, Text

KEPT = "加密保存，不再显示"
REQUIRED = {"required": "必填。", "null": "必填。", "invalid": "应为文字。"}


class Receiver(Schema):
    """A name in our lists, and the address."""

    name = Text(100, required=True, error_messages=REQUIRED, metadata={"label": "名称"})
    url = Text(500, required=True, error_messages=REQUIRED, metadata={"label": "地址", "type": "url"})


class OpenRobot(Receiver):
    """A robot whose address is all the secret there is."""

    name = Text(
        100, required=True, error_messages=REQUIRED, metadata={"label": "名称", "hint": "例如所在群的名称"}
    )
    url = Text(
        500,
        required=True,
        error_messages=REQUIRED,
        metadata={"label": "机器人地址", "hint": f"从群机器人设置中完整复制；{KEPT}", "secret": True},
    )


class SignedRobot(OpenRobot):
    """A robot that may have a secret of its own to sign with."""

    secret = Text(
        200,
        error_messages=REQUIRED,
        metadata={
            "label": "签名密钥",
            "hint": f"开启签名校验时填写；{KEPT}",
            "secret": True,
            "type": "password",
        },
    )


@dataclass(frozen=True)
class Asked:
    """One field of a form."""

    name: str
    label: str
    hint: str
    type: str
    required: bool
    longest: int
    secret: bool


def asked_of(schema: Schema) -> list[Asked]:
    """The fields of the schema's form, in its order."""
    return [
        Asked(
            name,
            each.metadata["label"],
            each.metadata.get("hint", ""),
            each.metadata.get("type", "text"),
            each.required,
            max((v.max or 0 for v in each.validators if isinstance(v, validate.Length)), default=0),
            each.metadata.get("secret", False),
        )
        for name, each in schema.fields.items()
    ]


def read_receiver(schema: Schema, given: Mapping[str, str], *, partial: bool = False) -> dict[str, Any]:
    """What was stated, checked; empty is as if not stated. With `partial` what is missing stays as it is."""
    stated = {name: value for name, value in given.items() if value.strip()}
    try:
        return dict(schema.load(stated, partial=partial))
    except ValidationError as error:
        wrong = [
            FieldError(f"/{name}", _told(schema, name, messages))
            for name, messages in cast("dict[str, list[str]]", error.messages).items()
        ]
        raise Invalid("validation-failed", "提交的内容有误", fields=wrong) from None


def _told(schema: Schema, name: str, messages: list[str]) -> str:
    if name not in schema.fields:
        return "这个渠道没有这一项。"
    longest = next(each.longest for each in asked_of(schema) if each.name == name)
    return messages[0] if messages[0][:1] > "\x7f" else f"不能超过 {longest} 个字。"
