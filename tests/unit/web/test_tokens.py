"""Tokens: what all services must refuse, and what they must read alike."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.errors import Unauthenticated
from shared.web.access import Principal
from shared.web.tokens import AUDIENCE, TokenAuthenticator, cookie_name, issue_token, read_token, span_hint

NOW = datetime(2026, 11, 23, 8, 0, 0, 250_000, tzinfo=UTC)
CLERK = Principal(
    "u1", "li", "李某", "d1", "长安区住房和城乡建设局", "130102", frozenset({"clerk"}), session_id="s1"
)
KEY = Ed25519PrivateKey.generate()
KEYS = {"k1": KEY.public_key()}
RING = SimpleNamespace(token_private=lambda: ("k1", KEY))


def shown(token: str | None = None, cookie: str | None = None, scheme: str = "Bearer") -> SimpleNamespace:
    return SimpleNamespace(
        headers={"Authorization": f"{scheme} {token}"} if token else {},
        cookies={"credit_session": cookie} if cookie else {},
    )


def authenticator(revoked: bool = False, refreshed: dict[str, object] = KEYS) -> TokenAuthenticator:
    return TokenAuthenticator(lambda: KEYS, lambda: refreshed, lambda claims: revoked, now=lambda: NOW)


def test_a_token_reads_back_as_the_same_principal():
    token, ends = issue_token(RING, CLERK, NOW)
    claims = read_token(KEYS, token, NOW)
    assert claims.principal == CLERK
    assert claims.expires_at == ends == NOW + timedelta(minutes=15)
    assert claims.issued_at == NOW, (
        "the moment of issue keeps its fraction, or a sign-out in that second misses"
    )


def test_an_expired_token_is_refused_but_can_be_read_for_a_refresh():
    token, ends = issue_token(RING, CLERK, NOW)
    with pytest.raises(Unauthenticated):
        read_token(KEYS, token, ends)
    assert read_token(KEYS, token, ends, allow_expired=True).session_id == "s1"


def forged(**changes: object) -> str:
    payload = jwt.decode(issue_token(RING, CLERK, NOW)[0], options={"verify_signature": False}) | changes
    payload = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(payload, KEY, algorithm="EdDSA", headers={"kid": "k1"})


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "eyJhbGciOiJub25lIn0.e30.",
        issue_token(SimpleNamespace(token_private=lambda: ("k1", Ed25519PrivateKey.generate())), CLERK, NOW)[
            0
        ],
        issue_token(SimpleNamespace(token_private=lambda: ("k9", KEY)), CLERK, NOW)[0],
        jwt.encode({"sub": "u1"}, "s" * 32, algorithm="HS256", headers={"kid": "k1"}),
        forged(aud="someone-else"),
        forged(iss="someone-else"),
        forged(exp=None),
        forged(sub=None),
        forged(roles=None),
        forged(roles=5),
        forged(pv=999),
        forged(exp="soon"),
        forged(iat=(NOW + timedelta(hours=1)).timestamp()),
        forged(exp=1e300),
    ],
)
def test_forged_tokens_are_refused(token):
    with pytest.raises(Unauthenticated):
        read_token(KEYS, token, NOW)


def test_a_changed_payload_breaks_the_signature():
    head, _, signature = issue_token(RING, CLERK, NOW)[0].split(".")
    other = issue_token(RING, replace(CLERK, roles=frozenset({"decider"})), NOW)[0].split(".")[1]
    with pytest.raises(Unauthenticated):
        read_token(KEYS, f"{head}.{other}.{signature}", NOW)


def test_the_header_goes_before_the_cookie():
    token = issue_token(RING, CLERK, NOW)[0]
    other = issue_token(RING, replace(CLERK, user_id="u2"), NOW)[0]
    assert authenticator()(shown(token, other)) == CLERK
    assert authenticator()(shown(cookie=token)) == CLERK
    assert authenticator()(shown("zzz", token)) is None, "a bad header is not rescued by a good cookie"
    assert authenticator()(shown(token, other, scheme="ApiKey")) is None
    assert authenticator()(shown()) is None


def test_a_revoked_token_is_nobody():
    token = issue_token(RING, CLERK, NOW)[0]
    assert authenticator(revoked=True)(shown(token)) is None


def test_a_rotated_key_is_fetched_when_a_token_names_it():
    fresh = Ed25519PrivateKey.generate()
    token = issue_token(SimpleNamespace(token_private=lambda: ("k2", fresh)), CLERK, NOW)[0]
    assert authenticator()(shown(token)) is None
    assert authenticator(refreshed={**KEYS, "k2": fresh.public_key()})(shown(token)) == CLERK


def test_production_cookies_are_bound_to_the_host():
    assert cookie_name(production=True) == "__Host-credit_session"


def test_the_span_hint_never_fails():
    token, ends = issue_token(RING, CLERK, NOW)
    assert span_hint(token) == (NOW, ends)
    assert span_hint("nonsense") is None
    assert span_hint(jwt.encode({"aud": AUDIENCE}, "s" * 32, algorithm="HS256")) is None
