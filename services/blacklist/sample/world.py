"""Loading departments and accounts; running it again adds only what is missing.

Passwords exist in clear only in DATA_DIR/accounts.json, written before the accounts so that a crash in
between is mended by the next start.
"""

import json
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.disclosure.usecases import load_items
from services.blacklist.identity.models import Department
from services.blacklist.identity.queries import department_by_code, user_by_name
from services.blacklist.identity.usecases import create_department, create_user, draw_password
from services.blacklist.identity.usecases.users import set_password
from services.blacklist.sample.disclosure import catalogue_rows
from shared.clock import Clock
from shared.db import Database
from shared.identifiers import make_uscc

DATA = Path(__file__).parent / "data"
ACCOUNTS_FILE = "accounts.json"
Entry = dict[str, Any]


def load_sample_world(db: Database, *, clock: Clock, data_dir: Path) -> None:
    """Departments and their catalogue items, and accounts; passwords into DATA_DIR/accounts.json."""
    with db.write() as session:
        load_departments(session, clock)
        load_items(session, catalogue_rows())
    _load_accounts(db, clock, data_dir / ACCOUNTS_FILE)


def load_departments(session: Session, clock: Clock) -> int:
    """Successors before predecessors; how many were new."""
    rows = session.execute(select(Department.code, Department.id))
    known: dict[str, str] = {row.code: row.id for row in rows}
    missing = [entry for entry in department_entries() if entry["code"] not in known]
    for entry in _successors_first(missing):
        made = create_department(
            session, actor=None, code=entry["code"], name=entry["name"], short_name=entry["short_name"],
            kind=entry["kind"], region=entry["region"], level=entry["level"], uscc=entry["uscc"],
            valid_from=entry["valid_from"], valid_to=entry.get("valid_to"), email=entry["email"],
            successor_id=known.get(entry.get("successor", "")), at=clock.now(),
        )  # fmt: skip
        known[made.code] = made.id
    return len(missing)


def department_entries() -> list[Entry]:
    """The data file's rows, each with its made-up code (11 + region) and address."""
    return [
        entry
        | {"uscc": make_uscc(f"11{_registry_region(entry['region'])}", entry["serial"])}
        | {"email": f"{entry['code']}@sample.invalid"}
        for entry in _read("departments.toml")["department"]
    ]


def account_entries() -> list[Entry]:
    return list(_read("accounts.toml")["account"])


def _registry_region(region: str) -> str:
    return "100000" if region == "000000" else region


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text("utf-8"))


def _successors_first(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: "successor" in entry)


def _load_accounts(db: Database, clock: Clock, path: Path) -> None:
    kept = {each["username"]: each["password"] for each in _kept(path)}
    passwords = {e["username"]: kept.get(e["username"]) or draw_password() for e in account_entries()}
    with db.read() as session:
        known = {name for name in passwords if user_by_name(session, name) is not None}
        listed = [_listed(session, entry, passwords[entry["username"]]) for entry in account_entries()]
    _write(path, listed)
    for entry in account_entries():
        name = entry["username"]
        if name not in known:
            _create(db, clock, entry, passwords[name])
        elif name not in kept:
            with db.write() as session:
                set_password(session, name, passwords[name])


def _create(db: Database, clock: Clock, entry: Entry, password: str) -> None:
    with db.write() as session:
        create_user(
            session, actor=None, username=entry["username"], display_name=entry["display_name"],
            department_id=department_by_code(session, entry["department"]).id, roles=[entry["role"]],
            email=f"{entry['username']}@sample.invalid", password=password, must_change=False, at=clock.now(),
        )  # fmt: skip


def _listed(session: Session, entry: Entry, password: str) -> Entry:
    department = department_by_code(session, entry["department"])
    return {
        "username": entry["username"], "password": password, "department": department.name,
        "region": department.region, "roles": [entry["role"]],
    }  # fmt: skip


def _kept(path: Path) -> list[Entry]:
    try:
        kept: list[Entry] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return []
    return kept


def _write(path: Path, accounts: list[Entry]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(accounts, file, ensure_ascii=False, indent=2)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
