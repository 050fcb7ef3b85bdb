"""The sample world: loads twice without change, has the contract's accounts; its rows are made up."""

import json
import stat
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from python_calamine import CalamineWorkbook

from services.blacklist.cases.domain.layout import headings, penalty_layout
from services.blacklist.cases.domain.rows import read_row
from services.blacklist.cases.domain.sheet import read_sheet
from services.blacklist.cases.usecases.filing import filing_problems
from services.blacklist.cases.usecases.office import Office
from services.blacklist.identity import queries
from services.blacklist.identity.models import Department, User
from services.blacklist.identity.usecases import sign_in
from services.blacklist.rules.domain import may_decide
from services.blacklist.rules.queries import all_organs, list_rule, trade_domains
from services.blacklist.sample import (
    canary_numbers,
    disclosure_items,
    load_sample_world,
    sample_batches,
    write_sample_penalties,
)
from services.blacklist.sample.penalties import sample_rows
from services.blacklist.sample.world import department_entries
from services.blacklist.store import metadata
from shared.clock import FixedClock
from shared.crypto import KeyRing
from shared.db import open_database
from shared.identifiers import check_resident_id, check_uscc

TODAY = date(2026, 11, 23)
ALL_ROLES = {
    "clerk", "reviewer", "decider", "supervisor", "operator", "auditor", "system-admin", "security-admin",
}  # fmt: skip


CLOCK = FixedClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def world(folder):
    """One world for all tests here: hashing fourteen passwords takes its time."""
    db = open_database("sqlite://")
    metadata.create_all(db.engine)
    load_sample_world(db, clock=CLOCK, data_dir=folder)
    yield db
    db.close()


def accounts(folder):
    return json.loads((folder / "accounts.json").read_text("utf-8"))


def test_accounts_are_those_of_the_contract(world, folder):
    listed = accounts(folder)
    assert all(set(each) == {"username", "password", "department", "region", "roles"} for each in listed)
    assert all(len(each["roles"]) == 1 for each in listed)
    by_region = {
        region: {a["roles"][0] for a in listed if a["region"] == region} for region in _regions(listed)
    }
    officers = {"clerk", "reviewer", "decider"}
    assert by_region == {"130102": ALL_ROLES, "350524": officers, "210000": officers}
    assert len({each["password"] for each in listed}) == len(listed) == 14
    assert stat.S_IMODE((folder / "accounts.json").stat().st_mode) == 0o600


def _regions(listed):
    return {each["region"] for each in listed}


def test_loading_again_changes_nothing(world, folder):
    before = (folder / "accounts.json").read_text("utf-8")
    with world.read() as session:
        counted = session.query(Department).count(), session.query(User).count()
    load_sample_world(world, clock=CLOCK, data_dir=folder)
    assert (folder / "accounts.json").read_text("utf-8") == before
    with world.read() as session:
        assert (session.query(Department).count(), session.query(User).count()) == counted


def test_a_lost_accounts_file_is_made_anew_and_works(world, folder):
    old = accounts(folder)[0]
    (folder / "accounts.json").unlink()
    load_sample_world(world, clock=CLOCK, data_dir=folder)
    fresh = accounts(folder)[0]
    assert fresh["password"] != old["password"]
    keyring = KeyRing.create(folder / "keys.json")
    signed = sign_in(
        world, keyring, CLOCK, username=fresh["username"], password=fresh["password"], address="127.0.0.1"
    )
    assert signed.principal.roles == {"clerk"}


@pytest.mark.parametrize("username", ["changan-clerk", "anxi-clerk", "liaoning-clerk"])
@pytest.mark.parametrize(
    "code", ["public-resource-blacklist", "penalty-publication", "tendering-misconduct", "spot-check"]
)
def test_the_clerks_may_use_the_lists_of_the_contract(world, username, code):
    with world.read() as session:
        user = queries.user_by_name(session, username)
        office = queries.department(session, user.department_id)
        assert may_decide(list_rule(code, TODAY), office.kind, office.level)


def test_the_reforms_are_on_record(world):
    with world.read() as session:
        then, now = date(2018, 6, 1), TODAY
        for code, expected in (
            ("130102-land", "石家庄市自然资源和规划局长安分局"),
            ("130102-state-tax", "国家税务总局石家庄市长安区税务局"),
            ("350524-agriculture-tea", "安溪县农业农村局"), ("210000-work-safety", "辽宁省应急管理厅"),
            ("210000-quality", "辽宁省市场监督管理局"),
        ):  # fmt: skip
            assert queries.department_on(session, code, then).code == code
            assert queries.department_on(session, code, now).name == expected
        assert {d.short_name for d in queries.departments_on(session, "130102-tax", then)} == {
            "长安国税分局", "长安地税分局",
        }  # fmt: skip


