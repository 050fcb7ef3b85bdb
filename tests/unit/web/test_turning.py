"""上一页: from the third page back to the first, by addresses alone."""

from flask import Flask, request

from shared.web.pages import with_query
from shared.web.pages.turning import MOST, turned


def test_pages_lead_on_and_back():
    app = Flask(__name__)

    @app.get("/rows")
    def rows() -> list[str]:
        number = int(request.args.get("cursor", "1")) + 1
        return list(turned(with_query, with_query(cursor=number) if number <= 20 else ""))

    client = app.test_client()
    before, following = client.get("/rows?q=甲").json
    assert before == ""
    seen = ["/rows?q=%E7%94%B2"]
    while following:
        seen.append(following)
        before, following = client.get(following).json
    assert len(seen) == 20
    for _ in range(MOST):
        assert before.split("&back")[0] == seen.pop(-2).split("&back")[0]
        before, following = client.get(before).json
    assert before == ""
    first, _ = client.get(client.get("/rows?q=甲").json[1]).json
    assert first == "/rows?q=%E7%94%B2"
    assert client.get("/rows?cursor=3").json[0] == ""
