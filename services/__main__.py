"""Embedded mode: the three services, their workers and the stand-in platforms on one machine, as processes.

`python -m services` migrates, loads the sample world, supervises, and prints `ready URL` once every part
answers and the sample world's deliveries have settled. With `cli` alone it may name two services.
"""

import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from services import first_start
from services.blacklist.__main__ import main as blacklist
from services.blacklist.app import PACKAGE as BLACKLIST
from services.blacklist.app import create_app as create_blacklist
from services.blacklist.settings import read_settings as read_blacklist
from services.credit_push.app import PACKAGE as CREDIT_PUSH
from services.credit_push.app import create_app as create_credit_push
from services.credit_push.settings import read_settings as read_credit_push
from services.notifier.app import PACKAGE as NOTIFIER
from services.notifier.app import create_app as create_notifier
from services.notifier.settings import read_settings as read_notifier
from services.supervisor import Child, Supervisor
from shared.db import migrate
from shared.eventlog import ensure_topics
from shared.process import WORKER

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Any]
READY_SECONDS = 120.0


def build_site() -> WsgiApp:
    """The three apps behind one port. Each owns its prefix, so the path is passed on whole."""
    root = create_blacklist(read_blacklist(os.environ))
    mounted: dict[str, WsgiApp] = {}
    push, notices = read_credit_push(os.environ), read_notifier(os.environ)
    mounted[push.common.url_prefix] = create_credit_push(push)
    mounted["/exchange"] = mounted[push.common.url_prefix]  # the contract's doors for platforms
    mounted[notices.common.url_prefix] = create_notifier(notices)

    def site(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ.get("PATH_INFO", "/")
        for prefix, app in mounted.items():
            if path == prefix or path.startswith(prefix + "/"):
                return app(environ, start_response)
        return root(environ, start_response)

    return site


def say(text: str) -> None:
    print(text, flush=True)


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """One environment for all processes, with every address made explicit."""
    env = dict(environ)
    env["DATA_DIR"] = str(Path(env.get("DATA_DIR") or "var").absolute())
    port, sandbox = env.get("PORT") or "8000", env.get("SANDBOX_PORT") or "8090"
    env["PORT"], env["SANDBOX_PORT"] = port, sandbox
    env.setdefault("PUBLIC_URL", f"http://127.0.0.1:{port}")
    env.setdefault("SANDBOX_URL", f"http://127.0.0.1:{sandbox}")
    env.setdefault("PUSH_CALLBACK_URL", f"http://127.0.0.1:{port}")
    env["PYTHONUNBUFFERED"] = "1"
    return env


def processes(env: Mapping[str, str]) -> list[Child]:
    python, logs = sys.executable, Path(env["DATA_DIR"]) / "logs"
    gunicorn = [python, "-m", "gunicorn", "--bind", f"127.0.0.1:{env['PORT']}", "--worker-class", WORKER]
    gunicorn += [
        "--workers",
        "2",
        "--threads",
        "8",
        "--graceful-timeout",
        "5",
        "--timeout",
        "60",
        "--keep-alive",
        "15",
        "--limit-request-line",
        "8190",
    ]
    gunicorn += ["--no-control-socket", "--log-level", "warning", "services.__main__:build_site()"]
    commands = {
        "site": gunicorn,
        "blacklist-worker": [python, "-m", "services.blacklist", "worker"],
        "credit-push-worker": [python, "-m", "services.credit_push", "worker"],
        "notifier-worker": [python, "-m", "services.notifier", "worker"],
        "sandbox": [python, "-m", "services.credit_push", "sandbox"],
    }
    return [Child(name, argv, env, logs) for name, argv in commands.items()]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_until_ready(supervisor: Supervisor, env: Mapping[str, str]) -> bool:
    """True once every part answers; False when asked to stop meanwhile."""
    base = f"http://127.0.0.1:{env['PORT']}"
    urls = [
        base + "/readyz",
        base + "/push/readyz",
        base + "/notices/readyz",
        env["SANDBOX_URL"] + "/healthz",
    ]
    deadline = time.monotonic() + READY_SECONDS
    while urls and not supervisor.stopping:
        supervisor.tend()
        urls = [url for url in urls if not answers(url)]
        if time.monotonic() > deadline:
            raise SystemExit(
                f"not ready after {READY_SECONDS:.0f} s: {', '.join(urls)}; see {env['DATA_DIR']}/logs"
            )
        time.sleep(0.05)
    return not supervisor.stopping


def migrate_all(env: Mapping[str, str]) -> None:
    Path(env["DATA_DIR"]).mkdir(parents=True, exist_ok=True)
    os.environ.update(env)
    ensure_topics(read_blacklist(env).common.events_url)
    migrate(read_blacklist(env).common.db_url, BLACKLIST)
    migrate(read_credit_push(env).common.db_url, CREDIT_PUSH)
    migrate(read_notifier(env).common.db_url, NOTIFIER)


def fill_sample_world(supervisor: Supervisor, env: Mapping[str, str]) -> None:
    """The sample penalties go through the product's own doors, while the children are tended."""
    base = f"http://127.0.0.1:{env['PORT']}"
    accounts = json.loads((Path(env["DATA_DIR"]) / "accounts.json").read_text("utf-8"))
    failure: list[BaseException] = []

    def fill() -> None:
        try:
            first_start.load_sample_cases(base, accounts, Path(env["DATA_DIR"]), say)
        except Exception as error:  # noqa: BLE001  told by the caller, in the main thread
            failure.append(error)

    filler = threading.Thread(target=fill, daemon=True)
    filler.start()
    while filler.is_alive() and not supervisor.stopping:
        supervisor.tend()
        filler.join(0.1)
    if failure:
        raise failure[0]


def main() -> int:
    env = child_environment(os.environ)
    supervisor = Supervisor(processes(env), say)
    supervisor.catch_signals()
    migrate_all(env)
    if env.get("ENVIRONMENT", "development") != "production":
        blacklist(["sample-world"])
    supervisor.start()
    try:
        if wait_until_ready(supervisor, env):
            fill_sample_world(supervisor, env)
        if not supervisor.stopping:
            say(f"ready http://127.0.0.1:{env['PORT']}")
        supervisor.wait()
    finally:
        supervisor.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
