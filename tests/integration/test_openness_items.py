"""Items under the catalogue: who may publish what, by when, four eyes, labels, corrections that stay."""

import io

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from services.blacklist.audit.models import AuditEntry
from services.blacklist.openness.domain.items import ACTS
from services.blacklist.openness.models import OpennessItem
from services.blacklist.openness.usecases.acting import EFFECTS
from services.blacklist.rules.queries import duties_of
from tests.integration.openness_world import World, item
from tests.unit.blacklist.case_office import PERSON_ID


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.db.close()


def duties(world, thing_id):
    now = world.clock.now()
    with world.db.read() as session:
        found = duties_of(session, [thing_id]).get(thing_id, [])
        return [(d.kind, str(d.due_on), d.state_at(now)) for d in found]


def test_every_act_has_an_effect():
    assert set(ACTS) == set(EFFECTS)


def test_drafted_by_one_and_published_by_another(world):
    made = world.draft()
    assert (made["number"], made["state"], made["due"]) == ("GK130102-2026-00001", "draft", "2026-11-30")
    assert world.call(None, "GET", "/public-items")["items"] == []
    world.call(None, "GET", f"/public-items/{made['id']}", 404)
    made = world.act("clerk", made, "submit")
    world.call(None, "GET", f"/public-items/{made['id']}", 404)
    shown = world.act("decider", made, "approve")
    assert (shown["state"], shown["due"], shown["label"]) == ("published", None, "此件公开发布")
    public = world.call(None, "GET", f"/public-items/{made['id']}")
    assert (public["body"], public["published_on"]) == ("分配房源86套。", "2026-11-02")
    assert duties(world, made["id"]) == [("publish-item", "2026-11-30", "done")]
    with world.db.read() as session:
        trail = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert trail == ["item.file", "item.submit", "item.approve"]


def test_nobody_approves_what_they_wrote(world):
    both = world.people["clerk"]
    world.people["both"] = type(both)(**{**both.__dict__, "roles": frozenset({"clerk", "decider"})})
    made = world.act("both", world.draft("both"), "submit")
    assert world.act("both", made, "approve", 403)["slug"] == "item-four-eyes"
    assert world.act("clerk2", made, "approve", 403)["slug"] == "forbidden"
    assert world.act("decider", made, "approve")["approver_name"] == "decider-甲"
    with pytest.raises(IntegrityError), world.db.write() as session:
        session.execute(text("UPDATE openness_items SET approved_by = drafted_by"))
    with pytest.raises(IntegrityError), world.db.write() as session:
        session.execute(text("UPDATE openness_versions SET approved_by = drafted_by"))


def test_whoever_changed_the_draft_does_not_approve_it(world):
    clerk2 = world.people["clerk2"]
    world.people["both"] = type(clerk2)(**{**clerk2.__dict__, "roles": frozenset({"clerk", "decider"})})
    made = world.draft()
    made = world.call("both", "PUT", f"/items/{made['id']}", 200, item(title="改过", edition=made["edition"]))
    made = world.act("clerk", made, "submit")
    assert world.act("both", made, "approve", 403)["slug"] == "item-four-eyes"


def test_what_is_approved_is_what_was_read(world):
    made = world.draft()
    later = world.call("clerk", "PUT", f"/items/{made['id']}", 200, item(body="改后", edition=1))
    assert world.act("clerk", made, "submit", 409)["slug"] == "item-stale"
    sent = world.act("clerk", later, "submit")
    assert world.act("decider", later, "approve", 409)["slug"] == "item-stale"
    world.call("clerk", "PUT", f"/items/{made['id']}", 409, item(edition=sent["edition"]))
    back = world.act("decider", sent, "return", reason="请补充依据")
    assert (back["state"], back["returned_reason"]) == ("draft", "请补充依据")


@pytest.mark.parametrize(
    ("changes", "due", "code"),
    [
        ({}, "2026-11-30", "catalogue"),
        ({"catalogue_code": "R24-licences", "kind": "licence"}, "2026-11-11", "licence-7"),
        ({"catalogue_code": "R28-policy", "kind": "policy-document"}, "2026-11-30", "catalogue"),
        ({"own_term": {"working_days": 5, "basis": "《某条例》第十条"}}, "2026-11-09", "own"),
    ],
)
def test_the_time_is_the_entrys_unless_a_law_says_otherwise(world, changes, due, code):
    made = world.draft(**changes)
    assert (made["due"], made["term"]["code"]) == (due, code)


def test_a_special_time_of_the_procurement_rules_goes_first(world):
    made = world.draft("finance", catalogue_code="R51-procurement")
    assert (made["due"], made["term"]["code"]) == ("2026-11-04", "procurement-result-2")
    other = world.draft("finance", catalogue_code="R51-procurement", kind="announcement")
    assert other["term"]["code"] == "catalogue"


