"""Sign-in tokens: Ed25519-signed JWTs of 15 minutes that all services can verify with public keys alone.

Issued by blacklist only. A cookie carries the same token for pages; unsafe cookie requests must be
same-origin, which the app factory checks for every route (`shared.web.origin`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from flask import Request, Response

from shared.errors import Unauthenticated
from shared.ids import new_id
from shared.web.access import Principal

ISSUER = "blacklist"
AUDIENCE = "credit-blacklist"
POLICY_VERSION = 1
LIFETIME = timedelta(minutes=15)
REFRESH_AFTER = timedelta(minutes=5)
COOKIE = "credit_session"
REQUIRED = ["iss", "aud", "sub", "iat", "exp", "jti"]


class SigningKeys(Protocol):
    """The part of the key ring that signs tokens."""

    def token_private(self) -> tuple[str, Ed25519PrivateKey]:
        """Key id and active private key."""
        ...


PublicKeys = Mapping[str, Ed25519PublicKey]


@dataclass(frozen=True)
class Claims:
    """What a verified token says."""

    token_id: str
    issued_at: datetime
    expires_at: datetime
    policy_version: int
    principal: Principal

    @property
    def user_id(self) -> str:
        return self.principal.user_id

    @property
    def session_id(self) -> str | None:
        return self.principal.session_id


def cookie_name(*, production: bool) -> str:
    """`__Host-` binds the cookie to this host over HTTPS; plain HTTP development cannot use it."""
    return f"__Host-{COOKIE}" if production else COOKIE


def issue_token(
    keyring: SigningKeys, who: Principal, now: datetime, ttl: timedelta = LIFETIME
) -> tuple[str, datetime]:
    """A signed token for the principal and the moment it ends. `now` is system time."""
    kid, private_key = keyring.token_private()
    expires_at = now + ttl
    payload = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": who.user_id,
        "jti": new_id(),
        "iat": now.timestamp(),
        "exp": expires_at.timestamp(),
        "pv": POLICY_VERSION,
        "sid": who.session_id,
        "usr": who.username,
        "name": who.display_name,
        "dep": who.department_id,
        "depn": who.department_name,
        "reg": who.region,
        "roles": sorted(who.roles),
        "scopes": sorted(who.scopes),
    }
    return jwt.encode(payload, private_key, algorithm="EdDSA", headers={"kid": kid}), expires_at


def read_token(keys: PublicKeys, token: str, now: datetime, *, allow_expired: bool = False) -> Claims:
    """Verify signature, key, issuer, audience and time; raises Unauthenticated."""
    payload = _verified(keys, token)
    try:
        claims = _claims(payload)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _refused() from error
    if claims.issued_at > now + timedelta(minutes=1) or claims.policy_version != POLICY_VERSION:
        raise _refused()
    if not allow_expired and claims.expires_at <= now:
        raise Unauthenticated("unauthenticated", "登录已过期", "请重新登录或刷新会话。")
    return claims


def _verified(keys: PublicKeys, token: str) -> dict[str, Any]:
    try:
        key = keys[jwt.get_unverified_header(token)["kid"]]
        return jwt.decode(
            token,
            key,
            algorithms=["EdDSA"],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise _refused() from error


def _claims(payload: dict[str, Any]) -> Claims:
    who = Principal(
        user_id=str(payload["sub"]),
        username=payload["usr"],
        display_name=payload["name"],
        department_id=payload["dep"],
        department_name=payload["depn"],
        region=payload["reg"],
        roles=frozenset(payload["roles"]),
        scopes=frozenset(payload["scopes"]),
        session_id=payload["sid"],
    )
    return Claims(
        token_id=str(payload["jti"]),
        issued_at=datetime.fromtimestamp(payload["iat"], UTC),
        expires_at=datetime.fromtimestamp(payload["exp"], UTC),
        policy_version=payload["pv"],
        principal=who,
    )


def _refused() -> Unauthenticated:
    return Unauthenticated("unauthenticated", "凭证无效", "登录凭证无法验证，请重新登录。")


def key_id(token: str) -> str | None:
    """The key an unverified token claims to be signed with."""
    try:
        found = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError:
        return None
    return found if isinstance(found, str) else None


def keys_for(token: str, known: Callable[[], PublicKeys], refreshed: Callable[[], PublicKeys]) -> PublicKeys:
    """The known keys; read again when a token names one that is not among them (after a rotation)."""
    kid, keys = key_id(token), known()
    return keys if kid is None or kid in keys else refreshed()


def bearer(request: Request) -> str | None:
    """The token of the Authorization header, if that is a bearer header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def token_of(request: Request, *, production: bool) -> str | None:
    """The token shown by a request; an Authorization header of any kind puts the cookie aside."""
    if request.headers.get("Authorization"):
        return bearer(request)
    return request.cookies.get(cookie_name(production=production))


class TokenAuthenticator:
    """`authenticate` of a service that verifies tokens with public keys and its own revocation copy."""

    def __init__(
        self,
        public_keys: Callable[[], PublicKeys],
        refreshed: Callable[[], PublicKeys],
        revoked: Callable[[Claims], bool],
        *,
        production: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._keys = public_keys
        self._refreshed = refreshed
        self._revoked = revoked
        self._production = production
        self._now = now

    def __call__(self, request: Request) -> Principal | None:
        token = token_of(request, production=self._production)
        if token is None:
            return None
        try:
            claims = read_token(keys_for(token, self._keys, self._refreshed), token, self._now())
        except Unauthenticated:
            return None
        return None if self._revoked(claims) else claims.principal


def set_session_cookie(response: Response, token: str, *, production: bool) -> None:
    """Hand the token to the browser for every path of the site, until the browser closes."""
    response.set_cookie(
        cookie_name(production=production),
        token,
        path="/",
        httponly=True,
        secure=production,
        samesite="Lax",
    )


def clear_session_cookie(response: Response, *, production: bool) -> None:
    """Make the browser forget the token."""
    name = cookie_name(production=production)
    response.delete_cookie(name, path="/", httponly=True, secure=production, samesite="Lax")


def span_hint(token: str) -> tuple[datetime, datetime] | None:
    """From when to when an unverified token claims to count: only good for sending a browser somewhere."""
    try:
        payload = jwt.decode(token, options={"verify_signature": False})
        return datetime.fromtimestamp(payload["iat"], UTC), datetime.fromtimestamp(payload["exp"], UTC)
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError):
        return None
