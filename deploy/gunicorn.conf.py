"""How every `api` process serves: threads for waiting on the database, few processes, a bounded life.

Read by `blacklist api`, `credit-push api` and `notifier api` (GUNICORN_CONF names the file) and in the image.
"""

import os
from typing import Any

from shared.metrics import serve_metrics

bind = os.environ.get("BIND", "0.0.0.0:8000")  # inside the container the network is the compose network
worker_class = "shared.refusing.Worker"  # gthread
workers = int(os.environ.get("WEB_PROCESSES", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
# At most three of the eight threads wait for changes (long polls, two event streams), one more for messages.
# A long poll or an export may take a while; a hung worker must not live for ever.
timeout = 60
graceful_timeout = 8
keepalive = 15
# Long Chinese queries are percent-encoded to nine times their length.
limit_request_line = 8190
# Memory stays flat over months because every process is renewed now and then, not all at once.
max_requests = 50_000
max_requests_jitter = 5_000
accesslog = None
errorlog = "-"
# All services of one user would share the default control socket.
control_socket_disable = True


def when_ready(_server: Any) -> None:
    """The first process adds up what the others wrote into PROMETHEUS_MULTIPROC_DIR, on a port of its own."""
    serve_metrics(int(os.environ.get("METRICS_PORT") or "0"), os.environ.get("METRICS_HOST") or "127.0.0.1")
