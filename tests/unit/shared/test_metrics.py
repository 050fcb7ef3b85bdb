"""Metrics are made once and printed as text."""

import urllib.request

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
