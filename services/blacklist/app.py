"""The whole wiring of the blacklist service: settings in, a web application or the worker's loops out."""

import os
from datetime import datetime
from functools import partial

from apiflask import APIFlask
from flask import Request
from sqlalchemy.orm import Session

from services.blacklist import web, worker
from services.blacklist.audit import api as audit
from services.blacklist.audit.heads import warn_beside
from services.blacklist.cases import api as cases
from services.blacklist.cases.usecases.transfer import transfer_cases
from services.blacklist.checks import api as checks
from services.blacklist.checks.queries.versions import logged
from services.blacklist.disclosure import api as disclosure
from services.blacklist.disclosure.usecases.transfer import transfer_requests
from services.blacklist.identity import api as identity
from services.blacklist.identity.usecases import Transfer, principal_by_key, principal_by_token
from services.blacklist.identity.wall import is_whole, stand_behind
from services.blacklist.letters import api as letters
from services.blacklist.openness import api as openness
from services.blacklist.openness.usecases.transfer import transfer_openness
from services.blacklist.register import api as register
from services.blacklist.register.api import reconciling
from services.blacklist.register.api.lane import SearchLane
from services.blacklist.rules import api as rules
from services.blacklist.rules.queries import use_rules
from services.blacklist.rules.queries.calendars import LiveCalendar
from services.blacklist.settings import NAME, TITLE, Settings, read_settings
from services.blacklist.snapshots import api as snapshots
from services.blacklist.snapshots.queries import refuse_while_blocked
from services.blacklist.store import Deps
from services.blacklist.supervision import api as supervision
from services.blacklist.supervision.api import annual
from services.blacklist.supervision.usecases.transfer import transfer_supervision
from services.blacklist.syndication import api as syndication
from services.blacklist.syndication.usecases.registering import principal_of_data_user
from services.blacklist.transparency import api as transparency
from shared.clock import SystemClock
from shared.contracts.schema_export import asyncapi
from shared.crypto import KeyRing
from shared.db import is_migrated, open_database
from shared.eventlog import open_log
from shared.logs import configure_logs
from shared.loops import Loop
from shared.web.access import Principal
from shared.web.app import Authenticate, create_service_app, finish
from shared.web.place import warn_unnamed
from shared.web.tokens import token_of
from shared.web.uniform import UniformAnswers

PACKAGE = "services.blacklist"
FEATURES = (
    lambda deps: identity.blueprint(deps, _hand_over_cases),
    rules.blueprint,
    audit.blueprint,
    partial(register.blueprint, halted=refuse_while_blocked, logged=logged),
    reconciling.blueprint,
    cases.blueprint,
    letters.blueprint,
    transparency.blueprint,
    checks.blueprint,
    snapshots.blueprint,
    disclosure.blueprint,
    openness.blueprint,
    supervision.blueprint,
    annual.blueprint,
    syndication.blueprint,
    lambda deps: web.blueprint(deps, _hand_over_cases),
)


def open_deps(settings: Settings) -> Deps:
    common = settings.common
    common.data_dir.mkdir(parents=True, exist_ok=True)
    db = open_database(common.db_url)
    use_rules(common.data_dir / "rules")
    return Deps(
        db=db,
        clock=SystemClock(common.clock_file),
        keyring=KeyRing.load_or_create(common.keys_file, suite=common.crypto_suite),
        calendar=LiveCalendar(db),
        data_dir=common.data_dir,
        lookups=settings.lookups,
        tender_keep_days=settings.tender_keep_days,
        data_user_hours=settings.data_user_hours,
        feed_keep_days=settings.feed_keep_days,
    )


def create_app(settings: Settings, deps: Deps | None = None) -> APIFlask:
    """The HTTP side under its prefix; every route has an access policy or the service does not start."""
    given = deps or open_deps(settings)
    stand_behind(given.db)
    warn_unnamed(settings.site, settings.address)
    app = create_service_app(
        __name__,
        name=NAME,
        title=TITLE,
        prefix=settings.common.url_prefix,
        authenticate=_authenticator(given, production=settings.common.production),
        clock=given.clock,
        ready=lambda: {"database": is_migrated(given.db, PACKAGE), "department_wall": is_whole(given.db)},
        asyncapi=partial(asyncapi, NAME),
        production=settings.common.production,
        proxies=settings.common.trusted_proxies,
        metrics=not settings.common.production,
        site=settings.site,
        address=settings.address,
    )
    for blueprint in FEATURES:
        app.register_blueprint(blueprint(given))
    persons = [f"{settings.common.url_prefix}{path}" for path in ("/persons", "/api/v1/register/persons")]
    app.wsgi_app = UniformAnswers(app.wsgi_app, persons)  # type: ignore[method-assign]
    app.wsgi_app = SearchLane(app, given, production=settings.common.production)  # type: ignore[method-assign]
    return finish(app)


def _authenticator(deps: Deps, *, production: bool) -> Authenticate:
    """A department's system or a data user by its key, anyone else by the session token; the database decides
    each time.
    """

    def authenticate(request: Request) -> Principal | None:
        scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "apikey":
            key, now = presented.strip(), deps.clock.system_now()
            known = principal_by_key(deps.db, key, request.remote_addr, now)
            return known or principal_of_data_user(deps, key)
        token = token_of(request, production=production)
        return principal_by_token(deps.db, deps.keyring, token, deps.clock.system_now()) if token else None

    return authenticate


def _hand_over_cases(session: Session, transfer: Transfer, actor: Principal, at: datetime) -> None:
    transfer_cases(session, transfer.from_id, transfer.to_id, transfer.on, actor=actor, at=at)
    transfer_openness(session, transfer.from_id, transfer.to_id)
    transfer_requests(session, transfer.from_id, transfer.to_id)
    transfer_supervision(session, transfer.from_id, transfer.to_id)


def from_environment() -> APIFlask:
    """What gunicorn calls."""
    settings = read_settings(os.environ)
    configure_logs(settings.common.log_level, NAME)
    return create_app(settings)


def build_loops(settings: Settings, deps: Deps | None = None) -> list[Loop]:
    """The worker's loops on the configured event log."""
    given = deps or open_deps(settings)
    log = open_log(settings.common.events_url)
    if settings.common.production:
        warn_beside(settings.audit_heads, settings.common.data_dir)
    site = f"{settings.address}{settings.common.url_prefix}"
    return worker.build_loops(given, log, settings.holder, settings.log_origin, settings.audit_heads, site)
