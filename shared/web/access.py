"""Who may call a route. Every view carries exactly one policy; the app factory refuses to start without it.

The decorator only marks the view: the check runs before any input is read, so a stranger learns nothing from
validation messages. Row-level rules (own department, own region) stay in the use cases.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import g

from shared.errors import Forbidden, Unauthenticated

View = TypeVar("View", bound=Callable[..., object])
ATTRIBUTE = "__access__"


@dataclass(frozen=True)
class Principal:
    """Who is asking: an officer (session_id) or a department's system (key_id)."""

    user_id: str
    username: str
    display_name: str
    department_id: str
    department_name: str
    region: str
    roles: frozenset[str]
    scopes: frozenset[str] = frozenset()
    session_id: str | None = None
    key_id: str | None = None

    def has(self, *roles: str) -> bool:
        """Whether the principal holds any of the roles."""
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True)
class Policy:
    """What a route demands. `open` routes serve anyone; API keys pass by scope only."""

    open: bool = False
    roles: frozenset[str] = frozenset()
    scope: str | None = None

    def permits(self, who: Principal) -> bool:
        if self.open:
            return True
        if who.key_id is not None:
            return self.scope is not None and self.scope in who.scopes
        return (not self.roles and self.scope is None) or who.has(*self.roles)


def public() -> Policy:
    """Anyone, signed in or not."""
    return Policy(open=True)


def signed_in() -> Policy:
    """Any officer with a living session."""
    return Policy()


def roles(*names: str) -> Policy:
    """An officer holding one of the roles."""
    if not names:
        raise ValueError("roles() needs at least one role")
    return Policy(roles=frozenset(names))


def scope(name: str, *, roles: tuple[str, ...] = ()) -> Policy:
    """A department's system whose key carries the scope, or an officer holding one of the roles."""
    return Policy(roles=frozenset(roles), scope=name)


def access(policy: Policy) -> Callable[[View], View]:
    """Declare a view's policy; put it anywhere under the route decorator."""

    def mark(view: View) -> View:
        setattr(view, ATTRIBUTE, policy)
        return view

    return mark


def policy_of(view: object) -> Policy | None:
    """The policy declared on a view, or None."""
    found = getattr(view, ATTRIBUTE, None)
    return found if isinstance(found, Policy) else None


def current_principal() -> Principal | None:
    """Who is asking, or None for the anonymous public."""
    found = g.get("principal")
    return found if isinstance(found, Principal) else None


def principal() -> Principal:
    """Who is asking; raises Unauthenticated when nobody is signed in."""
    found = current_principal()
    if found is None:
        raise Unauthenticated("unauthenticated", "请先登录", "该操作需要登录后进行。")
    return found


def enforce(policy: Policy, who: Principal | None) -> None:
    """Let the request through or raise Unauthenticated / Forbidden."""
    if policy.open:
        return
    if who is None:
        raise Unauthenticated("unauthenticated", "请先登录", "未登录、登录已过期或凭证无效，请重新登录。")
    if not policy.permits(who):
        raise Forbidden("forbidden", "没有权限", "您的岗位或密钥不能进行该操作。")
