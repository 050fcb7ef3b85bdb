"""One document about one subject on one list is published once; a period of zero is closed unpublished."""

import pytest

from services.blacklist.cases.models import Case
from services.blacklist.cases.queries import case_view
from services.blacklist.cases.usecases.bulk import take_many
from shared.errors import Conflict
from tests.unit.blacklist.case_office import filing, memory_database, open_office, person_filing

SAME_PAPER = filing(document={"number": "长住建罚[2026]12号"})


@pytest.fixture
def office(tmp_path, clock):
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def view(office, case, who="decider"):
    with office.deps.db.read() as session:
        return case_view(session, session.get_one(Case, case.id), office.people[who], office.clock.today())


def action(shown, name):
    return next(each for each in shown["available_actions"] if each["action"] == name)


def test_a_second_filing_names_the_first(office):
    first = office.file()
    assert view(office, first)["warnings"] == []
    warned = view(office, office.file(SAME_PAPER), "clerk")["warnings"]
    assert [each["title"] for each in warned] == ["可能重复录入"]
    assert first.id in warned[0]["text"]
    others = (
        filing(list_code="penalty-publication"),
        filing(document={"number": "别〔2026〕1号"}),
        person_filing(),
    )
    assert all(view(office, office.file(other))["warnings"] == [] for other in others)


def test_what_is_public_is_not_published_again_until_it_ends(office):
    first, second = office.published(), office.walk(office.file(SAME_PAPER), "served")
    told = action(view(office, second), "publish")
    assert not told["allowed"]
    assert first.listing_id in told["reason"]
    with pytest.raises(Conflict) as refused:
        office.take(second, "publish", "decider")
    assert refused.value.slug == "published-already"
    paper = {"number": "复议〔2026〕1号", "date": office.clock.today()}
    office.take(first, "revoke", "decider", reason="撤销", document=paper)
    assert office.take(second, "publish", "decider").state == "published"


def test_of_twins_in_one_bulk_only_the_first_is_published(office):
    twins = [office.walk(office.file(), "served") for _ in range(2)]
    items = [(each.id, each.version) for each in twins]
    done = take_many(office.deps, "publish", items, {}, actor=office.people["decider"], at=office.clock.now())
    assert done[0].refused is None
    assert done[1].refused.slug == "published-already"


def test_a_period_of_zero_closes_without_publication(office):
    case = office.walk(office.file(), "noticed")
    case = office.take(case, "decide", "decider", severity="minor", publicity_months=0)
    case = office.take(case, "record_service", "clerk", method="direct", served_on=office.clock.today())
    shown = view(office, case)
    assert [each["state"] for each in shown["duties"] if each["kind"] == "publish"] in ([], ["cancelled"])
    assert "期限为零" in action(shown, "publish")["reason"]
    assert action(shown, "close_undisclosed")["allowed"]
    assert [each["title"] for each in shown["warnings"]] == ["不予公示"]
    case = office.take(case, "close_undisclosed", "decider", reason="决定不予公示")
    assert (case.state, case.listing_id) == ("archived", None)


def test_a_correction_takes_no_paper_that_is_public(office):
    first, second = office.published(), office.published(filing(document={"number": "长住建罚〔2026〕13号"}))
    changes = {"document": {"number": "长住建罚〔2026〕12号"}}
    with pytest.raises(Conflict) as refused:
        office.take(second, "correct", "decider", reason="更正文号", changes=changes)
    assert refused.value.slug == "published-already"
    assert first.id in refused.value.detail
    changes = {"document": {"number": "长住建罚〔2026〕14号"}}
    assert office.take(second, "correct", "decider", reason="更正文号", changes=changes).state == "published"
    office.published(filing(document={"number": "长住建罚〔2026〕13号"}))
