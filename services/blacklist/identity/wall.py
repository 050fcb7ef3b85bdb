"""The second wall between departments, on PostgreSQL: row-level security behind the one policy function.

Whoever is signed in works in transactions of the role OFFICER, bound by the policies below: a query that
forgot its filter finds nothing of another department. Loops, migrations and what anyone may read are not
bound, nor is the system administrator, who hands cases over when departments merge. `migrate` raises it.
"""

import re
import time
from collections.abc import Iterator
from hashlib import md5

from flask import current_app, has_request_context, request
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from services.blacklist.audit.models import APPEND_ONLY
from services.blacklist.identity.walled import KEY_ONLY, POLICIES
from shared.db import Database
from shared.db.adding import NO_COPY
from shared.logs import get_log
from shared.web.access import Principal, current_principal, policy_of

log = get_log("wall")
OFFICER = "credit_officer"
OVERSEERS = ("supervisor", "auditor", "assessor")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOWHERE, ADMINISTRATOR = "-", "system-admin"
_WALLED, _FREE = frozenset(POLICIES), frozenset[str]()
_CREATE = f"""DO $$ BEGIN
IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OFFICER}') THEN CREATE ROLE {OFFICER} NOLOGIN; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"""
_STANDS = f"""SELECT pg_has_role(r.oid, 'MEMBER')
AND has_table_privilege(r.oid, to_regclass('cases'), 'SELECT')
AND (SELECT relrowsecurity FROM pg_class WHERE oid = to_regclass('cases'))
FROM pg_roles AS r WHERE r.rolname = '{OFFICER}'"""  # noqa: S608  our own name
_POLICY = "department_seen"
_MADE = f"""SELECT c.relname, concat_ws(' ', obj_description(p.oid, 'pg_policy')), (
  SELECT md5(string_agg(concat_ws('|', g.policyname, g.permissive, g.cmd, g.roles, g.qual, g.with_check), ','
    ORDER BY g.policyname)) FROM pg_policies AS g WHERE g.schemaname = 'public' AND g.tablename = c.relname)
FROM pg_class AS c JOIN pg_policy AS p ON p.polrelid = c.oid AND p.polname = '{_POLICY}'
WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity"""  # noqa: S608  our own name
LOCK_WAIT, TRIES, PAUSE = "1s", 20, 0.5
"""Nobody who reads waits longer behind us than that; in between those who queued up go first."""
_ENTER = (
    f"SELECT set_config('role', '{OFFICER}', true), set_config('app.department', %s, true), "
    "set_config('app.region', %s, true)"
)


def raise_wall(db: Database) -> bool:
    """Make the role, its rights and the policies; safe to repeat. False where the login may make no role.

    Policies that are right are left alone: a new one keeps everybody from the table for a moment.
    """
    if db.dialect != "postgresql":
        return False
    try:
        with db.engine.begin() as connection:
            for statement in _rights():
                connection.exec_driver_sql(statement)
            wrong = _wrong(connection)
        for table in wrong:
            _wall_in(db, table)
    except ProgrammingError as error:
        log.warning("department_wall_not_raised", role=OFFICER, error=type(error.orig).__name__)
        return False
    return True


def is_whole(db: Database) -> bool:
    """For /readyz: once the wall stands it has to be this release's, on every table."""
    if db.dialect != "postgresql":
        return True
    with db.engine.begin() as connection:
        return not connection.exec_driver_sql(_STANDS).scalar() or not _wrong(connection)


def _wrong(connection: Connection) -> list[str]:
    """Tables whose policies are not, or no longer, as they should be."""
    made = {name: told == f"{_ours(name)} {found}" for name, told, found in connection.exec_driver_sql(_MADE)}
    return [table for table in POLICIES if not made.get(table)]


def _ours(table: str) -> str:
    return md5(repr(POLICIES.get(table)).encode(), usedforsecurity=False).hexdigest()


