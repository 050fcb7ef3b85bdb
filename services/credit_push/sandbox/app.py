"""The sandbox as one application: interfaces, control, pages, and the loops that serve files and tables."""

import fcntl
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Flask, Response, g, request

from services.credit_push.sandbox.answers import Refused, problem
from services.credit_push.sandbox.callbacks import Callbacks
from services.credit_push.sandbox.control import control_blueprint
from services.credit_push.sandbox.desk import Desk
from services.credit_push.sandbox.exchange_tables import ExchangeTables
from services.credit_push.sandbox.faults import HANG_SECONDS, OUTAGES, SLOW_SECONDS, Faults
from services.credit_push.sandbox.filings import filings_blueprint
from services.credit_push.sandbox.handles import handles_blueprint
from services.credit_push.sandbox.intake_exchange import ExchangeSweep
from services.credit_push.sandbox.intake_json import json_blueprint
from services.credit_push.sandbox.intake_manual import manual_blueprint
from services.credit_push.sandbox.intake_outcomes import OutcomeSweep
from services.credit_push.sandbox.intake_packet import Packets
from services.credit_push.sandbox.intake_topic import TopicReader
from services.credit_push.sandbox.intake_xml import xml_blueprint
from services.credit_push.sandbox.outcomes import outcomes_blueprint
from services.credit_push.sandbox.pages import pages_blueprint
from services.credit_push.sandbox.platforms import played_by
from services.credit_push.sandbox.settings import SandboxSettings, read_sandbox
from services.credit_push.sandbox.sites import sites_blueprint
from services.credit_push.sandbox.store import Store
from shared.clock import SystemClock
from shared.logs import configure_logs
from shared.loops import Loop, run

MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Sandbox:
    """The wired sandbox."""

    app: Flask
    desk: Desk
    loops: tuple[Loop, ...]


def open_desk(settings: SandboxSettings) -> Desk:
    """Folders, database, faults and clock."""
    settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = Store(settings.folder / "sandbox.db")
    return Desk(settings, store, Faults(store), SystemClock(settings.clock_file))


def build_sandbox(settings: SandboxSettings) -> Sandbox:
    """Wire everything; start nothing."""
    desk = open_desk(settings)
    tables = [
        ExchangeTables(platform, f"{settings.exchange_url}/{platform.id}.db")
        for platform in played_by("exchange_db")
    ]
    sweeps = [ExchangeSweep(desk, one) for one in tables]
    told = [OutcomeSweep(desk, one) for one in tables if one.platform.files_requests]
    readers = [TopicReader(desk, platform) for platform in played_by("topic")]
    return Sandbox(create_app(desk), desk, (Callbacks(desk), Packets(desk), *sweeps, *told, *readers))


def create_app(desk: Desk) -> Flask:
    """The HTTP side."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    ways = (json_blueprint, xml_blueprint, manual_blueprint)
    handles = (control_blueprint, handles_blueprint, filings_blueprint, outcomes_blueprint)
    for blueprint in (*ways, *handles, pages_blueprint, sites_blueprint):
        app.register_blueprint(blueprint(desk))
    app.register_error_handler(Refused, problem)
    app.before_request(_before(desk))
    app.after_request(_after(desk))
    return app


def _before(desk: Desk) -> Callable[[], Response | None]:
    def misbehave() -> Response | None:
        """Outages strike a platform's whole interface; its page and the control side stay up."""
        parts = request.path.split("/")
        if len(parts) < 4 or parts[1] != "platforms":
            return None
        struck = desk.faults.strike(parts[2], OUTAGES)
        g.hang = "timeout" in struck
        if "slow" in struck:
            desk.pause(SLOW_SECONDS)
        if "error500" in struck:
            return problem(Refused(500, "internal-error", "平台内部错误（模拟故障）"))
        return None

    return misbehave


def _after(desk: Desk) -> Callable[[Response], Response]:
    def hang(response: Response) -> Response:
        """A time-out comes after the work is done: the sender cannot know."""
        if getattr(g, "hang", False):
            desk.pause(HANG_SECONDS)
            return Response(b"", 504)
        return response

    return hang


def serve(env: Mapping[str, str] | None = None) -> Flask:
    """What gunicorn loads: the application, with its loops running in threads of the one worker."""
    settings = read_sandbox(os.environ if env is None else env)
    configure_logs(settings.log_level, "sandbox")
    sandbox = build_sandbox(settings)
    threading.Thread(target=run_alone, args=(sandbox,), name="loops", daemon=True).start()
    return sandbox.app


def run_alone(sandbox: Sandbox) -> None:
    """Run the loops once no other process runs them: after kill -9 an old worker lives on for a moment."""
    with (sandbox.desk.settings.folder / "loops.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run(sandbox.loops, sandbox.desk.stopping)
