"""HTML forms through the same schemas as JSON: dotted names become nested values, empty fields are left out.

`<input name="subject.uscc">` is `{"subject": {"uscc": …}}`; a refusal points back at the same name
(`form_errors`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError
from werkzeug.datastructures import MultiDict

from shared.errors import Invalid
from shared.web.problem import validation_fields


def read_form(
    form: MultiDict[str, str],
    *,
    integers: Iterable[str] = (),
    flags: Iterable[str] = (),
    lists: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> dict[str, Any]:
    """The form as a JSON body would be; `flags` turn true/false into booleans, `lists` keep every value."""
    whole, yes, many, dropped = set(integers), set(flags), set(lists), set(ignore)
    found: dict[str, Any] = {}
    for name in form:
        text = form[name].strip()
        if name in dropped or not text:
            continue
        value: Any = form.getlist(name) if name in many else text.replace("\r\n", "\n")
        if name in whole and text.isascii() and text.removeprefix("-").isdigit() and len(text) < 12:
            value = int(text)
        elif name in yes and text in ("true", "false"):
            value = text == "true"
        _put(found, name.split("."), value)
    return found


def _put(target: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        child = target.setdefault(step, {})
        target = child if isinstance(child, dict) else {}
    target[path[-1]] = value


def load_form(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Load by a schema; Invalid with the fields' names and messages in Chinese."""
    try:
        loaded: dict[str, Any] = schema.load(values)
    except ValidationError as error:
        fields = list(validation_fields({"form": error.messages}))
        raise Invalid(
            "validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=fields
        ) from error
    return loaded
