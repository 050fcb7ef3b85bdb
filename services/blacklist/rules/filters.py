"""Lists, domains and actions as callers give them: a code that does not exist is refused."""

from collections.abc import Callable, Iterable

from marshmallow import ValidationError, validate

from services.blacklist.rules.queries import action_codes, known_list, trade_domains


def existing_list(code: str) -> None:
    """Refuses the code of no list; the lists are read anew, as the law files may have changed."""
    if not known_list(code):
        raise ValidationError("没有这个名单，请对照 /api/v1/lists 选择。")


class OneOfKnown(validate.Validator):
    """One of the codes there are at this moment; the refusal and the OpenAPI document name them."""

    def __init__(self, kind: str, codes: Callable[[], Iterable[str]]) -> None:
        self._kind, self._codes = kind, codes

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(self._codes())

    def __call__(self, code: str) -> str:
        if code not in self.choices:
            raise ValidationError(f"没有这个{self._kind}，可以填写：{'、'.join(self.choices)}。")
        return code


existing_domain = OneOfKnown("领域", lambda: (each.code for each in trade_domains()))
existing_action = OneOfKnown("事项", action_codes)
