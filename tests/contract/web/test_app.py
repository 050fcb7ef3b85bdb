"""What every service made with the kit promises over HTTP."""

import json
import re

import pytest
from apiflask import APIBlueprint
from flask.testing import FlaskClient

from shared.errors import ERROR_PAGES
from shared.web.access import access, public
from shared.web.app import create_service_app, finish
from shared.web.problem import FRAMEWORK
from tests.contract.web.sample import CLOCK, make_app

CLERK = {"Authorization": "Bearer clerk"}
THINGS = "/svc/api/v1/things"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    app = make_app()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app.test_client()


def problem(answer, status, slug):
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    document = answer.get_json()
    assert document["status"] == status
    assert document["slug"] == slug
    assert document["type"] == f"/svc/problems/{slug}"
    assert re.search("[一-鿿]", document["title"])
    assert document["request_id"] == answer.headers["X-Request-Id"]
    return document


def pointers(document):
    return [field["pointer"] for field in document.get("fields", [])]


def test_health_ready_and_documents(client):
    assert client.get("/svc/healthz").get_json() == {"service": "sample", "status": "ok"}
    assert client.get("/svc/readyz").get_json()["checks"] == {"database": True}
    assert client.get("/svc/asyncapi.json").get_json() == {"asyncapi": "3.0.0"}
    assert client.get("/svc/docs").status_code == 200
    assert b"http_requests_total" in client.get("/svc/metrics").data
    waiting = make_app(ready=lambda: {"database": False}).test_client().get("/svc/readyz")
    assert (waiting.status_code, waiting.get_json()["status"]) == (503, "waiting")


def test_the_page_that_finds_nothing_knows_who_is_signed_in(client):
    client.set_cookie("credit_session", "clerk")
    asked = {"Accept": "text/html"}
    page = client.get("/svc/no-such-page", headers=asked)
    client.delete_cookie("credit_session")
    assert page.status_code == 404
    assert "退出登录" in page.text
    assert "退出登录" not in client.get("/svc/no-such-page", headers=asked).text


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/things"])
def test_nothing_outside_the_prefix(client, path):
    problem(client.get(path), 404, "not-found")


def test_an_empty_prefix_works_too():
    client = make_app(prefix="").test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/things").status_code == 200
    assert client.get("/static/theme.css").status_code == 200


def test_a_route_without_a_policy_stops_the_service():
    app = create_service_app(
        "x",
        name="x",
        title="x",
        prefix="",
        authenticate=lambda r: None,
        clock=CLOCK,
        ready=dict,
        asyncapi=None,
        production=False,
    )
    blueprint = APIBlueprint("bare", __name__)
    blueprint.add_url_rule("/bare", view_func=lambda: "open to all")
    app.register_blueprint(blueprint)
    with pytest.raises(RuntimeError, match="bare"):
        finish(app)


@pytest.mark.parametrize(
    ("who", "method", "path", "status"),
    [
        (None, "GET", THINGS, 200),
        (None, "GET", f"{THINGS}/x", 401),
        ("nobody", "GET", f"{THINGS}/x", 401),
        ("clerk", "GET", f"{THINGS}/x", 200),
        ("auditor", "GET", f"{THINGS}/x", 403),
        ("key", "GET", f"{THINGS}/x", 403),
        ("key", "POST", THINGS, 201),
        ("weak-key", "POST", THINGS, 403),
        ("auditor", "POST", THINGS, 403),
        ("clerk", "POST", THINGS, 201),
        (None, "POST", THINGS, 401),
        ("key", "POST", "/svc/api/v1/uploads", 403),
    ],
)
def test_access_by_policy(client, who, method, path, status):
    headers = {"Authorization": f"Bearer {who}"} if who else {}
    body = {"json": {"name": "一"}} if method == "POST" else {}
    assert client.open(path, method=method, headers=headers, **body).status_code == status


def test_strangers_learn_nothing_from_validation(client):
    assert client.post(THINGS, data="{", content_type="application/json").status_code == 401