def test_a_changed_draft_is_counted_anew(world):
    made = world.draft()
    world.call("clerk", "PUT", f"/items/{made['id']}", 200, item(formed_on="2026-10-30", edition=1))
    assert duties(world, made["id"]) == [("publish-item", "2026-11-27", "open")]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"catalogue_code": "R51-procurement"}, "/catalogue_code"),
        ({"catalogue_code": "nothing"}, "/catalogue_code"),
        ({"formed_on": "2026-11-03"}, "/formed_on"),
        ({"body": None}, "/body"),
        ({"attribute": "withheld"}, "/attribute_reason"),
        ({"attribute": "withheld", "attribute_reason": "x", "exceptions": ["made-up"]}, "/exceptions"),
        ({"secrecy": {"level": "secret", "term": "10年"}}, "/secrecy"),
        ({"kind": "interpretation"}, "/related_id"),
        ({"related_id": "0199a000-0000-7000-8000-000000000000"}, "/related_id"),
        ({"unknown": 1}, "/unknown"),
    ],
)
def test_what_is_wrong_is_pointed_at(world, changes, pointer):
    refused = world.draft(status=422, **changes)
    assert pointer in [each["pointer"] for each in refused["fields"]]


def test_what_is_not_to_be_public_is_registered_with_its_label(world):
    """R31, R32: reasons, 密级 and 保密期限; nothing of a classified matter is kept but that."""
    given = {
        "attribute": "withheld", "attribute_reason": "依法定密", "exceptions": ["state-secret"],
        "secrecy": {"level": "secret", "term": "10年"}, "title": "定密事项一",
    }  # fmt: skip
    assert "标有密级" in str(world.draft(status=422, **given))
    made = world.act("decider", world.act("clerk", world.draft(body=None, **given), "submit"), "approve")
    assert (made["state"], made["label"]) == ("registered", "此件不予公开 秘密 保密期限：10年")
    assert duties(world, made["id"])[0][2] == "done"
    world.call(None, "GET", f"/public-items/{made['id']}", 404)
    assert world.call(None, "GET", "/public-items")["items"] == []
    asked = world.draft(attribute="on-request", attribute_reason="只涉及特定申请人")
    assert asked["label"] == "此件依申请公开"


def test_a_correction_is_marked_and_the_former_text_stays(world):
    """R33, and R23: a change has a term of its own."""
    made = world.publish()
    world.on("2026-11-10T10:00")
    asked = world.act(
        "clerk", made, "correct", body="分配房源87套。", reason="漏计一套", changed_on="2026-11-09"
    )
    assert asked["waiting_for"] == "更正"
    assert world.call(None, "GET", f"/public-items/{made['id']}")["body"] == "分配房源86套。"
    assert duties(world, made["id"])[1] == ("publish-item", "2026-12-07", "open")
    world.act("clerk", asked, "approve_change", 403)
    world.act("decider", asked, "approve_change")
    public = world.call(None, "GET", f"/public-items/{made['id']}")
    assert (public["body"], public["corrected"]) == ("分配房源87套。", True)
    mark = public["changes"][1]
    assert (mark["kind_name"], mark["reason"], mark["former_body"]) == ("更正", "漏计一套", "分配房源86套。")
    assert duties(world, made["id"])[1][2] == "done"


def test_withdrawn_keeps_its_mark_and_loses_its_text(world):
    made = world.publish()
    asked = world.act("clerk", made, "withdraw", reason="所依据的决定被撤销")
    again = world.act("clerk", asked, "withdraw", 409, reason="x")
    assert again["possible_actions"] == ["approve_change", "return_change"]
    gone = world.act("decider", asked, "approve_change")
    assert gone["state"] == "withdrawn"
    public = world.call(None, "GET", f"/public-items/{made['id']}")
    assert (public["withdrawn"], public["body"], public["changes"][-1]["reason"]) == (
        True, None, "所依据的决定被撤销",
    )  # fmt: skip
    assert world.call(None, "GET", "/public-items")["items"] == []


def test_a_change_that_is_refused_changes_nothing(world):
    made = world.publish()
    asked = world.act("clerk", made, "correct", title="新标题", reason="笔误")
    world.act("decider", asked, "return_change", reason="原文无误")
    assert world.call(None, "GET", f"/public-items/{made['id']}")["title"] == made["title"]
    assert duties(world, made["id"])[1][2] == "cancelled"


