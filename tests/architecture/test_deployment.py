"""What the image and the proxy are made of: every data file is packaged, every route has its process.

nginx itself is not needed: the rules of the file are read here as it would apply them to an address.
"""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

from services.blacklist.public.app import create_public_app
from services.blacklist.public.elsewhere import PLACES
from services.blacklist.settings import read_settings
from services.blacklist.store import Deps
from shared.calendar import builtin_calendar
from shared.clock import SystemClock
from shared.crypto import KeyRing
from shared.db import open_database
from tests.architecture.test_access_matrix import ROWS

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
CONF = (ROOT / "deploy/nginx/site.conf").read_text("utf-8")
IMAGE = (ROOT / "deploy/Dockerfile").read_text("utf-8")
UNPACKAGED = {".gitkeep", "SHA256SUMS"}
"""Seen by nobody at run time."""
NOT_READ_BY_ANYBODY = ("/metrics", "/healthz", "/readyz", "/openapi.json", "/docs", "/asyncapi.json")
"""Each process has its own; through the proxy they are those of the regulator's side."""
EXAMPLE = "01999999-9999-7999-8999-999999999999"


def test_every_data_file_is_packaged() -> None:
    given = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    everywhere = given.pop("*")
    left = set()
    for path in (each for top in ("services", "shared") for each in (ROOT / top).rglob("*")):
        if not path.is_file() or path.suffix in {".py", ".pyc"} or path.name in UNPACKAGED:
            continue
        folder = path.relative_to(ROOT).parent
        in_package = all(part.isidentifier() for part in folder.parts)
        named = (
            path.match(f"{package.replace('.', '/')}/{pattern}")
            for package, patterns in given.items()
            for pattern in patterns
        )
        if not (in_package and any(path.match(pattern) for pattern in everywhere)) and not any(named):
            left.add(str(path.relative_to(ROOT)))
    assert not left


def test_the_image_copies_what_exists_and_runs_as_nobody_special() -> None:
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", IMAGE, re.MULTILINE):
        for source in line.split():
            assert (ROOT / source).exists(), source
    assert re.search(r"^USER (?!root)", IMAGE, re.MULTILINE)
    assert "--require-hashes" in IMAGE


def test_what_compose_mounts_exists_and_what_it_waits_for_is_there() -> None:
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], name
        assert set(service.get("depends_on", [])) <= set(COMPOSE["services"]), name


@cache
def upstreams() -> dict[str, str]:
    return dict(re.findall(r"^upstream (\w+) \{ server ([a-z-]+):8000; \}$", CONF, re.MULTILINE))


def process_of(path: str) -> str:
    """The upstream of an address, for somebody not signed in: by pattern, else by the longest prefix."""
    patterns = re.findall(r'location ~ "([^"]+)" \{\s+proxy_pass http://([$\w]+);', CONF)
    for pattern, target in patterns:
        if re.search(pattern, path):
            return {"$reader": "reader", "$board": "reader"}[target]
    prefixes = dict(re.findall(r"location (/[a-z/]*)\s+\{ proxy_pass http://(\w+); \}", CONF))
    return prefixes[max((each for each in prefixes if path.startswith(each)), key=len)]


def test_every_upstream_is_a_service_and_every_service_of_pages_an_upstream() -> None:
    assert set(upstreams().values()) == {
        "blacklist-api", "blacklist-public", "credit-push-api", "notifier-api",
    }  # fmt: skip
    assert set(upstreams().values()) <= set(COMPOSE["services"])


def example_of(path: str) -> str:
    """An address of the route: the first of the words a place allows, else an id."""
    return re.sub(r"<[^>]+>", EXAMPLE, re.sub(r"<any\((\w+)[^>]+>", r"\1", path))


@pytest.fixture(scope="module")
def public_routes(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("public")
    deps = Deps(
        open_database("sqlite://"), SystemClock(None), KeyRing.create(folder / "keys.json"),
        builtin_calendar(), folder,
    )  # fmt: skip
    app = create_public_app(read_settings({"DATA_DIR": str(folder)}), deps)
    return {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.endpoint.startswith("elsewhere.")
    }


def test_the_proxy_sends_each_route_of_the_public_process_there_and_no_other(public_routes: set[str]) -> None:
    there = {route for route in public_routes if process_of(example_of(route)) == "reader"}
    assert there == public_routes - set(NOT_READ_BY_ANYBODY)
    office = {row.path for row in ROWS if row.service == "blacklist" and row.method == "GET"} - public_routes
    assert not {path for path in office if process_of(example_of(path)) == "reader"}


def test_other_services_keep_their_prefix() -> None:
    for row in ROWS:
        expected = {"credit-push": "push", "notifier": "notices"}.get(row.service)
        if expected:
            assert process_of(example_of(row.path)) == expected, row.path


def test_where_the_proxy_turns_when_a_service_is_down_says_so() -> None:
    (place,) = re.findall(r"rewrite \^ /(\w+) break;", CONF)
    assert place in PLACES
    assert "absolute_redirect off;" in CONF
