"""What is kept for a while only is forgotten by the loops themselves."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select

from services.blacklist.app import PACKAGE, build_loops, open_deps
from services.blacklist.settings import read_settings
from services.blacklist.store import idempotency
from shared.db import migrate
from shared.web.idempotency import KEPT_FOR


def test_answers_given_once_are_kept_a_week(tmp_path: Path) -> None:
    settings = read_settings({"DATA_DIR": str(tmp_path)})
    migrate(settings.common.db_url, PACKAGE)
    deps = open_deps(settings)
    now = deps.clock.system_now()
    ages = {"old": KEPT_FOR + timedelta(minutes=1), "young": KEPT_FOR - timedelta(minutes=10)}
    given = [
        {"key": key, "request_digest": "-", "status": 200, "answer": "-", "created_at": now - age}
        for key, age in ages.items()
    ]
    with deps.db.write() as session:
        session.execute(insert(idempotency), given)
    (pruner,) = (loop for loop in build_loops(settings, deps) if loop.name == "pruner")
    pruner.step()
    with deps.db.read() as session:
        assert session.scalars(select(idempotency.c.key)).all() == ["young"]
    deps.db.close()
