"""The sandbox as a process: callbacks over real HTTP, kill -9, refusing production."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared.http import sign_request
from shared.platform_keys import platform_key
from tests.contract.sandbox.conftest import PacketLine, canonical, penalty, read_feedback, write_packet
from tests.harness.signature import is_signed
from tests.harness.wait import until

TENDER = "tender-shijiazhuang"


class Listener:
    """Our side of the callbacks: checks the signature by the document, fails as often as told."""

    def __init__(self, keys):
        self.bodies, self.paths, self.fail = [], [], 0
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.paths.append(self.path)
                if listener.fail:
                    listener.fail -= 1
                    self.send_error(503)
                    return
                key = platform_key(keys, TENDER)
                assert self.headers["X-Key-Id"] == key.key_id
                assert abs(int(self.headers["X-Timestamp"]) - datetime.now(UTC).timestamp()) <= 300
                assert is_signed("POST", self.path, body, dict(self.headers), key.secret)
                listener.bodies.append(json.loads(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"


class Process:
    """`credit-push sandbox` on a free port."""

    def __init__(self, folder, callback="http://127.0.0.1:9", **env):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.env = {
            **os.environ, "DATA_DIR": str(folder), "SANDBOX_PORT": str(self.port),
            "PUSH_CALLBACK_URL": callback, **env,
        }  # fmt: skip
        self.start()

    def start(self):
        words = [sys.executable, "-m", "services.credit_push.sandbox"]
        self.child = subprocess.Popen(words, env=self.env, start_new_session=True)
        until(self.alive, 30, "sandbox answers")

    def alive(self):
        assert self.child.poll() is None
        try:
            return self.get("/healthz")
        except OSError:
            return None

    def kill(self):
        os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait(10)

    def stop(self):
        self.child.terminate()
        return self.child.wait(10)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return json.loads(answer.read())

    def post(self, platform, record):
        head = {"batch_id": "b", "sender": "测试", "count": 1, "sent_at": "2026-11-23T08:00:00+00:00"}
        body = json.dumps({"head": head, "records": [record]}).encode()
        path = f"/platforms/{platform}/records"
        key = platform_key(self.folder / "sandbox" / "keys.json", platform)
        headers = sign_request(
            "POST", path, body, key_id=key.key_id, secret=key.secret, now=datetime.now(UTC)
        )
        call = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", body, {**headers, "Content-Type": "application/json"}
        )
        with urllib.request.urlopen(call, timeout=5) as answer:
            return answer.status, json.loads(answer.read())


@pytest.fixture
def started(tmp_path):
    processes = []

    def start(**options):
        processes.append(Process(tmp_path, **options))
        return processes[-1]

    yield start
    for process in processes:
        if process.child.poll() is None:
            process.kill()


def test_callbacks_arrive_signed_and_are_repeated(started, tmp_path):
    listener = Listener(tmp_path / "sandbox" / "keys.json")
    listener.fail = 2
    process = started(callback=listener.url)
    record = canonical(region="130102", key="t:1")
    status, told = process.post(TENDER, record)
    assert (status, told) == (202, {"batch_id": "b", "accepted_rows": 1})
    (body,) = until(lambda: listener.bodies)
    assert listener.paths[0] == f"/push/api/v1/receipts/{TENDER}"
    assert len(listener.paths) == 3
    assert [receipt["result"] for receipt in body["receipts"]] == ["accepted"]
    assert process.stop() == 0


def test_nothing_is_lost_by_kill_9(started, tmp_path):
    process = started()
    process.post("credit-quanzhou", canonical())
    process.post(TENDER, canonical(region="130102", key="t:1"))
    process.kill()
    folder = tmp_path / "sandbox" / "packets" / "credit-shijiazhuang"
    batch = write_packet(folder / "in", [PacketLine(penalty())])
    listener = Listener(tmp_path / "sandbox" / "keys.json")
    process.env["PUSH_CALLBACK_URL"] = listener.url
    process.start()
    assert len(process.get("/records?platform=credit-quanzhou")["records"]) == 1
    assert until(lambda: listener.bodies)[0]["receipts"][0]["idempotency_key"] == "t:1"
    assert until(lambda: read_feedback(folder / "out", batch))[0]["result"] == "accepted"


def test_production_is_refused(tmp_path):
    env = {**os.environ, "ENVIRONMENT": "production", "DATA_DIR": str(tmp_path)}
    words = [sys.executable, "-m", "services.credit_push.sandbox"]
    ended = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "production" in ended.stderr
    assert list(tmp_path.iterdir()) == []