@pytest.mark.parametrize(
    ("send", "status", "slug", "pointer"),
    [
        ({"data": "{", "content_type": "application/json"}, 400, "malformed-request", None),
        ({"data": b"\xff", "content_type": "application/json"}, 400, "malformed-request", None),
        ({"data": '{"name": NaN}', "content_type": "application/json"}, 400, "malformed-request", None),
        ({}, 400, "malformed-request", None),
        (
            {"data": "name=x", "content_type": "application/x-www-form-urlencoded"},
            415,
            "unsupported-media-type",
            None,
        ),
        ({"data": "{}", "content_type": "text/plain"}, 415, "unsupported-media-type", None),
        ({"data": b"{}"}, 415, "unsupported-media-type", None),
        (
            {"data": b" " * (2 * 1024 * 1024 + 1), "content_type": "application/json"},
            413,
            "payload-too-large",
            None,
        ),
        ({"json": {}}, 422, "validation-failed", "/name"),
        ({"json": []}, 422, "validation-failed", ""),
        ({"data": "null", "content_type": "application/json"}, 422, "validation-failed", ""),
        ({"json": {"name": "x", "role": "decider"}}, 422, "validation-failed", "/role"),
        ({"json": {"name": ["x"]}}, 422, "validation-failed", "/name"),
        ({"json": {"name": "a\x00b"}}, 422, "validation-failed", "/name"),
        (
            {"data": '{"name": "\\ud83d"}', "content_type": "application/json"},
            422,
            "validation-failed",
            "/name",
        ),
        (
            {"data": '{"name": 99999999999999999999}', "content_type": "application/json"},
            422,
            "validation-failed",
            "/name",
        ),
        ({"json": {"name": "冲突"}}, 409, "version-conflict", None),
        ({"json": {"name": "过快"}}, 429, "too-many-requests", None),
        ({"json": {"name": "断开"}}, 503, "unavailable", None),
        ({"json": {"name": "崩溃"}}, 500, "internal-error", None),
    ],
)
def test_bad_bodies(client, send, status, slug, pointer):
    answer = client.post(THINGS, headers=CLERK, **send)
    document = problem(answer, status, slug)
    if pointer is not None:
        assert pointer in pointers(document)
    assert "secret" not in answer.get_data(as_text=True)


def test_extra_members_and_retry_after(client):
    assert client.post(THINGS, headers=CLERK, json={"name": "冲突"}).get_json()["current"] == 7
    assert client.post(THINGS, headers=CLERK, json={"name": "过快"}).headers["Retry-After"] == "12"
    assert "Bearer" in client.post(THINGS, json={}).headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "limit=" + "9" * 5000, "cursor=%00", "other=1", "%00=1"]
)
def test_bad_queries(client, query):
    problem(client.get(f"{THINGS}?{query}"), 422, "validation-failed")


@pytest.mark.parametrize(
    "path", ["/svc/api/v1/things/%00", "/svc/nowhere", "/svc/problems/nowhere", "/svc/static/none.css"]
)
def test_missing_things(client, path):
    problem(client.get(path, headers=CLERK), 404, "not-found")


def test_another_method_is_405_with_allow(client):
    answer = client.put(THINGS, headers=CLERK)
    problem(answer, 405, "method-not-allowed")
    assert "POST" in answer.headers["Allow"]


