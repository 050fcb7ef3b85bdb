"""Databases that begin with a service's tables: made once, then copied (SQLite) or emptied (PostgreSQL).

What a test did to the tables themselves is seen by their fingerprint; such a database is not used again.
"""

import importlib
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from shared.db import migrate, open_database
from tests.harness.database import Server, plain

MODELS = {
    "services.blacklist": "services.blacklist.store",
    "services.credit_push": "services.credit_push.models",
    "services.notifier": "services.notifier.models",
}
OWN = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'kept')"
FINGERPRINT = f"""
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
  SELECT concat_ws(' ', 'n', n.oid, n.nspname, n.nspacl) AS part FROM pg_namespace n WHERE {OWN}
  UNION ALL SELECT concat_ws(' ', 'c', c.oid, c.relname, c.relacl, c.relrowsecurity,
      c.relforcerowsecurity, c.reloptions,
      CASE WHEN c.relkind = 'v' THEN md5(pg_get_viewdef(c.oid)) END)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OWN}
  UNION ALL SELECT concat_ws(' ', 'a', a.attrelid, a.attname, a.atttypid, a.attnotnull,
      a.attisdropped, a.attacl)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OWN}
  UNION ALL SELECT concat_ws(' ', 'f', f.oid, md5(f.prosrc), f.prosecdef, f.proconfig)
    FROM pg_proc f JOIN pg_namespace n
    ON n.oid = f.pronamespace WHERE {OWN}
  UNION ALL SELECT concat_ws(' ', 't', oid, tgenabled) FROM pg_trigger
  UNION ALL SELECT concat_ws(' ', 'k', oid) FROM pg_constraint
  UNION ALL SELECT concat_ws(' ', 'p', oid, polcmd, polroles, polqual, polwithcheck) FROM pg_policy
  UNION ALL SELECT concat_ws(' ', 'd', oid, adbin) FROM pg_attrdef
  UNION ALL SELECT concat_ws(' ', 'q', seqrelid, seqincrement, seqmin, seqmax, seqcycle) FROM pg_sequence
  UNION ALL SELECT concat_ws(' ', 'i', indexrelid) FROM pg_index WHERE NOT indisvalid
  UNION ALL SELECT concat_ws(' ', 'l', oid) FROM pg_largeobject_metadata
  UNION ALL SELECT concat_ws(' ', 'e', oid) FROM pg_extension
  UNION ALL SELECT concat_ws(' ', 's', setconfig) FROM pg_db_role_setting
) parts
"""
KEEP = """
DO $$ DECLARE t record; filled boolean; BEGIN
  CREATE SCHEMA kept;
  FOR t IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', t.name) INTO filled;
    IF filled THEN EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', t.name, t.name); END IF;
  END LOOP;
END $$
"""
"""What the tables are made with (a version, a first row) is there again after emptying."""
EMPTY = """
DO $$ DECLARE t record; filled boolean; names text := ''; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR t IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', t.name) INTO filled;
    IF filled THEN names := names || format(', public.%I', t.name); END IF;
  END LOOP;
  IF names <> '' THEN EXECUTE 'TRUNCATE ' || substr(names, 3) || ' CASCADE'; END IF;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
  FOR t IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'kept' LOOP
    EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE TABLE kept.%I', t.name, t.name);
  END LOOP;
END $$
"""
ENDED = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> %s
"""


def make_tables(url: str, package: str, *, migrated: bool) -> None:
    """As the models say, or by all migrations one after the other."""
    importlib.import_module(f"{package}.app")
    if migrated:
        migrate(url, package)
        return
    db = open_database(url)
    try:
        importlib.import_module(MODELS[package]).Base.metadata.create_all(db.engine)
    finally:
        db.close()


@dataclass
class ReadyTables:
    """One process's store of such databases."""

    folder: Path
    _files: dict[tuple[str, bool], Path] = field(default_factory=dict)
    _free: defaultdict[tuple[str, bool], list[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def on_sqlite(self, file: Path, package: str, *, migrated: bool) -> str:
        if (package, migrated) not in self._files:
            made = self.folder / f"{package}-{migrated}.db"
            make_tables(f"sqlite:///{made}", package, migrated=migrated)
            assert not made.with_name(f"{made.name}-wal").exists(), "a writer is still at it"
            self._files[package, migrated] = made
        shutil.copyfile(self._files[package, migrated], file)
        return f"sqlite:///{file}"

    @contextmanager
    def on_postgres(self, server: Server, package: str, *, migrated: bool) -> Iterator[str]:
        free = self._free[package, migrated]
        url, fingerprint = free.pop() if free else _made(server, package, migrated=migrated)
        yield url
        with psycopg.connect(plain(url), autocommit=True) as connection:
            connection.execute(ENDED, [connection.info.backend_pid])
            found = connection.execute(FINGERPRINT).fetchone()
            same = found is not None and found[0] == fingerprint
            if same:
                connection.execute(EMPTY)
        if same:
            free.append((url, fingerprint))
        else:
            server.drop(url)


def _made(server: Server, package: str, *, migrated: bool) -> tuple[str, str]:
    url = server.fresh()
    make_tables(url, package, migrated=migrated)
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute(KEEP)
        found = connection.execute(FINGERPRINT).fetchone()
    assert found is not None
    return url, str(found[0])
