"""The change feed as server-sent events (SSE): each change as it comes, under its position as the event's id.

A stream ends after a while and its reader comes back with `Last-Event-ID`: readers who went to sleep hold no
process, and nobody's place is for ever.
"""

import json
import socket
import struct
from collections.abc import Callable, Iterator
from functools import partial
from select import POLLIN, poll
from threading import Event
from time import monotonic
from typing import Any

from flask import Response, request

from services.blacklist.register import queries, schemas
from services.blacklist.register.api.waiting import WaitingRoom
from services.blacklist.store import Deps
from shared.errors import Invalid

MEDIA_TYPE = "text/event-stream"
LONGEST_SECONDS = 300.0
HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 0.5
SEND_SECONDS = 20
AT_ONCE = 100
LARGEST = 2**53
Read = Callable[[int], list[dict[str, Any]]]
_line = schemas.ChangeLine()


def wants_stream() -> bool:
    """Whether the reader asks for a stream by name; whoever takes anything gets JSON."""
    return request.accept_mimetypes.best_match(["application/json", MEDIA_TYPE]) == MEDIA_TYPE


def start_after(after: int) -> int:
    """Where a reader goes on: after the last event it has, else where the address says."""
    last = request.headers.get("Last-Event-ID", "").strip()
    if not last:
        return after
    if not (last.isascii() and last.isdigit() and len(last) < 17 and int(last) <= LARGEST):
        raise Invalid("bad-cursor", "Last-Event-ID 无效", "请从变更流答复中的 next 开始。")
    return int(last)


def stream(deps: Deps, room: WaitingRoom, after: int) -> Response:
    """The answer; it holds a thread until it ends, so there are only so many."""
    leave = room.stay(request.remote_addr or "")
    connection: socket.socket | None = request.environ.get("gunicorn.socket")
    _never_wait_for_ever(connection)

    def read(place: int) -> list[dict[str, Any]]:
        with deps.db.read() as session:
            return queries.changes_after(session, place, AT_ONCE, deps.clock.today())

    answer = Response(events(read, after, partial(_has_left, connection)), mimetype=MEDIA_TYPE)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    answer.call_on_close(leave)
    return answer


def events(
    read: Read, after: int, left: Callable[[], bool], longest: float = LONGEST_SECONDS
) -> Iterator[str]:
    """Changes as they come, a sign of life when none do, and an end."""
    yield "retry: 3000\n\n"
    end = monotonic() + longest
    quiet, never = monotonic() + HEARTBEAT_SECONDS, Event()
    while monotonic() < end and not left():
        items = read(after)
        for item in items:
            after = item["position"]
            yield event(item)
        if items:
            quiet = monotonic() + HEARTBEAT_SECONDS
            continue
        if monotonic() >= quiet:
            quiet = monotonic() + HEARTBEAT_SECONDS
            yield ": waiting\n\n"
        never.wait(LOOK_SECONDS)


def event(item: dict[str, Any]) -> str:
    """One entry of the feed, as in its pages."""
    data = json.dumps(_line.dump(item), ensure_ascii=False, separators=(",", ":"))
    return f"id: {item['position']}\nevent: {item['operation']}\ndata: {data}\n\n"


def _has_left(connection: socket.socket | None) -> bool:
    """Whether the reader hung up: its place is free at once, not only when a sign of life fails."""
    if connection is None:
        return False
    waiting = poll()
    try:
        waiting.register(connection, POLLIN)
        return bool(waiting.poll(0)) and not connection.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):  # closed already
        return True


def _never_wait_for_ever(connection: socket.socket | None) -> None:
    """A reader who takes nothing for so long is gone: its thread is needed."""
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
