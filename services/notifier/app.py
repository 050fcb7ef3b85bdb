"""The whole wiring of the notifier: settings in, a web application or the worker's loops out."""

import os
from typing import Any

from services.notifier import api, web, worker
from services.notifier.channels import Ports, open_channels
from services.notifier.domain import ROBOTS
from services.notifier.models import Deps, calendar_years, revocations
from services.notifier.settings import NAME, TITLE, Settings, read_settings
from shared.calendar.copies import copied_calendar
from shared.clock import SystemClock
from shared.contracts.schema_export import asyncapi
from shared.crypto import KeyRing
from shared.db import is_migrated, open_database
from shared.eventlog import open_log
from shared.loops import Loop
from shared.web.app import ServiceApp, create_service_app, finish
from shared.web.revocations import is_revoked
from shared.web.tokens import Claims, TokenAuthenticator
from shared.web.uniform import UniformAnswers

PACKAGE = "services.notifier"


def open_deps(settings: Settings) -> Deps:
    common = settings.common
    common.data_dir.mkdir(parents=True, exist_ok=True)
    return Deps(
        db=open_database(common.db_url),
        clock=SystemClock(common.clock_file),
        keyring=KeyRing.load_or_create(common.keys_file, suite=common.crypto_suite),
        mail_origin=settings.mail_origin,
        allowed_hosts=settings.channels["webhook"]["allowed_hosts"],
        robot_hosts={name: settings.channels[name]["hosts"] for name in ROBOTS},
    )


def create_app(settings: Settings, deps: Deps | None = None) -> ServiceApp:
    """The HTTP side under its prefix; every route has an access policy or the service does not start."""
    given = deps or open_deps(settings)
    common = settings.common
    authenticate = authenticator(given, production=common.production)
    app = create_service_app(
        __name__,
        name=NAME,
        title=TITLE,
        prefix=common.url_prefix,
        authenticate=authenticate,
        clock=given.clock,
        ready=lambda: {"database": is_migrated(given.db, PACKAGE)},
        asyncapi=_asyncapi,
        production=common.production,
        proxies=common.trusted_proxies,
        metrics=not common.production,
        site=settings.site,
    )
    app.register_blueprint(api.blueprint(given))
    app.register_blueprint(web.blueprint(given, authenticate))
    asking = [f"{common.url_prefix}{path}" for path in ("/watches/new", "/api/v1/watches")]
    app.wsgi_app = UniformAnswers(app.wsgi_app, asking)  # type: ignore[method-assign]
    return finish(app)


def authenticator(deps: Deps, *, production: bool) -> TokenAuthenticator:
    """Tokens are verified with public keys, and held against our copy of what has been revoked."""

    def revoked(claims: Claims) -> bool:
        with deps.db.read() as session:
            return is_revoked(session, revocations, claims)

    return TokenAuthenticator(
        deps.keyring.token_public,
        deps.keyring.refreshed_token_public,
        revoked,
        production=production,
        now=deps.clock.system_now,
    )


def build_loops(settings: Settings, deps: Deps | None = None) -> list[Loop]:
    """The worker's loops on the configured event log."""
    given = deps or open_deps(settings)
    parts = worker.Parts(
        db=given.db,
        clock=given.clock,
        keyring=given.keyring,
        channels=open_channels(settings.channels, Ports(given.db, given.clock)),
        holder=settings.holder,
        lease_seconds=settings.lease_seconds,
        calendar=copied_calendar(given.db, calendar_years),
        quiet=settings.quiet,
        origin=settings.mail_origin,
        prefix=settings.common.url_prefix,
        bounces=settings.channels["email"]["bounces"],
    )
    return worker.build_loops(parts, open_log(settings.common.events_url))


def from_environment() -> ServiceApp:
    """What gunicorn calls."""
    return create_app(read_settings(os.environ))


def _asyncapi() -> dict[str, Any]:
    return asyncapi(NAME)
