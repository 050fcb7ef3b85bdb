"""What the public process may read: the same table names in a schema of its own, without identity columns.

PostgreSQL: views its role may read, and nothing else. Listings that may not be shown are not there, nor are
their names and search keys; persons' names are masked. SQLite knows no roles: the file is opened read-only,
identity columns read as NULL.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Table

from services.blacklist.register.index.port import CUT, MOST_POSTINGS, WORTH
from services.blacklist.register.index.postgresql import NAMES_FUNCTION, SHARING_FUNCTION, sharing
from services.blacklist.register.models import (
    CHANGES,
    LISTINGS,
    NAMES,
    VERSIONS,
    DeliveryStatus,
    GramCount,
)
from services.blacklist.syndication.models import DataUser
from shared.db import Database, Hidden
from shared.identifiers import COMPOUND_SURNAMES

SCHEMA = "public_side"
IDENTITY = ("identity", "id_blind", "tail_blind")
INTERNAL = ("case_id", "department_id", "origin", "shield_code", "reason", "told")
USERS: Table = DataUser.__table__  # type: ignore[assignment]
KEYS = ("contact", "prefix", "secret_hash", "position", "told_at", "sequence")
"""Of data users: from a position one could read off the feed which removals are meant."""
HIDDEN: Hidden = frozenset(
    [(LISTINGS.name, column) for column in IDENTITY] + [(USERS.name, column) for column in KEYS]
)
_SHOWN = (
    "removed_at IS NULL AND revoked_at IS NULL AND suspended_at IS NULL AND shielded_at IS NULL"
    " AND disclosure = 'proactive'"
)
MOST_ASKED, MOST_FOUND = 24, 1000
"""Grams and names of one question to the index; no search asks for more."""
_BARE = "STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off SET jit = off"
_VERSION = "SELECT version_num FROM public.alembic_version"
_ORGANISATION = "l.subject_type = 'organization'"
_SURNAMES = ", ".join(f"'{each}'" for each in sorted(COMPOUND_SURNAMES))


def _masked(name: str) -> str:
    """`shared.identifiers.mask_person_name` in SQL."""
    kept = f"CASE WHEN length({name}) > 2 AND left({name}, 2) IN ({_SURNAMES}) THEN 2 ELSE 1 END"
    return f"left({name}, {kept}) || regexp_replace(substr({name}, 1 + {kept}), '[^·]', '*', 'g')"


def _masked_facts(facts: str) -> str:
    name = _masked(f"({facts} #>> '{{subject,name}}')")
    renamed = f"jsonb_set({facts}, '{{subject,name}}', to_jsonb({name}))"
    bare = f"jsonb_set({renamed}, '{{subject,former_names}}', '[]')"
    return f"{bare} #- '{{subject,legal_representative_id_type}}'"


def _listing_column(name: str, kind: str) -> str:
    if name in IDENTITY or name in INTERNAL:
        return f"NULL::{kind} AS {name}"
    if name == "subject_name":
        return f"CASE WHEN {_ORGANISATION} THEN l.subject_name ELSE {_masked('l.subject_name')} END AS {name}"
    if name == "facts":
        return f"CASE WHEN {_ORGANISATION} THEN l.facts ELSE {_masked_facts('l.facts')} END AS {name}"
    return f"l.{name}"


def view_of(table: Table, connection: Connection) -> str:
    """The SELECT behind one view; what is not listed here is not there."""
    kinds = {column.name: column.type.compile(connection.dialect) for column in table.columns}
    if table is LISTINGS:
        columns = ", ".join(_listing_column(name, kind.partition(" ")[0]) for name, kind in kinds.items())
        return f"SELECT {columns} FROM public.register_listing AS l WHERE {_SHOWN}"  # noqa: S608  our own names
    if table is VERSIONS:
        facts = f"CASE WHEN {_ORGANISATION} THEN v.facts ELSE {_masked_facts('v.facts')} END AS facts"
        columns = ", ".join(facts if name == "facts" else f"v.{name}" for name in kinds)
        joined = "public.register_version AS v JOIN public.register_listing AS l ON l.id = v.listing_id"
        return f"SELECT {columns} FROM {joined} WHERE {_SHOWN}"  # noqa: S608  our own names
    if table is USERS:
        shown = ", ".join(f"NULL::{kind} AS {name}" if name in KEYS else name for name, kind in kinds.items())
        return f"SELECT {shown} FROM public.data_users WHERE ended_at IS NULL"  # noqa: S608  our own names
    if table is NAMES:
        shown = f"SELECT FROM public.register_listing AS l WHERE l.id = n.listing_id AND {_SHOWN}"
        columns = ", ".join(f"n.{name}" for name in kinds)
        return f"SELECT {columns} FROM public.register_name AS n WHERE EXISTS ({shown})"  # noqa: S608  our own
    return f"SELECT {', '.join(kinds)} FROM public.{table.name}"  # noqa: S608  our own names


def postings(role: str) -> Iterator[str]:
    """The index behind a function that says numbers only, of names that may be shown.

    What may not be shown neither comes back nor takes another's place: names are looked at heaviest first
    until enough may be shown. How far a posting is read is not for the caller to say, for what crowds others
    out would be told by their absence; `most` is there for processes of an earlier release.

    Never compiled (JIT): with some millions of names the plan looks dear enough for that, and compiling
    takes ten times as long as the question.
    """
    called = f"{SCHEMA}.{SHARING_FUNCTION}"
    found = sharing(f"texts[1:{MOST_ASKED}]", f"weights[1:{MOST_ASKED}]", str(MOST_POSTINGS))
    yield f"""
