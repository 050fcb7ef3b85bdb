"""Events: golden samples, strict writers, tolerant readers, exported documents in step with the code."""

import copy
import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import shared.contracts
from shared.contracts.envelope import BadEvent, Event, Record, Unreadable, encode, from_record, new_event
from shared.contracts.schema_export import asyncapi, json_schema
from shared.contracts.shapes import SHAPES, refuse, unusable
from shared.contracts.topics import TOPICS, topics_yaml

GOLDEN = Path(shared.contracts.__file__).parent / "golden"
TYPES = [(topic.name, name) for topic in TOPICS for name in topic.types]
AT = datetime(2026, 11, 12, 2, 30, tzinfo=UTC)


def sample(topic: str, event_type: str) -> dict[str, Any]:
    return json.loads((GOLDEN / topic / f"{event_type}.json").read_text())


def record_of(golden: dict[str, Any]) -> Record:
    headers = tuple((name, text.encode()) for name, text in golden["headers"].items())
    return Record(golden["topic"], golden["key"], encode(golden["data"]), headers)


SAMPLES = {name: sample(topic, name)["data"] for topic, name in TYPES}


def test_every_type_has_one_topic_one_shape_and_one_golden_sample() -> None:
    names = [name for _, name in TYPES]
    assert len(names) == len(set(names))
    assert set(names) == set(SHAPES)
    assert {(path.parent.name, path.stem) for path in GOLDEN.rglob("*.json")} == set(TYPES)


