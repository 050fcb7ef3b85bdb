"""Identity on both databases: signing in and out, lockout, two-person roles, handover, API keys."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from services.blacklist.identity import queries, usecases
from services.blacklist.identity.domain import ABSOLUTE_LIMIT, FREE_FAILURES, IDLE_LIMIT
from services.blacklist.identity.models import RoleChange, SignInSession, UserRole
from services.blacklist.store import metadata, outbox
from shared.clock import FixedClock
from shared.crypto import KeyRing
from shared.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from shared.identifiers import make_uscc
from shared.ids import new_id
from shared.web.tokens import issue_token

pytestmark = pytest.mark.tables("services.blacklist")

START = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
PASSWORD = "Kind-words-2026"


@dataclass
class Office:
    db: object
    keyring: KeyRing
    clock: FixedClock
    department: str

    def make(self, username, *roles, **options):
        with self.db.write() as session:
            return usecases.create_user(
                session, actor=None, username=username, display_name=username, department_id=self.department,
                email=f"{username}@sample.invalid", at=self.clock.now(), roles=roles,
                **({"password": PASSWORD, "must_change": False} | options),
            ).user  # fmt: skip

    def sign_in(self, username, password=PASSWORD, address="10.0.0.1"):
        return usecases.sign_in(
            self.db, self.keyring, self.clock, username=username, password=password, address=address
        )

    def who(self, token):
        return usecases.principal_by_token(self.db, self.keyring, token, self.clock.system_now())

    def department_made(self, code, **options):
        given = {
            "name": code, "short_name": code, "kind": "housing", "region": "130102", "level": "county",
            "uscc": make_uscc("11130102", abs(hash(code)) % 10**6), "valid_from": date(2008, 5, 1),
        } | options  # fmt: skip
        with self.db.write() as session:
            return usecases.create_department(session, actor=None, code=code, at=self.clock.now(), **given)


@pytest.fixture
def office(any_db, tmp_path):
    metadata.create_all(any_db.engine)
    made = Office(any_db, KeyRing.create(tmp_path / "keys.json"), FixedClock(START), "")
    made.department = made.department_made("130102-housing").id
    return made


def events(office, event_type):
    with office.db.read() as session:
        rows = session.execute(select(outbox)).mappings().all()
    found = []
    for row in rows:
        text = " ".join(str(value) for value in row.values())
        if event_type in text:
            found.append(row)
    return found


def test_signing_in_gives_a_token_the_database_confirms(office):
    user = office.make("clerk-one", "clerk")
    signed = office.sign_in(" CLERK-one ")
    who = office.who(signed.token)
    assert who is not None
    assert (who.user_id, who.roles, who.region) == (user.id, frozenset({"clerk"}), "130102")
    assert signed.expires_at - office.clock.system_now() == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("username", "password"), [("clerk-one", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD)]
)
def test_a_refusal_never_says_which_half_was_wrong(office, username, password):
    office.make("clerk-one", "clerk")
    gone = office.make("gone", "clerk")
    with office.db.write() as session:
        usecases.disable_user(session, gone.id, actor=None, reason="离职", at=START, system_at=START)
    with pytest.raises(Unauthenticated) as refused:
        office.sign_in(username, password)
    assert (refused.value.slug, refused.value.title, refused.value.detail) == (
        "sign-in-refused", "用户名或口令不正确", "请核对后重试。",
    )  # fmt: skip


@pytest.mark.parametrize("username", ["clerk-one", "nobody"])
def test_guessing_is_slowed_for_known_and_unknown_names_alike(office, username):
    office.make("clerk-one", "clerk")
    for _ in range(FREE_FAILURES):
        with pytest.raises(Unauthenticated):
            office.sign_in(username, "wrong")
    with pytest.raises(TooMany) as locked:
        office.sign_in(username)
    assert 0 < locked.value.retry_after <= 15
    office.clock.advance(timedelta(seconds=16))
    with pytest.raises(Unauthenticated):
        office.sign_in(username, "wrong again")
    with pytest.raises(TooMany) as longer:
        office.sign_in(username)
    assert longer.value.retry_after > 15


def test_a_lock_is_for_one_address_and_ends_with_success(office):
    office.make("clerk-one", "clerk")
    for _ in range(FREE_FAILURES):
        with pytest.raises(Unauthenticated):
            office.sign_in("clerk-one", "wrong")
    assert office.sign_in("clerk-one", address="10.0.0.2").token
    office.clock.advance(timedelta(seconds=16))
    assert office.sign_in("clerk-one").token
    with pytest.raises(Unauthenticated):
        office.sign_in("clerk-one", "wrong")
    assert office.sign_in("clerk-one").token, "the count began anew"


def test_signing_out_ends_the_session_at_once(office):
    office.make("clerk-one", "clerk")
    kept, ended = office.sign_in("clerk-one"), office.sign_in("clerk-one")
    who = office.who(ended.token)
    with office.db.write() as session:
        usecases.sign_out(session, who, office.clock.system_now())
    assert office.who(ended.token) is None
    assert office.who(kept.token) is not None
    with pytest.raises(Unauthenticated):
        usecases.refresh(office.db, office.keyring, office.clock, ended.token)
    assert len(events(office, "session.revoked")) == 1


def test_disabling_ends_every_session_and_says_so(office):
    user = office.make("clerk-one", "clerk")
    tokens = [office.sign_in("clerk-one").token for _ in range(3)]
    with office.db.write() as session:
        usecases.disable_user(session, user.id, actor=None, reason="调离", at=START, system_at=START)
    assert [office.who(token) for token in tokens] == [None] * 3
    assert len(events(office, "session.revoked")) == 3
    assert len(events(office, "user.changed")) == 2


def test_a_session_ends_idle_and_in_the_end_for_good(office):
    office.make("clerk-one", "clerk")
    token = office.sign_in("clerk-one").token
    for _ in range(int(ABSOLUTE_LIMIT / timedelta(minutes=10)) - 1):
        office.clock.advance(timedelta(minutes=10))
        token = usecases.refresh(office.db, office.keyring, office.clock, token).token
    office.clock.advance(timedelta(minutes=10))
    with pytest.raises(Unauthenticated):
        usecases.refresh(office.db, office.keyring, office.clock, token)
    fresh = office.sign_in("clerk-one").token
    office.clock.advance(IDLE_LIMIT)
    with pytest.raises(Unauthenticated):
        usecases.refresh(office.db, office.keyring, office.clock, fresh)


def test_an_expired_token_of_a_living_session_can_be_refreshed_but_not_used(office):
    office.make("clerk-one", "clerk")
    token = office.sign_in("clerk-one").token
    office.clock.advance(timedelta(minutes=16))
    assert office.who(token) is None
    assert office.who(usecases.refresh(office.db, office.keyring, office.clock, token).token) is not None


def test_forged_tokens_are_refused(office, tmp_path):
    office.make("clerk-one", "clerk")
    signed = office.sign_in("clerk-one")
    stranger = KeyRing.create(tmp_path / "other.json")
    forged, _ = issue_token(stranger, signed.principal, office.clock.system_now())
    for token in (forged, signed.token[:-4] + "AAAA", "", "a.b.c", signed.token + "x"):
        assert office.who(token) is None


def test_roles_are_read_anew_on_every_request(office):
    user = office.make("clerk-one", "clerk")
    token = office.sign_in("clerk-one").token
    with office.db.write() as session:
        session.add(UserRole(user_id=user.id, role="reviewer"))
    assert office.who(token).roles == {"clerk", "reviewer"}


def test_a_first_password_gives_no_rights_until_changed(office):
    office.make("clerk-one", "clerk", must_change=True)
    signed = office.sign_in("clerk-one")
    assert signed.must_change
    assert office.who(signed.token).roles == frozenset()
    change = {"actor": office.who(signed.token), "new": "Other-words-2027"}
    with pytest.raises(Invalid):
        usecases.change_password(office.db, office.keyring, office.clock, current="wrong", **change)
    usecases.change_password(office.db, office.keyring, office.clock, current=PASSWORD, **change)
    assert office.who(signed.token).roles == {"clerk"}
    with pytest.raises(Unauthenticated):
        office.sign_in("clerk-one")
    assert office.sign_in("clerk-one", "Other-words-2027").token


def test_roles_take_two_administrators(office):
    system, security = office.make("system", "system-admin"), office.make("security", "security-admin")
    first, second = (office.who(office.sign_in(u.username).token) for u in (system, security))
    user = office.make("clerk-one")
    token = office.sign_in("clerk-one").token
    with office.db.write() as session:
        change = usecases.propose_roles(session, user.id, ["clerk"], actor=first, reason="新任", at=START)
    decision = {"approve": True, "at": START, "system_at": START}
    with pytest.raises(Conflict), office.db.write() as session:
        usecases.decide_role_change(session, change.id, actor=first, **decision)
    with office.db.write() as session:
        usecases.decide_role_change(session, change.id, actor=second, **decision)
    assert office.who(token) is None, "new rights need a new sign-in"
    assert office.who(office.sign_in("clerk-one").token).roles == {"clerk"}
    with pytest.raises(Conflict), office.db.write() as session:
        usecases.decide_role_change(session, change.id, actor=second, **decision)
    with pytest.raises(Conflict), office.db.write() as session:
        usecases.propose_roles(session, system.id, ["auditor"], actor=first, reason="我", at=START)
    with pytest.raises(Forbidden), office.db.write() as session:
        usecases.create_user(
            session, actor=first, username="fresh", display_name="新", department_id=office.department,
            email=None, at=START, roles=["clerk"],
        )  # fmt: skip


def test_the_database_itself_keeps_administrators_apart(office):
    user = office.make("system", "system-admin")
    with pytest.raises(IntegrityError), office.db.write() as session:
        session.execute(insert(UserRole).values(user_id=user.id, role="auditor"))
    row = {
        "id": new_id(), "user_id": user.id, "roles": ["clerk"], "reason": "-", "state": "approved",
        "proposed_by": "same", "proposed_at": START, "decided_by": "same", "decided_at": START,
    }  # fmt: skip
    with pytest.raises(IntegrityError), office.db.write() as session:
        session.execute(insert(RoleChange).values(**row))


def test_a_department_on_a_date_follows_its_successors_and_predecessors(office):
    tax = office.department_made("tax", valid_from=date(2018, 7, 20))
    gone = {"valid_to": date(2018, 7, 20), "successor_id": tax.id}
    office.department_made("state-tax", **gone)
    office.department_made("local-tax", **gone)
    with office.db.read() as session:
        on = date(2018, 7, 19), date(2018, 7, 20)
        assert queries.department_on(session, "state-tax", on[0]).code == "state-tax"
        assert queries.department_on(session, "state-tax", on[1]).code == "tax"
        assert queries.department_on(session, "local-tax", date(2026, 1, 1)).code == "tax"
        assert {d.code for d in queries.departments_on(session, "tax", on[0])} == {"state-tax", "local-tax"}
        with pytest.raises(Conflict):
            queries.department_on(session, "tax", on[0])
        with pytest.raises(NotFound):
            queries.department_on(session, "tax", date(2000, 1, 1))


def test_a_handover_moves_people_and_keys_and_ends_their_sessions(office):
    after = office.department_made("130102-new-housing", valid_from=date(2026, 10, 1))
    user = office.make("clerk-one", "clerk")
    security = office.make("security", "security-admin", password=PASSWORD)
    token = office.sign_in("clerk-one").token
    actor = office.who(office.sign_in(security.username).token)
    with office.db.write() as session:
        key = usecases.issue_api_key(
            session, actor=actor, name="住建系统", department_id=office.department, scopes=["cases:write"],
            addresses=[], expires_at=None, at=START,
        )  # fmt: skip
        moved = usecases.transfer_department(
            session, office.department, after.id, on=date(2026, 11, 1), actor=None, at=START, system_at=START
        )
    assert (moved.users, moved.keys) == (2, 1)
    assert office.who(token) is None
    assert office.who(office.sign_in("clerk-one").token).department_id == after.id
    system = usecases.principal_by_key(office.db, key.presented, None, START)
    assert system.department_id == after.id
    with office.db.read() as session:
        assert queries.department_on(session, "130102-housing", date(2026, 11, 1)).id == after.id
        assert queries.user(session, user.id).department_id == after.id
    with pytest.raises(Invalid), office.db.write() as session:
        usecases.transfer_department(
            session, office.department, after.id, on=date(2026, 11, 1), actor=None, at=START, system_at=START
        )


def test_an_api_key_is_bound_to_scopes_addresses_and_time(office):
    office.make("security", "security-admin")
    actor = office.who(office.sign_in("security").token)
    with office.db.write() as session:
        key = usecases.issue_api_key(
            session, actor=actor, name="住建系统", department_id=office.department, scopes=["cases:write"],
            addresses=["10.1.0.0/16"], expires_at=START + timedelta(days=30), at=START,
        )  # fmt: skip

    def by_key(presented=key.presented, address="10.1.2.3", at=START):
        return usecases.principal_by_key(office.db, presented, address, at)

    who = by_key()
    assert (who.scopes, who.roles, who.key_id) == (frozenset({"cases:write"}), frozenset(), key.key.id)
    assert by_key(address="::ffff:10.1.2.3") is not None
    assert by_key(address="10.2.0.1") is None
    assert by_key(address=None) is None
    assert by_key(presented=key.presented[:-1] + "x") is None
    assert by_key(presented="cbk0.x") is None
    assert by_key(at=START + timedelta(days=31)) is None
    with office.db.write() as session:
        usecases.revoke_api_key(session, key.key.id, actor=actor, at=START)
    assert by_key() is None
    for wrong in (
        {"scopes": ["everything"]},
        {"addresses": ["10.1"]},
        {"expires_at": START - timedelta(days=1)},
    ):
        given = {"scopes": ["cases:read"], "addresses": [], "expires_at": None} | wrong
        with pytest.raises(Invalid), office.db.write() as session:
            usecases.issue_api_key(
                session, actor=actor, name="x", department_id=office.department, at=START, **given
            )


def test_no_secret_is_kept_in_clear(office):
    office.make("clerk-one", "clerk")
    with pytest.raises(Unauthenticated):
        office.sign_in("clerk-one", "a-very-wrong-Password-1")
    with office.db.read() as session:
        everything = json.dumps(
            [
                [str(v) for v in row]
                for table in metadata.sorted_tables
                for row in session.execute(select(table))
            ]
        )
    assert PASSWORD not in everything
    assert "a-very-wrong-Password-1" not in everything


def test_the_last_sight_of_a_session_is_kept_without_writing_each_time(office):
    office.make("clerk-one", "clerk")
    token = office.sign_in("clerk-one").token

    def seen():
        with office.db.read() as session:
            return session.scalars(select(SignInSession.last_seen_at)).one()

    before = seen()
    office.clock.advance(timedelta(seconds=30))
    assert office.who(token)
    assert seen() == before
    office.clock.advance(timedelta(seconds=31))
    assert office.who(token)
    assert seen() == office.clock.system_now()


def test_passwords_cost_in_production_what_owasp_asks(production_hasher):
    cost = (production_hasher.memory_cost, production_hasher.time_cost, production_hasher.parallelism)
    assert cost >= (19456, 2, 1)
    assert usecases.passwords.password_matches(production_hasher.hash(PASSWORD), PASSWORD)
