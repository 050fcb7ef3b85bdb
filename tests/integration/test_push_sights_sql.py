"""What is expected of sites, sights and figures of them: the same on both databases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from services.credit_push import app as wiring
from services.credit_push import queries
from services.credit_push.models import Appearance, Delivery, Listing
from services.credit_push.settings import read_settings
from services.credit_push.sights import bases
from services.credit_push.standing import seen
from services.credit_push.usecases.observing import Report, Sighting, observe, take_reports
from services.credit_push.usecases.refusing import Refusal, keep_refused
from services.credit_push.usecases.tracking import track
from shared.db import migrate
from tests.integration.test_push_attempts import DELIVERY, LISTING

pytestmark = pytest.mark.tables("services.credit_push", migrated=True)

CITY, PROVINCE = "credit-quanzhou", "credit-fujian"
AT = (datetime.now(UTC) - timedelta(days=3)).replace(microsecond=0)
FILED = {"platform": CITY, "state": "acknowledged", "settled_at": AT, "created_at": AT, "match_key": "l1"}


def test_expected_seen_and_counted(any_db_url: str, tmp_path: Path) -> None:
    migrate(any_db_url, "services.credit_push")
    deps = wiring.open_deps(read_settings({"DATA_DIR": str(tmp_path), "CREDIT_PUSH_DB_URL": any_db_url}))
    with deps.db.write() as session:
        session.execute(insert(Listing), [LISTING])
        session.execute(insert(Delivery), [DELIVERY | FILED])
    for _ in "twice":
        with deps.db.write() as session:
            track(session, bases(session, deps.catalogue, ["l1"]).values(), {CITY: AT})
    with deps.db.write() as session:
        profile, later = deps.catalogue[CITY], AT + timedelta(hours=1)
        assert [take_reports(session, deps, profile, [Report(later, key="k")]) for _ in "12"] == [1, 0]
        assert take_reports(session, deps, profile, [Report(AT - timedelta(days=1), key="k")]) == 0
        observe(session, deps, Sighting(PROVINCE, "l1", "displayed", "hand", AT + timedelta(hours=2), "甲"))
        figures = seen(session, deps.clock.today(), "13")
        assert (figures[CITY]["displayed"], figures[CITY]["mean_lag_seconds"]) == (1, 3600)
        assert figures[PROVINCE]["mean_lag_seconds"] == 7200
        assert seen(session, deps.clock.today(), "35") == {}
        assert figures["credit-china"]["oldest_awaited"] == AT
        gone = {"id": "d2", "operation": "withdraw", "sequence": 2, "idempotency_key": "k2"}
        session.execute(insert(Delivery), [DELIVERY | FILED | gone | {"match_key": None}])
        basis = bases(session, deps.catalogue, ["l1"])[CITY, "l1"]
        assert (basis.expects, basis.match_key) == ("absent", "l1")
        track(session, [basis], {CITY: AT})
        row = session.get_one(Appearance, (CITY, "l1"))
        assert (row.expects, row.displayed_how, row.seen_at, row.next_ask_at) == (
            "absent",
            "reported",
            None,
            AT,
        )
        assert len(queries.observations(session, "l1")) == 2
        told = Refusal(CITY, "callback", "forged", None, "0" * 64, None)
        assert [keep_refused(session, told, AT) for _ in range(2)] == [True, True]
        assert [row.counted for row in queries.refused_counts(session, 7)] == [2]
    deps.db.close()