def test_golden_samples_are_never_edited() -> None:
    """New samples are added with their checksum; an old line never changes."""
    listed = [line.split("  ") for line in (GOLDEN / "SHA256SUMS").read_text().splitlines()]
    assert [name for _, name in listed] == [f"{topic}/{name}.json" for topic, name in TYPES]
    for digest, name in listed:
        assert hashlib.sha256((GOLDEN / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize(("topic", "event_type"), TYPES)
def test_golden_sample(topic: str, event_type: str) -> None:
    """Readable, unchanged by reading and writing, accepted by writer, reader and exported JSON Schema."""
    golden = sample(topic, event_type)
    event = from_record(record_of(golden))
    assert event.type == event_type
    assert event.to_record(topic) == record_of(golden)
    assert refuse(event_type, golden["data"]) is None
    assert unusable(event_type, golden["data"]) is None
    schema = json_schema(event_type)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(golden["data"], schema, format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize(("topic", "event_type"), TYPES)
def test_writers_are_strict_and_readers_tolerant(topic: str, event_type: str) -> None:
    data = SAMPLES[event_type]
    assert refuse(event_type, data | {"surprise": 1})
    assert unusable(event_type, data | {"surprise": 1}) is None
    optional = {name for name, field in SHAPES[event_type]().fields.items() if not field.required}
    for name in data.keys() - optional:
        without = {key: value for key, value in data.items() if key != name}
        assert refuse(event_type, without), name
        assert unusable(event_type, without), name


def test_a_new_word_of_a_choice_is_refused_from_writers_only() -> None:
    data = copy.deepcopy(SAMPLES["listing.published"])
    data["list"]["class"] = "something-new"
    assert refuse("listing.published", data)
    assert unusable("listing.published", data) is None


@pytest.mark.parametrize(
    ("event_type", "path", "wrong"),
    [
        ("listing.published", ("version",), "1"),
        ("listing.published", ("version",), True),
        ("listing.published", ("replay",), 0),
        ("listing.published", ("subject", "name"), None),
        ("listing.published", ("document", "fine_wan"), 2.5),
        ("listing.published", ("document", "fine_wan"), "2,5"),
        ("listing.published", ("document", "date"), "2026-13-01"),
        ("listing.published", ("publicity", "start"), "2026-11-12T00:00:00Z"),
        ("listing.published", ("recorded_at",), "2026-11-12T02:30:00"),
        ("listing.published", ("measures",), {}),
        ("user.changed", ("roles",), ["clerk", None]),
    ],
)
def test_wrong_types_are_refused_by_both(event_type: str, path: tuple[str, ...], wrong: Any) -> None:
    data = copy.deepcopy(SAMPLES[event_type])
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    assert refuse(event_type, data)
    assert unusable(event_type, data)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["2026-01-01", "list", "1.5"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_the_compiled_verdict_is_marshmallows(event_type: str, draw: st.DataObject) -> None:
    data = copy.deepcopy(SAMPLES[event_type])
    place: Any = data
    while True:
        key = draw.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or not place[key] or draw.draw(st.booleans()):
            break
        place = place[key]
    place[key] = draw.draw(JSON)
    by_marshmallow = SHAPES[event_type]().validate(data)
    assert bool(refuse(event_type, data)) == bool(by_marshmallow)
    from shared.contracts.shapes import _check

    assert (_check(event_type, True)(data) is None) == (not by_marshmallow)


def test_new_event_writes_dates_instants_and_decimals_as_text() -> None:
    data = copy.deepcopy(SAMPLES["listing.published"])
    data["recorded_at"] = AT
    data["document"] |= {"date": date(2026, 11, 2), "fine_wan": Decimal("2.50")}
    data["subject"]["former_names"] = ("旧名",)
    event = new_event("listing.published", source="blacklist", subject="L", sequence=1, data=data, at=AT)
    assert event.data["recorded_at"] == "2026-11-12T02:30:00Z"
    assert event.data["document"]["fine_wan"] == "2.50"
    assert event.dataschema == "urn:credit-blacklist:blacklist.exchange.v1:listing.published"
    assert from_record(event.to_record("blacklist.exchange.v1")) == event
    assert event.structured()["specversion"] == "1.0"
    assert event.structured()["sequence"] == "1"


def test_new_event_refuses_unknown_types_bad_data_and_naive_time() -> None:
    good = {"source": "blacklist", "subject": "L", "sequence": 1}
    data = SAMPLES["listing.withdrawn"]
    with pytest.raises(BadEvent, match="not a registered"):
        new_event("listing.invented", data=data, at=AT, **good)
    with pytest.raises(BadEvent, match="listing_id"):
        new_event("listing.withdrawn", data={}, at=AT, **good)
    with pytest.raises(BadEvent, match="naive"):
        new_event("listing.withdrawn", data=data, at=datetime(2026, 1, 1), **good)  # noqa: DTZ001


def a_record(**changes: bytes | None) -> Record:
    golden = record_of(sample("blacklist.public.v1", "listing.withdrawn"))
    headers = dict(golden.headers) | {k: v for k, v in changes.items() if v is not None}
    kept = tuple((k, v) for k, v in headers.items() if changes.get(k, b"") is not None)
    return Record(golden.topic, golden.key, golden.value, kept)


def test_readers_let_the_future_pass() -> None:
    assert from_record(a_record(ce_type=b"listing.invented")).type == "listing.invented"
    assert from_record(a_record(ce_new=b"x")).type == "listing.withdrawn"
    assert from_record(a_record(ce_traceparent=None)).traceparent is None
    assert from_record(a_record(ce_time=b"2026-11-12T10:30:00+08:00")).time == AT


@pytest.mark.parametrize(
    "bad",
    [
        {"ce_id": None},
        {"ce_id": b""},
        {"ce_type": None},
        {"ce_type": b"\xff"},
        {"ce_time": b"yesterday"},
        {"ce_time": b"2026-11-12T02:30:00"},
        {"ce_sequence": b"one"},
        {"ce_subject": None},
    ],
)
def test_a_broken_envelope_is_unreadable(bad: dict[str, bytes | None]) -> None:
    with pytest.raises(Unreadable):
        from_record(a_record(**bad))


@pytest.mark.parametrize(
    "value", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"listing_id": 1}']
)
def test_a_broken_body_is_unreadable(value: bytes) -> None:
    good = a_record()
    with pytest.raises(Unreadable):
        from_record(Record(good.topic, good.key, value, good.headers))


@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=12), st.binary(max_size=20), max_size=5))
def test_garbage_never_raises_anything_else(value: bytes, headers: dict[str, bytes]) -> None:
    good = dict(a_record().headers) | headers
    try:
        event = from_record(Record("t", "k", value, tuple(good.items())))
    except Unreadable:
        return
    assert isinstance(event, Event)


def test_topics_yaml_is_in_step() -> None:
    """After a change: python -m shared.contracts.topics > deploy/topics.yaml."""
    text = Path("deploy/topics.yaml").read_text()
    assert text == topics_yaml()
    topics = yaml.safe_load(text)["topics"]
    assert set(topics) == {each for topic in TOPICS for each in (topic.name, topic.unreadable)}


@pytest.mark.parametrize("service", ["blacklist", "credit-push", "notifier"])
def test_asyncapi_is_whole(service: str) -> None:
    document = asyncapi(service)
    assert document["asyncapi"] == "3.0.0"
    assert {operation["action"] for operation in document["operations"].values()} == {"send", "receive"}
    json.dumps(document)
    for reference in references(document):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"]] if "$ref" in node else []
        return here + [found for value in node.values() for found in references(value)]
    if isinstance(node, list):
        return [found for value in node for found in references(value)]
    return []
