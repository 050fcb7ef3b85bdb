"""No identity number of the sample world's persons is found anywhere it must not be."""

import json
import re
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

import pytest

from services.blacklist.sample import canary_numbers
from services.demo import Caller, HttpFailure
from shared.identifiers import InvalidIdentifier, check_resident_id
from tests.e2e.canaries import holds_one, in_file, in_files

EIGHTEEN = re.compile(rb"(?<![0-9A-Za-z])[1-9]\d{16}[\dXx](?![0-9A-Za-z])")


def real_numbers(raw):
    """18-character strings that pass the checksum of a resident ID."""
    found = set()
    for match in EIGHTEEN.findall(raw):
        try:
            check_resident_id(match.decode())
        except InvalidIdentifier:
            continue
        found.add(match.decode())
    return found


def fetch(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read() + str(answer.headers).encode()
    except urllib.error.HTTPError as error:
        return error.read() + str(error.headers).encode()


def test_the_sample_world_has_canaries(world):
    assert len(canary_numbers()) >= 6


def test_no_file_outside_the_sandbox_holds_a_canary(world):
    seen = 0
    for name, raw in in_files(world.data_dir):
        seen += 1
        assert not holds_one(raw), name
        if Path(name).suffix in {".log", ".json", ".ndjson", ".txt"}:
            assert not real_numbers(raw), name
    assert seen > 5


def test_packed_files_are_opened(tmp_path):
    """A workbook or an archive hides what it holds from a look at its bytes."""
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", next(iter(canary_numbers())) * 20)
    raw = packed.read_bytes()
    assert not holds_one(raw)
    assert [name for name, inner in in_file("a.zip", raw) if holds_one(inner)] == ["a.zip/sheet.xml"]


def test_the_sandbox_did_receive_them(world):
    """Otherwise the absence elsewhere would prove nothing."""
    raw = b"".join(p.read_bytes() for p in (world.data_dir / "sandbox").rglob("*") if p.is_file())
    assert any(number.encode() in raw for number in canary_numbers())


DOORS = (
    "/",
    "/lists",
    "/sitemap.xml",
    "/api/v1/lists",
    "/api/v1/register/changes?limit=200",
    "/api/v1/register/download.ndjson",
    "/api/v1/register/download.csv",
    *(
        f"{prefix}/{name}"
        for prefix in ("", "/push", "/notices")
        for name in ("openapi.json", "asyncapi.json", "metrics")
    ),
)


def listing_doors(base):
    """Every public listing's own addresses, page and API."""
    items = Caller(base).get("/api/v1/register", region="130102", limit="100")["items"]
    assert items
    for item in items[:60]:
        yield f"/listings/{item['id']}"
        yield from (f"/api/v1/register/{item['id']}{rest}" for rest in ("", "/versions", "/deliveries"))


def test_no_public_address_shows_one(world):
    """Crawls the public doors and every same-site link found on them."""
    queue = [*DOORS, *listing_doors(world.base)]
    seen = set()
    while queue and len(seen) < 500:
        path = queue.pop(0)
        if path in seen:
            continue
        seen.add(path)
        raw = fetch(world.base + path)
        assert not real_numbers(raw), path
        links = (urllib.parse.urljoin(path, link.decode()) for link in re.findall(rb'href="(/[^"#]*)"', raw))
        queue += [link for link in links if link not in seen and "/static/" not in link]
    assert len(seen) > 100


@pytest.mark.parametrize("role", ["clerk", "operator", "auditor"])
def test_no_signed_in_list_shows_one(world, signed_in, role):
    caller = signed_in(role)
    for path in (
        "/api/v1/cases?limit=200",
        "/push/api/v1/deliveries?limit=200",
        "/notices/api/v1/inbox?limit=200",
    ):
        try:
            raw = json.dumps(caller.get(path)).encode()
        except HttpFailure:
            continue
        assert not real_numbers(raw), path


def test_errors_do_not_echo_one(world, signed_in):
    number = next(iter(canary_numbers()))
    body = {
        "list_code": "no-such-list",
        "subject": {"type": "individual", "name": "测", "id_number": number[:-1] + "0"},
    }
    with pytest.raises(HttpFailure) as failure:
        signed_in("clerk").call("POST", "/api/v1/cases", body)
    assert number[:-1] not in str(failure.value)
