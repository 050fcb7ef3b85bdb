"""gunicorn's worker, refusing in Chinese what is too long for it to read; the application never sees it."""

from typing import Any

from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

PAGE = (
    '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title></head>'
    "<body><h1>{title}</h1><p>{detail}</p></body></html>"
)
TOO_LONG = {
    LimitRequestLine: ("414 URI Too Long", "请求地址过长", "请缩短查询内容；成批核对请用上传表格的方式。"),
    LimitRequestHeaders: (
        "431 Request Header Fields Too Large",
        "请求头过大",
        "请清除本网站的 Cookie 后重试。",
    ),
}


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A worker of threads; only its answer to what is too long differs."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        found = TOO_LONG.get(type(exc))
        if found is None:
            super().handle_error(req, client, addr, exc)
            return
        util.write_nonblock(client, answer(*found))


def answer(status: str, title: str, detail: str) -> bytes:
    """The whole response, after which the connection ends."""
    page = PAGE.format(title=title, detail=detail).encode()
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8\r\n"
    return f"{head}Content-Length: {len(page)}\r\n\r\n".encode() + page