def _wall_in(db: Database, table: str) -> None:
    for left in reversed(range(TRIES)):
        try:
            with db.engine.begin() as connection:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
                for statement in _policies(table):
                    connection.exec_driver_sql(statement)
                found = {name: made for name, _, made in connection.exec_driver_sql(_MADE)}
                told = f"{_ours(table)} {found[table]}"
                connection.exec_driver_sql(f"COMMENT ON POLICY {_POLICY} ON {table} IS '{told}'")
            return
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable) or not left:
                raise
            time.sleep(PAUSE)


def _rights() -> Iterator[str]:
    yield _CREATE
    yield f"GRANT {OFFICER} TO CURRENT_USER"
    yield f"GRANT USAGE ON SCHEMA public TO {OFFICER}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {OFFICER}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {OFFICER}"
    for table in APPEND_ONLY:
        yield f"REVOKE UPDATE, DELETE ON {table} FROM {OFFICER}"
    for table in KEY_ONLY:
        yield f"REVOKE UPDATE ON {table} FROM {OFFICER}"
        yield f"GRANT UPDATE (key) ON {table} TO {OFFICER}"


def _policies(table: str) -> Iterator[str]:
    """A row that is seen may be locked; whoever changes it is refused loudly where it is not the own."""
    policy = POLICIES[table]
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    for name in ("department", _POLICY, "department_added", "department_changed", "department_removed"):
        yield f"DROP POLICY IF EXISTS {name} ON {table}"
    made = f"ON {table} FOR"
    yield f"CREATE POLICY {_POLICY} {made} SELECT TO {OFFICER} USING ({policy.seen})"
    yield f"CREATE POLICY department_added {made} INSERT TO {OFFICER} WITH CHECK ({policy.added})"
    yield (
        f"CREATE POLICY department_changed {made} UPDATE TO {OFFICER} "
        f"USING ({policy.seen}) WITH CHECK ({policy.changed})"
    )
    yield f"CREATE POLICY department_removed {made} DELETE TO {OFFICER} USING ({policy.taken})"


class Wall:
    """Puts the transactions of whoever is signed in behind the wall, once it stands."""

    def __init__(self) -> None:
        self._stands: bool | None = None

    def __call__(self, connection: Connection) -> None:
        who = bound()
        walled = who is not None and self._is_up(connection)
        connection.info[NO_COPY] = _WALLED if walled else _FREE
        if who is not None and walled:
            connection.exec_driver_sql(_ENTER, (who.department_id, region_seen(who)))

    def _is_up(self, connection: Connection) -> bool:
        if not self._stands:
            stands = bool(connection.exec_driver_sql(_STANDS).scalar())
            if not stands and self._stands is None:
                log.warning("department_wall_missing", role=OFFICER, remedy="blacklist migrate")
            self._stands = stands
        return self._stands


def bound() -> Principal | None:
    """Who is signed in and asks for something that is not for everyone."""
    who = current_principal() if has_request_context() else None
    if who is None or who.has(ADMINISTRATOR):
        return None
    policy = policy_of(current_app.view_functions.get(request.endpoint or ""))
    return None if policy is None or (policy.open and not _by_id()) else who


def _by_id() -> bool:
    """Where the public gives its code an officer may give the thing's id: what is read then is not public."""
    return _ID.fullmatch(str((request.view_args or {}).get("code"))) is not None


def region_seen(who: Principal) -> str:
    """A LIKE pattern of the regions whose rows an overseer sees; for others one that fits none."""
    if not who.has(*OVERSEERS):
        return NOWHERE
    return who.region.removesuffix("00").removesuffix("00").removesuffix("00") + "%"


def hand_to(session: Session, department_id: str) -> None:
    """Let this transaction give a row to another department."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT set_config('app.receiver', :id, true)"), {"id": department_id})


def stand_behind(db: Database) -> None:
    """From now on, in this process."""
    if db.dialect == "postgresql":
        db.at_begin(Wall())
