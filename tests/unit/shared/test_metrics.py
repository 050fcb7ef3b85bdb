"""Metrics are made once and printed as text."""

import runpy
import urllib.request
from pathlib import Path

from shared.metrics import counter, gauge, histogram, metrics_text, serve_metrics


def test_made_once_and_printed():
    counter("test_things_total", "Things", ["kind"]).labels("a").inc()
    counter("test_things_total", "Things", ["kind"]).labels("a").inc()
    gauge("test_level", "Level").set(3)
    histogram("test_seconds", "Time").observe(0.2)
    text = metrics_text().decode()
    assert 'test_things_total{kind="a"} 2.0' in text
    assert "test_level 3.0" in text
    assert 'test_seconds_bucket{le="0.25"} 1.0' in text


def test_internal_port(unused_port):
    serve_metrics(0)
    serve_metrics(unused_port)
    with urllib.request.urlopen(f"http://127.0.0.1:{unused_port}/metrics", timeout=5) as answer:
        assert answer.status == 200


def test_the_first_process_of_a_web_server_serves_them_where_it_is_told(unused_port, monkeypatch):
    conf = runpy.run_path(str(Path(__file__).resolve().parents[3] / "deploy/gunicorn.conf.py"))
    monkeypatch.delenv("METRICS_PORT", raising=False)
    conf["when_ready"](None)
    monkeypatch.setenv("METRICS_PORT", str(unused_port))
    monkeypatch.setenv("METRICS_HOST", "127.0.0.2")
    conf["when_ready"](None)
    with urllib.request.urlopen(f"http://127.0.0.2:{unused_port}/metrics", timeout=5) as answer:
        assert answer.status == 200
