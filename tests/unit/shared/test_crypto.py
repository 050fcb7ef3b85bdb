"""Keys, sealing, blind index and HPKE, with the RFC's own vectors."""

import base64
import json
import multiprocessing
import stat

import pytest
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.crypto import CryptoError, KeyRing, hpke_open, hpke_seal, public_key_from_bytes
from shared.crypto.hpke import rust

PLACE = "cases.subject_id_number.0190"


@pytest.fixture(params=["intl", "gm"])
def ring(request, tmp_path):
    return KeyRing.create(tmp_path / "keys.json", suite=request.param)


def test_seal_and_unseal_at_the_same_place_only(ring):
    token = ring.seal("made-up", PLACE)
    assert token.startswith(("v1.aes256gcm.s", "v1.sm4gcm.s"))
    assert ring.unseal(token, PLACE) == b"made-up"
    assert token != ring.seal("made-up", PLACE)
    with pytest.raises(CryptoError):
        ring.unseal(token, "cases.subject_id_number.0191")


@pytest.mark.parametrize(
    "bad", ["", "x", "v1.aes256gcm.s0.AAAA", "v2.aes256gcm.s0." + "A" * 60, "v1.rot13.s0." + "A" * 60]
)
def test_what_is_not_sealed_is_refused(ring, bad):
    with pytest.raises(CryptoError):
        ring.unseal(bad, PLACE)


def test_tampering_is_noticed(ring):
    head, _, body = ring.seal("made-up", PLACE).rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    for position in (0, 13, len(raw) - 1):
        changed = bytearray(raw)
        changed[position] ^= 1
        with pytest.raises(CryptoError):
            ring.unseal(f"{head}.{base64.urlsafe_b64encode(changed).decode().rstrip('=')}", PLACE)


def test_rotation_keeps_old_values_readable_in_every_process(ring, tmp_path):
    elsewhere = KeyRing.load(tmp_path / "keys.json")
    token = ring.seal("made-up", PLACE)
    old_index, old_kid = ring.blind_index("abc"), ring.token_private().kid
    for kind in ("storage", "blind", "token"):
        ring.rotate(kind)
    fresh = ring.reseal(token, PLACE)
    assert not ring.is_current(token)
    assert ring.is_current(fresh)
    assert ring.reseal(fresh, PLACE) == fresh
    assert elsewhere.unseal(fresh, PLACE) == ring.unseal(token, PLACE) == b"made-up"
    assert ring.blind_index("abc") != old_index
    assert ring.blind_indexes("abc") == [ring.blind_index("abc"), old_index]
    assert old_kid in elsewhere.refreshed_token_public()
    assert ring.token_private().kid in elsewhere.token_public()


def test_suites_read_each_other(tmp_path):
    intl = KeyRing.create(tmp_path / "keys.json")
    gm = KeyRing.load(tmp_path / "keys.json", suite="gm")
    assert gm.unseal(intl.seal("a", PLACE), PLACE) == b"a"
    assert intl.unseal(gm.seal("b", PLACE), PLACE) == b"b"
    assert gm.blind_index("x") == intl.blind_index("x")


def test_blind_index_normalises(ring):
    assert ring.blind_index(" 13010x ") == ring.blind_index("１３０１０X")
    assert ring.blind_index("130101") != ring.blind_index("130102")


def test_recipients(ring):
    outside = X25519PrivateKey.generate()
    key_id = ring.add_recipient("credit-city", outside.public_key().public_bytes_raw())
    recipients = ring.recipients()
    assert set(recipients) == {"credit-push", "credit-city"}
    assert recipients["credit-city"][0].key_id == key_id
    sealed = hpke_seal(recipients["credit-city"][0].public, b"made-up", b"aad", b"info")
    assert hpke_open(outside, sealed, b"aad", b"info") == b"made-up"
    with pytest.raises(CryptoError):
        ring.hpke_private("credit-city")


def test_hpke_rotation_opens_old_and_new(ring):
    before = ring.recipients()["credit-push"][0]
    sealed = hpke_seal(before.public, b"x", b"aad")
    ring.rotate("recipient", "credit-push")
    after = ring.recipients()["credit-push"]
    assert [key.key_id for key in after] != [before.key_id]
    assert hpke_open(ring.hpke_private("credit-push", before.key_id), sealed, b"aad") == b"x"
    with pytest.raises(CryptoError):
        hpke_open(ring.hpke_private("credit-push"), sealed, b"aad")


@pytest.mark.parametrize(("aad", "info"), [(b"other", b"info"), (b"aad", b"other")])
def test_hpke_binds_aad_and_info(aad, info):
    private = X25519PrivateKey.generate()
    sealed = hpke_seal(private.public_key(), b"x", b"aad", b"info")
    with pytest.raises(CryptoError):
        hpke_open(private, sealed, aad, info)
    with pytest.raises(CryptoError):
        hpke_open(private, sealed[:20], b"aad", b"info")


def test_rfc_9180_vector():
    """A.1.1: X25519, HKDF-SHA256, AES-128-GCM, base mode, sequence 0; it fixes how aad and info are used."""
    private = X25519PrivateKey.from_private_bytes(
        bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
    )
    sealed = bytes.fromhex(
        "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
    )
    suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_128_GCM)
    info, aad = b"Ode on a Grecian Urn", b"Count-0"
    assert rust.hpke._decrypt_with_aad(suite, sealed, private, info, aad) == b"Beauty is truth, truth beauty"


def test_not_a_key():
    with pytest.raises(CryptoError):
        public_key_from_bytes(b"short")


def test_the_file_is_private_and_its_keys_do_not_print(ring, tmp_path):
    path = tmp_path / "keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ring.rotate("storage")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secrets = [entry["secret"] for entry in json.loads(path.read_text())["keys"]]
    assert all(secret not in repr(ring._keys) for secret in secrets if secret)


def _start(path, queue):
    queue.put(KeyRing.load_or_create(path).token_private().kid)


def test_processes_starting_together_agree(tmp_path):
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    workers = [context.Process(target=_start, args=(tmp_path / "keys.json", queue)) for _ in range(6)]
    for worker in workers:
        worker.start()
    kids = {queue.get(timeout=20) for _ in workers}
    for worker in workers:
        worker.join(20)
    assert len(kids) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
