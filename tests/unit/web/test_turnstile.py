"""Rate limits by leased tokens: exact enough, shared by processes, and without a write per request."""

from pathlib import Path

from sqlalchemy import event

from shared.web.turnstile import LEASES, Turnstile, client_address


def gate(file: Path, per_hour: int, proxies: int = 0) -> Turnstile:
    def answer(_environ, start_response):
        start_response("200 OK", [])
        return [b"ok"]

    return Turnstile(answer, file, per_hour=per_hour, proxies=proxies)


def ask(turnstile: Turnstile, address: str = "192.0.2.1", path: str = "/api/v1/register") -> tuple[str, dict]:
    said = []
    turnstile(
        {"PATH_INFO": path, "REMOTE_ADDR": address, "REQUEST_METHOD": "GET"},
        lambda status, headers: said.append((status, dict(headers))),
    )
    return said[0]


def test_an_address_has_its_hour_and_is_told_when_to_come_back(tmp_path):
    turnstile = gate(tmp_path / "limits.db", 200)
    answers = [ask(turnstile)[0] for _ in range(220)]
    given = answers.count("200 OK")
    assert 200 <= given <= 200 + 2 * (200 // LEASES)
    status, headers = ask(turnstile)
    assert status == "429 Too Many Requests"
    assert int(headers["Retry-After"]) >= 1
    assert headers["Content-Type"] == "application/problem+json"
    assert ask(turnstile, "192.0.2.2")[0] == "200 OK"
    assert ask(turnstile, path="/static/theme.css")[0] == "200 OK"


def test_there_is_no_write_per_request(tmp_path):
    turnstile = gate(tmp_path / "limits.db", 100_000)
    begun = []
    event.listen(turnstile._db.engine, "begin", begun.append)
    for _ in range(3000):
        assert ask(turnstile)[0] == "200 OK"
    assert len(begun) <= 3


def test_processes_share_one_budget(tmp_path):
    one, other = gate(tmp_path / "limits.db", 100), gate(tmp_path / "limits.db", 100)
    other._secret = one._secret  # as after a fork
    given = sum(ask(each)[0] == "200 OK" for _ in range(100) for each in (one, other))
    assert 100 <= given <= 102


def test_who_asks_is_what_our_outermost_proxy_saw():
    environ = {"HTTP_X_FORWARDED_FOR": "198.51.100.9, 203.0.113.5", "REMOTE_ADDR": "10.0.0.1"}
    assert client_address(environ, 0) == "10.0.0.1"
    assert client_address(environ, 1) == "203.0.113.5"
    assert client_address(environ, 2) == "198.51.100.9"
    assert client_address({"REMOTE_ADDR": "10.0.0.1"}, 1) == "10.0.0.1"
