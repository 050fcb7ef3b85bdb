"""What the commands of every service do alike: become the web server, work until stopped, pick a command."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NoReturn

from shared.db import Database, commits_of
from shared.loops import Loop, run
from shared.metrics import serve_metrics
from shared.settings import CommonSettings

WORKER = "shared.refusing.Worker"
"""gunicorn's worker of threads (gthread), which refuses in Chinese."""
Command = Callable[[], None]
TURN_SECONDS = 0.001


def become_web_server(
    wsgi: str, default_bind: str, env: Mapping[str, str], *, preload: bool = False
) -> NoReturn:
    """Replace this process by gunicorn, with GUNICORN_CONF or the same values as arguments."""
    given = ["-c", env["GUNICORN_CONF"]] if env.get("GUNICORN_CONF") else _arguments(default_bind, env)
    # By module, so that it is found even where the environment's bin folder is not on PATH; without its
    # control socket, which all services of one user would share.
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", *given]
    command += ["--preload", wsgi] if preload else [wsgi]
    os.execvp(command[0], command)  # noqa: S606  replaces this process


def _arguments(default_bind: str, env: Mapping[str, str]) -> list[str]:
    values = {
        "--bind": env.get("BIND", default_bind),
        "--worker-class": WORKER,
        "--workers": env.get("WEB_PROCESSES", "2"),
        "--threads": env.get("WEB_THREADS", "8"),
        "--timeout": "60",
        "--graceful-timeout": "8",
        "--keep-alive": "15",
        "--limit-request-line": "8190",
    }
    return [part for pair in values.items() for part in pair]


def work(loops: Sequence[Loop], settings: CommonSettings, db: Database) -> None:
    """Run the loops over a database until SIGTERM or SIGINT; what is in hand is finished first."""
    serve_metrics(settings.metrics_port, settings.metrics_host)
    rest_from_collecting()
    take_turns()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(list(loops), stop, news=partial(commits_of, db))


def rest_from_collecting() -> None:
    """Batches of thousands of short-lived rows set off the collector of cycles all the time, for nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def take_turns() -> None:
    """A thread that waits for an answer gets the interpreter back in 1 ms, not in 5, from one that computes:
    a window of requests was a tenth emptier for it.
    """
    sys.setswitchinterval(TURN_SECONDS)


def choose(program: str, commands: Mapping[str, Command], arguments: Sequence[str] | None) -> None:
    """Run the one command named in the arguments, or say which there are."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    chosen = commands.get(given[0]) if len(given) == 1 else None
    if chosen is None:
        sys.exit(f"usage: {program} {'|'.join(commands)}")
    chosen()
