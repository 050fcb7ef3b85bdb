"""The application factory of every service: one shape, one set of refusals, nothing served without a policy.

Blueprints give paths relative to the service (`/api/v1/…`); the factory puts the service's URL prefix
before them, so no proxy ever strips anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from apiflask import APIFlask
from apiflask.schema_adapters.marshmallow import parser
from flask import Request, Response, g, request
from flask.sansio.blueprints import Blueprint as SansioBlueprint
from marshmallow import RAISE
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Rule

from shared.clock import Clock
from shared.web import openapi
from shared.web.access import Principal, access, enforce, policy_of, public
from shared.web.body import check_request
from shared.web.headers import install_headers
from shared.web.meta import Facts, meta_blueprint
from shared.web.observe import install_observation
from shared.web.origin import check_origin
from shared.web.pages import STATIC, install_pages, keep_signed_in
from shared.web.place import NOBODY_ELSE
from shared.web.problem import install_problems
from shared.web.site import NAVIGATION, NavItem, Site
from shared.web.tokens import token_of

Authenticate = Callable[[Request], Principal | None]
FORM_FIELDS_LIMIT = 1024 * 1024

# webargs drops unknown query parameters by default; ours are refused like unknown body fields
parser.DEFAULT_UNKNOWN_BY_LOCATION = {
    **parser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE, "querystring": RAISE, "files": RAISE,
}  # fmt: skip


class WholeNumber(IntegerConverter):
    """A number in a path that every database's integer holds; anything longer names nothing (404)."""

    regex = r"\d{1,9}"


class PatientRule(Rule):
    """A route that compiles how its address is written when one is first asked for.

    Compiling both ways of hundreds of routes took two thirds of an application's start; most are never used.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = super()._compile_builder
        made: list[Callable[..., tuple[str, str]]] = []

        def build(*args: Any, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(compiled(append_unknown))
            return made[0](*args, **values)

        return build


class ServiceApp(APIFlask):
    """APIFlask with the service's prefix before every blueprint."""

    url_prefix: str = ""
    url_rule_class = PatientRule

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.url_map.converters["int"] = WholeNumber

    def register_blueprint(self, blueprint: SansioBlueprint, **options: Any) -> None:
        own = options.pop("url_prefix", None) or blueprint.url_prefix or ""
        super().register_blueprint(blueprint, url_prefix=f"{self.url_prefix}{own}" or None, **options)

    def register_at_root(self, blueprint: SansioBlueprint) -> None:
        """A blueprint whose paths the contract puts outside the service's prefix."""
        super().register_blueprint(blueprint)


@dataclass(frozen=True)
class Guard:
    """The check before every view: policy, origin, readable request."""

    app: ServiceApp
    authenticate: Authenticate
    production: bool

    def __call__(self) -> Response | None:
        view = self.app.view_functions.get(request.endpoint or "")
        if view is None:  # nothing there: the page that says so still knows who is signed in
            g.principal = self.authenticate(request) if self._by_cookie() else None
            return None
        policy = policy_of(view)
        if policy is None:
            raise RuntimeError(f"route {request.endpoint} has no access policy")
        check_origin(request, by_cookie=self._by_cookie())
        g.principal = None if request.endpoint == "static" else self.authenticate(request)
        enforce(policy, g.principal)
        check_request(request, view)
        return keep_signed_in()

    def _by_cookie(self) -> bool:
        shown = token_of(request, production=self.production)
        return shown is not None and not request.headers.get("Authorization")


def create_service_app(
    import_name: str,
    *,
    name: str,
    title: str,
    prefix: str,
    authenticate: Authenticate,
    clock: Clock,
    ready: Callable[[], dict[str, bool]],
    asyncapi: Callable[[], dict[str, Any]] | None = None,
    production: bool = False,
    proxies: int = 0,
    metrics: bool = False,
    site: Site | None = None,
    address: str = NOBODY_ELSE,
    nav: tuple[NavItem, ...] = NAVIGATION,
) -> ServiceApp:
    """A service's application without its own routes; register blueprints on it, then call `finish`."""
    app = _bare_app(import_name, title, prefix, production)
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=0)  # type: ignore[method-assign]
    app.extensions["clock"] = clock
    app.config["SITE_ADDRESS"] = address
    install_headers(app, production=production)
    install_observation(app, name)
    app.before_request(Guard(app, authenticate, production))
    install_problems(app)
    install_pages(app, site or Site(), nav, production=production)
    app.register_blueprint(meta_blueprint(Facts(name, title, ready, asyncapi, metrics)))
    app.config["SPEC_PROCESSOR_PASS_OBJECT"] = False
    app.spec_callback = lambda spec: openapi.complete(app, cast(dict[str, Any], spec), production=production)
    return app


def _bare_app(import_name: str, title: str, prefix: str, production: bool) -> ServiceApp:
    app = ServiceApp(
        import_name,
        title=title,
        version="1.0.0",
        spec_path=None,
        docs_path=None,
        static_folder=str(STATIC),
        static_url_path=f"{prefix}/static",
    )
    app.url_prefix = prefix
    app.config.update(
        URL_PREFIX=prefix,
        PRODUCTION=production,
        OPENAPI_VERSION="3.1.0",
        AUTO_OPERATION_ID=True,
        AUTO_SERVERS=False,
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        MAX_FORM_MEMORY_SIZE=FORM_FIELDS_LIMIT,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.view_functions["static"] = access(public())(app.view_functions["static"])
    return app


def finish(app: ServiceApp) -> ServiceApp:
    """The application, ready to serve; raises if any route does not declare who may call it."""
    undeclared = sorted(name for name, view in app.view_functions.items() if policy_of(view) is None)
    if undeclared:
        raise RuntimeError(f"routes without an access policy: {', '.join(undeclared)}")
    return app