def test_files_are_public_with_their_item(world):
    made = world.draft()
    place = f"/items/{made['id']}/files"
    file = world.call("clerk", "POST", place, 201, data={"file": (io.BytesIO(b"%PDF-1.4 x"), "结果.pdf")})
    made = world.call("clerk", "GET", f"/items/{made['id']}")
    assert made["edition"] == 2
    world.call(None, "GET", f"/public-items/{made['id']}/files/{file['id']}", 404)
    world.act("decider", world.act("clerk", made, "submit"), "approve")
    got = world.call(None, "GET", f"/public-items/{made['id']}/files/{file['id']}")
    assert got.data == b"%PDF-1.4 x"
    refused = world.call("clerk", "POST", place, 409, data={"file": (io.BytesIO(b"%PDF-1.4"), "b.pdf")})
    assert refused["slug"] == "item-wrong-state"
    sealed = list((world.deps.data_dir / "attachments").rglob("*.sealed"))
    assert b"PDF" not in sealed[0].read_bytes()


def test_the_public_list_is_narrowed_and_paged(world):
    first = world.publish(title="保障房计划", kind="plan")
    world.on("2026-11-03T10:00")
    second = world.publish(title="保障房分配结果", formed_on="2026-11-03")
    licence = world.publish(
        catalogue_code="R24-licences", kind="licence", title="施工许可", document_number="许1号"
    )

    def found(query):
        return [each["id"] for each in world.call(None, "GET", f"/public-items?{query}")["items"]]

    assert found("") == [licence["id"], second["id"], first["id"]]
    assert found("q=保障房") == [second["id"], first["id"]]
    assert found("q=许1号") == [licence["id"]]
    assert found("q=" + first["number"]) == [first["id"]]
    assert found("kind=plan&region=130102") == [first["id"]]
    assert found("domain=housing-security") == [second["id"], first["id"]]
    assert found("catalogue_code=R24-licences") == [licence["id"]]
    assert found("region=350524") == []
    assert found("since=2026-11-03") == [second["id"]]
    page = world.call(None, "GET", "/public-items?limit=2")
    assert found(f"limit=2&cursor={page['next']}") == [first["id"]]
    world.call(None, "GET", "/public-items?colour=red", 422)


def test_identity_numbers_are_masked_as_they_come_in(world):
    made = world.draft(body=f"申请人证件{PERSON_ID}，电话13900000000")
    assert PERSON_ID not in made["body"]
    assert made["warnings"] == ["电话号码"]


def test_other_departments_see_nothing_of_a_draft(world):
    made = world.draft()
    for who in ("finance", "foreign"):
        world.call(who, "GET", f"/items/{made['id']}", 404)
        assert world.call(who, "GET", "/items")["items"] == []
    assert world.call("supervisor", "GET", f"/items/{made['id']}")["id"] == made["id"]
    assert [each["id"] for each in world.call("decider", "GET", "/items")["items"]] == [made["id"]]
    assert world.call("decider", "GET", "/items?state=waiting")["items"] == []


def test_a_dropped_draft_owes_nothing(world):
    made = world.draft()
    world.act("clerk", made, "drop", reason="重复")
    assert duties(world, made["id"])[0][2] == "cancelled"


def test_a_document_is_interpreted_within_three_working_days(world):
    """R28: the clock starts when the document is public and stops when its interpretation is."""
    given = {"catalogue_code": "R28-policy", "kind": "policy-document", "title": "办法", "body": "第一条"}
    world.on("2026-11-05T10:00")
    document = world.publish(**given)
    assert duties(world, document["id"])[1] == ("interpret-policy", "2026-11-10", "open")
    world.on("2026-11-09T10:00")
    text_given = {"catalogue_code": "R28-policy", "kind": "interpretation", "title": "办法解读"}
    reading = world.publish(**text_given, related_id=document["id"])
    assert duties(world, reading["id"]) == []
    assert duties(world, document["id"])[1][2] == "done"
    shown = world.call(None, "GET", f"/public-items/{document['id']}")
    assert shown["interpretations"] == [{"id": reading["id"], "title": "办法解读"}]
    other = world.draft("finance", 422, **text_given, related_id=document["id"])
    assert other["fields"][0]["pointer"] == "/related_id"


def test_an_interpretation_that_came_first_leaves_nothing_owed(world):
    given = {"catalogue_code": "R28-policy", "kind": "policy-document", "title": "办法", "body": "第一条"}
    document = world.draft(**given)
    world.publish(catalogue_code="R28-policy", kind="interpretation", title="解读", related_id=document["id"])
    world.act("decider", world.act("clerk", document, "submit"), "approve")
    assert [kind for kind, _, _ in duties(world, document["id"])] == ["publish-item"]


