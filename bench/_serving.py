"""The public process as deployed (two processes, eight threads each), bare Flask under plain gunicorn beside.

The client holds eight connections in one process, four to each worker, and sends the next question when an
answer is complete.
"""

import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask

from bench.facts import percentile
from shared.clock import SystemClock
from shared.process import WORKER
from tests.harness.ports import free_port
from tests.harness.wait import until

CONNECTIONS = 8
WORKERS = 2
SECONDS = 6.0
WARM_SECONDS = 2.0
ROOT = Path(__file__).parent.parent
LINE = {
    "id": "0" * 36,
    "name": "石家庄示例建设工程有限公司",
    "uscc": "91130102MA00000000",
    "why": ["名称相同"],
}


def bare() -> Flask:
    """The least a Flask application can do for a question: read it and answer one object."""
    app = Flask(__name__)

    @app.get("/api/v1/register")
    def answer() -> dict[str, Any]:
        from flask import request

        return {"items": [LINE | {"q": request.args["q"]}], "next": None}

    return app


@contextmanager
def gunicorn(target: str, environment: dict[str, str], worker: str = "gthread") -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-w", str(WORKERS), "-k", worker,
               "--threads", "8", "--keep-alive", "30", "--graceful-timeout", "2",
               "--no-control-socket", "--preload", target]  # fmt: skip
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _answers(port), 90.0, "gunicorn to answer")
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _answers(port: int) -> bool:
    try:
        line = Line(port)
        line.socket.settimeout(10)
        line.ask(request_bytes("示例"))
        while not line.complete():
            continue
        line.socket.close()
    except OSError:
        return False
    return True


def request_bytes(text: str) -> bytes:
    return f"GET /api/v1/register?q={quote(text)}&limit=10 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


class Line:
    """One connection and the answer being read from it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.sent = 0.0

    def ask(self, request: bytes) -> None:
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def complete(self) -> bool:
        """Reads what there is; true once the answer is whole. Anything but 200 ends the run."""
        read = self.socket.recv(65536)
        if not read:
            raise OSError("closed")
        self.buffer += read
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(self.buffer[:300].decode(errors="replace"))
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) < length:
            return False
        self.buffer = body[length:]
        return True


def spread_lines(port: int, request: bytes) -> list[Line]:
    """As many connections to each worker: left to chance, one worker may get all eight of them, and the same
    server answers half as much.
    """
    kept: dict[Path, list[Line]] = {}
    for _ in range(40 * CONNECTIONS):
        line = Line(port)
        line.ask(request)
        while not line.complete():
            continue
        held = kept.setdefault(_holder(port, line), [])
        if len(held) < CONNECTIONS // WORKERS:
            held.append(line)
        else:
            line.socket.close()
        if sum(map(len, kept.values())) == CONNECTIONS:
            return [line for held in kept.values() for line in held]
    raise RuntimeError(f"the workers take no equal share of connections: {list(map(len, kept.values()))}")


def _holder(port: int, line: Line) -> Path:
    """The process that accepted this connection."""
    ends = (f":{port:04X}", f":{line.socket.getsockname()[1]:04X}")
    for each in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = each.split()
        if fields[1].endswith(ends[0]) and fields[2].endswith(ends[1]):
            held = f"socket:[{fields[9]}]"
            for process in workers(port):
                if any(_points_to(fd) == held for fd in (process / "fd").iterdir()):
                    return process
    raise RuntimeError("nobody holds the connection")


def _points_to(fd: Path) -> str:
    try:
        return str(fd.readlink())
    except OSError:  # closed meanwhile
        return ""


def load(port: int, texts: Sequence[str], seconds: float) -> dict[str, Any]:
    requests = [request_bytes(text) for text in texts]
    chosen = selectors.DefaultSelector()
    spent: list[float] = []
    count = 0
    for line in spread_lines(port, requests[0]):
        chosen.register(line.socket, selectors.EVENT_READ, line)
        line.ask(requests[count % len(requests)])
        count += 1
    cpu = cpu_seconds(port)
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        for key, _ in chosen.select(1.0):
            line = key.data
            if line.complete():
                spent.append((time.perf_counter() - line.sent) * 1000)
                line.ask(requests[count % len(requests)])
                count += 1
    elapsed = time.perf_counter() - started
    cpu = cpu_seconds(port) - cpu
    for key in list(chosen.get_map().values()):
        key.data.socket.close()
    return {
        "rps": round(len(spent) / elapsed),
        "p50_ms": round(percentile(spent, 0.5), 2),
        "p99_ms": round(percentile(spent, 0.99), 2),
        "cpu_ms_each": round(cpu * 1000 / max(1, len(spent)), 3),
    }


def served(
    url: str, asked: Mapping[str, Sequence[str]], environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Each kind of question, with the bare answer measured before and after in the same run."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        clock = Path(folder) / "clock"
        settings = {
            "DATA_DIR": folder,
            "BLACKLIST_DB_URL": url,
            "LOG_LEVEL": "WARNING",
            "PUBLIC_REQUESTS_PER_ADDRESS": str(10**9),
            "CLOCK_FILE": str(clock),
            **(environment or {}),
        }
        SystemClock(clock)
        for kind, texts in asked.items():
            with gunicorn("bench._serving:bare()", {}) as port:
                load(port, texts, WARM_SECONDS)
                plain = load(port, texts, SECONDS)
            with gunicorn("services.blacklist.public.app:from_environment()", settings, WORKER) as port:
                load(port, texts, WARM_SECONDS)
                figures[kind] = load(port, texts, SECONDS)
                figures[kind] |= memory(port)
            figures[kind] |= {
                "bare_rps": plain["rps"],
                "of_bare": round(figures[kind]["rps"] / plain["rps"], 3),
                "bare_cpu_ms_each": plain["cpu_ms_each"],
                "of_bare_by_cpu": round(plain["cpu_ms_each"] / figures[kind]["cpu_ms_each"], 3),
            }
    return figures


def workers(port: int) -> list[Path]:
    """The processes of the server on this port, its parent included."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"127.0.0.1:{port}" in line.read_text() and "gunicorn" in line.read_text():
                found.append(line.parent)
        except OSError:
            continue
    return found


def cpu_seconds(port: int) -> float:
    """What the server's processes have used so far."""
    ticks = 0
    for process in workers(port):
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(port: int) -> dict[str, int]:
    """The largest worker in MB: resident, and its share of what processes have in common (PSS)."""
    sizes = []
    for process in workers(port):
        text = (process / "smaps_rollup").read_text()
        sizes.append([int(text.partition(f"\n{name}:")[2].split()[0]) // 1024 for name in ("Pss", "Rss")])
    pss, rss = max(sizes)
    return {"worker_pss_mb": pss, "worker_rss_mb": rss}