def test_uploads_have_their_own_limit(client):
    def send(size: int):
        from io import BytesIO

        data = {"kind": "evidence", "file": (BytesIO(b"x" * size), "a.pdf")}
        return client.post(
            "/svc/api/v1/uploads", headers=CLERK, data=data, content_type="multipart/form-data"
        )

    assert send(2_500_000).get_json() == {"size": 2_500_000}
    problem(send(3_500_000), 413, "payload-too-large")
    broken = {"data": b"--x\r\nnonsense", "content_type": "multipart/form-data; boundary=x"}
    problem(client.post("/svc/api/v1/uploads", headers=CLERK, **broken), 422, "validation-failed")
    empty = client.post("/svc/api/v1/uploads", headers=CLERK, data={}, content_type="multipart/form-data")
    assert pointers(problem(empty, 422, "validation-failed")) == ["/kind", "/file"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://localhost"}, 201),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
    ],
)
def test_cookies_count_only_from_our_own_pages(headers, status):
    client = make_app().test_client()
    client.set_cookie("credit_session", "clerk")
    assert client.post(THINGS, json={"name": "一"}, headers=headers).status_code == status
    assert client.get(f"{THINGS}/x", headers=headers).status_code == 200, "reading is not restricted"


def test_a_bearer_token_needs_no_origin_but_no_cross_site_browser(client):
    assert client.post(THINGS, json={"name": "一"}, headers=CLERK).status_code == 201
    crossing = {**CLERK, "Sec-Fetch-Site": "cross-site"}
    problem(client.post(THINGS, json={"name": "一"}, headers=crossing), 403, "cross-site-request")


def test_headers_of_every_answer(client):
    for path in ("/svc/", "/svc/healthz", "/svc/nowhere", THINGS, "/svc/static/theme.css"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers
    assert "Strict-Transport-Security" in make_app(production=True).test_client().get("/svc/").headers


def test_private_answers_are_not_stored(client):
    assert client.get(f"{THINGS}/x", headers=CLERK).headers["Cache-Control"] == "no-store"


def test_request_ids_are_kept_or_made(client):
    assert (
        client.get("/svc/healthz", headers={"X-Request-Id": "abcdef-1234"}).headers["X-Request-Id"]
        == "abcdef-1234"
    )
    made = client.get("/svc/healthz", headers={"X-Request-Id": "<bad>"}).headers["X-Request-Id"]
    assert len(made) == 36


def test_every_framework_slug_has_a_page(client):
    for slug, _, _ in FRAMEWORK.values():
        assert slug in ERROR_PAGES
        page = client.get(f"/svc/problems/{slug}", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert ERROR_PAGES[slug] in page.get_data(as_text=True)


IN_FRONT = {"414", "431"}  # said by the server in front of the application, in its own form


def test_the_openapi_document_promises_what_is_answered(client):
    spec = client.get("/svc/openapi.json").get_json()
    assert spec["openapi"].startswith("3.1")
    sheet = "/svc/api/v1/sheet.{form}"
    assert set(spec["paths"]) == {THINGS, f"{THINGS}/{{thing_id}}", "/svc/api/v1/uploads", sheet}
    assert list(spec["paths"][sheet]["get"]["responses"]["200"]["content"]) == ["text/csv"]
    assert spec["paths"][sheet]["get"]["parameters"][0]["schema"]["enum"] == ["csv", "xlsx"]
    create = spec["paths"][THINGS]["post"]
    assert (
        set(create["responses"]) == {"201", "400", "401", "403", "409", "413", "415", "422", "429"} | IN_FRONT
    )
    assert create["requestBody"]["required"] is True
    assert {"apiKey": []} in create["security"]
    read = spec["paths"][f"{THINGS}/{{thing_id}}"]["get"]
    assert set(read["responses"]) == {"200", "401", "403", "404", "422"} | IN_FRONT
    assert read["parameters"][0]["required"] is True
    listed = spec["paths"][THINGS]["get"]
    assert "security" not in listed
    assert set(listed["responses"]) == {"200", "422"} | IN_FRONT
    assert spec["components"]["schemas"]["Thing"]["additionalProperties"] is False
    for operation in (create, read, listed):
        for status, answer in operation["responses"].items():
            if status >= "400":
                spoken = "text/html" if status in IN_FRONT else "application/problem+json"
                assert list(answer["content"]) == [spoken]
    assert "null" not in json.dumps([p["schema"].get("default", 0) for p in listed["parameters"]])


def test_policies_can_be_read_off_the_views():
    assert access(public())(lambda: None).__access__.open
