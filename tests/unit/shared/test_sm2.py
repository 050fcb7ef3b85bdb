"""SM2 signatures, judged by OpenSSL both ways; keys as OpenSSL writes them."""

import base64
import shutil
import subprocess

import gmssl_pyx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from shared.crypto import CryptoError, sm2
from shared.crypto.signers import Ed25519Signer, verify
from shared.crypto.sm2 import Sm2Signer
from shared.crypto.sm2_curve import is_signed, times

SECRET = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
POINT = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
"""Key pair of GB/T 32918.5, annex A."""
DISTINGUISHED = ("-sigopt", "distid:1234567812345678")
MESSAGE = "限制参加公共资源交易活动".encode() * 50


def openssl(*arguments, expect=0, given=None):
    program = shutil.which("openssl")
    assert program, "the openssl command is the independent judge here"
    done = subprocess.run([program, *map(str, arguments)], input=given, capture_output=True, check=False)
    assert done.returncode == expect, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """A key OpenSSL made, and where it lies."""
    path = tmp_path_factory.mktemp("sm2") / "key.pem"
    openssl("genpkey", "-algorithm", "SM2", "-out", path)
    return path


def test_the_key_of_the_standard_has_the_standards_public_point():
    signer = Sm2Signer.from_text(SECRET)
    assert signer.public.hex() == "04" + POINT
    assert SECRET not in repr(signer)
    assert signer.key_id == sm2.key_id_of(bytes.fromhex("04" + POINT))


def test_keys_are_read_as_openssl_writes_them(key):
    public = openssl("pkey", "-in", key, "-pubout").decode()
    signer = Sm2Signer.from_text("# a comment\n" + key.read_text())
    assert signer.public_pem() == public
    assert signer.private_pem() == key.read_text()
    assert sm2.public_from_text(public) == sm2.public_from_text(signer.public.hex()) == signer.public
    assert Sm2Signer.from_text(signer.private_pem()) == signer == Sm2Signer.from_file(key)


def test_keys_of_sec_1_are_read():
    signer = Sm2Signer.from_text(SECRET)
    curve, point = "a00a06082a811ccf5501822d", "a144034200" + signer.public.hex()
    content = bytes.fromhex("3077020101" + "0420" + SECRET + curve + point)
    body = base64.b64encode(content).decode()
    text = f"-----BEGIN EC PRIVATE KEY-----\n{body}\n-----END EC PRIVATE KEY-----"
    assert Sm2Signer.from_text(text) == signer
    assert "Private-Key" in openssl("pkey", "-noout", "-text", given=text.encode()).decode()


def test_openssl_believes_our_signature_and_no_other_message(key, tmp_path):
    signer, public = Sm2Signer.from_file(key), tmp_path / "public.pem"
    public.write_text(signer.public_pem())
    (tmp_path / "message").write_bytes(MESSAGE)
    (tmp_path / "signature").write_bytes(signer.sign(MESSAGE))
    asked = ("dgst", "-sm3", *DISTINGUISHED, "-verify", public, "-signature", tmp_path / "signature")
    assert b"Verified OK" in openssl(*asked, tmp_path / "message")
    (tmp_path / "message").write_bytes(MESSAGE + b"\n")
    openssl(*asked, tmp_path / "message", expect=1)


def test_we_believe_openssls_signature_and_no_other_message(key, tmp_path):
    (tmp_path / "message").write_bytes(MESSAGE)
    signature = openssl("dgst", "-sm3", *DISTINGUISHED, "-sign", key, tmp_path / "message")
    signer = Sm2Signer.from_file(key)
    assert signer.verify(MESSAGE, signature)
    assert verify("sm2", signer.public, MESSAGE, signature)
    assert not signer.verify(MESSAGE[1:], signature)
    assert not Sm2Signer.generate().verify(MESSAGE, signature)
    for bad in (b"", b"0", signature[:-1], signature + b"0", bytes(70)):
        assert not signer.verify(MESSAGE, bad)
    for none in (b"", bytes(64), bytes(65), signer.public[:-1], b"\x05" * 65):
        assert not sm2.verify(none, MESSAGE, signature)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "x",
        "00" * 32,
        "ff" * 32,
        "ab" * 31,
        "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----",
    ],
)
def test_what_is_no_key_is_refused(bad):
    with pytest.raises(CryptoError):
        Sm2Signer.from_text(bad)
    with pytest.raises(CryptoError):
        sm2.public_from_text(bad)


def test_a_key_of_another_curve_is_refused():
    other = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    for text in (other, openssl("pkey", "-traditional", given=other)):
        with pytest.raises(CryptoError):
            Sm2Signer.from_text(text.decode())
    with pytest.raises(CryptoError):
        sm2.public_from_text(openssl("pkey", "-pubout", given=other).decode())


def test_one_interface_before_both_algorithms():
    for signer in (Ed25519Signer("c1", Ed25519PrivateKey.generate()), Sm2Signer.generate()):
        signature = signer.sign(MESSAGE)
        assert verify(signer.algorithm, signer.public, MESSAGE, signature)
        assert not verify(signer.algorithm, signer.public, MESSAGE + b"x", signature)
        assert not verify("rot13", signer.public, MESSAGE, signature)


def test_what_is_not_good_never_reaches_gmssl_which_would_write_about_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    signer, other = Sm2Signer.generate(), Sm2Signer.generate()
    good = signer.sign(b"told")
    r, s = decode_dss_signature(good)
    order = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
    forged = [(r, s ^ 1), (s, r), (0, s), (r, 0), (r, order - r), (r + order, s), (r, 2**256 - 1)]
    for wrong in (*(encode_dss_signature(*pair) for pair in forged), b"", b"abc", good + b"\0", good[:-1]):
        assert not signer.verify(b"told", wrong)
    assert not signer.verify(b"other", good)
    assert not other.verify(b"told", good)
    assert not sm2.verify(b"\x04" + b"\1" * 64, b"told", good)
    assert signer.verify(b"told", good)
    assert capfd.readouterr() == ("", "")


def test_our_reckoning_and_gmssl_agree() -> None:
    for number in range(20):
        point, secret = gmssl_pyx.sm2_key_generate()
        message = bytes(range(number * 7))
        r, s = decode_dss_signature(gmssl_pyx.sm2_sign(secret, point, message))
        assert is_signed(point, message, r, s)
        assert not is_signed(point, message + b"x", r, s)
        x, y = times(int.from_bytes(secret))
        assert x.to_bytes(32) + y.to_bytes(32) == point
