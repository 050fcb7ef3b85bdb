"""What every service serves about itself under its prefix: health, documents, problem pages, display mode."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, json, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from shared.errors import ERROR_PAGES, NotFound
from shared.metrics import CONTENT_TYPE, metrics_text
from shared.web.access import access, public
from shared.web.pages import ELDER_COOKIE, render
from shared.web.site import safe_next

YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Facts:
    """What the service tells the kit about itself."""

    name: str
    title: str
    ready: Callable[[], dict[str, bool]]
    asyncapi: Callable[[], dict[str, Any]] | None
    metrics: bool


def meta_blueprint(facts: Facts) -> APIBlueprint:
    """The routes every service has; outside the OpenAPI document, which is about the API."""
    blueprint = APIBlueprint("meta", __name__, enable_openapi=False)
    _health(blueprint, facts)
    _documents(blueprint, facts)
    _explanations(blueprint)
    return blueprint


def _health(blueprint: APIBlueprint, facts: Facts) -> None:
    @blueprint.get("/healthz")
    @access(public())
    def healthz() -> dict[str, str]:
        return {"service": facts.name, "status": "ok"}

    @blueprint.get("/readyz")
    @access(public())
    def readyz() -> tuple[dict[str, Any], int]:
        checks = facts.ready()
        good = all(checks.values())
        state = "ready" if good else "waiting"
        return {"service": facts.name, "status": state, "checks": checks}, 200 if good else 503

    if facts.metrics:

        @blueprint.get("/metrics")
        @access(public())
        def metrics() -> Response:
            return Response(metrics_text(), content_type=CONTENT_TYPE)


def _documents(blueprint: APIBlueprint, facts: Facts) -> None:
    @blueprint.get("/openapi.json")
    @access(public())
    def openapi_document() -> Response:
        spec = current_app._get_spec("json")  # type: ignore[attr-defined]
        return Response(json.dumps(spec, ensure_ascii=False), mimetype="application/json")

    @blueprint.get("/asyncapi.json")
    @access(public())
    def asyncapi_document() -> Response:
        if facts.asyncapi is None:
            raise NotFound("not-found", "没有事件说明", "该服务不发布事件。")
        return Response(json.dumps(facts.asyncapi(), ensure_ascii=False), mimetype="application/json")

    @blueprint.get("/docs")
    @access(public())
    def docs() -> Response:
        spec = current_app._get_spec("json")  # type: ignore[attr-defined]
        return render(
            "kit/docs.html", spec=spec, operations=_operations(spec), has_events=facts.asyncapi is not None
        )


def _operations(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    ]


def _explanations(blueprint: APIBlueprint) -> None:
    @blueprint.get("/problems/")
    @access(public())
    def problem_list() -> Response:
        return render("kit/problems.html", pages=sorted(ERROR_PAGES.items()))

    @blueprint.get("/problems/<slug>")
    @access(public())
    def problem_page(slug: str) -> Response:
        if slug not in ERROR_PAGES:
            raise NotFound("not-found", "没有这个问题说明")
        return render("kit/problems.html", pages=[(slug, ERROR_PAGES[slug])])

    @blueprint.get("/display")
    @access(public())
    def display() -> AnyResponse:
        answer = redirect(safe_next(request.args.get("next"), f"{current_app.config['URL_PREFIX']}/"), 303)
        if request.args.get("mode") == "elder":
            answer.set_cookie(ELDER_COOKIE, "1", max_age=YEAR, path="/", httponly=True, samesite="Lax")
        else:
            answer.delete_cookie(ELDER_COOKIE, path="/", httponly=True, samesite="Lax")
        return answer
