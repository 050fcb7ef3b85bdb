"""Errors with a meaning outside: a stable slug, a kind (its HTTP status), Chinese text that names the remedy.

Every slug raised anywhere is described in ERROR_PAGES, from which docs/errors.md is made and checked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar


class Kind(IntEnum):
    """What sort of refusal it is; the value is its HTTP status."""

    INVALID = 422
    UNAUTHENTICATED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    CONFLICT = 409
    GONE = 410
    TOO_MANY = 429
    UNAVAILABLE = 503


@dataclass(frozen=True)
class FieldError:
    """One field's error: JSON pointer ("/subject/uscc") and a Chinese message naming the remedy."""

    pointer: str
    message: str


class DomainError(Exception):
    """A refusal the caller can understand and act on."""

    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(
        self,
        slug: str,
        title: str,
        detail: str = "",
        *,
        fields: Iterable[FieldError] = (),
        retry_after: float | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(f"{slug}: {title}" + (f" ({detail})" if detail else ""))
        self.slug = slug
        self.title = title
        self.detail = detail
        self.fields = list(fields)
        self.retry_after = retry_after
        self.extra = extra

    @property
    def told(self) -> str:
        """Why and what to do: the detail, or where none was given what the slug's page says."""
        return self.detail or ERROR_PAGES.get(self.slug, "")


class Invalid(DomainError):
    """422: the request is understood but its content is not acceptable."""

    kind = Kind.INVALID


class Unauthenticated(DomainError):
    """401: who is asking is not known."""

    kind = Kind.UNAUTHENTICATED


class Forbidden(DomainError):
    """403: known, but not allowed."""

    kind = Kind.FORBIDDEN


class NotFound(DomainError):
    """404: there is no such thing, or not for this caller."""

    kind = Kind.NOT_FOUND


class Conflict(DomainError):
    """409: not in this state, or somebody else was faster."""

    kind = Kind.CONFLICT


class Gone(DomainError):
    """410: it was here once and will not come back."""

    kind = Kind.GONE


class TooMany(DomainError):
    """429: asked too often; retry_after says when to come back."""

    kind = Kind.TOO_MANY


class Unavailable(DomainError):
    """503: a part needed for the answer does not answer."""

    kind = Kind.UNAVAILABLE


class DeliveryError(Exception):
    """A send that failed: permanently (repeat is useless) or for now (retry after so many seconds)."""

    def __init__(self, reason: str, *, permanent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after


ERROR_PAGES: dict[str, str] = {
    "malformed-request": "请求不是合法的 JSON。请检查请求体与 Content-Type。",
    "validation-failed": "有字段不符合要求。fields 逐项给出位置（JSON 指针）与改正办法。",
    "unauthenticated": "未登录、登录已过期或凭证无效。请重新登录后再试。",
    "forbidden": "当前账号没有办理此事项的权限。请由有权限的人员办理。",
    "not-found": "没有找到所请求的内容，或当前账号不可查看。",
    "gone": "所请求的内容已经不再保留。",
    "method-not-allowed": "该地址不支持此请求方法。",
    "payload-too-large": "请求体超过上限。请减小文件或分批提交。",
    "unsupported-media-type": "不支持的 Content-Type。",
    "too-many-requests": "请求过于频繁。请按 Retry-After 指示的秒数等待后再试。",
    "unavailable": "服务暂不可用。请稍后再试。",
    "internal-error": "系统内部错误。请凭请求编号与运维人员联系。",
    "idempotency-key-reused": "同一幂等键已用于另一份内容。请换用新的幂等键。",
    "version-conflict": "内容已被他人更新。请取得最新版本后再办理。",
}


def describe_errors(pages: dict[str, str]) -> None:
    """Add explanations of a service's own slugs; a slug keeps one meaning everywhere."""
    for slug, explanation in pages.items():
        if ERROR_PAGES.setdefault(slug, explanation) != explanation:
            raise ValueError(f"error slug {slug} already means something else")