def test_texts_for_other_outlets_are_approved_before_they_leave(world):
    """R59: drafted from the item, approved by another, sent by hand, kept with time and address."""
    made = world.publish(body="长" * 500)
    place = f"/items/{made['id']}/channel-drafts"
    assert [(each["channel"], each["sent_at"]) for each in made["also_at"]] == [("trade-site", None)]
    draft = world.call("clerk", "POST", place, 201, {"channel": "weibo"})
    assert len(draft["text"]) <= 140
    assert draft["text"].startswith("【第三批公共租赁住房分配结果】")
    assert draft["text"].endswith(f"/items/{made['id']}")
    acts = f"/channel-drafts/{draft['id']}/actions"
    sent = {"action": "sent", "sent_at": "2026-11-02T03:00:00+00:00", "sent_to": "https://weibo.invalid/1"}
    assert world.call("clerk", "POST", acts, 409, sent)["slug"] == "channel-draft-wrong-state"
    assert world.call("clerk", "POST", acts, 403, {"action": "approve"})["slug"] == "forbidden"
    world.call("decider", "POST", acts, 200, {"action": "approve"})
    world.call("clerk", "POST", acts, 422, sent)
    world.on("2026-11-02T12:00")
    done = world.call("clerk", "POST", acts, 200, sent)
    assert (done["state"], done["sent_to"]) == ("sent", "https://weibo.invalid/1")
    world.call("finance", "POST", acts, 404, {"action": "drop"})
    with pytest.raises(IntegrityError), world.db.write() as session:
        session.execute(text("UPDATE openness_channel_drafts SET approved_by = drafted_by"))


def test_what_went_out_elsewhere_is_withdrawn_there_too(world):
    """A second text says that the item was withdrawn: where the first went out, approved by another."""
    made = world.publish(title="长" * 200)
    place = f"/items/{made['id']}/channel-drafts"
    draft = world.call("clerk", "POST", place, 201, {"channel": "weibo"})
    assert len(draft["text"]) == 140
    acts = f"/channel-drafts/{draft['id']}/actions"
    world.call("decider", "POST", acts, 200, {"action": "approve"})
    world.on("2026-11-02T12:00")
    sent = {"action": "sent", "sent_at": "2026-11-02T03:00:00+00:00", "sent_to": "https://weibo.invalid/1"}
    world.call("clerk", "POST", acts, 200, sent)
    world.act("decider", world.act("clerk", made, "withdraw", reason="名单有误"), "approve_change")
    assert world.call("clerk", "POST", place, 409, {"channel": "wechat"})["slug"] == "item-wrong-state"
    told = world.call("clerk", "POST", place, 201, {"channel": "weibo"})
    assert told["text"].startswith("【撤下】2026年")
    assert "已经撤下" in told["text"]
    assert len(told["text"]) == 140
    acts = f"/channel-drafts/{told['id']}/actions"
    world.call("decider", "POST", acts, 200, {"action": "approve"})


def test_lists_the_documents_name_appear_on_the_named_sites_too(world):
    """R14, R16: what must be shown in step elsewhere stays open until its time and address are recorded."""
    made = world.publish(kind="capacity", title="去产能名单")
    assert [each["name"] for each in made["also_at"]] == ["信用网站"]
    draft = world.call(
        "clerk", "POST", f"/items/{made['id']}/channel-drafts", 201, {"channel": "credit-site"}
    )
    acts = f"/channel-drafts/{draft['id']}/actions"
    world.call("decider", "POST", acts, 200, {"action": "approve"})
    world.on("2026-11-02T12:00")
    sent = {"action": "sent", "sent_at": "2026-11-02T03:00:00+00:00", "sent_to": "https://credit.invalid/1"}
    world.call("clerk", "POST", acts, 200, sent)
    shown = world.call("clerk", "GET", f"/items/{made['id']}", 200)
    assert [each["sent_to"] for each in shown["also_at"]] == ["https://credit.invalid/1"]


def test_a_successor_takes_over_what_was_drafted(world):
    from services.blacklist.openness.usecases.transfer import transfer_openness

    made = world.draft()
    with world.db.write() as session:
        transfer_openness(session, world.office.department.id, world.finance.id)
    with world.db.read() as session:
        assert session.get(OpennessItem, made["id"]).department_id == world.finance.id
    world.call("clerk", "GET", f"/items/{made['id']}", 404)
    assert world.call("finance", "GET", f"/items/{made['id']}")["title"] == made["title"]


def test_questions_that_make_no_sense_are_refused_not_failed(world):
    for query in (
        "q=%00",
        "q=a%01",
        "domain=%00",
        "catalogue_code=%00",
        "cursor=x",
        "region=abc",
        "since=2026-02-30",
    ):
        world.call(None, "GET", f"/public-items?{query}", 422)
    world.draft(status=422, catalogue_code="\x00")
    world.draft(status=422, kind="interpretation", related_id="\x00")