CREATE FUNCTION {called}(texts text[], weights float8[], most int, size int)
RETURNS TABLE (found_id bigint, found_shared float8) LANGUAGE plpgsql {_BARE} AS $$ BEGIN RETURN QUERY
SELECT f.id, f.shared FROM ({found}) AS f WHERE EXISTS (
  SELECT FROM register_name AS n JOIN register_listing AS l ON l.id = n.listing_id
  WHERE n.id = f.id AND {_SHOWN} OFFSET 0) LIMIT LEAST(size, {MOST_FOUND}); END $$"""  # noqa: S608  our own
    yield f"REVOKE ALL ON FUNCTION {called} FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION {called} TO {role}"


_NUMBERS = {"id": "bigint", "ordinal": "int", "brand_size": "int"}


def names_alike(role: str) -> Iterator[str]:
    """The same with the rows of names that are public on the day: one question instead of two.

    What is heavy enough is measured by the heaviest name that may be shown, and no name after the last one
    wanted is looked at.
    """
    called = f"{SCHEMA}.{NAMES_FUNCTION}"
    kinds = {name: _NUMBERS.get(name, "text") for name in CUT}
    table = ", ".join(f"found_{name} {kind}" for name, kind in kinds.items())
    into = ", ".join(f"found_{name}" for name in CUT)
    columns = ", ".join(f"n.{name}::{kind} AS {name}" for name, kind in kinds.items())
    found = sharing(f"texts[1:{MOST_ASKED}]", f"weights[1:{MOST_ASKED}]", str(MOST_POSTINGS))
    yield f"""
CREATE FUNCTION {called}(texts text[], weights float8[], day date, seen bigint[], size int)
RETURNS TABLE ({table}) LANGUAGE plpgsql {_BARE} AS $$
DECLARE weighed float8; best float8; taken int := 0;
BEGIN FOR {into}, weighed IN
SELECT s.*, f.shared FROM ({found} OFFSET 0) AS f CROSS JOIN LATERAL (
  SELECT {columns} FROM register_name AS n JOIN register_listing AS l ON l.id = n.listing_id
  WHERE n.id = f.id AND {_SHOWN} AND {_ORGANISATION} AND l.public_start <= day AND l.public_until > day
  OFFSET 0) AS s ORDER BY f.shared DESC, f.id
LOOP
  best := coalesce(best, weighed);
  EXIT WHEN weighed < best * {WORTH} OR taken >= LEAST(size, {MOST_FOUND});
  CONTINUE WHEN found_id = ANY (seen);
  taken := taken + 1;
  RETURN NEXT;
END LOOP; END $$"""  # noqa: S608  our own names
    yield f"REVOKE ALL ON FUNCTION {called} FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION {called} TO {role}"


PLAIN: tuple[Table, ...] = (NAMES, CHANGES, GramCount.__table__, DeliveryStatus.__table__)  # type: ignore[assignment]
"""Names of what may be shown, positions, counts and what platforms said: nothing of a person."""


def statements(connection: Connection, role: str) -> Iterator[str]:
    """Everything that makes the projection anew, in one transaction."""
    named = connection.dialect.identifier_preparer.quote(role)
    yield f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"
    yield f"CREATE SCHEMA {SCHEMA}"
    for table in (LISTINGS, VERSIONS, USERS, *PLAIN):
        yield f"CREATE VIEW {SCHEMA}.{table.name} AS {view_of(table, connection)}"
    yield f"CREATE VIEW {SCHEMA}.alembic_version AS {_VERSION}"
    yield f"GRANT USAGE ON SCHEMA {SCHEMA} TO {named}"
    yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {named}"
    yield from postings(named)
    yield from names_alike(named)


def project(db: Database, role: str) -> None:
    """Make the schema and what the role may read of it; safe to repeat. The role itself is the operator's."""
    with db.engine.begin() as connection:
        for statement in statements(connection, role):
            connection.exec_driver_sql(statement)


def drop_projection(db: Database) -> None:
    """Before migrations, which could not change a column that a view shows."""
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
