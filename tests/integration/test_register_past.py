"""Officials see the register's past with a recorded purpose; the public has no way to it."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from marshmallow import ValidationError
from sqlalchemy import select

from services.blacklist.app import create_app
from services.blacklist.audit.models import AuditEntry
from services.blacklist.register.schemas import PastPage, PastPersonQuery
from services.blacklist.register.usecases import correct_listing, remove_listing
from services.blacklist.register.usecases.remembering import look_back, look_back_at_person
from services.blacklist.settings import read_settings
from shared.errors import Invalid, TooMany
from shared.identifiers import make_resident_id, make_uscc
from shared.web.access import Principal
from tests.integration.register_world import (
    PERSON_NUMBER,
    PUBLICITY,
    TERMS,
    make_world,
    organisation,
    person,
)

pytestmark = pytest.mark.tables("services.blacklist")
NAME, CODE = "石家庄示例建设有限公司", make_uscc("91130102", 1)
WHO = Principal("u1", "watcher", "示例人员", "d1", "示例部门", "130102", frozenset({"supervisor"}))


@pytest.fixture
def world(any_db, clock, tmp_path):
    return make_world(any_db, clock, tmp_path)


def seen(world, on, name=NAME, uscc=None, purpose="核查投标历史"):
    with world.write() as session:
        return look_back(
            session, name=name, uscc=uscc, on=on, purpose=purpose, actor=WHO, at=world.clock.now()
        )


def trail(world, action="listing.read-past"):
    with world.db.read() as session:
        found = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
        return [(each.actor_id, each.object_id, each.detail) for each in session.scalars(found)]


def test_what_was_removed_is_seen_as_it_stood_and_the_look_is_recorded(world, clock):
    listing = world.publish(organisation(NAME, 1))
    first = clock.today()
    clock.advance(timedelta(days=2))
    with world.write() as session:
        remove_listing(session, world.keyring, listing, reason_code="repair", reason="修复", at=clock.now())
    clock.advance(timedelta(days=1))
    (line,) = seen(world, first)
    assert (line["id"], line["state_then"], line["state_now"]) == (listing, "public", "removed")
    (line,) = seen(world, clock.today(), None, CODE)
    assert (line["state_then"], line["reason"]) == ("removed", "修复")
    assert seen(world, first - timedelta(days=1)) == []
    assert PastPage().dump({"items": seen(world, first), "next": None})["items"][0]["name"] == NAME
    assert [(who, what) for who, what, _ in trail(world)] == [
        ("u1", listing), ("u1", listing), ("u1", "-"), ("u1", listing),
    ]  # fmt: skip
    assert "核查投标历史" in trail(world)[0][2]


def test_a_day_to_come_cannot_be_asked_and_leaves_no_entry(world, clock):
    with pytest.raises(Invalid):
        seen(world, clock.today() + timedelta(days=1))
    assert trail(world) == []


def test_strangers_are_turned_away(world, tmp_path):
    client = create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()
    asked = {"name": NAME, "as_of": "2026-01-01", "purpose": "核查"}
    assert client.post("/api/v1/register/past", json=asked).status_code == 401
    assert client.post("/register-past", data=asked).status_code in (303, 401)
    about = {"name": "欧阳示例", "id_tail": "1234", "as_of": "2026-01-01", "purpose": "核查"}
    assert client.post("/api/v1/register/past/persons", json=about).status_code == 401
    assert client.post("/register-past/persons", data=about).status_code in (303, 401)


def of_person(world, **changes):
    asked = {
        "name": "欧阳示例",
        "as_of": world.clock.today().isoformat(),
        "purpose": "核查项目经理",
    } | changes
    return look_back_at_person(world.deps, PastPersonQuery().load(asked), WHO)


def test_a_person_s_past_takes_exact_name_and_number_and_leaves_no_name_in_the_trail(world, clock):
    listing = world.publish(person(world.keyring))
    first = clock.today()
    clock.advance(timedelta(days=2))
    with world.write() as session:
        remove_listing(session, world.keyring, listing, reason_code="repair", reason="修复", at=clock.now())
    (line,) = of_person(world, id_number=PERSON_NUMBER, as_of=first.isoformat())
    assert (line["id"], line["state_then"], line["state_now"]) == (listing, "public", "removed")
    assert line["name"] == line["facts"]["subject"]["name"] != "欧阳示例"
    assert [each["state_then"] for each in of_person(world, id_tail=PERSON_NUMBER[-4:])] == ["removed"]
    assert of_person(world, name="欧阳示", id_number=PERSON_NUMBER) == []
    assert of_person(world, id_tail="0000") == []
    rows = trail(world, "listing.read-past-person")
    assert [what for _, what, _ in rows] == [listing, listing, "-", "-"]
    kept = re.sub(r"\w+:[0-9a-f]{64}", "", str(rows))  # a hash holds any four digits now and then
    assert "核查项目经理" in kept
    assert "欧阳" not in kept
    assert PERSON_NUMBER[-4:] not in kept.replace(listing, "")


def test_what_a_listing_said_of_another_person_before_a_correction_is_not_told(world, clock):
    listing = world.publish(person(world.keyring, "甲示例", make_resident_id("130102", date(1990, 1, 1), 3)))
    first = clock.today()
    clock.advance(timedelta(days=2))
    with world.write() as session:
        correct_listing(
            session, world.keyring, listing, case=person(world.keyring), terms=TERMS, publicity=PUBLICITY,
            reason="更正当事人", at=clock.now(),
        )  # fmt: skip
    assert of_person(world, id_number=PERSON_NUMBER, as_of=first.isoformat()) == []
    assert [each["id"] for each in of_person(world, id_number=PERSON_NUMBER)] == [listing]


def test_a_purpose_with_a_number_or_both_number_and_tail_are_refused():
    with pytest.raises(ValidationError):
        PastPersonQuery().load(
            {
                "name": "欧阳示例",
                "id_number": PERSON_NUMBER,
                "as_of": "2026-01-01",
                "purpose": f"核查{PERSON_NUMBER}",
            }
        )
    with pytest.raises(ValidationError):
        PastPersonQuery().load({"name": "欧阳示例", "as_of": "2026-01-01", "purpose": "核查"})


def test_an_official_s_looks_at_persons_run_out(world):
    few = replace(world.deps, lookups=replace(world.deps.lookups, per_address=1))
    asked = {"name": "欧阳示例", "id_tail": "1234", "as_of": "2026-01-01", "purpose": "核查"}
    assert look_back_at_person(few, PastPersonQuery().load(asked), WHO) == []
    with pytest.raises(TooMany):
        look_back_at_person(few, PastPersonQuery().load(asked), WHO)
