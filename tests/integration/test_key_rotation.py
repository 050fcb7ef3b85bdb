"""A token signed by a key rotated in just now, by another process, counts in all three services at once."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.blacklist.app import open_deps as open_blacklist
from services.blacklist.identity.usecases.access import read_claims
from services.blacklist.settings import read_settings as blacklist_settings
from services.credit_push import app as credit_push
from services.credit_push.models import Base as PushBase
from services.credit_push.settings import read_settings as push_settings
from services.notifier import app as notifier
from services.notifier.models import Base as NoticeBase
from services.notifier.settings import read_settings as notifier_settings
from shared.crypto import KeyRing, keys
from shared.web.access import Principal
from shared.web.tokens import issue_token

WHO = Principal("u", "u", "示例", "d", "部门", "130102", frozenset({"operator"}), session_id="s")


def blacklist_reads(folder: Path) -> Callable[[str], bool]:
    deps = open_blacklist(blacklist_settings({"DATA_DIR": str(folder)}))
    return lambda token: read_claims(deps.keyring, token, datetime.now(UTC)).user_id == "u"


def credit_push_answers(folder: Path) -> Callable[[str], bool]:
    settings = push_settings({"DATA_DIR": str(folder)})
    deps = credit_push.open_deps(settings)
    PushBase.metadata.create_all(deps.db.engine)
    client = credit_push.create_app(settings, deps).test_client()
    return lambda token: _ok(client, "/push/api/v1/platforms", token)


def notifier_answers(folder: Path) -> Callable[[str], bool]:
    settings = notifier_settings({"DATA_DIR": str(folder)})
    deps = notifier.open_deps(settings)
    NoticeBase.metadata.create_all(deps.db.engine)
    client = notifier.create_app(settings, deps).test_client()
    return lambda token: _ok(client, "/notices/api/v1/inbox", token)


def _ok(client, path, token):
    return client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize("service", [blacklist_reads, credit_push_answers, notifier_answers])
def test_a_fresh_key_is_known_without_a_restart(service, tmp_path):
    takes = service(tmp_path)
    elsewhere = KeyRing.load(tmp_path / "keys.json")
    before = issue_token(elsewhere, WHO, datetime.now(UTC))[0]
    assert takes(before)
    elsewhere.rotate("token")
    fresh = issue_token(elsewhere, WHO, datetime.now(UTC))[0]
    assert takes(fresh)
    assert takes(before), "the older key counts until it is taken out of the file"


def test_made_up_keys_cost_one_read_a_second(tmp_path, monkeypatch):
    ring, reads = KeyRing.create(tmp_path / "keys.json"), []
    real = keys.read_file
    monkeypatch.setattr(keys, "read_file", lambda path: reads.append(path) or real(path))
    for _ in range(100):
        ring.refreshed_token_public()
    assert len(reads) == 1
