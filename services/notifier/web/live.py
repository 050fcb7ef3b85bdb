"""The unread number as server-sent events, for an inbox that is open.

A stream holds a thread, so a process has few; whoever finds none gets 503 and goes on asking now and then, as
every page does. A stream ends after a while, so that nobody's place is for ever, and with the session.
"""

import socket
import struct
from collections.abc import Callable, Iterator
from threading import BoundedSemaphore, Event
from time import monotonic

from apiflask import APIBlueprint
from flask import Response, current_app, request

from services.notifier.models import Deps
from services.notifier.queries.messages import unread_count
from shared.errors import Unavailable, describe_errors
from shared.web.access import access, principal, signed_in
from shared.web.app import Authenticate

MOST_STREAMS = 1
"""Of the eight threads of a process (deploy/gunicorn.conf.py); the change feed may hold three."""
LONGEST_SECONDS, LOOK_SECONDS, HEARTBEAT_SECONDS, SEND_SECONDS = 60.0, 0.5, 10.0, 10
"""`LOOK_SECONDS` is also how long a stream may outlive the session it was opened in."""
describe_errors({"too-many-streams": "实时更新的连接已满。请按 Retry-After 稍后再来；页面会定时更新。"})


def add_routes(bp: APIBlueprint, deps: Deps, authenticate: Authenticate) -> None:
    places = BoundedSemaphore(MOST_STREAMS)

    @bp.get("/inbox/stream")
    @access(signed_in())
    def inbox_stream() -> Response:
        who, asked = principal(), current_app.request_class(request.environ)
        if not places.acquire(blocking=False):
            raise Unavailable("too-many-streams", "实时更新的连接已满", "页面会定时更新。", retry_after=30)

        def count() -> int:
            with deps.db.read() as session:
                return unread_count(session, who)

        connection = request.environ.get("gunicorn.socket")
        _never_wait_for_ever(connection)

        def over() -> bool:
            return has_left(connection) or authenticate(asked) is None

        answer = Response(events(count, over), mimetype="text/event-stream")
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Accel-Buffering"] = "no"
        held = [places]
        answer.call_on_close(lambda: held.pop().release() if held else None)
        return answer


def events(
    count: Callable[[], int], over: Callable[[], bool] = lambda: False, longest: float = LONGEST_SECONDS
) -> Iterator[str]:
    """The number at first and whenever it changes, a sign of life when it does not, and an end."""
    yield "retry: 30000\n\n"
    end, quiet, told, never = monotonic() + longest, monotonic(), -1, Event()
    while monotonic() < end and not over():
        number = count()
        if number != told:
            yield f"event: unread\ndata: {number}\n\n"
        elif monotonic() >= quiet:
            yield ": waiting\n\n"
        else:
            never.wait(LOOK_SECONDS)
            continue
        told, quiet = number, monotonic() + HEARTBEAT_SECONDS


def has_left(connection: socket.socket | None) -> bool:
    """Whether the reader has closed its side, so that its place is free again at once."""
    if connection is None:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except (BlockingIOError, ValueError):  # nothing to read; a socket that cannot be looked into
        return False
    except OSError:
        return True


def _never_wait_for_ever(connection: socket.socket | None) -> None:
    """A reader who takes nothing for so long is gone: its thread is needed."""
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
