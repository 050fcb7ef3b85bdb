"""gunicorn's worker, with two ways of its own.

What is too long for it to read is refused in Chinese; the application never sees it. And a connection that is
kept open stays with its thread for a moment: its next question, mostly under way, is read there and then
instead of being handed to the main thread and back, which costs as much as a short answer.
"""

import select
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


LINGER_MS = 5
"""Only while there are threads for all connections: nobody waits for a thread that waits."""


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A worker of threads."""

    def handle(self, conn: Any) -> Any:
        again = super().handle(conn)
        while again is True and self._lingers(conn) and _readable(conn.sock):
            again = super().handle(conn)
        return again

    def _lingers(self, conn: Any) -> bool:
        """Not where what was read of the next question already lies in memory: gunicorn sees to that."""
        if conn.is_http2 or not self.alive or self.nr_conns > self.cfg.threads or self.cfg.is_ssl:
            return False
        return not conn.parser.unreader.buf.getvalue()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        found = TOO_LONG.get(type(exc))
        if found is None:
            super().handle_error(req, client, addr, exc)
            return
        util.write_nonblock(client, answer(*found))


def _readable(sock: Any) -> bool:
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(LINGER_MS))


def answer(status: str, title: str, detail: str) -> bytes:
    """The whole response, after which the connection ends."""
    page = PAGE.format(title=title, detail=detail).encode()
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8\r\n"
    return f"{head}Content-Length: {len(page)}\r\n\r\n".encode() + page
