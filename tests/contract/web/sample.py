"""A small service made with the kit, for trying what every service relies on."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Request, Response, redirect, request
from marshmallow import fields
from sqlalchemy import MetaData
from sqlalchemy.exc import OperationalError

from shared.clock import FixedClock
from shared.errors import Conflict, FieldError, Invalid, TooMany
from shared.web.access import Principal, access, principal, public, roles, scope, signed_in
from shared.web.app import ServiceApp, create_service_app, finish
from shared.web.body import body_limit
from shared.web.idempotency import Once
from shared.web.openapi import produces
from shared.web.pages import form_errors, render
from shared.web.paging import PageQuery, page, page_schema
from shared.web.problem import problems
from shared.web.schemas import Schema, Text

CLOCK = FixedClock(datetime(2026, 11, 23, 8, tzinfo=UTC))
PEOPLE = {
    "clerk": Principal(
        "u1", "li", "李某", "d1", "长安区住房和城乡建设局", "130102", frozenset({"clerk"}), session_id="s1"
    ),
    "auditor": Principal(
        "u2", "wu", "吴某", "d1", "长安区住房和城乡建设局", "130102", frozenset({"auditor"})
    ),
    "key": Principal(
        "k1", "key", "系统", "d1", "局", "130102", frozenset(), frozenset({"things:write"}), key_id="k1"
    ),
    "weak-key": Principal("k2", "key", "系统", "d1", "局", "130102", frozenset(), frozenset(), key_id="k2"),
}


class Thing(Schema):
    name = Text(20, required=True)
    note = Text(20)


def authenticate(asking: Request) -> Principal | None:
    """Test people by name: `Authorization: Bearer clerk`, or the session cookie."""
    name = asking.headers.get("Authorization", "").removeprefix("Bearer ") or asking.cookies.get(
        "credit_session"
    )
    return PEOPLE.get(name or "")


def api(once: Once | None) -> APIBlueprint:
    blueprint = APIBlueprint("things", __name__, url_prefix="/api/v1")

    @blueprint.get("/things")
    @access(public())
    @blueprint.input(PageQuery, location="query")
    @blueprint.output(page_schema(Thing, "ThingPage"))
    def list_things(query_data: dict[str, Any]) -> dict[str, Any]:
        return page([], None)

    @blueprint.get("/things/<thing_id>")
    @access(roles("clerk"))
    @blueprint.output(Thing)
    def get_thing(thing_id: str) -> dict[str, str]:
        return {"name": thing_id}

    @blueprint.post("/things")
    @access(scope("things:write", roles=("clerk",)))
    @problems(429)
    @blueprint.input(Thing)
    @blueprint.output(Thing, 201)
    def create_thing(json_data: dict[str, Any]) -> dict[str, Any]:
        if json_data["name"] == "冲突":
            raise Conflict("version-conflict", "已被更新", "请重新读取。", current=7)
        if json_data["name"] == "过快":
            raise TooMany("too-many-requests", "过于频繁", retry_after=12.4)
        if json_data["name"] == "断开":
            raise OperationalError("SELECT secret", {}, Exception("database is locked"))
        if json_data["name"] == "崩溃":
            raise RuntimeError("secret detail")
        return json_data

    @blueprint.get("/sheet.<any(csv, xlsx):form>")
    @access(public())
    @produces("text/csv")
    @blueprint.doc(summary="下载")
    def sheet(form: str) -> Response:
        return Response("a,b", mimetype="text/csv")

    @blueprint.post("/uploads")
    @access(signed_in())
    @body_limit(3 * 1024 * 1024)
    @blueprint.input(
        {"kind": fields.String(required=True), "file": fields.Raw(required=True)},
        location="files",
        schema_name="Upload",
    )
    @blueprint.output({"size": fields.Integer()}, 201, schema_name="Uploaded")
    def upload(files_data: dict[str, Any]) -> dict[str, int]:
        return {"size": len(files_data["file"].read())}

    if once is not None:
        _idempotent(blueprint, once)
    return blueprint


def _idempotent(blueprint: APIBlueprint, once: Once) -> None:
    made: list[str] = []

    @blueprint.post("/orders")
    @access(roles("clerk", "auditor"))
    @blueprint.input(Thing)
    @blueprint.output(Thing, 201)
    @once.write(Thing, 201)
    def order(session: Any, json_data: dict[str, Any]) -> dict[str, Any]:
        if json_data["name"] == "冲突":
            raise Conflict("version-conflict", "已被更新")
        made.append(json_data["name"])
        return {"name": json_data["name"], "note": f"第{len(made)}次"}


def pages() -> APIBlueprint:
    blueprint = APIBlueprint("pages", __name__, enable_openapi=False, template_folder="templates")

    @blueprint.get("/")
    @access(public())
    def home() -> Response:
        return render("sample/page.html", text=request.args.get("text", ""), errors={})

    @blueprint.get("/inner")
    @access(roles("clerk"))
    def inner() -> Response:
        return render("sample/page.html", text=principal().display_name, errors={})

    @blueprint.post("/inner")
    @access(roles("clerk"))
    def post_inner() -> Response | Any:
        text = request.form.get("text", "")
        if not text:
            refused = Invalid("validation-failed", "有误", fields=[FieldError("/text", "请填写。")])
            return render("sample/page.html", 422, text=text, errors=form_errors(refused))
        return redirect("/svc/", 303)

    return blueprint


def make_app(
    once: Once | None = None,
    *,
    production: bool = False,
    ready: Callable[[], dict[str, bool]] | None = None,
    prefix: str = "/svc",
) -> ServiceApp:
    app = create_service_app(
        "tests.contract.web.sample",
        name="sample",
        title="样例服务",
        prefix=prefix,
        authenticate=authenticate,
        clock=CLOCK,
        ready=ready or (lambda: {"database": True}),
        asyncapi=lambda: {"asyncapi": "3.0.0"},
        production=production,
        metrics=True,
    )
    app.register_blueprint(api(once))
    app.register_blueprint(pages())
    return finish(app)


METADATA = MetaData()