def test_departments_are_well_formed():
    entries = department_entries()
    assert len({e["uscc"] for e in entries}) == len({e["code"] for e in entries}) == len(entries)
    assert all(check_uscc(e["uscc"]) == e["uscc"] for e in entries)
    assert all(e["kind"] in all_organs() for e in entries)
    by_code = {e["code"]: e for e in entries}
    for entry in entries:
        assert ("valid_to" in entry) == ("successor" in entry)
        if "successor" in entry:
            assert by_code[entry["successor"]]["valid_from"] <= entry["valid_to"]


def test_the_disclosure_catalogue_covers_its_obligations():
    items = disclosure_items()
    known = {each.code for each in trade_domains()}
    assert all(item.domain in known and (item.organ == "*" or item.organ in all_organs()) for item in items)
    sources = " ".join(item.obligations for item in items)
    assert all(f"R{number}" in sources for number in range(46, 58))
    assert not any(item.source.startswith("R") for item in items), "依据 is a document, not a row of ours"
    assert {item.region for item in items} == {"130102", "350524", "210000"}
    assert all(item.time_limit and item.method and item.supervision for item in items)


def test_there_are_two_hundred_rows_in_every_region_and_needed_domain():
    batches = sample_batches()
    assert sum(batch.rows for batch in batches) == 200
    assert {(b.region, b.domain) for b in batches} >= {
        ("130102", "government-procurement"), ("210000", "spot-check"), ("350524", "engineering-tendering"),
    }  # fmt: skip


def test_rows_are_valid_and_always_the_same():
    rows = [row for b in sample_batches() for row in sample_rows(b.region, b.domain, b.rows, TODAY)]
    assert rows == [row for b in sample_batches() for row in sample_rows(b.region, b.domain, b.rows, TODAY)]
    kinds = Counter(row["CF_XDR_LB"] for row in rows)
    assert kinds["法人及非法人组织"] > 100
    assert kinds["个体工商户"] > 10
    assert 5 <= kinds["自然人"] <= 20
    assert len({row["CF_WSH"] for row in rows}) == 200
    codes = [row["CF_XDR_SHXYM"] for row in rows if "CF_XDR_SHXYM" in row]
    assert len(set(codes)) == len(codes)
    assert all(check_uscc(code) == code for code in codes)
    assert all(row["CF_JDRQ"] < TODAY.isoformat() for row in rows)


def test_canaries_are_valid_and_few():
    numbers = canary_numbers()
    assert 6 <= len(numbers) == len(set(numbers)) <= 40
    assert all(check_resident_id(number) == number for number in numbers)


def test_the_workbook_has_the_thirty_columns(tmp_path):
    path = tmp_path / "rows.xlsx"
    write_sample_penalties(path, "210000", 20, domain="spot-check", today=TODAY)
    lines = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert len(lines) == 21
    assert {len(line) for line in lines} == {30}
    assert lines[0][0] == "行政相对人名称"
    assert all(isinstance(cell, str) for line in lines for cell in line)


@pytest.mark.parametrize("batch", sample_batches(), ids=lambda batch: f"{batch.region}-{batch.domain}")
def test_every_row_can_be_filed_by_the_clerk_of_its_region(world, tmp_path, batch):
    path = tmp_path / "rows.xlsx"
    write_sample_penalties(path, batch.region, batch.rows, domain=batch.domain, today=TODAY)
    lines = list(read_sheet(path.name, path.read_bytes()))
    columns = headings(penalty_layout(), lines[0])
    upload = {"list_code": batch.list_code, "domain": batch.domain, "region": batch.region}
    rows = [read_row(penalty_layout(), columns, n, cells, upload) for n, cells in enumerate(lines[1:], 2)]
    assert len(rows) == batch.rows
    assert [row.errors for row in rows if row.errors] == []
    with world.read() as session:
        office = Office(session, TODAY)
        department = queries.department_by_code(session, f"{batch.region}-housing")
        problems = [filing_problems(office, row.filing, department.id) for row in rows]
    assert [each for each in problems if each] == []
