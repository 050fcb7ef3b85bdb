"""Our own client against our own service: what it reads is what is answered, and it keeps its promises."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from credit_blacklist_client import Change, Entity, Expired, NotFound, Problem, Purpose, Register
from credit_blacklist_client.http import Send

from services.blacklist.app import create_app
from services.blacklist.register.models import Listing
from services.blacklist.rules.queries import action_codes
from services.blacklist.settings import read_settings
from services.blacklist.syndication.usecases.registering import Wish, register_data_user
from shared.clock import FixedClock
from shared.db import open_database
from shared.identifiers import make_uscc
from tests.integration.register_world import World, make_world, organisation
from tests.integration.test_data_users import OPERATOR

FIRM = "石家庄甲建设工程有限公司"
CLIENT = Path(__file__).parents[2] / "clients/python"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("client")
    db = open_database(f"sqlite:///{folder}/test.db")
    yield make_world(db, FixedClock(datetime(2026, 11, 2, 2, 0, tzinfo=UTC)), folder)
    db.close()


@pytest.fixture(scope="module")
def listings(world: World) -> list[str]:
    made = [world.publish(organisation(FIRM, 1)), world.publish(organisation("石家庄乙建设工程有限公司", 2))]
    with world.write() as session:
        session.connection().exec_driver_sql("UPDATE register_change SET position = id")
    return made


@pytest.fixture(scope="module")
def register(world: World, listings: list[str]) -> Register:
    return Register("http://localhost/", sending=sending_to(world))


def sending_to(world: World) -> Send:
    app = create_app(read_settings({"DATA_DIR": str(world.deps.data_dir)}), world.deps).test_client()

    def sending(
        method: str, address: str, body: bytes | None, headers: Mapping[str, str], timeout: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        answer = app.open(address, method=method, data=body, headers=dict(headers))
        return answer.status_code, answer.headers, answer.data

    return sending


def test_search_check_and_listing(register: Register, listings: list[str]) -> None:
    found = register.search(FIRM, limit=5, region="130000", as_of=date(2026, 11, 2))
    (hit,) = found.items
    assert (hit.id, hit.name, hit.uscc, hit.verdict, hit.score) == (
        listings[0], FIRM, make_uscc("91130102", 1), "listed", 1.0,
    )  # fmt: skip
    first = register.search(limit=1)
    second = register.search(limit=1, cursor=first.next)
    assert {first.items[0].id, second.items[0].id} == set(listings)
    listing = register.listing(hit.id)
    assert (listing.name, listing.listed_on, listing.document_number) == (
        FIRM, date(2026, 11, 2), "长住建罚〔2026〕1号",
    )  # fmt: skip
    assert [each.kind for each in register.versions(hit.id)] == ["published"]
    asked = [
        FIRM,
        Entity(uscc=make_uscc("91130102", 2)),
        "没有",
        Entity(consortium=(Entity(FIRM), Entity("没有"))),
    ]
    checked = register.check(
        asked, purpose=Purpose(domain="engineering-tendering", region="130102", action="ban-bidding")
    )
    assert [each.listed for each in checked] == [True, True, False, True]
    assert len(register.check(["没有"] * 1001)) == 1001


def test_the_readme_runs_as_printed_and_every_action_is_documented(world: World, listings: list[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (CLIENT / "README.md").read_text(), re.DOTALL)
    made = 'Register("https://credit.example.gov.cn")'
    assert made in example
    seen: list[Change] = []
    names: dict[str, Any] = {
        "here": partial(Register, "http://localhost", sending=sending_to(world)),
        "store": seen.append,
    }
    names |= {"position": 0, "forget": seen.append}
    example = example.replace(made, "here()").replace("石家庄鑫源贸易有限公司", FIRM)
    example = example.replace("91130102MA00000000", make_uscc("91130102", 2))
    exec(example, names)
    assert [each.listed for each in names["answers"]] == [True, True]
    assert names["listing"].name == FIRM
    documented = (CLIENT.parents[1] / "docs/checks.md").read_text()
    assert [code for code in action_codes() if f"`{code}`" not in documented] == []


def test_refusals_say_what_is_wrong(register: Register) -> None:
    with pytest.raises(NotFound) as gone:
        register.listing("0199a000-0000-7000-8000-000000000000")
    assert gone.value.slug == "listing-not-found"
    with pytest.raises(Problem) as wrong:
        register.search("x" * 300)
    assert wrong.value.status == 422
    assert wrong.value.fields[0]["pointer"] == "/q"
    found = register.verify("AAAA-BBBB-CCCC")
    assert (found.genuine, found.status) == (False, "unknown")


def test_changes_end_with_a_tombstone(register: Register, world: World, listings: list[str]) -> None:
    changes = list(register.changes(limit=1))
    assert [each.listing_id for each in changes] == listings
    assert all(each.listing for each in changes)
    assert not list(register.changes(after=changes[-1].position))
    with world.write() as session:
        session.get_one(Listing, listings[0]).removed_at = world.clock.now()
    assert [each.listing is None for each in register.changes()] == [True, False]


def test_a_data_user_acknowledges_and_an_old_cursor_is_told(register: Register, world: World) -> None:
    with pytest.raises(Problem, match="401"):
        register.acknowledge(0)
    with world.write() as session:
        _, key = register_data_user(session, world.deps, Wish("示例平台", "platform", "x"), OPERATOR)
    standing = Register("http://localhost/", key=key, sending=sending_to(world)).acknowledge(2)
    assert (standing.position, standing.pending, standing.state) == (2, 0, "current")
    gone: tuple[int, dict[str, str], bytes] = (
        410,
        {},
        json.dumps({"slug": "cursor-expired", "snapshot": "https://example.org/s"}).encode(),
    )
    with pytest.raises(Expired) as told:
        list(Register("https://example.org", sending=lambda *_: gone).changes())
    assert told.value.snapshot == "https://example.org/s"


def test_what_passes_by_itself_is_tried_again() -> None:
    answers = [
        (429, {"Retry-After": "0"}, b"{}"),
        (200, {}, json.dumps({"items": [], "next": None}).encode()),
    ]
    register = Register("https://example.org", sending=lambda *_: answers.pop(0), retries=1)
    assert register.search("甲").items == ()
    answers = [(503, {"Retry-After": "0"}, b""), (503, {}, b"no JSON")]
    with pytest.raises(Problem):
        register.search("甲")


def test_what_is_built_is_whole_and_is_used_without_our_sources(tmp_path: Path) -> None:
    """Built as an installation builds it, without the network."""
    pytest.importorskip("setuptools")
    source, built = tmp_path / "source", tmp_path / "built"
    shutil.copytree(CLIENT, source, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    built.mkdir()
    make = [
        "-W",
        "ignore",
        "-c",
        "import setuptools; setuptools.setup()",
        "-q",
        "build",
        "--build-lib",
        "../built",
    ]
    subprocess.run([sys.executable, *make, "egg_info", "--egg-base", "../built"], cwd=source, check=True)
    (said,) = metadata.distributions(name="credit-blacklist-client", path=[str(built)])
    assert (said.version, said.metadata["Requires-Python"], said.requires) == ("0.1.0", ">=3.11", None)
    modules = {path.name for path in (CLIENT / "src/credit_blacklist_client").iterdir() if path.is_file()}
    assert {path.name for path in (built / "credit_blacklist_client").iterdir()} == modules
    use = f"import sys; sys.path.insert(0, {str(built)!r}); import credit_blacklist_client as made; "
    use += "print(made.__file__, made.Register('https://example.org'))"
    alone = [sys.executable, "-I", "-S", "-c", use]  # no packages but the one built
    told = subprocess.run(alone, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert told.startswith(str(built))


def test_it_needs_nothing_else_and_says_it_is_typed() -> None:
    project = tomllib.loads((CLIENT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["dependencies"] == []
    assert (CLIENT / "src/credit_blacklist_client/py.typed").exists()
