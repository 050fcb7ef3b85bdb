"""Signed notes: the example of Go's sumdb, our own checkpoints and cosignatures, and what is refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.tlog import notes
from shared.tlog.notes import BadNote, Checkpoint, Note, NoteKey

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngot"
    "pRZb6KE6RyyBwJnAM=\n"
)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
LOG = NoteKey("log.example/register", notes.LOG, PUBLIC)
WITNESS = NoteKey("witness.example", notes.WITNESS, PUBLIC)
POINT = Checkpoint("log.example/register", 7, bytes(32))


def signed(*, at: int = 1_790_000_000) -> Note:
    own = notes.sign(POINT.text, LOG.name, PRIVATE)
    return Note(POINT.text, (own, notes.cosign(POINT.text, WITNESS.name, PRIVATE, at)))


def test_a_note_signed_by_go_verifies():
    note = Note.parse(GO_NOTE)
    note.require([NoteKey.parse(GO_KEY)])
    assert str(note) == GO_NOTE
    assert str(NoteKey.parse(GO_KEY)) == GO_KEY


def test_a_checkpoint_carries_the_logs_signature_and_the_witnesss_with_its_time():
    note = Note.parse(str(signed()))
    assert Checkpoint.parse(note.text) == POINT
    assert [key for key, _ in note.signed_by([LOG, WITNESS])] == [LOG, WITNESS]
    assert note.signatures[1].time == 1_790_000_000


def test_any_change_of_text_or_signature_is_refused():
    good = signed()
    with pytest.raises(BadNote, match="签名无效"):
        Note(good.text.replace("7", "8"), good.signatures).require([LOG])
    late = good.signatures[1]
    moved = notes.Signature(late.name, late.key_id, (1).to_bytes(8, "big") + late.body[8:])
    with pytest.raises(BadNote, match="签名无效"):
        Note(good.text, (moved,)).require([WITNESS])
    with pytest.raises(BadNote, match="没有已知密钥的签名"):
        good.require([NoteKey.parse(GO_KEY)])


@pytest.mark.parametrize(
    "raw",
    [
        "", "text\n", "text\n\n", "text\n\n— name\n", "text\n\n— name AAAA\n", "text\n\n- name AAAAAAAA\n",
        "text\n\n— name AAAAAAAAAA==", b"\xff\n\n", "te\x01xt\n\n— name AAAAAAAAAA==\n",
    ],
)  # fmt: skip
def test_what_is_not_a_note_is_refused(raw):
    with pytest.raises(BadNote):
        Note.parse(raw)


@pytest.mark.parametrize(
    "text",
    ["a\n1\n", "a\n01\nAAAA\n", "a b\n1\n" + "A" * 43 + "=\n", "a\n-1\n" + "A" * 43 + "=\n", "a\n1\nAAAA\n"],
)
def test_what_is_not_a_checkpoint_is_refused(text):
    with pytest.raises(BadNote):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "text", ["", "a+b+c", GO_KEY.replace("c74f", "c74e"), GO_KEY.replace("Peter", "Pet er")]
)
def test_what_is_not_a_key_is_refused(text):
    with pytest.raises(BadNote):
        NoteKey.parse(text)
