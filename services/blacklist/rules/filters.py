"""Lists and domains as filters take them: a code that does not exist is refused, never passed over."""

from marshmallow import ValidationError

from services.blacklist.rules.queries import domain, known_list


def existing_list(code: str) -> None:
    """Refuses the code of no list; the lists are read anew, as the law files may have changed."""
    if not known_list(code):
        raise ValidationError("没有这个名单，请对照 /api/v1/lists 选择。")


def existing_domain(code: str) -> None:
    if domain(code) is None:
        raise ValidationError("没有这个领域，请对照 /api/v1/domains 选择。")
