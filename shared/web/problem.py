"""Every refusal as RFC 9457 `application/problem+json`, or as a page for a browser looking at pages.

One file maps errors to answers. Unknown errors say nothing but the request id.
"""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, TypeVar

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, current_app, g, json, request
from sqlalchemy.exc import OperationalError

from shared.errors import ERROR_PAGES, DomainError, FieldError, describe_errors
from shared.logs import get_log
from shared.web.body import escape_pointer
from shared.web.failures import BadRequest, UnsupportedMediaType
from shared.web.wording import in_chinese

View = TypeVar("View", bound=Callable[..., object])
MEDIA_TYPE = "application/problem+json"
log = get_log("web")

describe_errors(
    {
        "cross-site-request": "浏览器表明该请求来自其他网站。请回到本网站页面重新操作。",
        "bad-cursor": "翻页游标只能取自上一页答复的 next。请从第一页重新查询。",
        "http-error": "请求不能按当前方式处理。请对照接口说明核对方法、头部和参数。",
    }
)

# status -> slug, title, detail for what the framework refuses by itself
FRAMEWORK: dict[int, tuple[str, str, str]] = {
    400: ("malformed-request", "请求无法读取", "请检查请求的格式、编码和参数。"),
    401: ("unauthenticated", "请先登录", "该操作需要登录后进行。"),
    403: ("forbidden", "没有权限", "当前账号不能进行该操作。"),
    404: ("not-found", "没有找到", "地址有误，或内容不存在、已不再公开。"),
    405: ("method-not-allowed", "请求方法不支持", "该地址不支持这种请求方法。"),
    410: ("gone", "已经不再保留", "所请求的内容已经不再保留。"),
    413: ("payload-too-large", "内容过大", "请减小文件或分批提交。"),
    415: ("unsupported-media-type", "内容类型不支持", "请按接口说明的 Content-Type 提交。"),
    422: ("validation-failed", "提交的内容有误", "请按 fields 逐项修改后重新提交。"),
    429: ("too-many-requests", "请求过于频繁", "请稍后再试。"),
    500: ("internal-error", "系统内部错误", "请凭请求编号与运维人员联系。"),
    503: ("unavailable", "服务暂不可用", "请稍后再试。"),
}


def problems(*statuses: int) -> Callable[[View], View]:
    """Document further problem answers of a view (409, 429 …) in OpenAPI."""

    def mark(view: View) -> View:
        view.__problems__ = frozenset(statuses)  # type: ignore[attr-defined]
        return view

    return mark


def problem_document(
    status: int,
    slug: str,
    title: str,
    detail: str = "",
    *,
    fields: Iterable[FieldError] = (),
    extra: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The members of a problem document; empty ones are left out."""
    document: dict[str, Any] = {
        **(extra or {}),
        "type": f"{current_app.config['URL_PREFIX']}/problems/{slug}",
        "title": title,
        "status": status,
        "slug": slug,
        "detail": detail or ERROR_PAGES.get(slug, ""),
        "request_id": g.get("request_id", ""),
        "fields": [{"pointer": field.pointer, "message": field.message} for field in fields],
    }
    return {name: value for name, value in document.items() if value not in ("", [])}


def problem_response(document: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """The document as JSON, or as a page where a browser asked for a page."""
    if wants_page():
        render: Callable[[dict[str, Any]], Response] = current_app.extensions["problem_page"]
        answer = render(document)
    else:
        answer = Response(json.dumps(document, ensure_ascii=False), document["status"], mimetype=MEDIA_TYPE)
    answer.headers.extend(headers or {})
    return answer


def wants_page() -> bool:
    """Whether the refusal is for someone looking at a page, not for a program."""
    prefix = current_app.config["URL_PREFIX"]
    if request.path.startswith((f"{prefix}/api/", f"{prefix}/exchange/")):
        return False
    return request.accept_mimetypes.best_match([MEDIA_TYPE, "application/json", "text/html"]) == "text/html"


def handle_domain(error: DomainError) -> Response:
    """A refusal with meaning."""
    document = problem_document(
        int(error.kind), error.slug, error.title, error.detail, fields=error.fields, extra=error.extra
    )
    headers = {"Retry-After": str(max(1, round(error.retry_after)))} if error.retry_after is not None else {}
    if document["status"] == HTTPStatus.UNAUTHORIZED and not wants_page():
        headers["WWW-Authenticate"] = 'Bearer realm="credit-blacklist"'
    return problem_response(document, headers)


def handle_bad_request(error: BadRequest) -> Response:
    """A body nobody can read."""
    return problem_response(problem_document(400, error.slug, error.title, error.detail))


def handle_media_type(error: UnsupportedMediaType) -> Response:
    """A body of another kind."""
    slug, title, _ = FRAMEWORK[415]
    detail = f"请以 {'、'.join(error.expected)} 提交。"
    return problem_response(problem_document(415, slug, title, detail), {"Accept": ", ".join(error.expected)})


def handle_database(error: OperationalError) -> Response:
    """A database that is locked or gone: say so, keep the cause for the log."""
    log.error("database_unavailable", error=type(error.orig).__name__, request_id=g.get("request_id"))
    return problem_response(problem_document(503, *FRAMEWORK[503]), {"Retry-After": "2"})


def handle_http(error: HTTPError) -> Response:
    """Whatever Flask, Werkzeug or APIFlask refuses, validation included."""
    status = error.status_code
    slug, title, detail = FRAMEWORK.get(status, ("http-error", HTTPStatus(status).phrase, ""))
    fields = list(validation_fields(error.detail)) if status == HTTPStatus.UNPROCESSABLE_ENTITY else []
    given = dict(error.headers or {})
    headers = {name: str(value) for name, value in given.items() if name != "Content-Type"}
    return problem_response(problem_document(status, slug, title, detail, fields=fields), headers)


def validation_fields(detail: Any) -> Iterator[FieldError]:
    """Field errors of `{location: nested messages}` as APIFlask reports them."""
    for location, messages in detail.items() if isinstance(detail, dict) else ():
        yield from _flatten(messages, "" if location in BODIES else f"/{location}")


BODIES = frozenset({"json", "form", "files", "form_and_files", "query", "querystring"})


def _flatten(messages: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(messages, dict):
        for key, child in messages.items():
            step = "" if key == "_schema" else f"/{escape_pointer(str(key))}"
            yield from _flatten(child, pointer + step)
    elif isinstance(messages, list):
        for child in messages:
            yield from _flatten(child, pointer)
    else:
        yield FieldError(pointer, in_chinese(str(messages)))


def install_problems(app: APIFlask) -> None:
    """Register the handlers; nothing leaves the application as another kind of error."""
    app.register_error_handler(DomainError, handle_domain)
    app.register_error_handler(BadRequest, handle_bad_request)
    app.register_error_handler(UnsupportedMediaType, handle_media_type)
    app.register_error_handler(OperationalError, handle_database)
    app.error_processor(handle_http)
