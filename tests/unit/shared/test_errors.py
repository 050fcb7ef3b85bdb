"""Domain errors carry what an answer needs; slugs keep one meaning."""

import pytest

from shared.errors import (
    ERROR_PAGES,
    Conflict,
    DeliveryError,
    DomainError,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    TooMany,
    Unauthenticated,
    Unavailable,
    describe_errors,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid, 422),
        (Unauthenticated, 401),
        (Forbidden, 403),
        (NotFound, 404),
        (Conflict, 409),
        (TooMany, 429),
        (Unavailable, 503),
    ],
)
def test_kind_is_the_status(error, status):
    assert int(error("slug", "标题").kind) == status


def test_contents():
    error = Invalid("bad", "不行", "因为", fields=[FieldError("/a", "请改")], retry_after=3, rule="r1")
    assert isinstance(error, DomainError)
    assert (error.slug, error.title, error.detail, error.retry_after) == ("bad", "不行", "因为", 3)
    assert error.fields[0].pointer == "/a"
    assert error.extra == {"rule": "r1"}
    assert "bad" in str(error)


def test_delivery_error():
    error = DeliveryError("platform says no", permanent=True)
    assert (error.reason, error.permanent, error.retry_after) == ("platform says no", True, None)


def test_a_slug_cannot_change_its_meaning():
    describe_errors({"not-found": ERROR_PAGES["not-found"]})
    with pytest.raises(ValueError, match="not-found"):
        describe_errors({"not-found": "别的意思"})
