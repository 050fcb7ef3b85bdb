"""The inverted index over `register_name.grams`, as DDL: what neither models nor autogenerate can say.

SQLite: an FTS5 table whose content is the table of names, kept in step by triggers, so that it changes in the
transaction of the name. Tokens are cut at spaces only (`ascii` takes every other sign as part of a word);
no positions and no sizes are kept, because grams are only ever asked one by one.
PostgreSQL: a GIN index with a short pending list, so that a read never wades through a long one.
"""

from sqlalchemy import DDL, event

from services.blacklist.register.models import NAMES

_ADDED = "INSERT INTO fts_register_name(rowid, grams) VALUES (new.id, new.grams);"
_GONE = "INSERT INTO fts_register_name(fts_register_name, rowid, grams) VALUES ('delete', old.id, old.grams);"
_TABLE = """
CREATE VIRTUAL TABLE fts_register_name USING fts5(
  grams, content='register_name', content_rowid='id', detail='none', columnsize=0, tokenize='ascii'
)
"""
TRIGGERS = {
    "register_name_added": f"AFTER INSERT ON register_name BEGIN {_ADDED} END",
    "register_name_gone": f"AFTER DELETE ON register_name BEGIN {_GONE} END",
    "register_name_changed": f"AFTER UPDATE ON register_name BEGIN {_GONE} {_ADDED} END",
}
SQLITE = (
    _TABLE,
    "CREATE VIRTUAL TABLE fts_register_name_counts USING fts5vocab('fts_register_name', 'row')",
    *(f"CREATE TRIGGER {name} {work}" for name, work in TRIGGERS.items()),
)
_GIN = """
CREATE INDEX gin_register_name_grams ON register_name USING gin (grams)
WITH (fastupdate = on, gin_pending_list_limit = 256)
"""
POSTGRESQL = (_GIN,)
DROPPED = ("DROP TABLE IF EXISTS fts_register_name_counts", "DROP TABLE IF EXISTS fts_register_name")
"""SQLite drops triggers with their table, not the index."""


def install() -> None:
    """Tables made straight from the models (tests, benchmarks) get their index too."""
    for dialect, statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
        for statement in statements:
            made = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(NAMES, "after_create", made)
    for statement in DROPPED:
        gone = DDL(statement).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call]
        event.listen(NAMES, "before_drop", gone)
