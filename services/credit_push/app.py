"""The whole wiring of the push service: settings in, a web application or the worker's loops out."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from apiflask import APIFlask
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from services.credit_push import worker
from services.credit_push.api import blueprint as api_blueprint
from services.credit_push.api import exchange_blueprint
from services.credit_push.catalogue import Profile, load_catalogue
from services.credit_push.models import revocations
from services.credit_push.settings import NAME, TITLE, Settings, read_settings
from services.credit_push.transports import AsyncRunner, Means, Transport, open_transport, open_transports
from services.credit_push.transports.asking import Site, open_sites
from services.credit_push.transports.mirror import Recipients
from services.credit_push.transports.telling import open_post, open_posts
from services.credit_push.transports.told import Post
from services.credit_push.usecases import Deps
from services.credit_push.usecases.profiles import LiveCatalogue, faulty_releases
from services.credit_push.usecases.recounting import confirmed_calendar
from services.credit_push.web import blueprint as web_blueprint
from shared.clock import SystemClock
from shared.contracts.schema_export import asyncapi
from shared.crypto import KeyRing
from shared.db import is_migrated, open_database
from shared.eventlog import open_log
from shared.loops import Loop
from shared.platform_keys import RECIPIENTS, PlatformKey, key_from, platform_key, stand_in_recipient
from shared.web.app import create_service_app, finish
from shared.web.revocations import is_revoked
from shared.web.tokens import Claims, TokenAuthenticator

PACKAGE = "services.credit_push"
SANDBOX = "sandbox:"


def open_deps(settings: Settings) -> Deps:
    """The service's means from its settings."""
    common = settings.common
    common.data_dir.mkdir(parents=True, exist_ok=True)
    db = open_database(common.db_url, pool_size=20)
    values = settings.catalogue_values()
    return Deps(
        db=db,
        clock=SystemClock(common.clock_file),
        keyring=KeyRing.load_or_create(common.keys_file, suite=common.crypto_suite),
        calendar=confirmed_calendar(db),
        catalogue=LiveCatalogue(db, load_catalogue(values), values),
        keys=PlatformKeys(settings),
    )


def released_faults(settings: Settings) -> list[str]:
    """What has become wrong with the profiles released on this site, each with platform, number and line."""
    db, values = open_database(settings.common.db_url), settings.catalogue_values()
    try:
        live = LiveCatalogue(db, load_catalogue(values), values)
        faulty = faulty_releases(live, PlatformKeys(settings))
    finally:
        db.close()
    return [f"第 {one.number} 号发布 {problem}" for one in faulty for problem in one.problems]


class PlatformKeys(Mapping[str, PlatformKey]):
    """Keys by the reference profiles use, read when asked for; the stand-ins' are made if there are none."""

    def __init__(self, settings: Settings) -> None:
        self._file, self._stand_ins = settings.platform_keys_file, settings.sandbox_dir / "keys.json"

    def __getitem__(self, reference: str) -> PlatformKey:
        if reference.startswith(SANDBOX):
            return platform_key(self._stand_ins, reference.removeprefix(SANDBOX))
        entry = self._entries()[reference]
        return key_from(entry)

    def _entries(self) -> dict[str, dict[str, str]]:
        """Read again each time: a key is added without a restart."""
        if self._file is None:
            return {}
        entries: dict[str, dict[str, str]] = json.loads(self._file.read_text("utf-8"))
        return entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries())

    def __len__(self) -> int:
        return len(self._entries())


def means_of(settings: Settings, deps: Deps) -> Means:
    """What transports are built with."""
    return Means(deps.clock, deps.keys, AsyncRunner(), settings.sender, _recipients(settings, deps))


def _recipients(settings: Settings, deps: Deps) -> Recipients:
    """The keys platforms have registered; of stand-ins the one they keep in their own folder."""

    def keys(platform: str) -> list[tuple[str, X25519PublicKey]]:
        registered = deps.keyring.recipients().get(platform, [])
        profile = deps.catalogue.get(platform)
        if registered or profile is None or profile.transport.events != settings.sandbox_events:
            return [(key.key_id, key.public) for key in registered]
        return [("sandbox", stand_in_recipient(settings.sandbox_dir / RECIPIENTS, platform).public_key())]

    return keys


def open_ways(settings: Settings, deps: Deps) -> dict[str, Transport]:
    """A transport for every pushed platform."""
    return open_transports(deps.catalogue, means_of(settings, deps))


def sites_of(settings: Settings, deps: Deps) -> dict[str, Site]:
    """The public sites that can be asked what they show."""
    return open_sites(deps.catalogue, means_of(settings, deps))


def posts_of(settings: Settings, deps: Deps) -> dict[str, Post]:
    """Where the platforms are told what became of requests."""
    return open_posts(deps.catalogue, means_of(settings, deps))


def post_of(settings: Settings, deps: Deps) -> Callable[[str], Post | None]:
    """Where one platform is told of requests: the web side only shows what would go."""
    means = means_of(settings, deps)

    def post(platform: str) -> Post | None:
        profile = deps.catalogue.get(platform)
        return open_post(profile, means) if profile else None

    return post


def ways_of(settings: Settings, deps: Deps) -> Callable[[str], Transport]:
    """One platform's transport, made when first asked for: the web side only previews and probes."""
    means = means_of(settings, deps)
    opened: dict[str, tuple[Profile, Transport]] = {}

    def way(platform: str) -> Transport:
        profile = deps.catalogue[platform]
        if platform not in opened or opened[platform][0] is not profile:
            opened[platform] = (profile, open_transport(profile, means))
        return opened[platform][1]

    return way


def create_app(settings: Settings, deps: Deps | None = None) -> APIFlask:
    """The HTTP side under its prefix; every route has an access policy or the service does not start."""
    given = deps or open_deps(settings)
    common = settings.common
    app = create_service_app(
        __name__,
        name=NAME,
        title=TITLE,
        prefix=common.url_prefix,
        authenticate=_authenticator(given, production=common.production),
        clock=given.clock,
        ready=lambda: {"database": is_migrated(given.db, PACKAGE)},
        asyncapi=partial(asyncapi, NAME),
        production=common.production,
        proxies=common.trusted_proxies,
        metrics=not common.production,
        site=settings.site,
    )
    way = ways_of(settings, given)
    post = post_of(settings, given)
    app.register_blueprint(api_blueprint(given, way, post))
    app.register_at_root(exchange_blueprint(given))
    app.register_blueprint(web_blueprint(given, way, post))
    return finish(app)


def _authenticator(deps: Deps, *, production: bool) -> TokenAuthenticator:
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


def from_environment() -> APIFlask:
    """What gunicorn calls."""
    return create_app(read_settings(os.environ))


def build_loops(settings: Settings, deps: Deps | None = None) -> list[Loop]:
    """The worker's loops on the configured event log."""
    given = deps or open_deps(settings)
    log, catalogue = open_log(settings.common.events_url), given.catalogue
    if not isinstance(catalogue, LiveCatalogue):
        sites = sites_of(settings, given)
        posts = posts_of(settings, given)
        return worker.build_loops(given, log, open_ways(settings, given), settings.holder, sites, posts)
    means = means_of(settings, given)
    renew, look = partial(open_transports, catalogue, means), partial(open_sites, catalogue, means)
    post = partial(open_posts, catalogue, means)
    return worker.following_loops(given, log, catalogue, renew, look, post, settings.holder)
