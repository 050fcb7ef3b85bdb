"""Prometheus metrics: made once per name; gunicorn workers add up through PROMETHEUS_MULTIPROC_DIR."""

import os
from collections.abc import Sequence
from threading import Lock
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    start_http_server,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_made: dict[str, Any] = {}
_lock = Lock()


def counter(name: str, help_text: str, labels: Sequence[str] = ()) -> Counter:
    """A count that only rises; the same name gives the same metric."""
    with _lock:
        if name not in _made:
            _made[name] = Counter(name, help_text, labels)
        made: Counter = _made[name]
        return made


def histogram(
    name: str, help_text: str, labels: Sequence[str] = (), buckets: Sequence[float] = SECONDS
) -> Histogram:
    """A distribution, in seconds unless its name says otherwise."""
    with _lock:
        if name not in _made:
            _made[name] = Histogram(name, help_text, labels, buckets=buckets)
        made: Histogram = _made[name]
        return made


def gauge(name: str, help_text: str, labels: Sequence[str] = ()) -> Gauge:
    """A level; with several processes the most recently set value counts."""
    with _lock:
        if name not in _made:
            _made[name] = Gauge(name, help_text, labels, multiprocess_mode="mostrecent")
        made: Gauge = _made[name]
        return made


def _registry() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def metrics_text() -> bytes:
    """All metrics in Prometheus' text format (content type CONTENT_TYPE)."""
    return generate_latest(_registry())


def serve_metrics(port: int, address: str = "127.0.0.1") -> None:
    """Serve /metrics on an internal port from a daemon thread; port 0 serves nothing."""
    if port:
        start_http_server(port, address, registry=_registry())
