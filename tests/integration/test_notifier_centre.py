"""The notification centre's pages: badge, filters, marking read in bulk, preferences, stand-ins, logs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.db import open_database
from tests.harness.notices import CLERK, DECIDER, case_event, duty_event
from tests.integration.test_notifier_api import Site, items


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    db = open_database(f"sqlite:///{tmp_path}/n.db")
    yield Site(db, tmp_path)
    db.close()


def unread(site: Site, who: str = CLERK) -> int:
    return int(site.call(who, "GET", "/inbox/unread").json["unread"])


def test_the_badge_counts_what_the_officer_has_not_signed_and_is_empty_for_strangers(site):
    assert site.client.get("/notices/badge").status_code == 204
    assert site.browse(CLERK, "/badge").text.strip() == ""
    site.hear(case_event(), case_event(), duty_event())
    assert site.browse(CLERK, "/badge").text.startswith("3<span")
    first = items(site.call(CLERK, "GET", "/inbox"))[0]["id"]
    site.call(CLERK, "POST", f"/notices/{first}/acknowledgement")
    assert (unread(site), unread(site, DECIDER), unread(site, "user-anxi")) == (2, 3, 0)
    page = site.browse(CLERK, "/").text
    assert 'hx-get="/notices/badge"' in page


def test_filters_by_family_requirement_and_words(site):
    site.hear(case_event(), case_event("case.revoked", subject_name="100%_公司"), duty_event())

    def types(query: str) -> list[str]:
        return [each["event_type"] for each in items(site.call(CLERK, "GET", f"/inbox?{query}"))]

    assert types("event_type=case.*") == ["case.revoked", "case.published"]
    assert types("required=true") == ["duty.overdue"]
    assert types("text=100%25_") == ["case.revoked"]
    assert types("text=张*") == ["duty.overdue"]
    assert site.call(CLERK, "GET", "/inbox?required=perhaps").status_code == 422
    assert "须签收" in site.browse(CLERK, "/?required=yes").text


def test_marking_all_read_leaves_what_must_be_signed(site):
    site.hear(case_event(), case_event("case.revoked"), duty_event())
    form = {"go": "all", "severity": "notice"}
    assert site.browse(CLERK, "/acknowledgements", form).status_code == 303
    assert unread(site) == 2
    site.browse(CLERK, "/acknowledgements", {"go": "all"})
    left = items(site.call(CLERK, "GET", "/inbox?unread=true"))
    assert [(each["event_type"], each["must_acknowledge"]) for each in left] == [("duty.overdue", True)]
