"""UUIDv7: right version, strictly rising, unique across threads."""

import uuid
from concurrent.futures import ThreadPoolExecutor

from shared.ids import new_id


def test_version_and_variant():
    value = uuid.UUID(new_id())
    assert (value.version, value.variant) == (7, uuid.RFC_4122)


def test_strictly_rising():
    made = [new_id() for _ in range(5_000)]
    assert made == sorted(set(made))


def test_unique_across_threads():
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: [new_id() for _ in range(500)], range(16)))
    assert len({one for batch in batches for one in batch}) == 8_000
